package app

import (
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	requestpath "plumbline/internal/path"
	"plumbline/internal/scenario"
	"plumbline/testdata"
)

// healthyOf are the scenarios in which nothing is wrong with a world as it is: those
// called after it.
func healthyOf(t *testing.T, world string) []*scenario.Scenario {
	t.Helper()
	var list []*scenario.Scenario
	for _, s := range scenarios(t) {
		base := path.Base(s.Path)
		if strings.Contains(s.Path, "scenarios/healthy/") && strings.HasPrefix(base, world+".") {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		t.Errorf("world %s has no scenario testdata/scenarios/healthy/%s*.txtar that says it is healthy", world, world)
	}
	return list
}

func worlds(t *testing.T) []string {
	t.Helper()
	entries, err := fs.ReadDir(testdata.FS, "worlds")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txtar"))
	}
	return names
}

// TestWorldsWithAReadRefused denies each permission in turn, over the wire, and takes
// the control plane away: no root cause appears, the verdict stays or becomes
// unexplained, and what was asked and refused is named.
func TestWorldsWithAReadRefused(t *testing.T) {
	for _, world := range worlds(t) {
		for _, s := range healthyOf(t, world) {
			t.Run(name(s.Path), func(t *testing.T) {
				t.Parallel()
				refusedInTurn(t, s)
				for name := range s.World.Clusters {
					gone := *s.World
					gone.Unavailable = []string{"kubernetes/" + facts.LastSegment(name)}
					refused(t, gone.Unavailable[0], gone.Unavailable[0], diagnosed(t, s, &gone))
				}
			})
		}
	}
}

// TestEveryHopOfAHealthyWorldIsOK: every hop of a request was looked at and is as GKE
// would build it, and nothing is left open.
func TestEveryHopOfAHealthyWorldIsOK(t *testing.T) {
	for _, world := range worlds(t) {
		for _, s := range healthyOf(t, world) {
			t.Run(name(s.Path), func(t *testing.T) {
				t.Parallel()
				d := diagnosed(t, s, s.World)
				if d.verdict != engine.Healthy || len(d.gaps) > 0 {
					t.Errorf("%s, gaps %v", d.verdict, d.gaps)
				}
				for _, p := range d.paths {
					if len(p.Hops) != len(requestpath.Stations) {
						t.Errorf("hops of %s: got %d, want %d", p.Target, len(p.Hops), len(requestpath.Stations))
					}
					for _, hop := range p.Hops {
						if hop.State != requestpath.OK {
							t.Errorf("%s of %s is %s: %s", hop.Station, p.Target, hop.State, hop.Says)
						}
					}
				}
			})
		}
	}
}

// TestOutsideWithAReadRefused is the same for what stands for itself, without a
// cluster.
func TestOutsideWithAReadRefused(t *testing.T) {
	found := 0
	for _, s := range scenarios(t) {
		if !strings.Contains(s.Path, "scenarios/outside/healthy.") {
			continue
		}
		found++
		t.Run(name(s.Path), func(t *testing.T) {
			t.Parallel()
			refusedInTurn(t, s)
		})
	}
	if found == 0 {
		t.Error("no scenario testdata/scenarios/outside/healthy.*")
	}
}

func refusedInTurn(t *testing.T, s *scenario.Scenario) {
	t.Helper()
	d := diagnosed(t, s, s.World)
	if d.verdict != engine.Healthy || len(d.gaps) > 0 {
		t.Fatalf("as it is: %s, gaps %v", d.verdict, d.gaps)
	}
	for _, needs := range d.asked {
		denied := *s.World
		denied.Deny = []string{needs}
		refused(t, needs, needs, diagnosed(t, s, &denied))
	}
	if signalsOf(s)[0].Target.Kind == facts.KindCertificate {
		return // nothing of a zone is read for one
	}
	for _, scope := range scopesOf(s.World) {
		partial := *s.World
		partial.Unreachable = []string{scope}
		refused(t, scope, "compute.", diagnosed(t, s, &partial))
	}
}

// scopesOf are the zones and regions that a world's Compute resources lie in.
func scopesOf(w *scenario.World) []string {
	var scopes []string
	for path := range w.Compute {
		if scope := facts.ScopeOf(path); scope != "" && scope != "global" && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	slices.Sort(scopes)
	return scopes
}

func refused(t *testing.T, what, gap string, d told) {
	t.Helper()
	if len(d.roots) > 0 {
		t.Errorf("without %s: root causes %v", what, d.roots)
	}
	if d.verdict != engine.Healthy && d.verdict != engine.Unexplained {
		t.Errorf("without %s: %s", what, d.verdict)
	}
	if !slices.ContainsFunc(d.gaps, func(g string) bool { return strings.HasPrefix(g, gap) }) {
		t.Errorf("without %s: the gap isn't named, only %v", what, d.gaps)
	}
}

// told is what a diagnosis said, and which permissions it took.
type told struct {
	verdict            engine.Verdict
	roots, gaps, asked []string
	paths              []requestpath.Path
}

func diagnosed(t *testing.T, s *scenario.Scenario, world *scenario.World) told {
	t.Helper()
	cloud, err := fakecloud.Start(world, fakecloud.Options{Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	a, err := New(t.Context(), Fake(cloud), Options{Probe: s.Probe, Notify: silent{}, Now: func() time.Time { return s.Now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // nothing was written
	signals := signalsOf(s)
	snapshots, _ := a.Service.Read(t.Context(), signals) // the error says that nothing could be read; the gaps tell
	var out told
	for _, d := range a.Service.Judge(snapshots, signals) {
		out.verdict = d.Verdict
		if d.Target.Kind != facts.KindCluster { // requests go to what is in it
			out.paths = append(out.paths, d.Path)
		}
		for _, r := range d.Roots {
			out.roots = append(out.roots, string(r.Cause))
		}
		for _, g := range d.Gaps {
			out.gaps = append(out.gaps, g.Needs)
		}
	}
	for _, r := range cloud.Requests() {
		if !slices.Contains(out.asked, r.Permission) {
			out.asked = append(out.asked, r.Permission)
		}
	}
	return out
}
