package causes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/cause"
	"plumbline/internal/causes"
)

func ids() []string {
	var list []string
	for _, c := range causes.All() {
		list = append(list, string(c.ID))
	}
	slices.Sort(list)
	return list
}

// TestIDsArePagesAreScenarios: each cause has a page in its layer's folder and a
// scenario of its own name, and neither is there without a cause.
func TestIDsArePagesAreScenarios(t *testing.T) {
	var pages []string
	files, err := filepath.Glob("*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(filepath.Base(f), ".") {
			continue
		}
		pages = append(pages, strings.ReplaceAll(strings.TrimSuffix(filepath.ToSlash(f), ".md"), "_", "-"))
	}
	slices.Sort(pages)
	if !slices.Equal(pages, ids()) {
		t.Errorf("pages %v, causes %v", pages, ids())
	}
	for _, id := range ids() {
		found, err := filepath.Glob(filepath.Join("../../testdata/scenarios", id+"*"))
		if err != nil || len(found) == 0 {
			t.Errorf("%s has no scenario below testdata/scenarios (%v)", id, err)
		}
	}
	for _, c := range causes.All() {
		layer, err := filepath.Glob(filepath.Join("../../testdata/scenarios", c.ID.Layer(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range layer {
			stem, _, _ := strings.Cut(filepath.Base(path), ".")
			if id := c.ID.Layer() + "/" + stem; stem != "unexplained" && !slices.Contains(ids(), id) {
				t.Errorf("%s is the scenario of no cause", path)
			}
		}
	}
}

var headings = []string{"## What breaks", "## Why it happens", "## How we know", "## Fix", "## See also"}

func TestPages(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)]*)\)`)
	for _, c := range causes.All() {
		page, err := causes.Page(c.ID)
		if err != nil {
			t.Error(err)
			continue
		}
		lines := strings.Split(page, "\n")
		if lines[0] != "# "+c.Title {
			t.Errorf("%s: the page begins with %q, the title is %q", c.ID, lines[0], c.Title)
		}
		var have []string
		for _, l := range lines {
			if strings.HasPrefix(l, "## ") {
				have = append(have, l)
			}
		}
		if !slices.Equal(have, headings) {
			t.Errorf("%s: headings %q, want %q", c.ID, have, headings)
		}
		for i, h := range have {
			if rest := strings.TrimSpace(section(page, h, slices.Concat(have[i+1:], []string{"\x00"})[0])); rest == "" {
				t.Errorf("%s: nothing under %q", c.ID, h)
			}
		}
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			if !strings.HasPrefix(m[1], "https://") {
				t.Errorf("%s: link to %q isn't https", c.ID, m[1])
			}
		}
	}
	if _, err := causes.Page("control/nothing"); err == nil {
		t.Error("a page of an unknown cause was found")
	}
}

func section(page, from, to string) string {
	_, rest, _ := strings.Cut(page, from)
	rest, _, _ = strings.Cut(rest, to)
	return rest
}

var symptoms = []cause.ID{
	cause.IngressNotProvisioned, cause.BackendUnhealthy, cause.ChangeNotApplied, cause.PodsNotReadyInNEG,
	cause.CertificateNotActive, cause.RequestsFailing, cause.AddressMissing,
}

// TestExplains: everything that a cause explains exists, there is something, and no
// chain of explanations comes back to its start.
func TestExplains(t *testing.T) {
	byID := map[cause.ID]cause.Cause{}
	for _, c := range causes.All() {
		if _, twice := byID[c.ID]; twice {
			t.Errorf("%s is listed twice", c.ID)
		}
		byID[c.ID] = c
	}
	for id, c := range byID {
		if (len(c.Explains) == 0) != c.Note {
			t.Errorf("%s explains %v; a root cause explains something, a note nothing", id, c.Explains)
		}
		for _, e := range c.Explains {
			if _, known := byID[e]; !known && !slices.Contains(symptoms, e) {
				t.Errorf("%s explains %s, which doesn't exist", id, e)
			}
		}
		if reaches(byID, id, id, map[cause.ID]bool{}) {
			t.Errorf("%s explains itself in the end", id)
		}
		if len(c.Needs) == 0 || c.Check == nil || c.Title == "" {
			t.Errorf("%s lacks needs, a check or a title", id)
		}
	}
}

func reaches(byID map[cause.ID]cause.Cause, from, to cause.ID, seen map[cause.ID]bool) bool {
	for _, e := range byID[from].Explains {
		if e == to {
			return true
		}
		if !seen[e] {
			seen[e] = true
			if reaches(byID, e, to, seen) {
				return true
			}
		}
	}
	return false
}

// TestIndexNamesEveryCause: the generated index is what people browse.
func TestIndexNamesEveryCause(t *testing.T) {
	index, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids() {
		if !strings.Contains(string(index), id) {
			t.Errorf("the index doesn't name %s; run go generate ./...", id)
		}
	}
}
