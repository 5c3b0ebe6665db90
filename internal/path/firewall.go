package path

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
)

// A FirewallVerdict is what becomes of the packets to some of a Backend's endpoints:
// those on instances that rules can't tell apart.
type FirewallVerdict struct {
	// Instances are the names of the instances; empty where they aren't known.
	Instances []string
	// Addresses are the endpoints'.
	Addresses []string
	Packet    firewall.Packet
	Target    firewall.Target
	Verdict   firewall.Verdict
	// Proxies: the packets are those of a regional load balancer's proxies, not of
	// probers.
	Proxies bool
	// Proven: one of the endpoints answered a prober on this port, so that packets do
	// get in, whatever the rules that were read say.
	Proven bool
	// Unseen: whether an endpoint answered couldn't be read of all of them.
	Unseen bool
	// Err is why the packets' sources aren't known; nil when they are.
	Err error
}

// FirewallVerdicts evaluates the way from Google's probers, and for a regional load
// balancer that from its proxies, to the endpoints of a Backend: on the port that the
// health check asks, and on the one that serves. It is empty where no endpoint or no
// network is known.
func FirewallVerdicts(s *facts.Snapshot, b glbc.Backend, e Evidence) []FirewallVerdict {
	bs, ok := b.BackendService.Get()
	network, known := Network(s)
	if !ok || !known {
		return nil
	}
	g := grouping{exact: destinationsMatter(s, network)}
	var check glbc.Check
	if hc, ok := b.HealthCheck.Get(); ok {
		check = glbc.CheckOf(hc)
	}
	_, checkKnown := b.HealthCheck.Get()
	proxies, proxied, err := proxyRanges(s, bs)
	for _, p := range spotsOf(s, b, e) {
		target := targetOf(s, p)
		if checkKnown && check.Port != 0 && check.Port != p.port {
			g.add(p, check.Port, FirewallVerdict{Packet: from(proberRanges(bs)), Target: target, Proven: p.proven, Unseen: p.unseen})
		}
		asked := checkKnown && (check.Port == 0 || check.Port == p.port)
		// Proxies of a region, and clients of a passthrough load balancer, don't come from
		// where probers do.
		if asked || !checkKnown || !proxied && !glbc.Passthrough(bs) {
			g.add(p, p.port, FirewallVerdict{
				Packet: from(proberRanges(bs)), Target: target, Proven: p.proven && asked, Unseen: !checkKnown || p.unseen && asked,
			})
		}
		if proxied {
			g.add(p, p.port, FirewallVerdict{Packet: from(proxies), Target: target, Proxies: true, Err: err})
		}
	}
	for i := range g.list {
		v := &g.list[i]
		if v.Err == nil {
			v.Verdict = firewall.Evaluate(network, v.Target, v.Packet)
		}
	}
	return g.list
}

// A grouping brings endpoints together for which rules say the same.
type grouping struct {
	list []FirewallVerdict
	keys []string
	// exact: rules tell destinations apart.
	exact bool
}

func from(sources []netip.Prefix) firewall.Packet {
	return firewall.Packet{Sources: sources, Protocol: "tcp"}
}

func (g *grouping) add(p spot, port int32, v FirewallVerdict) {
	if port <= 0 || port > 65535 {
		return
	}
	v.Packet.Port = uint16(port)
	tags, tagged := v.Target.Tags.Get()
	accounts, _ := v.Target.ServiceAccounts.Get()
	key := fmt.Sprint(port, v.Proxies, tagged, tags, accounts, v.Target.LikelyTags)
	if addr, err := netip.ParseAddr(p.ip); err == nil && g.exact {
		v.Packet.Destination = addr
		key += p.ip
	}
	i := slices.Index(g.keys, key)
	if i < 0 {
		g.keys = append(g.keys, key)
		g.list = append(g.list, v)
		i = len(g.list) - 1
	}
	have := &g.list[i]
	have.Proven, have.Unseen = have.Proven || v.Proven, have.Unseen || v.Unseen
	if p.instance != "" && !slices.Contains(have.Instances, p.instance) {
		have.Instances = append(have.Instances, p.instance)
	}
	if p.ip != "" && !slices.Contains(have.Addresses, p.ip) {
		have.Addresses = append(have.Addresses, p.ip)
	}
}

// Network is the VPC network of the backends as rules apply to it; ok is false where it
// isn't known.
func Network(s *facts.Snapshot) (n firewall.Network, ok bool) {
	n = firewall.Network{Global: s.NetworkFirewall, Region: s.RegionFirewall, Rules: s.Firewalls}
	if live, ok := s.Network.Get(); ok {
		n.SelfLink, n.Order = live.GetSelfLink(), firewall.OrderOf(live)
	}
	if n.SelfLink == "" && s.NetworkName != "" {
		n.SelfLink = "projects/" + s.NetworkProject + "/global/networks/" + s.NetworkName
	}
	return n, n.SelfLink != ""
}

// destinationsMatter: some rule that was read names destinations.
func destinationsMatter(s *facts.Snapshot, n firewall.Network) bool {
	if slices.ContainsFunc(vpcRules(s), func(r *computepb.Firewall) bool { return len(r.GetDestinationRanges()) > 0 }) {
		return true
	}
	named := func(r *computepb.FirewallPolicyRule) bool { return len(r.GetMatch().GetDestIpRanges()) > 0 }
	global, _ := n.Global.Get()
	for _, p := range global.GetFirewallPolicys() {
		if slices.ContainsFunc(p.GetRules(), named) {
			return true
		}
	}
	region, _ := n.Region.Get()
	for _, p := range region.GetFirewallPolicys() {
		if slices.ContainsFunc(p.GetRules(), named) {
			return true
		}
	}
	return false
}

// passthroughRanges are the sources of the health checks of an external passthrough
// Network Load Balancer (gcp-facts.md §9).
var passthroughRanges = []netip.Prefix{
	netip.MustParsePrefix("35.191.0.0/16"), netip.MustParsePrefix("209.85.152.0/22"), netip.MustParsePrefix("209.85.204.0/22"),
}

func proberRanges(bs *computepb.BackendService) []netip.Prefix {
	if bs.GetRegion() != "" && bs.GetLoadBalancingScheme() == "EXTERNAL" {
		return passthroughRanges
	}
	return firewall.ProberRanges()
}

var errNoProxySubnet = errors.New("no proxy-only subnet of the region and network was read")

// proxyRanges are the proxy-only subnets that a regional, or an internal, load balancer
// sends requests from (gcp-facts.md §9); proxied tells whether it does.
func proxyRanges(s *facts.Snapshot, bs *computepb.BackendService) (ranges []netip.Prefix, proxied bool, err error) {
	scheme := bs.GetLoadBalancingScheme()
	if scheme != "INTERNAL_MANAGED" && (scheme != "EXTERNAL_MANAGED" || bs.GetRegion() == "") {
		return nil, false, nil
	}
	region := facts.ScopeOf(bs.GetSelfLink())
	network, _ := Network(s)
	subnets, _ := s.Subnetworks.Get()
	for _, subnet := range subnets {
		if !same(subnet.GetNetwork(), network.SelfLink) || subnet.GetRole() == "BACKUP" || !holdsProxies(subnet, region) {
			continue
		}
		if p, err := netip.ParsePrefix(subnet.GetIpCidrRange()); err == nil {
			ranges = append(ranges, p)
		}
	}
	switch {
	case len(ranges) > 0 && (s.Subnetworks.Known() || region != "global" && !s.Subnetworks.Lacks(region)):
		return ranges, true, nil
	case s.Subnetworks.Err() != nil:
		return nil, true, s.Subnetworks.Err()
	}
	return nil, true, errNoProxySubnet
}

// holdsProxies: the subnet is for the proxies of a region's load balancers; those of
// global internal ones are in any region.
func holdsProxies(subnet *computepb.Subnetwork, region string) bool {
	if region == "global" {
		return subnet.GetPurpose() == "GLOBAL_MANAGED_PROXY"
	}
	return (subnet.GetPurpose() == "REGIONAL_MANAGED_PROXY" || subnet.GetPurpose() == "INTERNAL_HTTPS_LOAD_BALANCER") &&
		facts.ScopeOf(subnet.GetSelfLink()) == region
}
