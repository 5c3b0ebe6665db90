package history

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// gateway adds what a Gateway's routes lead to, and the policies of these Services.
func (w *walk) gateway(target facts.Ref) {
	s := w.facts
	routes, _ := s.HTTPRoutes.Get()
	var attached []*gatewayv1.HTTPRoute
	for _, r := range routes {
		if slices.ContainsFunc(r.Spec.ParentRefs, func(p gatewayv1.ParentReference) bool { return isGateway(p, r.Namespace, target) }) {
			attached = append(attached, r)
		}
	}
	for _, r := range attached {
		for _, rule := range r.Spec.Rules {
			for _, b := range rule.BackendRefs {
				w.routed(r.Namespace, b.BackendObjectReference)
			}
		}
	}
	for _, r := range attached {
		w.add(w.inCluster(facts.KindHTTPRoute, r.Namespace, r.Name))
	}
	w.add(target)
}

func isGateway(p gatewayv1.ParentReference, namespace string, target facts.Ref) bool {
	if p.Kind != nil && *p.Kind != facts.KindGateway || string(p.Name) != target.Name {
		return false
	}
	if p.Namespace != nil {
		namespace = string(*p.Namespace)
	}
	return namespace == target.Namespace
}

// routed adds one Service behind a route, the backend services of its NEGs, and its
// policies, in its namespace.
func (w *walk) routed(namespace string, ref gatewayv1.BackendObjectReference) {
	s := w.facts
	if ref.Kind != nil && *ref.Kind != facts.KindService {
		return
	}
	if ref.Namespace != nil && string(*ref.Namespace) != namespace {
		namespace = string(*ref.Namespace)
		w.add(w.inCluster(facts.KindReferenceGrant, namespace, ""))
	}
	b := glbc.Backend{Namespace: namespace, Service: string(ref.Name), Object: glbc.ServiceOf(s, namespace, string(ref.Name))}
	all, _ := s.BackendServices.Get()
	for _, bs := range all {
		for _, group := range bs.GetBackends() {
			neg, ok := glbc.NEGOf(s, group.GetGroup())
			if !ok {
				continue
			}
			if d, ok := glbc.ParseNEGDescription(neg.GetDescription()); ok && d.Namespace == namespace && d.Service == b.Service && w.ofCluster(d) {
				w.backendService(bs)
				break
			}
		}
	}
	w.backend(b)
	w.add(w.inCluster(facts.KindHealthCheckPolicy, namespace, ""), w.inCluster(facts.KindGCPBackendPolicy, namespace, ""))
}

// ofCluster: another cluster of the project may have a Service of the same name.
func (w *walk) ofCluster(d glbc.NEGDescription) bool {
	uid, ok := w.facts.ClusterUID.Get()
	return !ok || d.ClusterUID == "" || d.ClusterUID == uid
}
