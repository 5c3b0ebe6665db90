package service

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// ofURLMap is the first Ingress, else the first Gateway, whose requests a URL map
// routes: what a request leads to for which no backend was chosen.
func ofURLMap(s *facts.Snapshot, r facts.Ref) facts.Ref {
	is := func(m *computepb.UrlMap) bool { return glbc.ComputeRef(facts.KindURLMap, m.GetSelfLink()) == r }
	var found []facts.Ref
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if !glbc.Serves(s, ing) {
			continue
		}
		front := glbc.FrontendOf(s, ing)
		for _, v := range []facts.Value[*computepb.UrlMap]{front.URLMap, front.RedirectMap} {
			if m, ok := v.Get(); ok && is(m) {
				found = append(found, refOf(s, ing))
			}
		}
	}
	if len(found) > 0 {
		return first(found)
	}
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		if glbc.SurelyServesGateway(s, g) && slices.ContainsFunc(glbc.GatewayFrontendOf(s, g).URLMaps, is) {
			found = append(found, glbc.GatewayRef(s, g))
		}
	}
	return first(found)
}

// byDefault is what is in front of a backend service that no rule names: the system's
// default backend, or what a Gateway answers 404 with.
func byDefault(s *facts.Snapshot, r facts.Ref) facts.Ref {
	var found []facts.Ref
	for _, bs := range glbc.BackendServicesOf(s, r) {
		for _, m := range glbc.URLMapsOf(s, bs) {
			if ref := ofURLMap(s, glbc.ComputeRef(facts.KindURLMap, m.GetSelfLink())); !ref.IsZero() {
				found = append(found, ref)
			}
		}
	}
	return first(found)
}

// namespacesRouted are those of all that the URL maps of a backend service send
// requests to, where the backend service itself is nobody's Service in particular.
func namespacesRouted(s *facts.Snapshot, bs *computepb.BackendService) []string {
	own := glbc.NamespacesOf(s, bs)
	if slices.ContainsFunc(own, func(name string) bool { return name != glbc.SystemNamespace }) {
		return own
	}
	return append(own, servicesBehind(s, glbc.URLMapsOf(s, bs))...)
}
