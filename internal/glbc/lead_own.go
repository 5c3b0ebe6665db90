package glbc

import (
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// AddressesOf are all addresses on which the load balancer of an Ingress answers: that of
// its status, and those of every forwarding rule that leads to its proxies or its URL
// map, as somebody's own rule for IPv6 does.
func AddressesOf(s *facts.Snapshot, ing *networkingv1.Ingress) []netip.Addr {
	f := FrontendOf(s, ing)
	var maps []*computepb.UrlMap
	for _, v := range []facts.Value[*computepb.UrlMap]{f.URLMap, f.RedirectMap} {
		if m, ok := v.Get(); ok {
			maps = append(maps, m)
		}
	}
	return answersOn(s, []string{Address(ing)}, maps)
}

// GatewayAddresses are AddressesOf for a Gateway.
func GatewayAddresses(s *facts.Snapshot, g *gatewayv1.Gateway) []netip.Addr {
	var own []string
	for _, a := range g.Status.Addresses {
		own = append(own, a.Value)
	}
	return answersOn(s, own, GatewayFrontendOf(s, g).URLMaps)
}

func answersOn(s *facts.Snapshot, own []string, maps []*computepb.UrlMap) (list []netip.Addr) {
	rules, _ := s.ForwardingRules.Get()
	for _, fr := range rules {
		if slices.ContainsFunc(maps, func(m *computepb.UrlMap) bool { return leadsToMap(s, fr, m) }) {
			own = append(own, fr.GetIPAddress())
		}
	}
	for _, text := range own {
		if p, err := netip.ParsePrefix(text); err == nil {
			text = p.Addr().String()
		}
		if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}
