package path

import (
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// traceGateway joins a Gateway with what has its address.
func (t *tracer) traceGateway() {
	all, _ := t.s.Gateways.Get()
	for _, g := range all {
		if g.Namespace == t.target.Namespace && g.Name == t.target.Name {
			t.gatewayAt(g)
		}
	}
}

func (t *tracer) gatewayAt(g *gatewayv1.Gateway) {
	t.gateway = g
	if !glbc.ServesGateway(string(g.Spec.GatewayClassName)) {
		t.nothing = "GatewayClass " + string(g.Spec.GatewayClassName) + " is not GKE's"
		return
	}
	t.front.at(t.s, gatewayAddresses(g))
	all, _ := t.s.BackendServices.Get()
	for _, bs := range all {
		if answersForNothing(bs) || !slices.ContainsFunc(t.front.maps, func(m *computepb.UrlMap) bool {
			return slices.Contains(glbc.ServicesOf(m), glbc.Path(bs))
		}) {
			continue
		}
		b := gatewayBackend(t.s, bs)
		if t.only == "" || b.Service == t.only {
			t.backends = append(t.backends, b)
		}
	}
}

// gatewayTo traces the first Gateway whose load balancer leads to a Service.
func (t *tracer) gatewayTo(namespace, service string) bool {
	all, _ := t.s.Gateways.Get()
	for _, g := range all {
		probe := &tracer{s: t.s, target: t.target, only: service}
		probe.gatewayAt(g)
		if slices.ContainsFunc(probe.backends, func(b glbc.Backend) bool { return b.Namespace == namespace }) {
			t.gatewayAt(g)
			return true
		}
	}
	return false
}

// answersForNothing: the controller's own backend services, which answer where no
// route does.
func answersForNothing(bs *computepb.BackendService) bool {
	return strings.Contains(bs.GetName(), "-gw-serve404-") || strings.Contains(bs.GetName(), "-gw-serve500-")
}

// gatewayBackend joins a backend service of a Gateway with its Service, which the
// description of its NEGs names.
func gatewayBackend(s *facts.Snapshot, bs *computepb.BackendService) glbc.Backend {
	b := glbc.BackendOf(s, bs)
	for _, backend := range bs.GetBackends() {
		neg, ok := glbc.NEGOf(s, backend.GetGroup())
		if !ok {
			continue
		}
		d, ok := glbc.ParseNEGDescription(neg.GetDescription())
		if !ok {
			continue
		}
		b.Namespace, b.Service = d.Namespace, d.Service
		if n, err := strconv.ParseInt(d.Port, 10, 32); err == nil {
			b.Port = networkingv1.ServiceBackendPort{Number: int32(n)}
		} else {
			b.Port = networkingv1.ServiceBackendPort{Name: d.Port}
		}
		b.Object = glbc.ServiceOf(s, b.Namespace, b.Service)
		if svc, ok := b.Object.Get(); ok {
			b.ServicePort = glbc.PortOf(svc, b.Port)
		}
		return b
	}
	return b
}

func gatewayAddresses(g *gatewayv1.Gateway) []string {
	var list []string
	for _, a := range g.Status.Addresses {
		if a.Value != "" {
			list = append(list, a.Value)
		}
	}
	return list
}

// gatewayHosts are those of the listeners and of the routes that name the Gateway; a
// wildcard listener's are the routes' alone.
func (t *tracer) gatewayHosts() []string {
	var hosts []string
	for _, l := range t.gateway.Spec.Listeners {
		if l.Hostname != nil && !strings.HasPrefix(string(*l.Hostname), "*") {
			hosts = append(hosts, string(*l.Hostname))
		}
	}
	for _, route := range linkedFrom(t.s.HTTPRoutes, t.attached) {
		for _, h := range route.Spec.Hostnames {
			hosts = append(hosts, string(h))
		}
	}
	return hosts
}

// attached reports that a route names the Gateway and was accepted by it.
func (t *tracer) attached(route *gatewayv1.HTTPRoute) bool {
	names := func(p gatewayv1.ParentReference) bool {
		namespace := route.Namespace
		if p.Namespace != nil {
			namespace = string(*p.Namespace)
		}
		return (p.Kind == nil || *p.Kind == "Gateway") && namespace == t.gateway.Namespace && string(p.Name) == t.gateway.Name
	}
	return slices.ContainsFunc(route.Status.Parents, func(p gatewayv1.RouteParentStatus) bool {
		return names(p.ParentRef) && slices.ContainsFunc(p.Conditions, accepted)
	})
}

// gatewayMap: every host of an accepted route is in the map.
func (t *tracer) gatewayMap(j *judgement) {
	if !t.s.HTTPRoutes.Known() {
		j.unread("the routes of the Gateway", t.s.HTTPRoutes.Err())
		return
	}
	if len(t.front.maps) == 0 {
		return
	}
	var live []string
	for _, m := range t.front.maps {
		for _, r := range m.GetHostRules() {
			live = append(live, r.GetHosts()...)
		}
	}
	for _, host := range t.hosts() {
		if slices.Contains(live, host) || slices.ContainsFunc(live, func(l string) bool { return l == "*" || covers(l, host) }) {
			continue
		}
		if route := t.oldRouteWith(host); route {
			j.differs(glbc.ComputeRef(facts.KindURLMap, t.front.maps[0].GetSelfLink()), "hostRules", host, "")
			t.wrong(j, "%s is not in the URL map", host)
		}
	}
}

// oldRouteWith: a route with the host is there for longer than building it takes.
func (t *tracer) oldRouteWith(host string) bool {
	return slices.ContainsFunc(linkedFrom(t.s.HTTPRoutes, t.attached), func(route *gatewayv1.HTTPRoute) bool {
		return slices.Contains(route.Spec.Hostnames, gatewayv1.Hostname(host)) && t.s.Now.Sub(route.CreationTimestamp.Time) >= buildGrace
	})
}

func (t *tracer) gatewayWithoutBackends(j *judgement) {
	routes := linkedFrom(t.s.HTTPRoutes, t.attached)
	switch {
	case !t.s.HTTPRoutes.Known():
		j.unread("the routes of the Gateway", t.s.HTTPRoutes.Err())
	case len(routes) == 0:
		j.notApplicable("no route is attached to the Gateway")
	default:
		j.unknown("no backend service is known to be the Gateway's")
	}
}

func accepted(c metav1.Condition) bool {
	return c.Type == string(gatewayv1.RouteConditionAccepted) && c.Status == metav1.ConditionTrue
}
