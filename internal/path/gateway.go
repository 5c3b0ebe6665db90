package path

import (
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// traceGateway joins a Gateway with what GKE's controller built for it.
func (t *tracer) traceGateway() {
	if g, ok := glbc.GatewayNamed(t.s, t.target.Namespace, t.target.Name).Get(); ok {
		t.gatewayAt(g)
	}
}

func (t *tracer) gatewayAt(g *gatewayv1.Gateway) {
	t.gateway = g
	class := glbc.GatewayClassOf(t.s, g)
	if c, ok := class.Get(); class.IsAbsent() || ok && !c.Serves() {
		t.nothing = "GatewayClass " + string(g.Spec.GatewayClassName) + " gets no load balancer of GKE's"
		return
	}
	t.doubtful = !glbc.SurelyServesGateway(t.s, g)
	f := glbc.GatewayFrontendOf(t.s, g)
	t.front = front{rules: f.ForwardingRules, http: f.HTTPProxies, https: f.HTTPSProxies, maps: f.URLMaps}
	t.lost = f.Missing
	t.routing = glbc.RoutingOf(t.s, g)
	for _, b := range t.routing.Backends {
		if t.only == "" || b.Service == t.only && b.Namespace == t.target.Namespace {
			t.backends = append(t.backends, b)
		}
	}
}

// gatewayTo traces the first Gateway that leads to a Service.
func (t *tracer) gatewayTo() bool {
	all, _ := t.s.Gateways.Get()
	for _, g := range all {
		probe := &tracer{s: t.s, target: t.target, only: t.only}
		if probe.gatewayAt(g); len(probe.backends) > 0 {
			t.gatewayAt(g)
			return true
		}
	}
	return false
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

// gatewayHosts are those of the Gateway, or of the one Service behind it.
func (t *tracer) gatewayHosts() []string {
	if t.only == "" {
		return glbc.GatewayHosts(t.s, t.gateway)
	}
	var hosts []string
	for _, b := range t.backends {
		hosts = append(hosts, b.Hosts...)
	}
	return hosts
}

// lostOf are the names of what the controller wrote on the Gateway and what isn't there,
// of one collection.
func (t *tracer) lostOf(collection string) []string {
	var names []string
	for _, path := range t.lost {
		if strings.Contains(path, "/"+collection+"/") {
			names = append(names, facts.LastSegment(path))
		}
	}
	return names
}

// missesLost marks what was there once and is gone. Where the list has nothing at all,
// the two contradict each other.
func (t *tracer) missesLost(j *judgement, kind, collection string, listed int) {
	for _, name := range t.lostOf(collection) {
		if listed == 0 {
			j.unread(kind+"/"+name, errNoneListed)
			continue
		}
		j.differs(t.target, "metadata.annotations", kind+"/"+name, "")
		t.wrong(j, "%s/%s isn't there", kind, name)
	}
}

// gatewayMap: routes may lead where they lead, and every host of theirs is in the map.
func (t *tracer) gatewayMap(j *judgement) {
	if t.routing.Err != nil {
		j.unread("the routes of the Gateway", t.routing.Err)
	}
	for _, r := range t.routing.Refused {
		if t.only != "" {
			continue
		}
		j.differs(r.Route, "backendRefs", "a ReferenceGrant for Service/"+r.Namespace+"/"+r.Service, "")
		t.wrong(j, "no ReferenceGrant lets %s lead to Service %s/%s", r.Route, r.Namespace, r.Service)
	}
	if !t.mapsComplete() {
		return
	}
	var live []string
	for _, m := range t.front.maps {
		for _, r := range m.GetHostRules() {
			live = append(live, r.GetHosts()...)
		}
	}
	for _, host := range t.hosts() {
		if slices.ContainsFunc(live, func(l string) bool { return routes(l, host) }) || !t.oldRouteWith(host) {
			continue
		}
		j.differs(glbc.ComputeRef(facts.KindURLMap, t.front.maps[0].GetSelfLink()), "hostRules", host, "")
		t.wrong(j, "%s is not in the URL map", host)
	}
}

// mapsComplete: all maps of the Gateway's proxies were read, and all proxies that may be.
func (t *tracer) mapsComplete() bool {
	return len(t.front.maps) > 0 && t.s.ForwardingRules.Known() && t.s.TargetHTTPProxies.Known() && t.s.TargetHTTPSProxies.Known() && t.s.URLMaps.Known() &&
		!slices.ContainsFunc(t.front.mapsNamed(), func(url string) bool { return !isOneOf(t.front.maps, url) })
}

// routes reports that a host rule of a URL map is for a host: the same, or a wildcard for
// all below it. The one for any host doesn't count.
func routes(pattern, host string) bool {
	parent, wild := strings.CutPrefix(pattern, "*.")
	return wild && strings.HasSuffix(host, "."+parent) || pattern == host
}

// oldRouteWith: a route with the host, that the controller accepted, is there for longer
// than building it takes.
func (t *tracer) oldRouteWith(host string) bool {
	return slices.ContainsFunc(t.routing.Routes, func(r glbc.Route) bool {
		c, told := r.Accepted.Get()
		return told && c.Status == "True" && slices.Contains(r.Hosts, host) && t.s.Now.Sub(r.Object.CreationTimestamp.Time) >= buildGrace
	})
}

func (t *tracer) gatewayWithoutBackends(j *judgement) {
	switch {
	case t.routing.Err != nil:
		j.unread("the routes of the Gateway", t.routing.Err)
	case len(t.routing.Routes) == 0:
		j.notApplicable("no route is attached to the Gateway")
	default:
		j.unknown("the Gateway's routes lead to no Service")
	}
}

// gatewayCheck compares a health check with the one that the Gateway controller would
// make, from the HealthCheckPolicy or its defaults.
func (t *tracer) gatewayCheck(j *judgement, b glbc.Backend, hc *computepb.HealthCheck, ref facts.Ref) {
	desired, ok := glbc.DesiredGatewayCheck(t.s, b).Get()
	if !ok {
		return
	}
	want, have := desired.Check, glbc.CheckOf(hc)
	for _, d := range [][3]string{
		{"type", want.Type, have.Type},
		{"requestPath", want.Path, have.Path},
		{"host", want.Host, have.Host},
		{"port", number(int(want.Port)), number(int(have.Port))},
		{"checkIntervalSec", want.Interval.String(), have.Interval.String()},
		{"timeoutSec", want.Timeout.String(), have.Timeout.String()},
		{"healthyThreshold", number(want.Healthy), number(have.Healthy)},
		{"unhealthyThreshold", number(want.Unhealthy), number(have.Unhealthy)},
	} {
		if d[1] != d[2] {
			j.differs(ref, d[0], d[1], d[2])
		}
	}
}

// number is empty for 0, which stands for the serving port.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
