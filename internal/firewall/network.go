package firewall

import (
	"net/netip"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// A Network is everything that decides about packets into the instances of one
// VPC network.
type Network struct {
	// SelfLink is the network's URL, full or partial. It tells which of Rules are
	// its own, and which rules of a policy are meant for it.
	SelfLink string
	// Order tells when network firewall policies are evaluated.
	Order Order
	// Global is what networks.getEffectiveFirewalls answered: hierarchical policies,
	// global network policies and VPC rules.
	Global facts.Value[*computepb.NetworksGetEffectiveFirewallsResponse]
	// Region is what regionNetworkFirewallPolicies.getEffectiveFirewalls answered
	// for the instances' region: regional system and network policies, and all that
	// Global has. Absent means that the region has none.
	Region facts.Value[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse]
	// Rules is what firewalls.list of the network's own project answered, for any
	// number of networks. Where Global couldn't be read, they are all that is known;
	// where it was, those that it lacks count as well.
	Rules facts.Value[[]*computepb.Firewall]
}

// An Order tells when the global and regional network policies of a network are
// evaluated: before or after its VPC rules.
type Order uint8

const (
	// OrderUnknown is the order of a network that wasn't read: only that is certain
	// which both orders agree on.
	OrderUnknown Order = iota
	// AfterClassic evaluates VPC rules first; it is the default.
	AfterClassic
	// BeforeClassic evaluates VPC rules last.
	BeforeClassic
)

// OrderOf reads networkFirewallPolicyEnforcementOrder of a network that was read;
// where the field is missing the default applies. A word that isn't known here
// makes it OrderUnknown.
func OrderOf(n *computepb.Network) Order {
	switch n.GetNetworkFirewallPolicyEnforcementOrder() {
	case "", "AFTER_CLASSIC_FIREWALL":
		return AfterClassic
	case "BEFORE_CLASSIC_FIREWALL":
		return BeforeClassic
	}
	return OrderUnknown
}

// A Target is the instance that packets go to: the node, where they go to a pod.
type Target struct {
	// Tags are the network tags of the instance.
	Tags facts.Value[[]string]
	// LikelyTags are tags that the instance has by inference, where Tags weren't
	// read: Autopilot hides its nodes, and GKE's own rules of the cluster target the
	// tag that they have. What rests on them is inferred.
	LikelyTags []string
	// ServiceAccounts are the emails of those that the instance runs as.
	ServiceAccounts facts.Value[[]string]
	// SecureTags are the resource names (tagValues/123) of the tags bound to it.
	SecureTags facts.Value[[]string]
}

// A Packet is the first one of a connection, from any address of its sources.
type Packet struct {
	// Sources are ranges that it may come from; each gets its own verdict.
	Sources []netip.Prefix
	// Destination is the address that it is sent to, of the node or the pod; zero
	// where it isn't known.
	Destination netip.Addr
	// Protocol is a name that rules use (tcp, udp, icmp) or a number.
	Protocol string
	// Port is the destination port; 0 where it isn't known.
	Port uint16
	// FromInstances says that the sources are instances of the network, so that they
	// may have tags and service accounts, which rules can name as sources. Google's
	// probers and proxies aren't, and have none.
	FromInstances bool
}
