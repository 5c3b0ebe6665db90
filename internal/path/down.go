package path

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

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
		serves := func(host string) bool { return routes(host, ref.Name) }
		return fronted(s, func(ing *networkingv1.Ingress) bool { return slices.ContainsFunc(glbc.Hosts(ing), serves) },
			func(_ *front, m *computepb.UrlMap) bool { return slices.ContainsFunc(glbc.HostsOf(m), serves) })
	case facts.KindForwardingRule, facts.KindURLMap:
		is := func(url string) bool { return url != "" && glbc.ComputeRef(ref.Kind, url) == ref }
		return fronted(s, func(ing *networkingv1.Ingress) bool {
			f := glbc.FrontendOf(s, ing)
			return slices.ContainsFunc([]string{urlOf(f.HTTP), urlOf(f.HTTPS), urlOf(f.URLMap), urlOf(f.RedirectMap)}, is)
		}, func(f *front, m *computepb.UrlMap) bool {
			return is(m.GetSelfLink()) || slices.ContainsFunc(f.rules, func(r *computepb.ForwardingRule) bool { return is(r.GetSelfLink()) })
		})
	}
	return Up(s, ref)
}

// fronted are the Ingresses, Gateways and other URL maps that are wanted.
func fronted(s *facts.Snapshot, ingress func(*networkingv1.Ingress) bool, others func(*front, *computepb.UrlMap) bool) []Reach {
	list, known := served(s, ingress, func(t *tracer) bool {
		return slices.ContainsFunc(t.front.maps, func(m *computepb.UrlMap) bool { return others(&t.front, m) })
	}, everything)
	maps, _ := s.URLMaps.Get()
	for _, m := range maps {
		f := front{maps: []*computepb.UrlMap{m}}
		if f.before(s); !others(&f, m) || slices.ContainsFunc(known, func(url string) bool { return same(url, m.GetSelfLink()) }) {
			continue
		}
		r := Reach{Target: glbc.ComputeRef(facts.KindURLMap, m.GetSelfLink()), Addresses: f.addresses()}
		for _, service := range glbc.ServicesOf(m) {
			r.add(routesTo(m, service)...)
		}
		list = append(list, r)
	}
	return list
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
			return route.Host != "" && !routes(route.Host, ref.Name) && route.Host != glbc.AnyHost
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
