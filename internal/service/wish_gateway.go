package service

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// fewNamespaces is how many are read for a Gateway whose routes aren't known yet,
// where it can't be told which load balancers are its own.
const fewNamespaces = 4

// gateway wants what a Gateway and the routes attached to it name.
func (w *wish) gateway(r facts.Ref) {
	s := w.facts
	if !s.Cluster.Known() {
		return
	}
	w.Needs = append(w.Needs, facts.Gateways, facts.HTTPRoutes, facts.HealthCheckPolicies, facts.GCPBackendPolicies, facts.GCPGatewayPolicies)
	if g, ok := glbc.GatewayNamed(s, r.Namespace, r.Name).Get(); ok {
		w.routed(g)
		return
	}
	for _, namespace := range namespacesBehind(s, r) {
		w.addNamespace(namespace)
	}
}

// gateways wants what all Gateways of a cluster name.
func (w *wish) gateways() {
	s := w.facts
	if madeByGateway(s) && s.Cluster.Known() {
		w.Needs = append(w.Needs, facts.HealthCheckPolicies)
	}
	all, _ := s.Gateways.Get()
	for _, g := range all {
		w.routed(g)
	}
}

// routed wants what is on the path of a Gateway that was read.
func (w *wish) routed(g *gatewayv1.Gateway) {
	s := w.facts
	if glbc.NeedsGatewayClasses(g) {
		w.Needs = append(w.Needs, facts.GatewayClasses)
	}
	class, ok := glbc.GatewayClassOf(s, g).Get()
	if !ok || !class.Serves() {
		return
	}
	w.Needs = append(w.Needs, facts.HTTPRoutes)
	if class.Regional {
		w.Want(facts.Subnetworks)
	}
	w.quotas(class.Regional)
	w.front(g)
	routing := glbc.RoutingOf(s, g)
	for _, b := range routing.Backends {
		w.addNamespace(b.Namespace)
		w.backend(b)
	}
	if crossesNamespaces(routing) {
		w.Needs = append(w.Needs, facts.ReferenceGrants)
	}
}

// front wants the certificates, hosts and policies of a Gateway's frontend.
func (w *wish) front(g *gatewayv1.Gateway) {
	s := w.facts
	w.hosts(glbc.GatewayHosts(s, g))
	w.domains(glbc.GatewayRef(s, g))
	policies, _ := s.GCPGatewayPolicies.Get()
	if slices.ContainsFunc(policies, func(p *facts.GCPGatewayPolicy) bool {
		return p.Spec.Default.SSLPolicy != "" && p.Namespace == g.Namespace
	}) {
		w.Want(facts.SSLPolicies)
	}
	if len(glbc.PreSharedOf(g)) > 0 {
		w.Want(facts.SSLCertificates)
	}
	f := glbc.GatewayFrontendOf(s, g)
	for _, p := range f.HTTPSProxies {
		w.proxy(p.GetSslPolicy(), p.GetCertificateMap(), p.GetSslCertificates())
	}
	if len(f.HTTPSProxies) > 0 {
		return
	}
	if name := g.Annotations[glbc.CertMapAnnotation]; name != "" {
		w.proxy("", "projects/"+s.Project+"/locations/global/certificateMaps/"+facts.LastSegment(name), nil)
	} else if slices.ContainsFunc(g.Spec.Listeners, func(l gatewayv1.Listener) bool { return l.Protocol == gatewayv1.HTTPSProtocolType }) {
		w.Want(facts.SSLCertificates)
	}
}

// crossesNamespaces: some route leads to a Service of another namespace than its own.
func crossesNamespaces(r glbc.Routing) bool {
	for _, route := range r.Routes {
		for _, rule := range route.Object.Spec.Rules {
			if slices.ContainsFunc(rule.BackendRefs, func(ref gatewayv1.HTTPBackendRef) bool {
				return ref.Namespace != nil && string(*ref.Namespace) != route.Object.Namespace
			}) {
				return true
			}
		}
	}
	return false
}

// namespacesBehind are those of the Services behind the URL maps that are called after
// a Gateway that wasn't read yet; where a long name was cut, of every Gateway's, if
// they are few.
func namespacesBehind(s *facts.Snapshot, r facts.Ref) []string {
	all, _ := s.URLMaps.Get()
	var own, every []*computepb.UrlMap
	for _, m := range all {
		rest, ok := strings.CutPrefix(m.GetName(), "gkegw1-")
		if !ok {
			continue
		}
		every = append(every, m)
		if _, rest, _ = strings.Cut(rest, "-"); strings.HasPrefix(rest, r.Namespace+"-"+r.Name+"-") {
			own = append(own, m)
		}
	}
	if len(own) > 0 {
		return servicesBehind(s, own)
	}
	if namespaces := servicesBehind(s, every); len(namespaces) <= fewNamespaces {
		return namespaces
	}
	return nil
}

func servicesBehind(s *facts.Snapshot, maps []*computepb.UrlMap) []string {
	var list []string
	all, _ := s.BackendServices.Get()
	for _, bs := range all {
		if !slices.ContainsFunc(maps, func(m *computepb.UrlMap) bool { return slices.Contains(glbc.ServicesOf(m), glbc.Path(bs)) }) {
			continue
		}
		for _, namespace := range glbc.NamespacesOf(s, bs) {
			if !slices.Contains(list, namespace) {
				list = append(list, namespace)
			}
		}
	}
	return list
}
