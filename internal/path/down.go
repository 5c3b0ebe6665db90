package path

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A Leg is where some requests end.
type Leg struct {
	// Target is the Ingress or Gateway, or what a Reach has in its place.
	Target facts.Ref
	Routes []Route
	// Service is zero outside clusters; BackendService where none is known.
	Service, BackendService facts.Ref
	Endpoints               []Landing
}

// A Landing is one endpoint that requests may come to.
type Landing struct {
	Group facts.Ref
	IP    string
	Port  int32
	// Pod is the pod with that address; zero for a node, and where none is known.
	Pod facts.Ref
	// State is HEALTHY, UNHEALTHY, DRAINING or UNKNOWN; empty where it couldn't be read.
	State string
}

// Down walks from what clients see to what answers: from an Ingress, a Gateway, a host, a
// forwarding rule, a URL map, a Service or a backend service down to the groups and their
// endpoints. A walk from a host has the routes of that host, of a wildcard for it, and
// the defaults.
func Down(s *facts.Snapshot, ref facts.Ref) []Leg {
	var legs []Leg
	for _, r := range reachesOf(s, ref) {
		for _, b := range backendsOf(s, r.Target) {
			if ref.Kind == facts.KindService && (b.Service != ref.Name || b.Namespace != ref.Namespace) {
				continue
			}
			leg := legOf(s, r, b, ref)
			if ref.Kind == facts.KindBackendService && leg.BackendService != ref || ref.Kind == facts.KindHost && len(leg.Routes) == 0 {
				continue
			}
			legs = append(legs, leg)
		}
	}
	return legs
}

// reachesOf are the Ingresses, Gateways and URL maps that a Ref of the front means.
func reachesOf(s *facts.Snapshot, ref facts.Ref) []Reach {
	switch ref.Kind {
	case facts.KindHost:
		return slices.DeleteFunc(reaching(s, nil, everything), func(r Reach) bool {
			return !slices.ContainsFunc(r.Routes, func(route Route) bool { return route.Host != "" && covers(route.Host, ref.Name) })
		})
	case facts.KindForwardingRule, facts.KindURLMap:
		return slices.DeleteFunc(reaching(s, nil, everything), func(r Reach) bool {
			return !slices.ContainsFunc(frontOf(s, r.Target), func(o facts.Ref) bool { return o == ref })
		})
	}
	return Up(s, ref)
}

// frontOf are the forwarding rules and URL maps of a Reach's target.
func frontOf(s *facts.Snapshot, target facts.Ref) []facts.Ref {
	var refs []facts.Ref
	add := func(kind, url string) {
		if url != "" {
			refs = append(refs, glbc.ComputeRef(kind, url))
		}
	}
	t := newTracer(s, target, Evidence{})
	if t.ing != nil {
		add(facts.KindForwardingRule, urlOf(t.built.HTTP))
		add(facts.KindForwardingRule, urlOf(t.built.HTTPS))
		add(facts.KindURLMap, urlOf(t.built.URLMap))
		return refs
	}
	f := t.front
	if target.Kind == facts.KindURLMap {
		f.maps = mapsAt(s, target)
		f.before(s)
	}
	for _, r := range f.rules {
		add(facts.KindForwardingRule, r.GetSelfLink())
	}
	for _, m := range f.maps {
		add(facts.KindURLMap, m.GetSelfLink())
	}
	return refs
}

func mapsAt(s *facts.Snapshot, ref facts.Ref) []*computepb.UrlMap {
	return linkedFrom(s.URLMaps, func(m *computepb.UrlMap) bool { return glbc.ComputeRef(facts.KindURLMap, m.GetSelfLink()) == ref })
}

// backendsOf are the Backends behind a Reach's target.
func backendsOf(s *facts.Snapshot, target facts.Ref) []glbc.Backend {
	if target.Kind != facts.KindURLMap {
		return newTracer(s, target, Evidence{}).backends
	}
	var list []glbc.Backend
	for _, m := range mapsAt(s, target) {
		services, _ := s.BackendServices.Get()
		for _, bs := range services {
			if slices.Contains(glbc.ServicesOf(m), glbc.Path(bs)) {
				list = append(list, glbc.BackendOf(s, bs))
			}
		}
	}
	return list
}

func legOf(s *facts.Snapshot, r Reach, b glbc.Backend, ref facts.Ref) Leg {
	leg := Leg{Target: r.Target}
	if b.Service != "" {
		leg.Service = b.Ref(s.ClusterName)
	}
	bs, ok := b.BackendService.Get()
	if ok {
		leg.BackendService = glbc.BackendServiceRef(bs)
	}
	leg.Routes = routesOf(s, r.Target, b)
	if ref.Kind == facts.KindHost {
		leg.Routes = slices.DeleteFunc(leg.Routes, func(route Route) bool {
			return route.Host != "" && !covers(route.Host, ref.Name) && route.Host != glbc.AnyHost
		})
	}
	leg.Endpoints = landings(s, b)
	return leg
}

// routesOf are the routes of a target that lead to one Backend.
func routesOf(s *facts.Snapshot, target facts.Ref, b glbc.Backend) []Route {
	if target.Kind == facts.KindIngress {
		return ingressReach(s, ingressNamed(s, target.Namespace, target.Name), func(o glbc.Backend) bool {
			return o.Namespace == b.Namespace && o.Service == b.Service && o.Port == b.Port
		}).Routes
	}
	bs, ok := b.BackendService.Get()
	if !ok {
		return nil
	}
	maps := newTracer(s, target, Evidence{}).front.maps
	if target.Kind == facts.KindURLMap {
		maps = mapsAt(s, target)
	}
	var r Reach
	for _, m := range maps {
		r.add(routesTo(m, glbc.Path(bs))...)
	}
	return r.Routes
}

// landings are the endpoints of a Backend's groups: those that getHealth tells of, else
// what the NEGs hold.
func landings(s *facts.Snapshot, b glbc.Backend) []Landing {
	bs, ok := b.BackendService.Get()
	if !ok {
		return nil
	}
	var list []Landing
	healthy, _ := glbc.Endpoints(s, b)
	for _, g := range glbc.GroupsOf(bs) {
		told := false
		for _, e := range healthy {
			if e.Group != g.Group {
				continue
			}
			told = true
			l := Landing{Group: groupRef(g.Group), IP: e.IP, Port: e.Port, State: e.State}
			if e.Pod != nil {
				l.Pod = podRef(s, e.Pod)
			}
			list = append(list, l)
		}
		members, _ := s.Endpoints[g.Group].Get()
		for _, m := range members {
			if ep := m.GetNetworkEndpoint(); !told {
				list = append(list, Landing{Group: groupRef(g.Group), IP: ep.GetIpAddress(), Port: ep.GetPort(), Pod: podAt(s, b, ep.GetIpAddress())})
			}
		}
	}
	return list
}

func podAt(s *facts.Snapshot, b glbc.Backend, ip string) facts.Ref {
	pods, _ := glbc.PodsOf(s, b)
	i := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return ip != "" && p.Status.PodIP == ip })
	if i < 0 {
		return facts.Ref{}
	}
	return podRef(s, pods[i])
}
