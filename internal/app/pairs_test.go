package app

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

// pairsWanted is how many combinations of two faults are tried.
const pairsWanted = 240

// TestTwoFaultsAreBothFound puts the faults of two scenarios that touch different
// objects and different targets into one world: each is found there as it is alone, and
// nothing else.
func TestTwoFaultsAreBothFound(t *testing.T) {
	wholeOnly(t)
	pairs := faultPairs(t)
	if len(pairs) < 200 {
		t.Fatalf("%d pairs of faults don't overlap, want at least 200", len(pairs))
	}
	for i := range min(pairsWanted, len(pairs)) {
		p := pairs[i*len(pairs)/min(pairsWanted, len(pairs))]
		t.Run(name(p.a.Path)+" with "+name(p.b.Path), func(t *testing.T) {
			t.Parallel()
			world := p.world(t)
			p.a.stays(t, world)
			p.b.stays(t, world)
		})
	}
}

// A fault is a scenario that has root causes, on a world that is shared.
type fault struct {
	*scenario.Scenario
	roots []string
	// changed are the resources in which it differs from its world.
	changed map[string]bool
	targets []facts.Ref
	// text is the scenario's file.
	text []byte
}

func (f fault) stays(t *testing.T, world *scenario.World) {
	t.Helper()
	out, err := diagnose(t.Context(), f.Scenario, world, 0)
	if err != nil {
		t.Fatal(err)
	}
	if roots := rootsIn(out.diagnoses); !slices.Equal(roots, f.roots) {
		t.Errorf("%s: root causes %q, alone they are %q", name(f.Path), roots, f.roots)
	}
}

func rootsIn(diagnoses []engine.Diagnosis) []string {
	var list []string
	for _, d := range diagnoses {
		for _, r := range d.Roots {
			list = append(list, string(r.Cause)+" "+r.Confidence.String()+" on "+r.Subject.String())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A faultPair is two faults that can be in one world, which was healthy.
type faultPair struct {
	healthy *scenario.World
	a, b    fault
}

func faultPairs(t *testing.T) []faultPair {
	t.Helper()
	healthy := map[string]*scenario.World{}
	byWorld := map[string][]fault{}
	for _, s := range scenarios(t) {
		world := worldOf(t, s.Path)
		if world == "" || s.Timeline != nil || s.Target != nil && s.Target.Kind == facts.KindCluster || s.Expect == nil || s.Expect.Verdict != string(engine.RootCause) || refuses(s.World) {
			continue
		}
		if healthy[world] == nil {
			bare, _, err := scenario.Load(filepath.Join(testdataDir, "scenarios", "healthy", world+".txtar"), scenario.Options{})
			if err != nil {
				t.Fatal(err)
			}
			healthy[world] = bare.World
		}
		if diagnoses := collectOnce(t, s).judged(); !wide(diagnoses) {
			key := world + " " + s.Now.String()
			byWorld[key] = append(byWorld[key], newFault(t, s, healthy[world], diagnoses))
		}
	}
	var pairs []faultPair
	for _, key := range slices.Sorted(maps.Keys(byWorld)) {
		world, _, _ := strings.Cut(key, " ")
		for i, a := range byWorld[key] {
			for _, b := range byWorld[key][i+1:] {
				if apart(a, b) {
					pairs = append(pairs, faultPair{healthy[world], a, b})
				}
			}
		}
	}
	return pairs
}

var worldLine = regexp.MustCompile(`(?m)^world: *([a-z-]+)`)

// worldOf is the world that a scenario lies on; empty for one that brings its own.
func worldOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return "" // a directory
	}
	if m := worldLine.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

func refuses(w *scenario.World) bool {
	return len(w.Deny)+len(w.Fail)+len(w.Unavailable)+len(w.Unreachable) > 0
}

// names: a log entry or an object of the fault has the name of a Compute resource that
// the other one changes: its absence may be the fault.
func (f fault) names(other fault) bool {
	for key := range other.changed {
		resource, ok := strings.CutPrefix(key, "compute ")
		if ok && bytes.Contains(f.text, []byte(facts.LastSegment(resource))) {
			return true
		}
	}
	return false
}

// wide: what all targets of a cluster suffer from can't be apart from anything.
func wide(diagnoses []engine.Diagnosis) bool {
	for _, d := range diagnoses {
		for _, r := range d.Roots {
			if layer := r.Cause.Layer(); d.Target.Kind == facts.KindCluster || layer == "control" || layer == "network" {
				return true
			}
		}
	}
	return false
}

func newFault(t *testing.T, s *scenario.Scenario, healthy *scenario.World, diagnoses []engine.Diagnosis) fault {
	t.Helper()
	text, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	f := fault{Scenario: s, roots: rootsIn(diagnoses), changed: map[string]bool{}, text: text}
	before, after := resources(t, healthy), resources(t, s.World)
	for _, all := range []map[string]string{before, after} {
		for key := range all {
			if before[key] != after[key] {
				f.changed[key] = true
			}
		}
	}
	for _, d := range diagnoses {
		f.targets = append(f.targets, d.Target)
	}
	return f
}

// apart: the faults touch different objects, neither names what the other one adds, and
// targets of different namespaces suffer.
func apart(a, b fault) bool {
	if a.names(b) || b.names(a) {
		return false
	}
	for key := range a.changed {
		if b.changed[key] {
			return false
		}
	}
	return !slices.ContainsFunc(a.targets, func(x facts.Ref) bool {
		return slices.ContainsFunc(b.targets, func(y facts.Ref) bool { return x.Namespace == y.Namespace })
	})
}
