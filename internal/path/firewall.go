package path

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

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
	// Err is why the packets' sources aren't known; nil when they are.
	Err error
}

// FirewallVerdicts evaluates the way from Google's probers, and for a regional load
// balancer that from its proxies, to the endpoints of a Backend: on the port that the
// health check asks, and on the one that serves. It is empty where no endpoint or no
// network is known.
func FirewallVerdicts(s *facts.Snapshot, b glbc.Backend, e Evidence) []FirewallVerdict {
	bs, ok := b.BackendService.Get()
	network, known := networkOf(s)
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
			g.add(p, check.Port, target, proberRanges(bs), false, p.proven, nil)
		}
		asked := checkKnown && (check.Port == 0 || check.Port == p.port)
		g.add(p, p.port, target, proberRanges(bs), false, p.proven && asked, nil)
		if proxied {
			g.add(p, p.port, target, proxies, true, false, err)
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

func (g *grouping) add(p spot, port int32, t firewall.Target, from []netip.Prefix, proxies, proven bool, err error) {
	if port <= 0 || port > 65535 {
		return
	}
	tags, tagged := t.Tags.Get()
	accounts, _ := t.ServiceAccounts.Get()
	key := fmt.Sprint(port, proxies, tagged, tags, accounts, t.LikelyTags)
	packet := firewall.Packet{Sources: from, Protocol: "tcp", Port: uint16(port)}
	if addr, err := netip.ParseAddr(p.ip); err == nil && g.exact {
		packet.Destination = addr
		key += p.ip
	}
	i := slices.Index(g.keys, key)
	if i < 0 {
		g.keys = append(g.keys, key)
		g.list = append(g.list, FirewallVerdict{Packet: packet, Target: t, Proxies: proxies, Err: err})
		i = len(g.list) - 1
	}
	v := &g.list[i]
	v.Proven = v.Proven || proven
	if p.instance != "" && !slices.Contains(v.Instances, p.instance) {
		v.Instances = append(v.Instances, p.instance)
	}
	if p.ip != "" && !slices.Contains(v.Addresses, p.ip) {
		v.Addresses = append(v.Addresses, p.ip)
	}
}

// networkOf is the cluster's network as rules apply to it.
func networkOf(s *facts.Snapshot) (firewall.Network, bool) {
	n := firewall.Network{Global: s.NetworkFirewall, Region: s.RegionFirewall, Rules: s.Firewalls}
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
	network, _ := networkOf(s)
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

// firewall: Google's probers and proxies get in.
func (t *tracer) firewall(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	for _, b := range t.backends {
		bs, ok := b.BackendService.Get()
		if !ok {
			j.unknown("no backend service is known")
			continue
		}
		if !t.checked(bs) {
			j.notApplicable("the backends are in no network of the project")
			continue
		}
		t.admitted(j, b, bs)
	}
}

func (t *tracer) admitted(j *judgement, b glbc.Backend, bs *computepb.BackendService) {
	if _, known := networkOf(t.s); !known {
		if spots := spotsOf(t.s, b, t.evidence); slices.ContainsFunc(spots, func(p spot) bool { return p.proven }) {
			j.ok("endpoints answer")
			return
		}
		j.unknown("the network isn't known")
		return
	}
	verdicts := FirewallVerdicts(t.s, b, t.evidence)
	for _, v := range verdicts {
		t.judgeVerdict(j, v)
	}
	if len(verdicts) > 0 {
		return
	}
	if _, err := unreadHealth(t.s, bs); err != nil {
		j.unread("the endpoints", err)
		return
	}
	j.notApplicable("no endpoints")
}

func (t *tracer) judgeVerdict(j *judgement, v FirewallVerdict) {
	from := "probers"
	if v.Proxies {
		from = "the load balancer's proxies"
	}
	to := fmt.Sprintf("tcp:%d", v.Packet.Port)
	if v.Err != nil {
		j.unread("where "+from+" are", v.Err)
		return
	}
	for _, o := range []firewall.Outcome{firewall.Denied, firewall.Allowed} {
		for _, r := range v.Verdict.Deciders(o) {
			if r.Link != "" {
				j.on(glbc.ComputeRef(facts.KindFirewallRule, r.Link))
			}
		}
	}
	inferred := len(v.Verdict.Inferred()) > 0
	switch o := v.Verdict.Outcome; {
	case (o == firewall.Denied || o == firewall.Partial) && v.Proven:
		j.unknown("the rules that were read deny %s, but endpoints answer", to)
	case v.Proven:
		j.ok("endpoints answer on " + to)
	case o != firewall.Allowed && noRules(t.s):
		j.unknown("the network lists no rule at all")
	case o == firewall.Allowed && !inferred:
		j.ok(from + " get in to " + to)
	case o == firewall.Allowed:
		j.unknown("%s likely get in to %s: %s", from, to, strings.Join(v.Verdict.Inferred(), ", "))
	case o == firewall.Denied && inferred || o == firewall.Partial && inferred:
		j.unknown("%s are likely kept out of %s: %s", from, to, strings.Join(v.Verdict.Inferred(), ", "))
	case o == firewall.Denied:
		j.broken("%s can't reach %s: %s", from, to, decided(v.Verdict, firewall.Denied))
	case o == firewall.Partial:
		j.broken("%s of %s can't reach %s: %s", prefixes(v.Verdict.Ranges(firewall.Denied)), from, to, decided(v.Verdict, firewall.Denied))
	default:
		j.unknown("whether %s reach %s: %s", from, to, strings.Join(v.Verdict.Why(), ", "))
	}
}

// noRules: neither a VPC rule of the network nor a policy was found. A network in which
// anything works has some, GKE's own among them, so that this is as likely a part of
// what there is as a network that lets nothing in.
func noRules(s *facts.Snapshot) bool {
	global, _ := s.NetworkFirewall.Get()
	region, _ := s.RegionFirewall.Get()
	rules, _ := s.Firewalls.Get()
	own := slices.ContainsFunc(rules, func(r *computepb.Firewall) bool { return facts.LastSegment(r.GetNetwork()) == s.NetworkName })
	return !own && len(global.GetFirewalls())+len(global.GetFirewallPolicys())+len(region.GetFirewalls())+len(region.GetFirewallPolicys()) == 0
}

func decided(v firewall.Verdict, o firewall.Outcome) string {
	var rules []string
	for _, r := range v.Deciders(o) {
		rules = append(rules, r.String())
	}
	return strings.Join(rules, ", ")
}

func prefixes(list []netip.Prefix) string {
	parts := make([]string, 0, len(list))
	for _, p := range list {
		parts = append(parts, p.String())
	}
	return strings.Join(parts, ", ")
}
