package path_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

// A fixture is a healthy world that a row breaks; its parts are those of one Ingress,
// argocd/argocd of external-neg unless the row says another.
type fixture struct {
	t *testing.T
	s *facts.Snapshot
	e path.Evidence
}

// A row breaks something, and says what becomes of one station. No other station may
// become Broken unless the row names it, and none whatever else isn't read.
type row struct {
	name    string
	world   string
	target  facts.Ref
	do      func(f *fixture)
	station path.Station
	want    path.State
	// says is part of what the hop says, differs the field of a difference.
	says, differs string
	also          []path.Station
}

func (r row) check(t *testing.T) {
	t.Helper()
	if r.world == "" {
		r.world = "external-neg"
	}
	if r.target.IsZero() {
		r.target = ingress("argocd", "argocd")
	}
	f := &fixture{t: t, s: snapshot(t, r.world)}
	if r.do != nil {
		r.do(f)
	}
	p := path.Of(f.s, r.target, f.e)
	h := p.At(r.station)
	if h.State != r.want || !strings.Contains(h.Says, r.says) {
		t.Errorf("%s is %s: %q, want %s: %q", r.station, h.State, h.Says, r.want, r.says)
	}
	if r.differs != "" && !differsIn(h, r.differs) {
		t.Errorf("no difference in %q: %+v", r.differs, h.Differences)
	}
	for _, other := range p.Hops {
		if other.State == path.Broken && other.Station != r.station && !slices.Contains(r.also, other.Station) {
			t.Errorf("%s is broken as well: %s", other.Station, other.Says)
		}
	}
	for _, station := range r.also {
		if p.At(station).State != path.Broken {
			t.Errorf("%s isn't broken", station)
		}
	}
	before := states(p)
	for _, kind := range facts.Kinds {
		breaksNothing(t, "without "+string(kind), before, path.Of(f.s.Without(kind), r.target, f.e))
	}
}

func differsIn(h path.Hop, field string) bool {
	for _, d := range h.Differences {
		if strings.Contains(d.Field, field) && !d.Object.IsZero() {
			return true
		}
	}
	return false
}

func run(t *testing.T, rows []row) {
	t.Helper()
	t.Parallel()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t)
		})
	}
}

// first is the first of a list that fits; the fixture's row is wrong without one.
func first[T any](f *fixture, v facts.Value[[]T], fits func(T) bool) T {
	f.t.Helper()
	all, _ := v.Get()
	for _, o := range all {
		if fits(o) {
			return o
		}
	}
	f.t.Fatal("nothing of the sort in the world")
	panic("unreachable")
}

// without removes from a list what fits.
func without[T any](v *facts.Value[[]T], fits func(T) bool) {
	all, _ := v.Get()
	var kept []T
	for _, o := range all {
		if !fits(o) {
			kept = append(kept, o)
		}
	}
	*v = facts.Found(kept)
}

type named interface{ GetName() string }

func has[T named](part string) func(T) bool {
	return func(o T) bool { return strings.Contains(o.GetName(), part) }
}

func (f *fixture) ingress() *networkingv1.Ingress {
	return first(f, f.s.Ingresses, func(i *networkingv1.Ingress) bool { return i.Namespace == "argocd" || i.Namespace == "desk" })
}

func (f *fixture) service() *corev1.Service {
	return first(f, f.s.Services, func(s *corev1.Service) bool { return s.Name == "argocd-server" })
}

func (f *fixture) pods() []*corev1.Pod {
	var list []*corev1.Pod
	all, _ := f.s.Pods.Get()
	for _, p := range all {
		if p.Namespace == "argocd" {
			list = append(list, p)
		}
	}
	return list
}

func (f *fixture) bs() *computepb.BackendService {
	return first(f, f.s.BackendServices, func(bs *computepb.BackendService) bool {
		return strings.Contains(bs.GetName(), "argocd") || strings.HasPrefix(bs.GetName(), "k8s-be-31080")
	})
}

func (f *fixture) check() *computepb.HealthCheck {
	return first(f, f.s.HealthChecks, func(hc *computepb.HealthCheck) bool {
		return strings.Contains(hc.GetName(), "argocd") || strings.HasPrefix(hc.GetName(), "k8s-be-31080")
	})
}

// health sets the state of all endpoints of Argo CD, the first n of them only.
func (f *fixture) health(state string, n int) {
	for _, g := range glbc.GroupsOf(f.bs()) {
		list, _ := f.s.Health[g].Get()
		for _, st := range list {
			if n > 0 {
				st.HealthState = &state
				n--
			}
		}
	}
}

func (f *fixture) dns(host string, r facts.DNSRecords) { f.s.DNS[host] = facts.Found(r) }

// changed makes the Ingress one that was written this long ago.
func (f *fixture) changed(ago time.Duration) {
	at := metav1.NewTime(f.s.Now.Add(-ago))
	f.ingress().ManagedFields = append(f.ingress().ManagedFields, metav1.ManagedFieldsEntry{Manager: "kubectl", Time: &at})
}

const all = 1 << 20
