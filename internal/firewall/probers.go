package firewall

import "net/netip"

// ProberRanges are the IPv4 sources of Google's health checks, and of what its
// load balancers forward to backends (gcp-facts.md §9).
func ProberRanges() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("130.211.0.0/22"), netip.MustParsePrefix("35.191.0.0/16")}
}

// ProberRangesV6 are the same for IPv6 backends of a global load balancer
// (gcp-facts.md §9).
func ProberRangesV6() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("2600:2d00:1:b029::/64"), netip.MustParsePrefix("2600:2d00:1:1::/64")}
}
