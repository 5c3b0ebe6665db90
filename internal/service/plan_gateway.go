package service

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// gatewayOf is the first Gateway, by name, with a backend of this sort.
func gatewayOf(s *facts.Snapshot, leads func(glbc.Backend) bool) facts.Ref {
	var found []facts.Ref
	all, _ := s.Gateways.Get()
	for _, g := range all {
		if glbc.SurelyServesGateway(s, g) && slices.ContainsFunc(glbc.GatewayBackends(s, g), leads) {
			found = append(found, glbc.GatewayRef(s, g))
		}
	}
	return first(found)
}

// toService: the backend is a port of this Service.
func toService(namespace, name string) func(glbc.Backend) bool {
	return func(b glbc.Backend) bool { return b.Namespace == namespace && b.Service == name }
}

// toAnyOf: the backend's backend service is one of these.
func toAnyOf(claimed []*computepb.BackendService) func(glbc.Backend) bool {
	return func(b glbc.Backend) bool {
		have, ok := b.BackendService.Get()
		return ok && slices.ContainsFunc(claimed, func(bs *computepb.BackendService) bool { return glbc.Path(bs) == glbc.Path(have) })
	}
}

// gatewaysTold: either no load balancer of the project is a Gateway's, or the Gateways
// and their routes were read, and which backends are theirs can be told.
func gatewaysTold(s *facts.Snapshot) bool {
	if s.URLMaps.Known() && !madeByGateway(s) {
		return true
	}
	all, _ := s.Gateways.Get()
	for _, g := range all {
		class := glbc.GatewayClassOf(s, g)
		if class.IsAbsent() {
			continue
		}
		routing := glbc.RoutingOf(s, g)
		if !class.Known() || routing.Err != nil || slices.ContainsFunc(routing.Backends, func(b glbc.Backend) bool { return !b.BackendService.Known() }) {
			return false
		}
	}
	return s.Gateways.Err() == nil && s.HTTPRoutes.Err() == nil
}
