package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/cause"
	"plumbline/internal/causes"
)

func TestIndexHasATablePerLayer(t *testing.T) {
	got, ok := strings.CutPrefix(index([]cause.Cause{
		{ID: "control/add-on-off", Title: "Off | on", Explains: []cause.ID{"symptom/a", "health/b"}},
		{ID: "control/other", Title: "Other"},
		{ID: "health/b", Title: "B"},
	}), preamble)
	if !ok {
		t.Fatalf("the page doesn't begin with its preamble:\n%s", got)
	}
	want := `
## control

| ID | Title | Explains |
| --- | --- | --- |
| [` + "`control/add-on-off`" + `](control/add_on_off.md) | Off \| on | ` + "`symptom/a`, `health/b`" + ` |
| [` + "`control/other`" + `](control/other.md) | Other |  |

## health

| ID | Title | Explains |
| --- | --- | --- |
| [` + "`health/b`" + `](health/b.md) | B |  |
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
}

func TestWriteLeavesTheIndexOfAllCauses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	if err := write(file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range causes.All() {
		if n := strings.Count(string(page), "| [`"+string(c.ID)+"`]("); n != 1 {
			t.Errorf("%s stands in the index %d times, want once", c.ID, n)
		}
	}
	if err := write(filepath.Join(file, "README.md")); err == nil {
		t.Error("writing below a file succeeds")
	}
}
