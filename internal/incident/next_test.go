package incident

import (
	"testing"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
)

const cluster = "projects/p/locations/l/clusters/main"

var (
	now     = time.Date(2026, 11, 17, 14, 0, 0, 0, time.UTC)
	policy  = Policy{Lease: time.Minute}
	ingress = facts.Ref{Cluster: cluster, Kind: facts.KindIngress, Namespace: "shop", Name: "web"}
	other   = facts.Ref{Cluster: cluster, Kind: facts.KindIngress, Namespace: "shop", Name: "other"}
	root    = cause.Finding{Cause: "health/redirect", Subject: facts.Ref{Cluster: cluster, Kind: facts.KindDeployment, Namespace: "shop", Name: "web"}, Affected: []facts.Ref{ingress}}
)

func found() engine.Diagnosis {
	return engine.Diagnosis{Target: ingress, Verdict: engine.RootCause, Roots: []cause.Finding{root}}
}

func TestNext(t *testing.T) {
	openIncident := Incident{Key: KeyOf(root), Cause: root.Cause, Subject: root.Subject, OpenedAt: now.Add(-time.Hour), Generation: 1, Affected: []facts.Ref{ingress}, Posted: &Posted{TS: "1"}}
	for _, tt := range []struct {
		name       string
		prev       func() *Incident
		want       Reason
		generation int
		pending    Reason
	}{
		{"never seen", func() *Incident { return nil }, Opened, 1, Opened},
		{"open and said", func() *Incident { i := openIncident; return &i }, Quiet, 1, ""},
		{"resolved before: a new generation", func() *Incident { i := openIncident; i.ResolvedAt = now.Add(-time.Minute); return &i }, Opened, 2, Opened},
		{"claimed by somebody who still holds it", func() *Incident { i := openIncident; i.Pending, i.Lease = Opened, now.Add(time.Second); return &i }, Quiet, 1, Opened},
		{"claimed by somebody who is gone", func() *Incident { i := openIncident; i.Pending, i.Lease = Opened, now.Add(-time.Second); return &i }, Opened, 1, Opened},
		{"given back after a failed post", func() *Incident { i := openIncident.Unsaid(); i.Pending = Opened; return &i }, Opened, 1, Opened},
	} {
		t.Run(tt.name, func(t *testing.T) {
			next, reason := Next(tt.prev(), found(), &root, policy, now)
			if reason != tt.want || next.Generation != tt.generation || next.Pending != tt.pending {
				t.Errorf("got %s, generation %d, pending %q; want %s, %d, %q", reason, next.Generation, next.Pending, tt.want, tt.generation, tt.pending)
			}
			if next.Key != KeyOf(root) || !next.SeenAt.Equal(now) {
				t.Errorf("key %q seen %s", next.Key, next.SeenAt)
			}
		})
	}
}

func TestNextAddsWhoSuffers(t *testing.T) {
	f := root
	f.Affected = []facts.Ref{other, ingress}
	prev := Incident{Key: KeyOf(root), Generation: 1, Affected: []facts.Ref{ingress}}
	next, _ := Next(&prev, found(), &f, policy, now)
	if len(next.Affected) != 2 || next.Affected[0] != ingress || next.Affected[1] != other {
		t.Errorf("affected %v", next.Affected)
	}
	if len(prev.Affected) != 1 {
		t.Error("the previous state was modified")
	}
}

func TestResolve(t *testing.T) {
	gap := engine.Gap{Needs: "compute.backendServices.get", Hides: []cause.ID{root.Cause}}
	elsewhere := engine.Gap{Needs: "compute.firewalls.list"}
	for _, tt := range []struct {
		name string
		d    engine.Diagnosis
		want Reason
	}{
		{"still found", found(), Quiet},
		{"healthy", engine.Diagnosis{Target: ingress, Verdict: engine.Healthy}, Resolved},
		{"healthy, but the cause's own facts couldn't be read", engine.Diagnosis{Target: ingress, Verdict: engine.Healthy, Gaps: []engine.Gap{gap}}, Quiet},
		{"healthy with an unrelated gap", engine.Diagnosis{Target: ingress, Verdict: engine.Healthy, Gaps: []engine.Gap{elsewhere}}, Resolved},
		{"pending says nothing", engine.Diagnosis{Target: ingress, Verdict: engine.Pending}, Quiet},
		{"unexplained says nothing", engine.Diagnosis{Target: ingress, Verdict: engine.Unexplained}, Quiet},
		{"refuted while something else is wrong", engine.Diagnosis{Target: ingress, Verdict: engine.Unexplained, RuledOut: []engine.RuledOut{{ID: root.Cause, Because: "x"}}}, Resolved},
		{"the object is gone", engine.Diagnosis{Target: ingress, Verdict: engine.NotOurs}, Resolved},
		{"not ours as far as could be read", engine.Diagnosis{Target: ingress, Verdict: engine.NotOurs, Gaps: []engine.Gap{elsewhere}}, Quiet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			prev := Incident{Key: KeyOf(root), Cause: root.Cause, Subject: root.Subject, Posted: &Posted{TS: "1"}}
			next, reason := Resolve(prev, tt.d, policy, now)
			if reason != tt.want {
				t.Fatalf("got %s, want %s", reason, tt.want)
			}
			if resolved := !next.ResolvedAt.IsZero(); resolved != (tt.want == Resolved) {
				t.Errorf("resolved at %s", next.ResolvedAt)
			}
		})
	}
}

func TestResolveSaysNothingOfWhatWasNeverSaid(t *testing.T) {
	prev := Incident{Key: KeyOf(root), Cause: root.Cause, Pending: Opened}
	next, reason := Resolve(prev, engine.Diagnosis{Target: ingress, Verdict: engine.Healthy}, policy, now)
	if reason != Quiet || next.ResolvedAt.IsZero() || next.Pending != "" {
		t.Errorf("got %s, %+v", reason, next)
	}
}

func TestKeyTellsClustersApart(t *testing.T) {
	a, b := root, root
	b.Subject.Cluster = "projects/p/locations/l/clusters/other"
	if KeyOf(a) == KeyOf(b) {
		t.Error("two clusters share a key")
	}
}
