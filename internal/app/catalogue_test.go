package app

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/cause"
)

// scenariosWanted is the least number of scenarios.
const scenariosWanted = 260

// TestEveryCauseIsProvenByScenarios: each has one where it is found, first of its list,
// and a near miss of its own name where it isn't.
func TestEveryCauseIsProvenByScenarios(t *testing.T) {
	wholeOnly(t)
	all := scenarios(t)
	if len(all) < scenariosWanted {
		t.Errorf("%d scenarios, want at least %d", len(all), scenariosWanted)
	}
	broken, near := map[cause.ID]int{}, map[cause.ID]int{}
	for _, s := range all {
		switch {
		case s.Timeline != nil:
			continue
		case s.Expect == nil:
			t.Errorf("%s expects nothing", name(s.Path))
			continue
		}
		var roots []string
		if s.Expect.RootCauses != nil {
			roots = *s.Expect.RootCauses
		}
		if len(roots) > 0 {
			broken[cause.ID(roots[0])]++
		}
		if len(s.Expect.Notes) > 0 {
			broken[cause.ID(s.Expect.Notes[0])]++
		}
		layer := filepath.Base(filepath.Dir(s.Path))
		stem, _, _ := strings.Cut(filepath.Base(s.Path), ".")
		if own := layer + "/" + stem; !slices.Contains(roots, own) && !slices.Contains(s.Expect.Notes, own) {
			near[cause.ID(own)]++
		}
	}
	for _, c := range Catalogue() {
		if broken[c.ID] == 0 {
			t.Errorf("no scenario has %s as its first cause", c.ID)
		}
		if near[c.ID] == 0 {
			t.Errorf("no scenario testdata/scenarios/%s.*.txtar is a near miss", c.ID)
		}
	}
}
