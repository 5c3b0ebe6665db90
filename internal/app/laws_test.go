package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/report"
	"plumbline/internal/scenario"
	"plumbline/internal/service"
	"plumbline/internal/signal"
)

// A collected scenario was read once over the wire.
type collected struct {
	service   *service.Service
	snapshots []*facts.Snapshot
	signals   []signal.Signal
	// asked are the permissions that were used, each once.
	asked []string
}

// reads holds what each scenario was read to be, by its path: Snapshots are never
// modified, which TestLaws watches over.
var reads sync.Map

// collectOnce reads a scenario's world, or remembers what was read.
func collectOnce(t *testing.T, s *scenario.Scenario) collected {
	t.Helper()
	read, _ := reads.LoadOrStore(s.Path, sync.OnceValues(func() (collected, error) { return readOnce(s) }))
	c, err := read.(func() (collected, error))()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readOnce(s *scenario.Scenario) (collected, error) {
	cloud, err := fakecloud.Start(s.World, fakecloud.Options{Now: s.Now})
	if err != nil {
		return collected{}, err
	}
	defer cloud.Close()
	ctx := context.Background()
	a, err := New(ctx, Fake(cloud), Options{Probe: s.Probe, Notify: silent{}, Now: func() time.Time { return s.Now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return collected{}, err
	}
	defer a.Close() //nolint:errcheck // nothing was written
	c := collected{service: a.Service, signals: signalsOf(s)}
	if len(c.signals) > 0 {
		// The error says that nothing could be read; the snapshots then name the gaps.
		c.snapshots, _ = a.Service.Read(ctx, c.signals)
	}
	for _, r := range cloud.Requests() {
		if !slices.Contains(c.asked, r.Permission) {
			c.asked = append(c.asked, r.Permission)
		}
	}
	return c, nil
}

// judged are the diagnoses of a scenario.
func (c collected) judged() []engine.Diagnosis { return c.service.Judge(c.snapshots, c.signals) }

// TestLaws holds for every scenario: no denial of a read yields a root cause that
// is wrong, and each is named; the Snapshot stays as it was; the order of the causes
// doesn't matter.
func TestLaws(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Timeline != nil {
			continue
		}
		t.Run(name(s.Path), func(t *testing.T) {
			t.Parallel()
			c := collectOnce(t, s)
			before := asJSON(t, c.snapshots)
			whole := c.service.Judge(c.snapshots, c.signals)
			if after := asJSON(t, c.snapshots); after != before {
				t.Error("the Snapshot was modified by the diagnosis")
			}
			c.shuffled(t, whole)
			for _, kind := range facts.Kinds {
				// What wasn't read can't be refused.
				if slices.Contains(c.asked, string(kind)) {
					c.denied(t, kind, whole)
				}
			}
		})
	}
}

// shuffled judges with the causes in another order.
func (c collected) shuffled(t *testing.T, want []engine.Diagnosis) {
	t.Helper()
	other := *c.service
	other.Causes = slices.Clone(other.Causes)
	rand.Shuffle(len(other.Causes), func(i, j int) { other.Causes[i], other.Causes[j] = other.Causes[j], other.Causes[i] })
	got := other.Judge(c.snapshots, c.signals)
	for i := range got {
		sortForOrder(&got[i])
		w := want[i]
		w.RuledOut, w.Gaps = slices.Clone(w.RuledOut), slices.Clone(w.Gaps)
		sortForOrder(&w)
		if diff := cmp.Diff(report.Of(w), report.Of(got[i])); diff != "" {
			t.Errorf("with the causes shuffled (-want +got):\n%s", diff)
		}
	}
}

// sortForOrder: ruled-out causes and what a gap hides are listed in the order of
// the causes, which is the catalogue's.
func sortForOrder(d *engine.Diagnosis) {
	slices.SortFunc(d.RuledOut, func(a, b engine.RuledOut) int { return cmpID(a.ID, b.ID) })
	for i := range d.Gaps {
		d.Gaps[i].Hides = slices.Clone(d.Gaps[i].Hides)
		slices.SortFunc(d.Gaps[i].Hides, cmpID)
	}
}

func cmpID(a, b cause.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (c collected) denied(t *testing.T, kind facts.Kind, whole []engine.Diagnosis) {
	t.Helper()
	snapshots := make([]*facts.Snapshot, len(c.snapshots))
	for i, s := range c.snapshots {
		snapshots[i] = s.Without(kind)
	}
	allowed := known(whole, kind)
	visible := slices.ContainsFunc(whole, func(d engine.Diagnosis) bool {
		return (d.Verdict == engine.RootCause || d.Verdict == engine.Unexplained) && (kind != facts.Logs || !onlyLogged(d))
	})
	judged := c.service.Judge(snapshots, c.signals)
	// A name that can't be looked up is no fault: it may be one of a private zone.
	if kind != facts.DNS && visible && len(judged) > 0 && !slices.ContainsFunc(judged, func(d engine.Diagnosis) bool { return d.Verdict != engine.Healthy }) {
		t.Errorf("without %s: healthy, though something is wrong", kind)
	}
	for _, d := range judged {
		for _, r := range d.Roots {
			if !slices.Contains(allowed, r.Cause) {
				t.Errorf("without %s: root cause %s on %s, which isn't there", kind, r.Cause, r.Subject)
			}
		}
		if !slices.ContainsFunc(d.Gaps, func(g engine.Gap) bool { return g.Needs == string(kind) }) {
			t.Errorf("without %s: the gap isn't named in the diagnosis of %s", kind, d.Target)
		}
		for _, g := range d.Gaps {
			if g.Needs == string(kind) && slices.ContainsFunc(c.service.Causes, func(ca cause.Cause) bool {
				return slices.Contains(ca.Needs, kind) != slices.Contains(g.Hides, ca.ID)
			}) {
				t.Errorf("without %s: the gap hides %v, not the causes that need it", kind, g.Hides)
			}
		}
	}
}

// onlyLogged: what is wrong shows in requests alone, which nothing but the log tells of.
// Without it the rest looks healthy, and the gap says what is hidden.
func onlyLogged(d engine.Diagnosis) bool {
	return !slices.ContainsFunc(d.Symptoms, func(s cause.Symptom) bool { return s.ID != cause.RequestsFailing }) &&
		!slices.ContainsFunc(d.Roots, func(r cause.Finding) bool { return r.Severity == cause.Blocked })
}

// known are the causes that the whole facts show, and those that less of the facts
// may rightly show: a redirect whose direction can't be told any more, an address that
// isn't found where it is looked for.
func known(diagnoses []engine.Diagnosis, refused facts.Kind) []cause.ID {
	var ids []cause.ID
	for _, d := range diagnoses {
		for _, r := range d.Roots {
			ids = append(ids, r.Cause)
			if r.Cause == "health/redirect-to-https" {
				ids = append(ids, "health/redirect")
			}
			if r.Cause == "edge/static-ip-wrong-scope" {
				ids = append(ids, "edge/static-ip-not-found")
			}
			ids = append(ids, r.Explains...)
		}
		for _, s := range d.Open {
			// Google's own word on a domain, which only a look-up refutes.
			if s.ID == cause.CertificateNotActive {
				ids = append(ids, "cert/managed-domain-not-visible", "cert/managed-caa-forbidden")
			}
			// The answer that Google's prober logged, which only our own probe refutes.
			if s.ID == cause.BackendUnhealthy && slices.Contains([]facts.Kind{facts.Probes, facts.Pods, facts.Services}, refused) {
				ids = append(ids, "health/server-error")
			}
		}
	}
	return ids
}

func asJSON(t *testing.T, snapshots []*facts.Snapshot) string {
	t.Helper()
	var all []any
	for _, s := range snapshots {
		all = append(all, s.Targets, s.Now, value(s.Cluster), value(s.BackendServices), value(s.HealthChecks), value(s.NEGs), value(s.InstanceGroups), value(s.Firewalls),
			value(s.Ingresses), value(s.IngressClasses), value(s.Gateways), value(s.Services), value(s.Pods), value(s.Events), value(s.ClusterUID), value(s.History), s.Gaps)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func value[T any](v facts.Value[T]) any {
	got, _ := v.Get()
	return got
}
