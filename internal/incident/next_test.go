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
		{"the only object that suffered is gone", engine.Diagnosis{Target: ingress, Verdict: engine.NotOurs, Gone: true, Gaps: []engine.Gap{elsewhere}}, Resolved},
		{"another object is gone", engine.Diagnosis{Target: other, Verdict: engine.NotOurs, Gone: true}, Quiet},
		{"not ours as far as could be read", engine.Diagnosis{Target: ingress, Verdict: engine.NotOurs}, Quiet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			prev := Incident{Key: KeyOf(root), Cause: root.Cause, Subject: root.Subject, Affected: []facts.Ref{ingress}, Posted: &Posted{TS: "1"}}
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

// TestResolveLooksAtTheWhole: what one object shows doesn't end what others suffer.
func TestResolveLooksAtTheWhole(t *testing.T) {
	cl := facts.ClusterRef(cluster)
	web := facts.Ref{Cluster: cluster, Kind: facts.KindService, Namespace: "shop", Name: "web"}
	api := facts.Ref{Cluster: cluster, Kind: facts.KindService, Namespace: "shop", Name: "api"}
	addon := Incident{Cause: "control/x", Subject: cl, Affected: []facts.Ref{ingress, other}, Posted: &Posted{TS: "1"}}
	redirect := Incident{Cause: "health/redirect", Subject: root.Subject, On: []facts.Ref{web}, Affected: []facts.Ref{ingress, other}, Posted: &Posted{TS: "1"}}
	unexplained := Incident{Cause: cause.ChangeNotApplied, Subject: ingress, Affected: []facts.Ref{ingress}, Posted: &Posted{TS: "1"}}
	refuted := []engine.RuledOut{{ID: "control/x", Because: "it is on"}}
	gone := func(r facts.Ref) engine.Diagnosis {
		return engine.Diagnosis{Target: r, Verdict: engine.NotOurs, Gone: true}
	}
	for _, tt := range []struct {
		name     string
		incident Incident
		steps    []engine.Diagnosis
		want     Reason
	}{
		{"one of two Ingresses leaves a cluster whose add-on is off", addon, []engine.Diagnosis{gone(ingress)}, Quiet},
		{"both leave", addon, []engine.Diagnosis{gone(ingress), gone(other)}, Resolved},
		{"one Ingress is healthy, the add-on is still off", addon, []engine.Diagnosis{{Target: ingress, Verdict: engine.Healthy}}, Quiet},
		{"the add-on is on again, seen by one of them", addon, []engine.Diagnosis{{Target: ingress, Verdict: engine.Pending, RuledOut: refuted}}, Resolved},
		{"the Service serves again, seen by one Ingress", redirect, []engine.Diagnosis{{Target: other, Verdict: engine.Healthy, HealthyOn: []facts.Ref{web}}}, Resolved},
		{"the Service serves again while another backend doesn't", redirect, []engine.Diagnosis{{Target: ingress, Verdict: engine.Unexplained, HealthyOn: []facts.Ref{web}}}, Resolved},
		{"another Service serves", redirect, []engine.Diagnosis{{Target: ingress, Verdict: engine.Healthy, HealthyOn: []facts.Ref{api}}}, Quiet},
		{"nothing wrong is seen, and events couldn't be read", unexplained, []engine.Diagnosis{{Target: ingress, Verdict: engine.Healthy, Gaps: []engine.Gap{{Needs: string(facts.Events)}}}}, Quiet},
		{"nothing wrong is seen, and the log couldn't be read", unexplained, []engine.Diagnosis{{Target: ingress, Verdict: engine.Healthy, Gaps: []engine.Gap{{Needs: string(facts.Logs)}}}}, Resolved},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i, reason := tt.incident, Quiet
			for _, d := range tt.steps {
				i, reason = Resolve(i, d, policy, now)
			}
			if reason != tt.want {
				t.Errorf("got %s, want %s", reason, tt.want)
			}
		})
	}
}

// TestSaid: what was decided while a message was on its way isn't lost.
func TestSaid(t *testing.T) {
	opening := Incident{Key: "k", Pending: Opened, Lease: now.Add(time.Minute), Affected: []facts.Ref{ingress}, Subject: ingress, Cause: "health/redirect"}
	if got := opening.Said(Opened, Posted{TS: "1"}, now); got.Pending != "" || !got.Lease.IsZero() || got.Posted.TS != "1" {
		t.Errorf("after its opening was said: %+v", got)
	}
	ended, reason := Resolve(opening, engine.Diagnosis{Target: ingress, Verdict: engine.Healthy}, policy, now)
	if reason != Quiet {
		t.Fatalf("resolved before it was said: %s", reason)
	}
	if got := ended.Said(Opened, Posted{TS: "1"}, now); got.Pending != Resolved {
		t.Errorf("it ended while its opening was being posted, and its end isn't pending: %+v", got)
	} else if _, reason := Resolve(got, engine.Diagnosis{Target: ingress, Verdict: engine.Healthy}, policy, now); reason != Resolved {
		t.Errorf("the next look says %s, want the end", reason)
	}
}
