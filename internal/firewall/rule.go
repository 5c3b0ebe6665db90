package firewall

import (
	"fmt"
	"net/netip"
)

// A Layer is one station of the evaluation.
type Layer uint8

const (
	// LayerHierarchical holds the policies of the organisation and its folders.
	LayerHierarchical Layer = iota
	// LayerSystem holds the regional policies that Google services manage.
	LayerSystem
	// LayerVPC holds the VPC firewall rules.
	LayerVPC
	// LayerGlobal holds the global network firewall policy.
	LayerGlobal
	// LayerRegional holds the regional network firewall policy.
	LayerRegional
	// LayerImplied is the implied deny of ingress, which decides what nothing else
	// does.
	LayerImplied
	// LayerUnplaced holds policies of a type whose place in the evaluation isn't
	// documented, such as SYSTEM_GLOBAL.
	LayerUnplaced
)

// String is the layer's name for people.
func (l Layer) String() string {
	switch l {
	case LayerHierarchical:
		return "hierarchical policy"
	case LayerSystem:
		return "regional system policy"
	case LayerVPC:
		return "VPC rule"
	case LayerGlobal:
		return "global network policy"
	case LayerRegional:
		return "regional network policy"
	case LayerImplied:
		return "implied deny"
	case LayerUnplaced:
		return "policy of another type"
	}
	return fmt.Sprintf("Layer(%d)", l)
}

// A Rule names a rule, and what it does to which ports.
type Rule struct {
	Layer Layer
	// Policy is the short name of the policy, or its name where it has none; empty
	// for VPC rules and the implied deny.
	Policy string
	// PolicyName is the policy's resource name; that of a hierarchical policy is a
	// number.
	PolicyName string
	// Name is the rule's name, which a policy's rule may lack.
	Name string
	// Priority is unique within a policy; VPC rules may share one.
	Priority int32
	// Action is allow, deny, goto_next, apply_security_profile_group, or what else a
	// policy says.
	Action string
	// Covers lists the protocols and ports: "tcp:80,443 udp", "all".
	Covers string
	// From lists the source ranges, as far as the rule has any: "10.0.0.0/8 0.0.0.0/0".
	From string
	// Link is the VPC rule's selfLink, as the API spells it.
	Link string
}

// String names the rule for people.
func (r Rule) String() string {
	switch r.Layer {
	case LayerImplied:
		return "the implied deny"
	case LayerVPC:
		return fmt.Sprintf("VPC rule %s (priority %d, %s)", r.Name, r.Priority, r.Action)
	case LayerHierarchical, LayerSystem, LayerGlobal, LayerRegional, LayerUnplaced:
		name := ""
		if r.Name != "" {
			name = " " + r.Name
		}
		return fmt.Sprintf("%s %s, rule %d%s (%s)", r.Layer, r.Policy, r.Priority, name, r.Action)
	}
	return fmt.Sprintf("%s %s", r.Layer, r.Name)
}

// An action is what a rule does, of those that are told apart here.
type action uint8

const (
	actAllow action = iota
	actDeny
	// actOther is apply_security_profile_group, or a word that isn't known here.
	// Evaluation ends there too, and a firewall endpoint decides, by what it finds in
	// the packet: no reading of rules can tell
	// (docs.cloud.google.com/network-security-integration/docs/in-band/firewall-policies-overview).
	actOther
	// actNext ends the evaluation of this policy.
	actNext
	actions
)

func actionOf(word string) action {
	switch word {
	case "allow":
		return actAllow
	case "deny":
		return actDeny
	case "goto_next":
		return actNext
	}
	return actOther
}

// A compiled rule is one rule as far as it concerns one packet and one target.
type compiled struct {
	id     Rule
	action action
	// rest is everything but source and ports: target, destination.
	rest match
	// ports is the match of protocol and port.
	ports match
	// sameProtocol is whether ports failed at the port alone, if it did.
	sameProtocol bool
	// ranges are the sources that are covered for certain, if the context is.
	ranges []netip.Prefix
	// context limits ranges and elsewhere alike.
	context match
	// elsewhere is the match of sources outside ranges.
	elsewhere match
	disabled  bool
	// unread stands for all that an unread policy may hold.
	unread bool
}

// A policy is one list of rules, in the order in which they are tried.
type policy struct {
	layer Layer
	name  string
	// order is the priority of the policy's association, where it has one.
	order  int32
	placed bool
	rules  []compiled
}
