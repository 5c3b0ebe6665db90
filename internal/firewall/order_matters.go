package firewall

import (
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// OrderMatters reports that a network has global or regional network policies, so
// that it counts whether they come before its VPC rules. It is false as long as
// neither answer was read.
func OrderMatters(
	global facts.Value[*computepb.NetworksGetEffectiveFirewallsResponse],
	region facts.Value[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse],
) bool {
	g, _ := global.Get()
	for _, p := range g.GetFirewallPolicys() {
		if p.GetType() != "HIERARCHY" {
			return true
		}
	}
	r, _ := region.Get()
	for _, p := range r.GetFirewallPolicys() {
		if p.GetType() != "HIERARCHY" {
			return true
		}
	}
	return false
}
