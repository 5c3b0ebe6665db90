package service_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/incident"
	"plumbline/internal/service"
	"plumbline/internal/store/memory"
)

const clusterName = "projects/p/locations/l/clusters/main"

var (
	now     = time.Date(2026, 11, 17, 14, 0, 0, 0, time.UTC)
	ingress = facts.Ref{Cluster: clusterName, Kind: facts.KindIngress, Namespace: "shop", Name: "web"}
	root    = cause.Finding{Cause: "control/x", Confidence: cause.Proven, Subject: facts.ClusterRef(clusterName), Affected: []facts.Ref{ingress}, Headline: "off"}
)

// A mouth records what is said, and fails as often as it is told to.
type mouth struct {
	said  []incident.Notice
	fails int
}

func (m *mouth) Notify(_ context.Context, n incident.Notice) (incident.Posted, error) {
	if m.fails > 0 {
		m.fails--
		return incident.Posted{}, errors.New("503")
	}
	m.said = append(m.said, n)
	return incident.Posted{Channel: "C1", TS: "1.0"}, nil
}

func (m *mouth) reasons() string {
	text := ""
	for _, n := range m.said {
		text += string(n.Reason) + " "
	}
	return text
}

func newService(m *mouth, at *time.Time) *service.Service {
	return &service.Service{
		Store: &memory.Store{}, Notify: m, Policy: incident.Policy{Lease: time.Minute},
		Now: func() time.Time { return *at }, Log: slog.New(slog.DiscardHandler),
	}
}

func broken(target facts.Ref) engine.Diagnosis {
	return engine.Diagnosis{Target: target, Verdict: engine.RootCause, Roots: []cause.Finding{root}}
}

func fixed(target facts.Ref) engine.Diagnosis {
	return engine.Diagnosis{
		Target: target, Verdict: engine.Healthy,
		RuledOut: []engine.RuledOut{{ID: root.Cause, Because: "it is on", FixedBy: &cause.Change{By: "dana@acme.example"}}},
	}
}

// TestTell follows an incident: one message, quiet while it lasts, one edit when it
// is over, a new message when it comes back.
func TestTell(t *testing.T) {
	m, at := &mouth{}, now
	s := newService(m, &at)
	for _, d := range []engine.Diagnosis{broken(ingress), broken(ingress), fixed(ingress), fixed(ingress), broken(ingress)} {
		if err := s.Tell(t.Context(), []engine.Diagnosis{d}); err != nil {
			t.Fatal(err)
		}
		at = at.Add(5 * time.Minute)
	}
	if got, want := m.reasons(), "opened resolved opened "; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	if by := m.said[1].FixedBy; by == nil || by.By != "dana@acme.example" {
		t.Errorf("fixed by %v", by)
	}
	if m.said[1].Incident.Posted == nil || m.said[1].Incident.Posted.TS != "1.0" {
		t.Error("the resolution doesn't know the message to edit")
	}
	if g := m.said[2].Incident.Generation; g != 2 {
		t.Errorf("generation %d, want 2", g)
	}
}

// TestOneMessageForSeveralTargets: the root cause is one, whoever suffers.
func TestOneMessageForSeveralTargets(t *testing.T) {
	m, at := &mouth{}, now
	s := newService(m, &at)
	other := ingress
	other.Name = "other"
	if err := s.Tell(t.Context(), []engine.Diagnosis{broken(ingress), broken(other)}); err != nil {
		t.Fatal(err)
	}
	if got := m.reasons(); got != "opened " {
		t.Errorf("said %q", got)
	}
}

// TestAHealthyNeighbourResolvesNothing: only a diagnosis of what the incident is
// about ends it.
func TestAHealthyNeighbourResolvesNothing(t *testing.T) {
	m, at := &mouth{}, now
	s := newService(m, &at)
	neighbour := facts.Ref{Cluster: clusterName, Kind: facts.KindIngress, Namespace: "shop", Name: "neighbour"}
	elsewhere := facts.ClusterRef("projects/p/locations/l/clusters/elsewhere")
	for _, d := range []engine.Diagnosis{broken(ingress), fixed(neighbour), fixed(elsewhere), {Verdict: engine.NotOurs}} {
		if err := s.Tell(t.Context(), []engine.Diagnosis{d}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.reasons(); got != "opened " {
		t.Errorf("said %q", got)
	}
	if err := s.Tell(t.Context(), []engine.Diagnosis{fixed(facts.ClusterRef(clusterName))}); err != nil || m.reasons() != "opened resolved " {
		t.Errorf("the cluster's own diagnosis: said %q, %v", m.reasons(), err)
	}
}

// TestAFailedPostIsSaidByTheRedelivery: the error reaches the acknowledge table, the
// claim is given back, and the next delivery posts.
func TestAFailedPostIsSaidByTheRedelivery(t *testing.T) {
	for name, steps := range map[string][]engine.Diagnosis{
		"opening":   {broken(ingress)},
		"resolving": {fixed(ingress)},
	} {
		t.Run(name, func(t *testing.T) {
			m, at := &mouth{}, now
			s := newService(m, &at)
			want := "opened "
			if name == "resolving" {
				if err := s.Tell(t.Context(), []engine.Diagnosis{broken(ingress)}); err != nil {
					t.Fatal(err)
				}
				want = "opened resolved "
			}
			m.fails = 1
			if err := s.Tell(t.Context(), steps); err == nil {
				t.Fatal("the failed post was swallowed")
			}
			at = at.Add(time.Second)
			if err := s.Tell(t.Context(), steps); err != nil {
				t.Fatal(err)
			}
			if got := m.reasons(); got != want {
				t.Errorf("said %q, want %q", got, want)
			}
		})
	}
}

// TestUnexplainedIsSaidOnce, and over when the target is healthy.
func TestUnexplainedIsSaidOnce(t *testing.T) {
	m, at := &mouth{}, now
	s := newService(m, &at)
	d := engine.Diagnosis{Target: ingress, Verdict: engine.Unexplained, Symptoms: []cause.Symptom{{ID: cause.BackendUnhealthy, Subject: ingress, Says: "3 of 3"}}}
	d.Open = d.Symptoms
	blind := engine.Diagnosis{Target: ingress, Verdict: engine.Unexplained}
	pending := engine.Diagnosis{Target: ingress, Verdict: engine.Pending, Symptoms: d.Symptoms}
	for _, d := range []engine.Diagnosis{blind, pending, d, d, blind, pending, {Target: ingress, Verdict: engine.Healthy}} {
		if err := s.Tell(t.Context(), []engine.Diagnosis{d}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.reasons(); got != "opened resolved " {
		t.Errorf("said %q", got)
	}
}

// TestWhatCannotBeSaidKeepsNothingBack: the second root cause is said though the
// first is refused, and the failure is told.
func TestWhatCannotBeSaidKeepsNothingBack(t *testing.T) {
	m, at := &mouth{fails: 1}, now
	s := newService(m, &at)
	d := broken(ingress)
	second := root
	second.Cause = "health/y"
	d.Roots = append(d.Roots, second)
	if err := s.Tell(t.Context(), []engine.Diagnosis{d}); err == nil {
		t.Error("the failure was swallowed")
	}
	if len(m.said) != 1 || m.said[0].Finding.Cause != "health/y" {
		t.Errorf("said %q", m.reasons())
	}
}

// A strict store refuses what comes with an ended context, as a remote one does.
type strict struct{ memory.Store }

func (s *strict) Update(ctx context.Context, key incident.Key, f func(*incident.Incident) (incident.Incident, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Store.Update(ctx, key, f)
}

// TestADeadlineWhilePostingLosesNothing: the claim is given back although the
// message's own time is over.
func TestADeadlineWhilePostingLosesNothing(t *testing.T) {
	m, at := &mouth{fails: 1}, now
	s := newService(m, &at)
	s.Store = &strict{}
	ctx, cancel := context.WithCancel(t.Context())
	s.Notify = ending{m, cancel}
	if err := s.Tell(ctx, []engine.Diagnosis{broken(ingress)}); err == nil {
		t.Fatal("the failure was swallowed")
	}
	s.Notify = m
	if err := s.Tell(t.Context(), []engine.Diagnosis{broken(ingress)}); err != nil || m.reasons() != "opened " {
		t.Errorf("the redelivery said %q, %v", m.reasons(), err)
	}
}

// An ending Notifier sees the deadline pass while it posts.
type ending struct {
	service.Notifier
	end func()
}

func (e ending) Notify(ctx context.Context, n incident.Notice) (incident.Posted, error) {
	e.end()
	return e.Notifier.Notify(ctx, n)
}
