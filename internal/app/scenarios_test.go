package app

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"plumbline/internal/scenario"
)

var update = flag.Bool("update", false, "rewrite the want.txt of every scenario")

const testdataDir = "../../testdata"

// scenarios loads everything below testdata/scenarios and testdata/incidents.
func scenarios(t *testing.T) []*scenario.Scenario {
	t.Helper()
	paths, err := scenario.Find(filepath.Join(testdataDir, "scenarios"), filepath.Join(testdataDir, "incidents"))
	if err != nil {
		t.Fatal(err)
	}
	list := make([]*scenario.Scenario, 0, len(paths))
	for _, path := range paths {
		s, warnings, err := scenario.Load(path, scenario.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(warnings) > 0 {
			t.Errorf("%s: %v", path, warnings)
		}
		list = append(list, s)
	}
	return list
}

func name(path string) string {
	rel, err := filepath.Rel(testdataDir, path)
	if err != nil {
		return path
	}
	return strings.TrimSuffix(filepath.ToSlash(rel), ".txtar")
}

// TestScenarios runs every scenario over the wire: every expectation holds, what a
// person would read is the golden, and the calls stay within the budget.
func TestScenarios(t *testing.T) {
	if *update && os.Getenv("CI") != "" {
		t.Fatal("-update is for people who read the difference; it refuses to run in CI")
	}
	for _, s := range scenarios(t) {
		t.Run(name(s.Path), func(t *testing.T) {
			t.Parallel()
			r, err := Run(t.Context(), s, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Differences {
				t.Error(d)
			}
			if s.Timeline == nil {
				checkBudget(t, s, r)
			}
			if s.Expect != nil && s.Expect.Verdict == "root-cause" && s.After == nil && s.Timeline == nil {
				t.Error("a broken scenario without after/: the fix is to be tested too")
			}
			golden(t, s, Text(r))
		})
	}
}

// checkBudget holds a diagnosis to 26 + 2 × backend groups + probes calls and 4
// rounds.
func checkBudget(t *testing.T, s *scenario.Scenario, r Replay) {
	t.Helper()
	groups := 0
	for _, byGroup := range s.World.Health {
		groups += len(byGroup)
	}
	if limit := 26 + 2*groups + r.Probes; r.Timing.Calls > limit {
		t.Errorf("%d calls, the budget is %d (%d groups, %d probes)", r.Timing.Calls, limit, groups, r.Probes)
	}
	if r.Timing.Rounds > 4 {
		t.Errorf("%d rounds, the budget is 4", r.Timing.Rounds)
	}
	if ours := len(r.Reports) > 0 && r.Reports[0].Target != nil; ours && (r.Timing.Calls == 0 || r.Timing.Rounds == 0) {
		t.Error("the calls weren't counted")
	}
}

func golden(t *testing.T, s *scenario.Scenario, got string) {
	t.Helper()
	if *update {
		rewrite(t, s.Path, got)
		return
	}
	if s.WantText == nil {
		t.Fatalf("no want.txt; run `go test ./internal/app -run Scenarios -update` and read it:\n%s", got)
	}
	if diff := cmp.Diff(string(s.WantText), got); diff != "" {
		t.Errorf("want.txt (-want +got):\n%s", diff)
	}
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		if err := os.WriteFile(filepath.Join(path, "want.txt"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := txtar.File{Name: "want.txt", Data: []byte(text)}
	if i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == want.Name }); i >= 0 {
		archive.Files[i] = want
	} else {
		archive.Files = append(archive.Files, want)
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
