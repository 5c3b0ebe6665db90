package path_test

import (
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/path"
)

// worlds are the clusters in good order.
var worlds = []string{"external-neg", "external-instance-group", "internal-neg", "shared-vpc", "gateway"}

// targetsOf are all Ingresses, Gateways, Services and backend services of a Snapshot.
func targetsOf(s *facts.Snapshot) []facts.Ref {
	var refs []facts.Ref
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: ing.Namespace, Name: ing.Name})
	}
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindGateway, Namespace: g.Namespace, Name: g.Name})
	}
	services, _ := s.Services.Get()
	for _, svc := range services {
		if svc.Namespace != "kube-system" {
			refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindService, Namespace: svc.Namespace, Name: svc.Name})
		}
	}
	return refs
}

func TestEveryHopOfAHealthyWorldIsInOrder(t *testing.T) {
	t.Parallel()
	for _, world := range worlds {
		s := snapshot(t, world)
		targets := targetsOf(s)
		if len(targets) < 2 {
			t.Fatalf("%s has %d targets", world, len(targets))
		}
		for _, target := range targets {
			p := path.Of(s, target, path.Evidence{})
			t.Log(world, target, p.Line())
			if len(p.Hops) != len(path.Stations) {
				t.Fatalf("%s: %s has %d hops", world, target, len(p.Hops))
			}
			for i, h := range p.Hops {
				if h.Station != path.Stations[i] {
					t.Errorf("%s: %s: hop %d is %s", world, target, i, h.Station)
				}
				if h.State != path.OK && (h.State != path.NotApplicable || target.Kind != facts.KindService && h.Station != path.DNS) {
					t.Errorf("%s: %s: %s is %s: %s", world, target, h.Station, h.State, h.Says)
				}
				if len(h.Differences) > 0 {
					t.Errorf("%s: %s: %s differs: %+v", world, target, h.Station, h.Differences)
				}
			}
		}
	}
}
