package glbc_test

import (
	"errors"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

var healthyWorlds = []string{"external-neg", "external-instance-group", "internal-neg", "shared-vpc"}

// What isn't known proves nothing: however many reads are refused, a cluster in good
// order has no fault and no difference.
func TestNothingIsFoundWhereReadsAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range healthyWorlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := snapshot(t, name)
			for i, one := range facts.Kinds {
				s := whole.Without(one)
				findsNothing(t, name+" without "+string(one), whole, s)
				for _, two := range facts.Kinds[i+1:] {
					findsNothing(t, name+" without "+string(one)+" and "+string(two), whole, s.Without(two))
				}
			}
		})
	}
}

// Lists that lack the scopes that the cluster is in, and objects of which a capture has
// none, prove no more.
func TestNothingIsFoundInLessThanTheWhole(t *testing.T) {
	t.Parallel()
	for _, name := range healthyWorlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := snapshot(t, name)
			half := 0
			for what, change := range map[string]func(s *facts.Snapshot){
				"half of the NEGs":             func(s *facts.Snapshot) { halve(&s.NEGs, half) },
				"half of the machines":         func(s *facts.Snapshot) { halve(&s.Instances, half) },
				"half of the nodes":            func(s *facts.Snapshot) { halve(&s.Nodes, half) },
				"half of the pods":             func(s *facts.Snapshot) { halve(&s.Pods, half) },
				"half of the slices":           func(s *facts.Snapshot) { halve(&s.EndpointSlices, half) },
				"half of the Services":         func(s *facts.Snapshot) { halve(&s.Services, half) },
				"half of the Ingresses":        func(s *facts.Snapshot) { halve(&s.Ingresses, half) },
				"half of the health checks":    func(s *facts.Snapshot) { halve(&s.HealthChecks, half) },
				"half of the backend services": func(s *facts.Snapshot) { halve(&s.BackendServices, half) },
				"half of the addresses":        func(s *facts.Snapshot) { halve(&s.Addresses, half) },
				"half of the certificates":     func(s *facts.Snapshot) { halve(&s.SSLCertificates, half) },
				"half of the subnets":          func(s *facts.Snapshot) { halve(&s.Subnetworks, half) },
				"half of the rules":            func(s *facts.Snapshot) { halve(&s.Firewalls, half) },
				"half of the BackendConfigs":   func(s *facts.Snapshot) { halve(&s.BackendConfigs, half) },
				"half of the FrontendConfigs":  func(s *facts.Snapshot) { halve(&s.FrontendConfigs, half) },
				"no namespace":                 func(s *facts.Snapshot) { s.Namespaces = []string{"another"} },
				"no slices in a capture": func(s *facts.Snapshot) {
					s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice(nil))
				},
				"no nodes in a capture": func(s *facts.Snapshot) { s.Nodes = facts.Found([]*corev1.Node(nil)) },
				"no pods in a capture":  func(s *facts.Snapshot) { s.Pods = facts.Found([]*corev1.Pod(nil)) },
				"no slices and no pods": func(s *facts.Snapshot) {
					s.EndpointSlices, s.Pods = facts.Found([]*discoveryv1.EndpointSlice(nil)), facts.Unknown[[]*corev1.Pod](errHalf)
				},
			} {
				for half = range 2 {
					s := *whole
					change(&s)
					findsNothing(t, name+" with "+what, whole, &s)
				}
			}
		})
	}
}

var errHalf = errors.New("half of it didn't answer")

// halve keeps every second item from the first or the second on, and says that others
// may be anywhere.
func halve[T any](list *facts.Value[[]T], from int) {
	all, _ := list.Get()
	var kept []T
	for i := from; i < len(all); i += 2 {
		kept = append(kept, all[i])
	}
	*list = facts.FoundPartly(kept, errHalf, "global", "regions/europe-west1", "zones/europe-west1-b", "zones/europe-west1-c", "zones/europe-west1-d", "shop", "kube-system")
}

// findsNothing looks at s as at a cluster in good order. What isn't in s any more is
// taken from the whole, as a caller may have it from before.
func findsNothing(t *testing.T, at string, whole, s *facts.Snapshot) {
	t.Helper()
	ingresses, _ := whole.Ingresses.Get()
	for _, ing := range ingresses {
		tr := glbc.Translate(s, ing)
		if len(tr.Faults) > 0 || len(tr.Quirks) > 0 {
			t.Errorf("%s: faults %+v, quirks %+v", at, tr.Faults, tr.Quirks)
		}
		findsNoDifference(t, at, s, ing, tr)
		for _, b := range append(glbc.Backends(s, ing), glbc.Backends(whole, ing)...) {
			want := glbc.DesiredCheck(s, b)
			for _, hc := range checksOf(whole, ing) {
				if live, ok := b.HealthCheck.Get(); ok && live.GetName() != hc.GetName() || !glbcMade(whole, b, hc) {
					continue
				}
				for _, d := range glbc.CompareCheck(hc, want) {
					t.Errorf("%s: %s: the check's %s is %s, wanted %s", at, b.Title(), d.Field, d.Have, d.Want)
				}
			}
			diff, _ := glbc.CompareMembers(s, b)
			if !diff.Settled().Empty() {
				t.Errorf("%s: %s: members %+v", at, b.Title(), diff.Settled())
			}
			for _, block := range diff.Want.Blocks {
				if !block.Unsure && !block.Young {
					t.Errorf("%s: %s: %s blocks: %s", at, b.Title(), block.IP, block.Why)
				}
			}
		}
	}
	if d, err := glbc.CompareL7Rule(s); err == nil && !d.Empty() {
		t.Errorf("%s: the rule: %+v", at, d)
	}
}

func findsNoDifference(t *testing.T, at string, s *facts.Snapshot, ing *networkingv1.Ingress, tr glbc.Translation) {
	t.Helper()
	m, ok := glbc.FrontendOf(s, ing).URLMap.Get()
	if !ok {
		return
	}
	if list, _ := glbc.CompareURLMap(tr.Map, m, glbc.BackendNames(s, ing)); len(list) > 0 {
		t.Errorf("%s: the URL map: %+v", at, list)
	}
}

func checksOf(whole *facts.Snapshot, ing *networkingv1.Ingress) []*computepb.HealthCheck {
	var list []*computepb.HealthCheck
	for _, b := range glbc.Backends(whole, ing) {
		if hc, ok := b.HealthCheck.Get(); ok {
			list = append(list, hc)
		}
	}
	return list
}

// glbcMade: the check is of the Backend's Service port.
func glbcMade(whole *facts.Snapshot, b glbc.Backend, hc *computepb.HealthCheck) bool {
	owner, ok := glbc.OwnerOf(whole, hc.GetName())
	return ok && owner.Namespace == b.Namespace && owner.Name == b.Service
}
