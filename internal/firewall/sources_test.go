package firewall_test

import (
	"net/netip"
	"testing"

	"plumbline/internal/firewall"
)

func TestSources(t *testing.T) {
	t.Parallel()
	tests := map[string]verdictCase{
		"one of the two ranges": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=35.191.0.0/16"}}, want: firewall.Partial,
			parts: []string{"130.211.0.0/22 is " + implied, "35.191.0.0/16 is allowed by " + lb},
		},
		"half of a range": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.0.0/22,35.191.0.0/17"}}, want: firewall.Partial,
			parts: []string{"130.211.0.0/22 is allowed by " + lb, "35.191.0.0/17 is allowed by " + lb, "35.191.128.0/17 is " + implied},
		},
		"two halves are the whole": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.0.0/22,35.191.0.0/17,35.191.128.0/17"}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"two halves by two rules": {
			world: world{vpc: []string{"a 1000 allow tcp:8080 from=130.211.0.0/22,35.191.0.0/17", "b 1000 allow tcp:8080 from=35.191.128.0/17"}},
			want:  firewall.Allowed,
			parts: []string{
				"130.211.0.0/22 is allowed by VPC rule a (priority 1000, allow)", "35.191.0.0/17 is allowed by VPC rule a (priority 1000, allow)",
				"35.191.128.0/17 is allowed by VPC rule b (priority 1000, allow)",
			},
		},
		"a deny cuts a hole": {
			world: world{vpc: []string{admit, "hole 900 deny all from=35.191.8.0/24"}}, want: firewall.Partial,
			parts: []string{
				"130.211.0.0/22 is allowed by " + lb,
				"35.191.0.0/21 is allowed by " + lb,
				"35.191.8.0/24 is denied by VPC rule hole (priority 900, deny)",
				"35.191.9.0/24 is allowed by " + lb,
				"35.191.10.0/23 is allowed by " + lb,
				"35.191.12.0/22 is allowed by " + lb,
				"35.191.16.0/20 is allowed by " + lb,
				"35.191.32.0/19 is allowed by " + lb,
				"35.191.64.0/18 is allowed by " + lb,
				"35.191.128.0/17 is allowed by " + lb,
			},
		},
		"a hole of lower priority is none": {
			world: world{vpc: []string{admit, "hole 1100 deny all from=35.191.8.0/24"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a hole of one address": {
			world:  world{vpc: []string{"lb 1000 allow all from=0.0.0.0/0", "hole 900 deny all from=10.0.0.1"}},
			packet: func(p *firewall.Packet) { p.Sources = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/31")} },
			want:   firewall.Partial,
			parts:  []string{"10.0.0.0/32 is allowed by " + lb, "10.0.0.1/32 is denied by VPC rule hole (priority 900, deny)"},
		},
		"a range that contains the probers'": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.0.0/16,35.128.0.0/9"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a neighbouring range": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.4.0/22,35.190.0.0/16"}}, want: firewall.Denied, both: implied,
		},
		"a range spelled with host bits": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.3.7/22,35.191.255.255/16"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"sources spelled with host bits": {
			world:  world{vpc: []string{admit}},
			packet: func(p *firewall.Packet) { p.Sources = []netip.Prefix{netip.MustParsePrefix("35.191.7.7/16")} },
			want:   firewall.Allowed, parts: []string{"35.191.0.0/16 is allowed by " + lb},
		},
		"source tags never match the probers": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 srctags=lb"}}, want: firewall.Denied, both: implied,
		},
		"source service accounts never match the probers": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 srcsas=lb@shop-prod.iam.gserviceaccount.com"}}, want: firewall.Denied, both: implied,
		},
		"source tags beside the ranges take nothing away": {
			world: world{vpc: []string{admit + " srctags=bastion"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"source tags of instances weren't read": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 srctags=bastion"}},
			packet: func(p *firewall.Packet) {
				p.Sources, p.FromInstances = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, true
			},
			want:  firewall.Unknown,
			parts: []string{"10.0.0.0/24 is unknown: " + lb + " may decide first: it is for senders with certain tags or service accounts, and the sender's weren't read"},
		},
		"a range that can't be read may be any": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=35.191.0.0/16,nonsense"}}, want: firewall.Unknown,
			parts: []string{
				"130.211.0.0/22 is unknown: " + lb + " may decide first: a source range can't be read: nonsense",
				"35.191.0.0/16 is allowed by " + lb,
			},
		},
		"rules for IPv4 say nothing about IPv6": {
			world:  world{vpc: []string{admit, "all 1 allow all from=0.0.0.0/0"}},
			packet: func(p *firewall.Packet) { p.Sources = firewall.ProberRangesV6() },
			want:   firewall.Denied, parts: []string{"2600:2d00:1:b029::/64 is " + implied, "2600:2d00:1:1::/64 is " + implied},
		},
		"the probers of IPv6": {
			world:  world{vpc: []string{"lb 1000 allow tcp:8080 from=2600:2d00:1:b029::/64,2600:2d00:1:1::/64"}},
			packet: func(p *firewall.Packet) { p.Sources = firewall.ProberRangesV6() },
			want:   firewall.Allowed, parts: []string{"2600:2d00:1:b029::/64 is allowed by " + lb, "2600:2d00:1:1::/64 is allowed by " + lb},
		},
		"a quarter of an IPv6 range": {
			world:  world{vpc: []string{"lb 1000 allow tcp:8080 from=2600:2d00:1:1:4000::/66"}},
			packet: func(p *firewall.Packet) { p.Sources = firewall.ProberRangesV6()[1:] },
			want:   firewall.Partial,
			parts: []string{
				"2600:2d00:1:1::/66 is " + implied, "2600:2d00:1:1:4000::/66 is allowed by " + lb, "2600:2d00:1:1:8000::/65 is " + implied,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}
