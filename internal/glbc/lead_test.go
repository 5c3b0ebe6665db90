package glbc

import (
	"net/netip"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

func addrs(list ...string) (out []netip.Addr) {
	for _, a := range list {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

func TestLeadOf(t *testing.T) {
	t.Parallel()
	const host = "shop.acme.example"
	for _, tt := range []struct {
		name     string
		a, aaaa  []netip.Addr
		gone     bool
		internal bool
		do       func(s *facts.Snapshot)
		want     Where
		unsure   bool
	}{
		{name: "to the load balancer", a: addrs("203.0.113.7"), want: Here},
		{name: "nowhere", gone: true, want: Nowhere},
		{name: "no records", want: Nowhere},
		{name: "nowhere, seen from outside the network", gone: true, internal: true},
		{name: "beside it to an IPv6 address", a: addrs("203.0.113.7"), aaaa: addrs("2001:db8::1"), want: Beside},
		{name: "to one that nobody knows", a: addrs("198.51.100.7"), want: ToOne},
		{name: "to a private address that isn't the internal one", a: addrs("10.0.0.9"), internal: true, want: ToOne},
		{name: "to a public address of an internal name", a: addrs("198.51.100.7"), internal: true},
		{name: "to several", a: addrs("198.51.100.7", "198.51.100.8"), want: ToMany},
		{name: "to Cloudflare's", a: addrs("104.21.33.7"), want: ToMany},
		{name: "to a reserved address in use by nobody", a: addrs("203.0.113.9"), want: ToUnused, do: func(s *facts.Snapshot) {
			s.Addresses = facts.Found([]*computepb.Address{{Name: new("shop"), SelfLink: new(computeV1 + "global/addresses/shop"), Address: new("203.0.113.9"), Status: new("RESERVED")}})
		}},
		{name: "to another forwarding rule", a: addrs("203.0.113.9"), want: ToAnother, do: func(s *facts.Snapshot) {
			s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{Name: new("x"), SelfLink: new(computeV1 + "global/forwardingRules/x"), IPAddress: new("203.0.113.9")}})
		}},
		{name: "to a load balancer that serves the host as well", a: addrs("203.0.113.9"), want: Here, do: func(s *facts.Snapshot) {
			s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{Name: new("x"), SelfLink: new(computeV1 + "global/forwardingRules/x"), IPAddress: new("203.0.113.9"), Target: new(computeV1 + "global/targetHttpProxies/p")}})
			s.TargetHTTPProxies = facts.Found([]*computepb.TargetHttpProxy{{Name: new("p"), SelfLink: new(computeV1 + "global/targetHttpProxies/p"), UrlMap: new(computeV1 + "global/urlMaps/m")}})
			s.URLMaps = facts.Found([]*computepb.UrlMap{{Name: new("m"), SelfLink: new(computeV1 + "global/urlMaps/m"), HostRules: []*computepb.HostRule{{Hosts: []string{"*.acme.example"}}}}})
		}},
		{name: "forwarding rules weren't read", a: addrs("198.51.100.7"), want: ToOne, unsure: true, do: func(s *facts.Snapshot) {
			s.ForwardingRules = facts.Unknown[[]*computepb.ForwardingRule](errDenied)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newFixture().s
			s.ForwardingRules, s.URLMaps, s.Addresses = facts.Found[[]*computepb.ForwardingRule](nil), facts.Found[[]*computepb.UrlMap](nil), facts.Found[[]*computepb.Address](nil)
			s.TargetHTTPProxies, s.TargetHTTPSProxies = facts.Found[[]*computepb.TargetHttpProxy](nil), facts.Found[[]*computepb.TargetHttpsProxy](nil)
			s.DNS = map[string]facts.Value[facts.DNSRecords]{host: facts.Found(facts.DNSRecords{A: tt.a, AAAA: tt.aaaa, NXDomain: tt.gone})}
			if tt.do != nil {
				tt.do(s)
			}
			ours := addrs("203.0.113.7")
			l, ok := LeadOf(s, host, ours, tt.internal)
			if ok != (tt.want != 0) || ok && l.Where != tt.want || (l.Err != nil) != tt.unsure {
				t.Errorf("got %d, %v (%v), want %d", l.Where, ok, l.Err, tt.want)
			}
		})
	}
	if _, ok := LeadOf(newFixture().s, host, addrs("203.0.113.7"), false); ok {
		t.Error("a name that wasn't looked up leads somewhere")
	}
}
