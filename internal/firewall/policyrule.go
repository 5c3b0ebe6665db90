package firewall

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// compilePolicy puts the ingress rules of a policy into the order of their
// priorities, which are unique. A policy says nothing about what none of its rules
// match: the API lists its predefined goto_next rules with the others.
func compilePolicy(d document, network string, t Target, p Packet) policy {
	out := policy{layer: d.layer, name: d.title()}
	if d.priority != nil {
		out.order, out.placed = *d.priority, d.layer != LayerHierarchical
	}
	for _, r := range d.rules {
		if r.GetDirection() == "EGRESS" || r.GetTargetType() == "INTERNAL_MANAGED_LB" || len(r.GetTargetForwardingRules()) > 0 {
			continue
		}
		out.rules = append(out.rules, policyRule(r, d, network, t, p))
	}
	slices.SortStableFunc(out.rules, func(a, b compiled) int { return cmp.Compare(a.id.Priority, b.id.Priority) })
	return out
}

func policyRule(r *computepb.FirewallPolicyRule, d document, network string, t Target, p Packet) compiled {
	m := r.GetMatch()
	c := compiled{
		id: Rule{
			Layer: d.layer, Policy: d.title(), PolicyName: d.name, Name: r.GetRuleName(), Priority: r.GetPriority(), Action: r.GetAction(),
			Covers: covers(m.GetLayer4Configs(), (*computepb.FirewallPolicyRuleMatcherLayer4Config).GetIpProtocol),
		},
		action:   actionOf(r.GetAction()),
		disabled: r.GetDisabled(),
		context:  matchContext(m),
	}
	c.ports, c.sameProtocol = matchPorts(p, m.GetLayer4Configs(), (*computepb.FirewallPolicyRuleMatcherLayer4Config).GetIpProtocol)
	if len(m.GetLayer4Configs()) == 0 {
		c.ports = unsure("it names no protocols")
	}
	c.rest = policyTarget(r, network, t).and(policyDestination(m, p))
	c.ranges, c.elsewhere = policySources(m, p)
	c.id.From = from(c.ranges)
	if d.doubt != "" {
		c.rest = c.rest.and(unsure(d.doubt))
	}
	return c
}

// policyTarget is whether the rule is for this target. A rule whose secure tags are
// all ineffective is ignored (compute API, targetSecureTags).
func policyTarget(r *computepb.FirewallPolicyRule, network string, t Target) match {
	m := always
	if kind := r.GetTargetType(); kind != "" && kind != "INSTANCES" {
		m = unsure("it is for targets of type " + kind)
	}
	return m.and(matchNetwork(r.GetTargetResources(), network)).
		and(named(r.GetTargetServiceAccounts(), t.ServiceAccounts, "service accounts")).
		and(matchSecureTags(r.GetTargetSecureTags(), t.SecureTags))
}

// matchNetwork is whether one of the networks that a rule is for is this one. Two
// URLs that spell the project in different ways, by name and by number, may be the
// same.
func matchNetwork(networks []string, network string) match {
	if len(networks) == 0 {
		return always
	}
	m := never
	for _, n := range networks {
		switch {
		case network != "" && facts.RelativePath(n) == facts.RelativePath(network):
			return always
		case network == "" || sameButProject(n, network):
			m = unsure("it is for certain networks, and whether this is one of them can't be told")
		}
	}
	return m
}

func sameButProject(a, b string) bool {
	return facts.ScopePath(a) == facts.ScopePath(b) && (vagueProject(a) || vagueProject(b))
}

// vagueProject is whether a URL lacks the project or gives it by number.
func vagueProject(url string) bool {
	rest, ok := strings.CutPrefix(facts.RelativePath(url), "projects/")
	project, _, _ := strings.Cut(rest, "/")
	return !ok || strings.Trim(project, "0123456789") == ""
}

func matchSecureTags(tags []*computepb.FirewallPolicyRuleSecureTag, have facts.Value[[]string]) match {
	if len(tags) == 0 {
		return always
	}
	names := effective(tags)
	if len(names) == 0 {
		return never
	}
	return named(names, have, "secure tags")
}

func effective(tags []*computepb.FirewallPolicyRuleSecureTag) []string {
	var names []string
	for _, t := range tags {
		if t.GetState() != "INEFFECTIVE" {
			names = append(names, t.GetName())
		}
	}
	return names
}

// matchContext is whether packets are of the network context that a rule demands
// of its sources, besides their addresses. Where Google's probers belong isn't
// documented.
func matchContext(m *computepb.FirewallPolicyRuleMatcher) match {
	for _, c := range []string{m.GetSrcNetworkContext(), m.GetSrcNetworkType()} {
		if c != "" && c != "UNSPECIFIED" {
			return unsure("it is for sources of network context " + c)
		}
	}
	if len(m.GetSrcNetworks()) > 0 {
		return unsure("it is for sources in certain networks")
	}
	return always
}

// policySources are the ranges that a rule covers, and whether it may cover others.
// The kinds of sources are alternatives, and of most of them only the name is
// known.
func policySources(m *computepb.FirewallPolicyRuleMatcher, p Packet) (ranges []netip.Prefix, elsewhere match) {
	ranges, bad := prefixesOf(m.GetSrcIpRanges())
	if bad != "" {
		return ranges, unsure("a source range can't be read: " + bad)
	}
	if text := unreadKinds(m.GetSrcAddressGroups(), m.GetSrcFqdns(), m.GetSrcRegionCodes(), m.GetSrcThreatIntelligences()); text != "" {
		return ranges, unsure("its sources are " + text + ", which weren't read")
	}
	if len(m.GetSrcSecureTags()) > 0 {
		if p.FromInstances && len(effective(m.GetSrcSecureTags())) > 0 {
			return ranges, unsure("it is for senders with certain secure tags, and the sender's weren't read")
		}
		return ranges, never
	}
	if len(ranges) == 0 {
		return nil, unsure("it names no sources")
	}
	return ranges, never
}

func policyDestination(m *computepb.FirewallPolicyRuleMatcher, p Packet) match {
	text := unreadKinds(m.GetDestAddressGroups(), m.GetDestFqdns(), m.GetDestRegionCodes(), m.GetDestThreatIntelligences())
	if text != "" {
		known := never
		if len(m.GetDestIpRanges()) > 0 {
			known = matchDestination(p, m.GetDestIpRanges())
		}
		return better(known, unsure("its destinations are "+text+", which weren't read"))
	}
	for _, c := range []string{m.GetDestNetworkContext(), m.GetDestNetworkType()} {
		if c != "" && c != "UNSPECIFIED" {
			return matchDestination(p, m.GetDestIpRanges()).and(unsure("it is for destinations of network context " + c))
		}
	}
	return matchDestination(p, m.GetDestIpRanges())
}

// unreadKinds names those kinds of addresses that a rule uses and that can't be
// resolved from the rule alone.
func unreadKinds(groups, fqdns, regions, intelligences []string) string {
	var kinds []string
	for _, k := range []struct {
		name string
		used bool
	}{
		{"address groups", len(groups) > 0},
		{"domain names", len(fqdns) > 0},
		{"geolocations", len(regions) > 0},
		{"threat intelligence lists", len(intelligences) > 0},
	} {
		if k.used {
			kinds = append(kinds, k.name)
		}
	}
	return strings.Join(kinds, " and ")
}
