package path

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
)

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
	if j.state() != OK {
		// What all Ingresses of a cluster need takes a while to gather.
		t.l7Rule(j)
	}
}

func (t *tracer) admitted(j *judgement, b glbc.Backend, bs *computepb.BackendService) {
	if _, known := Network(t.s); !known {
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
	case (o == firewall.Denied || o == firewall.Partial) && v.Unseen:
		j.unknown("the rules that were read deny %s; whether endpoints answer isn't known", to)
	case o != firewall.Allowed && NoRules(t.s):
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

// NoRules reports that neither a VPC rule of the network nor a policy was found. A
// network in which anything works has some, GKE's own among them, so that this is as
// likely a part of what there is as a network that lets nothing in.
func NoRules(s *facts.Snapshot) bool {
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
