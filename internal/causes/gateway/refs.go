package gateway

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A backendRef is one ref of an HTTPRoute that sends requests to a Service.
type backendRef struct {
	route           *gatewayv1.HTTPRoute
	of              facts.Ref
	namespace, name string
	// port is 0 where the ref names none.
	port int32
	// path leads to the ref in the route, as a JSON pointer.
	path    string
	service facts.Value[*corev1.Service]
}

// refsOf are the refs of the routes attached to a Gateway that lead to Services; mirrors
// and those without weight get no requests.
func refsOf(s *facts.Snapshot, g *gatewayv1.Gateway) (list []backendRef) {
	routes, _ := glbc.RoutesOf(s, g)
	for _, route := range routes {
		r := route.Object
		for i, rule := range r.Spec.Rules {
			for j, ref := range rule.BackendRefs {
				if ref.Group != nil && *ref.Group != "" || ref.Kind != nil && *ref.Kind != facts.KindService || ref.Weight != nil && *ref.Weight == 0 {
					continue
				}
				b := backendRef{
					route: r, of: facts.Ref{Cluster: s.ClusterName, Kind: facts.KindHTTPRoute, Namespace: r.Namespace, Name: r.Name},
					namespace: r.Namespace, name: string(ref.Name), path: fmt.Sprintf("/spec/rules/%d/backendRefs/%d", i, j),
				}
				if ref.Namespace != nil {
					b.namespace = string(*ref.Namespace)
				}
				if ref.Port != nil {
					b.port = *ref.Port
				}
				b.service = glbc.ServiceOf(s, b.namespace, b.name)
				list = append(list, b)
			}
		}
	}
	return list
}

// servicePort is the Service's port that the ref names; nil where there is none.
func (b backendRef) servicePort() *corev1.ServicePort {
	svc, ok := b.service.Get()
	if !ok {
		return nil
	}
	return glbc.PortOf(svc, networkingv1.ServiceBackendPort{Number: b.port})
}

// told is the controller's word on the refs of a route; ok is false where it has none, or
// calls them resolved.
func told(s *facts.Snapshot, g *gatewayv1.Gateway, route facts.Ref, reasons ...gatewayv1.RouteConditionReason) (glbc.Refusal, bool) {
	for _, r := range glbc.RefusedRoutes(s, g) {
		if r.On != route || r.Type != string(gatewayv1.RouteConditionResolvedRefs) {
			continue
		}
		for _, reason := range reasons {
			if r.Reason == string(reason) {
				return r, true
			}
		}
	}
	return glbc.Refusal{}, false
}

// ofRoute is a finding about a route's refs.
func ofRoute(c cause.Case, g *gatewayv1.Gateway, route *gatewayv1.HTTPRoute, ref facts.Ref) cause.Finding {
	f := refused(c, g, ref)
	f.Severity = cause.Outage
	if hosts := hostsOf(route); len(hosts) > 0 {
		f.Hosts = hosts
	}
	f.Impact = "requests that match this rule are answered with 500"
	return f
}
