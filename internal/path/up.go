package path

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A Reach is how requests come to an object.
type Reach struct {
	// Target is the Ingress or Gateway; outside clusters the URL map, or the backend
	// service where there is none.
	Target facts.Ref
	// Routes are the hosts and paths that lead there.
	Routes []Route
	// Addresses are the load balancer's.
	Addresses []string
}

// A Route is a host and a path, as a URL map spells them. Host is empty for the default
// of the map, and Path for that of a host.
type Route struct{ Host, Path string }

// Hosts are those of the routes, each once; the default isn't one, nor is `*`.
func (r Reach) Hosts() []string {
	var hosts []string
	for _, route := range r.Routes {
		if route.Host != "" && route.Host != glbc.AnyHost && !slices.Contains(hosts, route.Host) {
			hosts = append(hosts, route.Host)
		}
	}
	return hosts
}

// Up walks from an object to what leads to it: from a NEG (by number or name), an
// instance group, a health check, a backend service, a Service, a Pod (by its name, or
// its address in place of the name) or a certificate up to Ingresses and Gateways with
// the hosts and paths concerned. An Ingress or Gateway is its own.
func Up(s *facts.Snapshot, ref facts.Ref) []Reach {
	switch ref.Kind {
	case facts.KindIngress:
		if ing := ingressNamed(s, ref.Namespace, ref.Name); ing != nil {
			return []Reach{ingressReach(s, ing, everything)}
		}
		return nil
	case facts.KindGateway:
		return gatewayReaches(s, func(t *tracer) bool { return t.target == ref }, everything)
	case facts.KindService:
		return reaching(s, []string{ref.Namespace}, nil, func(b glbc.Backend) bool { return b.Namespace == ref.Namespace && b.Service == ref.Name })
	case facts.KindPod:
		return reaching(s, namespacesOf(ref), nil, func(b glbc.Backend) bool { return servesPod(s, b, ref) })
	case facts.KindCertificate:
		return presentedBy(s, ref)
	}
	behind := glbc.BackendServicesOf(s, ref)
	return reaching(s, namespacesBehind(s, behind), behind, func(b glbc.Backend) bool {
		bs, ok := b.BackendService.Get()
		return ok && slices.ContainsFunc(behind, func(o *computepb.BackendService) bool { return glbc.Path(o) == glbc.Path(bs) })
	})
}

// namespacesBehind are the namespaces of the Services that backend services stand for;
// nil where one doesn't tell.
func namespacesBehind(s *facts.Snapshot, services []*computepb.BackendService) []string {
	namespaces := []string{}
	for _, bs := range services {
		found := glbc.NamespacesOf(s, bs)
		if len(found) == 0 {
			return nil
		}
		namespaces = append(namespaces, found...)
	}
	return namespaces
}

func everything(glbc.Backend) bool { return true }

func namespacesOf(ref facts.Ref) []string {
	if ref.Namespace == "" {
		return nil
	}
	return []string{ref.Namespace}
}

// servesPod reports that the Service of a Backend selects the pod.
func servesPod(s *facts.Snapshot, b glbc.Backend, ref facts.Ref) bool {
	pods, _ := glbc.PodsOf(s, b)
	return slices.ContainsFunc(pods, func(p *corev1.Pod) bool {
		return ref.Name != "" && (p.Name == ref.Name && (ref.Namespace == "" || p.Namespace == ref.Namespace) || p.Status.PodIP == ref.Name)
	})
}

// reaching is every way to a Backend that fits. Its Service is in one of the namespaces,
// nil means any: an Ingress leads to Services of its own namespace only. services are the
// backend services that may be reached without Ingress and Gateway.
func reaching(s *facts.Snapshot, namespaces []string, services []*computepb.BackendService, fits func(glbc.Backend) bool) []Reach {
	list, known := served(s, func(ing *networkingv1.Ingress) bool {
		return (namespaces == nil || slices.Contains(namespaces, ing.Namespace)) && slices.ContainsFunc(glbc.Backends(s, ing), fits)
	}, func(t *tracer) bool { return slices.ContainsFunc(t.backends, fits) }, fits)
	for _, bs := range services {
		list = append(list, outsideReaches(s, bs, known)...)
	}
	return list
}

// served are the Ingresses that GKE serves and the Gateways that are wanted, with the
// routes that lead to Backends that fit. maps are the URLs of the URL maps that are
// theirs: of the wanted Ingresses, and of all Gateways.
func served(s *facts.Snapshot, ingress func(*networkingv1.Ingress) bool, gateway func(*tracer) bool, fits func(glbc.Backend) bool) (list []Reach, maps []string) {
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		if !ingress(ing) || !mayServe(s, ing) {
			continue
		}
		list = append(list, ingressReach(s, ing, fits))
		f := glbc.FrontendOf(s, ing)
		maps = append(maps, urlOf(f.URLMap), urlOf(f.RedirectMap))
	}
	list = append(list, gatewayReaches(s, func(t *tracer) bool {
		for _, m := range t.front.maps {
			maps = append(maps, m.GetSelfLink())
		}
		return gateway(t)
	}, fits)...)
	return list, maps
}

// mayServe: GLBC serves the Ingress, or it can't be told.
func mayServe(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	return glbc.WhyNotServed(s, ing) == "" || glbc.ClassIn(s, ing).Unsure
}

// ingressReach is what an Ingress's routes, as far as they lead to Backends that fit.
func ingressReach(s *facts.Snapshot, ing *networkingv1.Ingress, fits func(glbc.Backend) bool) Reach {
	r := Reach{Target: glbc.RefOf(s, ing)}
	if a := glbc.Address(ing); a != "" {
		r.Addresses = []string{a}
	}
	backends := glbc.Backends(s, ing)
	leads := func(name glbc.ServicePortName) bool {
		return slices.ContainsFunc(backends, func(b glbc.Backend) bool {
			return b.Namespace == name.Namespace && b.Service == name.Service && b.Port == name.Port && fits(b)
		})
	}
	m := glbc.DesiredURLMap(ing)
	if leads(m.Default) {
		r.Routes = append(r.Routes, Route{})
	}
	for _, h := range m.Hosts {
		for _, p := range h.Paths {
			if leads(p.Backend) {
				r.Routes = append(r.Routes, Route{h.Host, p.Path})
			}
		}
	}
	return r
}

// gatewayReaches are the Gateways that are wanted, with the routes of their URL maps as
// far as they lead to Backends that fit.
func gatewayReaches(s *facts.Snapshot, wanted func(*tracer) bool, fits func(glbc.Backend) bool) []Reach {
	var list []Reach
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		t := &tracer{s: s, target: facts.Ref{Cluster: s.ClusterName, Kind: facts.KindGateway, Namespace: g.Namespace, Name: g.Name}}
		if t.gatewayAt(g); !wanted(t) {
			continue
		}
		r := Reach{Target: t.target, Addresses: gatewayAddresses(g)}
		for _, b := range t.backends {
			bs, ok := b.BackendService.Get()
			if !ok || !fits(b) {
				continue
			}
			for _, m := range t.front.maps {
				r.add(routesTo(m, glbc.Path(bs))...)
			}
		}
		list = append(list, r)
	}
	return list
}

func (r *Reach) add(routes ...Route) {
	for _, route := range routes {
		if !slices.Contains(r.Routes, route) {
			r.Routes = append(r.Routes, route)
		}
	}
}
