package service

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// gateway wants what a Gateway and the routes attached to it name.
func (w *wish) gateway(r facts.Ref) {
	s := w.facts
	if !s.Cluster.Known() {
		return
	}
	w.Needs = append(
		w.Needs, facts.Gateways, facts.GatewayClasses, facts.HTTPRoutes,
		facts.HealthCheckPolicies, facts.GCPBackendPolicies, facts.GCPGatewayPolicies,
	)
	all, _ := s.Gateways.Get()
	i := slices.IndexFunc(all, func(g *gatewayv1.Gateway) bool { return g.Namespace == r.Namespace && g.Name == r.Name })
	if i < 0 {
		return
	}
	_ = all[i]
}
