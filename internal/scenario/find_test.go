package scenario

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	write(t, map[string]string{
		"testdata/scenarios/b/two.txtar":           head,
		"testdata/scenarios/b/notes.md":            "",
		"testdata/scenarios/a/dir/scenario.yaml":   "",
		"testdata/scenarios/a/dir/after/dns.yaml":  "",
		"testdata/scenarios/a/dir/x.txtar":         "belongs to dir",
		"testdata/scenarios/a/one.txtar":           head,
		"testdata/scenarios/.hidden/three.txtar":   head,
		"testdata/incidents/i/timeline.yaml":       "",
		"testdata/worlds/base.txtar":               "-- dns.yaml --\n{}\n",
		"testdata/worlds/diagnosable.txtar":        head,
		"testdata/worlds/dir/dns.yaml":             "",
		"testdata/worlds/other/scenario.yaml":      "",
		"elsewhere/empty/notes.md":                 "",
		"elsewhere/worlds/scenarios/but-not.txtar": "-- dns.yaml --\n",
	})
	one, two, dir := "testdata/scenarios/a/one.txtar", "testdata/scenarios/b/two.txtar", "testdata/scenarios/a/dir"
	for name, c := range map[string]struct{ paths, want []string }{
		"a tree":                {[]string{"testdata/scenarios"}, []string{dir, one, two}},
		"files in their order":  {[]string{two, one}, []string{two, one}},
		"a scenario's own":      {[]string{dir}, []string{dir}},
		"worlds and incidents":  {[]string{"./testdata"}, []string{"testdata/incidents/i", dir, one, two, "testdata/worlds/diagnosable.txtar", "testdata/worlds/other"}},
		"worlds alone":          {[]string{"testdata/worlds"}, []string{"testdata/worlds/diagnosable.txtar", "testdata/worlds/other"}},
		"a world that is named": {[]string{"testdata/worlds/base.txtar"}, []string{"testdata/worlds/base.txtar"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Find(c.paths...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Find(one, "testdata/nowhere"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "testdata/nowhere") {
		t.Errorf("a path that isn't there: %v", err)
	}
	if _, err := Find("elsewhere/empty"); err == nil || err.Error() != "looking for scenarios in elsewhere/empty: there is no *.txtar and no directory with scenario.yaml" {
		t.Errorf("a folder without scenario: %v", err)
	}
}

func TestLoadWhatIsNotThere(t *testing.T) {
	write(t, nil)
	if _, _, err := Load("x.txtar", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

// The project's own fixtures are read as the program reads them.
func TestTheProjectsScenariosLoad(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	paths, err := Find(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no scenarios in %s", root)
	}
	for _, path := range paths {
		s, warnings, err := Load(path, Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range warnings {
			t.Errorf("warning: %v", w)
		}
		if s.Target == nil && s.Trigger == nil && s.Timeline == nil {
			t.Errorf("%s starts from nothing", path)
		}
	}
}
