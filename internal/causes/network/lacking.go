package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
)

// lacks says what keeps the live rule from letting the packets in.
func lacks(rule *computepb.Firewall, list []barrier) (says []cause.Evidence) {
	say := func(format string, args ...any) {
		add(&says, cause.Evidence{Source: "compute.firewalls.list", Says: rule.GetName() + fmt.Sprintf(format, args...)})
	}
	for _, b := range list {
		var outside []netip.Prefix
		for _, s := range b.denied(implied) {
			if !slices.ContainsFunc(rule.GetSourceRanges(), func(text string) bool {
				p, err := netip.ParsePrefix(text)
				return err == nil && p.Bits() <= s.Bits() && p.Contains(s.Addr())
			}) {
				outside = append(outside, s)
			}
		}
		if len(outside) > 0 {
			say(" doesn't have %s among its sources", ranges(outside))
		}
		tags, known := b.Target.Tags.Get()
		targeted := slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(rule.GetTargetTags(), t) })
		if len(rule.GetTargetTags()) > 0 && known && !targeted {
			say(" is for machines tagged %s; %s has %s", strings.Join(rule.GetTargetTags(), ", "), b.machineNames(), tagged(tags))
		}
		if rule.GetDirection() == "EGRESS" {
			say(" is a rule for the way out")
		}
	}
	return says
}

func tagged(tags []string) string {
	if len(tags) == 0 {
		return "no tag"
	}
	return strings.Join(tags, ", ")
}

func (b barrier) machineNames() string {
	if len(b.Instances) == 0 {
		return "the machine"
	}
	return b.Instances[0] + more(len(b.Instances)-1)
}
