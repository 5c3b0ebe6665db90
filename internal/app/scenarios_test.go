package app

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

var update = flag.Bool("update", false, "rewrite the want.txt of every scenario")

const testdataDir = "../../testdata"

// scenarios are everything below testdata/scenarios and testdata/incidents, loaded once;
// nobody may modify them.
func scenarios(t *testing.T) []*scenario.Scenario {
	t.Helper()
	list, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// sampled is one in how many scenarios a short run takes.
const sampled = 8

// wholeOnly skips what is true of all scenarios together.
func wholeOnly(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a short run has a sample of the scenarios")
	}
}

var loaded = sync.OnceValues(func() ([]*scenario.Scenario, error) {
	paths, err := scenario.Find(filepath.Join(testdataDir, "scenarios"), filepath.Join(testdataDir, "incidents"))
	if err != nil {
		return nil, err
	}
	if testing.Short() {
		// The race detector's run: what runs at the same time is alike in all of them.
		i := -1
		paths = slices.DeleteFunc(paths, func(path string) bool { i++; return i%sampled != 0 && !strings.Contains(path, "healthy") })
	}
	list := make([]*scenario.Scenario, len(paths))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, path := range paths {
		group.Go(func() error {
			s, warnings, err := scenario.Load(path, scenario.Options{})
			if err == nil && len(warnings) > 0 {
				err = fmt.Errorf("%s: %v", path, warnings)
			}
			list[i] = s
			return err
		})
	}
	return list, group.Wait()
})

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
			checkBudget(t, r)
			if s.Expect != nil && s.Expect.Verdict == "root-cause" && s.After == nil && s.Timeline == nil {
				t.Error("a broken scenario without after/: the fix is to be tested too")
			}
			golden(t, s, r)
		})
	}
}

// furtherNamespaces are the lists of two more namespaces: the routes of a Gateway lead
// to Services of several, those of an Ingress only to its own. Two of the lists are of
// what would make the pods of a Service that has none.
const furtherNamespaces = 2 * 10

// checkBudget holds each diagnosis, a timeline's and the one after the fix too, to
// 34 + 2 × backend groups calls, the probes among them, and 4 rounds.
func checkBudget(t *testing.T, r Replay) {
	t.Helper()
	for i, c := range r.Costs {
		limit := 34 + 2*c.Groups
		if len(r.Reports) > 0 && r.Reports[0].Target != nil && r.Reports[0].Target.Kind == facts.KindGateway {
			limit += furtherNamespaces
		}
		if c.Calls > limit {
			t.Errorf("diagnosis %d: %d calls, the budget is %d (%d groups, %d probes)", i+1, c.Calls, limit, c.Groups, c.Probes)
		}
		if c.Rounds > 4 {
			t.Errorf("diagnosis %d: %d rounds, the budget is 4", i+1, c.Rounds)
		}
		if c.Calls == 0 || c.Rounds == 0 {
			t.Errorf("diagnosis %d: the calls weren't counted", i+1)
		}
	}
	if ours := len(r.Reports) > 0 && r.Reports[0].Target != nil; ours && len(r.Costs) == 0 {
		t.Error("no diagnosis was counted")
	}
}

// golden compares what a person reads, and the Slack payload where a scenario keeps
// one.
func golden(t *testing.T, s *scenario.Scenario, r Replay) {
	t.Helper()
	got := Text(r)
	payload, err := json.MarshalIndent(Messages(r.Notices), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	payload = append(payload, '\n')
	if *update {
		rewrite(t, s.Path, "want.txt", []byte(got))
		if s.WantSlack != nil {
			rewrite(t, s.Path, "want.slack.json", payload)
		}
		return
	}
	if s.WantSlack != nil {
		if diff := cmp.Diff(string(s.WantSlack), string(payload)); diff != "" {
			t.Errorf("want.slack.json (-want +got):\n%s", diff)
		}
	}
	if s.WantText == nil {
		t.Fatalf("no want.txt; run `go test ./internal/app -run Scenarios -update` and read it:\n%s", got)
	}
	if diff := cmp.Diff(string(s.WantText), got); diff != "" {
		t.Errorf("want.txt (-want +got):\n%s", diff)
	}
}

func rewrite(t *testing.T, path, name string, data []byte) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		if err := os.WriteFile(filepath.Join(path, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := txtar.File{Name: name, Data: data}
	if i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == want.Name }); i >= 0 {
		archive.Files[i] = want
	} else {
		archive.Files = append(archive.Files, want)
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAnUnfixedWorldAfterTheFixIsToldApart: a fix that changes nothing is found out.
func TestAnUnfixedWorldAfterTheFixIsToldApart(t *testing.T) {
	s, _, err := scenario.Load(filepath.Join(testdataDir, "scenarios/health/redirect-to-https.txtar"), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.After = s.World
	r, err := Run(t.Context(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"after: verdict: got root-cause, want healthy"}; !slices.Equal(r.Differences, want) {
		t.Errorf("differences %q, want %q", r.Differences, want)
	}
}
