package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/app"
	"plumbline/internal/causes"
	"plumbline/internal/config"
	"plumbline/internal/facts"
	"plumbline/internal/path"
	"plumbline/internal/report"
	"plumbline/testdata"
)

// section is what stands under a heading, up to the next one.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("README.md has no heading %q", heading)
	}
	if end := regexp.MustCompile(`(?m)^#`).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	return rest
}

// firstCells are the first cells of the rows of a section's tables, without their
// code marks and without the tables' heads.
func firstCells(text string) []string {
	var cells []string
	head := true
	for line := range strings.Lines(text) {
		switch {
		case !strings.HasPrefix(line, "|"):
			head = true
		case strings.HasPrefix(line, "|---"):
			head = false
		case !head:
			cells = append(cells, strings.Trim(strings.SplitN(line, "|", 3)[1], " `"))
		}
	}
	return cells
}

func TestReadmeFormatsAreReplays(t *testing.T) {
	var formats []string
	for _, cell := range firstCells(section(t, readme(t), "## Replay scenarios")) {
		if _, ok := app.Formats()[cell]; ok {
			formats = append(formats, cell)
		}
	}
	slices.Sort(formats)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(app.Formats())), formats); diff != "" {
		t.Errorf("formats (-replay +README):\n%s", diff)
	}
}

func TestReadmeConfigurationIsComplete(t *testing.T) {
	want := []string{"| Variable | Default | What it is |", "|---|---|---|"}
	for _, v := range config.Variables() {
		fallback := ""
		if v.Default != "" {
			fallback = "`" + v.Default + "`"
		}
		want = append(want, strings.Join(strings.Fields("| `"+v.Name+"` | "+fallback+" | "+v.Says+" |"), " "))
	}
	var got []string
	for line := range strings.Lines(section(t, readme(t), "### Configuration")) {
		if strings.HasPrefix(line, "|") {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-config.Variables +README):\n%s", diff)
	}
}

func TestReadmePermissionsAreWhatIsRead(t *testing.T) {
	var want []string
	for _, k := range facts.Kinds {
		if k == facts.DNS {
			continue // a look-up takes no permission
		}
		want = append(want, string(k))
		if strings.Contains(strings.ToLower(string(k)), "secret") {
			t.Errorf("%s is read; the README says that Secrets never are", k)
		}
	}
	got := firstCells(section(t, readme(t), "### Permissions"))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("permissions (-facts.Kinds +README):\n%s", diff)
	}
}

func TestReadmeCountsTheCausesOfEachLayer(t *testing.T) {
	count := map[string]int{}
	for _, c := range causes.All() {
		count[c.ID.Layer()]++
	}
	want := map[string]string{}
	for layer, n := range count {
		want[layer] = strconv.Itoa(n)
	}
	got := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| (\\d+) \\|")
	for _, m := range row.FindAllStringSubmatch(section(t, readme(t), "### Causes of this release"), -1) {
		got[m[1]] = m[2]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("causes of each layer (-causes.All +README):\n%s", diff)
	}
}

// The verdicts are listed strongest first: each one beats those below it.
func TestReadmeVerdictsAreInOrder(t *testing.T) {
	verdicts := firstCells(section(t, readme(t), "### Verdicts"))
	if len(verdicts) != 5 {
		t.Fatalf("%d verdicts, want 5: %v", len(verdicts), verdicts)
	}
	var below []report.Report
	for _, v := range slices.Backward(verdicts) {
		below = append(below, report.Report{Verdict: v})
		if got := report.Verdict(below); got != v {
			t.Errorf("%s isn't stronger than those below it: %s is", v, got)
		}
	}
}

// The path is one that a person reads in the thread of the message at the top, and the
// states are those that a hop can have, as that line marks them.
func TestReadmePathIsTheThreads(t *testing.T) {
	text := section(t, readme(t), "### The path")
	golden, err := testdata.FS.ReadFile("scenarios/health/redirect-to-https.txtar")
	if err != nil {
		t.Fatal(err)
	}
	shown := codeBlocks(text)[0].text
	if !strings.Contains(string(golden), "  "+shown) {
		t.Errorf("no such path in the thread: %s", shown)
	}
	marks := map[path.State]string{}
	for _, state := range []path.State{path.OK, path.Broken, path.Unknown, path.NotApplicable} {
		marks[state] = "left out"
		one := path.Path{Hops: []path.Hop{{Station: path.DNS, State: state}}}
		if line := strings.Trim(one.Line(), "*"); line != "" {
			marks[state] = strings.TrimPrefix(line, "DNS ")
		}
	}
	for state, mark := range marks {
		if !regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(mark) + `[^|]*\| ` + "`" + string(state) + "`").MatchString(text) {
			t.Errorf("the table doesn't say that %q is %s", mark, state)
		}
	}
}

// The tree names every folder of code, and no other.
func TestReadmeTreeIsTheTree(t *testing.T) {
	var named []string
	parent := ""
	for _, b := range codeBlocks(section(t, readme(t), "## The tree")) {
		for line := range strings.Lines(b.text) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !strings.HasPrefix(line, " ") {
				parent = ""
			}
			named = append(named, strings.TrimSuffix(parent+strings.TrimSpace(name), "/"))
			if parent == "" {
				parent = name
			}
		}
	}
	var want []string
	for _, folder := range []string{"deploy", "functions", "internal", "testdata"} {
		want = append(want, folder)
		if folder != "testdata" {
			want = append(want, foldersIn(t, folder)...)
		}
	}
	slices.Sort(want)
	slices.Sort(named)
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("folders (-tree +README):\n%s", diff)
	}
}

func foldersIn(t *testing.T, parent string) []string {
	t.Helper()
	entries, err := fs.ReadDir(os.DirFS(root), parent)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, parent+"/"+e.Name())
		}
	}
	return list
}

// Links between the pages lead somewhere.
func TestReadmeLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, page := range []string{"README.md", "internal/README.md"} {
		text, err := os.ReadFile(root + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(m[1], "https://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}
