package firewall

import (
	"cmp"
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// defaultPriority is that of a VPC rule which names none.
const defaultPriority = 1000

// vpcPolicy puts VPC rules into the order in which they are tried: by priority, and
// of one priority those that deny come first.
func vpcPolicy(rules []*computepb.Firewall, t Target, p Packet) policy {
	out := policy{layer: LayerVPC}
	for _, r := range rules {
		if r.GetDirection() == "EGRESS" {
			continue
		}
		if len(r.GetDenied()) > 0 {
			out.rules = append(out.rules, vpcRule(r, t, p, "deny"))
		}
		if len(r.GetAllowed()) > 0 {
			out.rules = append(out.rules, vpcRule(r, t, p, "allow"))
		}
	}
	slices.SortStableFunc(out.rules, func(a, b compiled) int {
		return cmp.Or(cmp.Compare(a.id.Priority, b.id.Priority), cmp.Compare(b.action, a.action))
	})
	return out
}

func vpcRule(r *computepb.Firewall, t Target, p Packet, word string) compiled {
	c := compiled{
		id:       Rule{Layer: LayerVPC, Name: r.GetName(), Priority: defaultPriority, Action: word, Link: r.GetSelfLink()},
		action:   actionOf(word),
		disabled: r.GetDisabled(),
		context:  always,
	}
	if r.Priority != nil {
		c.id.Priority = r.GetPriority()
	}
	if word == "deny" {
		c.ports, c.sameProtocol = matchPorts(p, r.GetDenied(), (*computepb.Denied).GetIPProtocol)
		c.id.Covers = covers(r.GetDenied(), (*computepb.Denied).GetIPProtocol)
	} else {
		c.ports, c.sameProtocol = matchPorts(p, r.GetAllowed(), (*computepb.Allowed).GetIPProtocol)
		c.id.Covers = covers(r.GetAllowed(), (*computepb.Allowed).GetIPProtocol)
	}
	c.rest = t.tagged(r.GetTargetTags()).
		and(named(r.GetTargetServiceAccounts(), t.ServiceAccounts, "service accounts")).
		and(matchDestination(p, r.GetDestinationRanges()))
	c.ranges, c.elsewhere = vpcSources(r, p)
	c.id.From = from(c.ranges)
	return c
}

// vpcSources are the ranges that a rule covers, and whether it covers others by
// who sends: ranges, tags and service accounts are alternatives. Without any of
// them it covers 0.0.0.0/0.
func vpcSources(r *computepb.Firewall, p Packet) (ranges []netip.Prefix, elsewhere match) {
	byName := len(r.GetSourceTags())+len(r.GetSourceServiceAccounts()) > 0
	if len(r.GetSourceRanges()) == 0 && !byName {
		return []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)}, never
	}
	ranges, bad := prefixesOf(r.GetSourceRanges())
	switch {
	case bad != "":
		return ranges, unsure("a source range can't be read: " + bad)
	case byName && p.FromInstances:
		return ranges, unsure("it is for senders with certain tags or service accounts, and the sender's weren't read")
	}
	return ranges, never
}
