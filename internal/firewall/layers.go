package firewall

import (
	"cmp"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// A document is one policy as the API answered it, by either method.
type document struct {
	layer       Layer
	kind        string
	name, short string
	priority    *int32
	rules       []*computepb.FirewallPolicyRule
	doubt       string
}

func (d document) key() [2]string { return [2]string{d.kind, cmp.Or(d.name, d.short)} }

func (d document) title() string { return cmp.Or(d.short, d.name) }

// An answer is one policy of either response.
type answer interface {
	GetType() string
	GetName() string
	GetDisplayName() string
	GetRules() []*computepb.FirewallPolicyRule
}

func documentOf(a answer, short string, priority *int32) document {
	d := document{kind: a.GetType(), name: a.GetName(), short: cmp.Or(short, a.GetDisplayName()), priority: priority, rules: a.GetRules()}
	switch d.kind {
	case "HIERARCHY":
		d.layer = LayerHierarchical
	case "SYSTEM_REGIONAL":
		d.layer = LayerSystem
	case "NETWORK":
		d.layer = LayerGlobal
	case "NETWORK_REGIONAL":
		d.layer = LayerRegional
	default:
		if d.kind == "SYSTEM" {
			d.kind = "SYSTEM_GLOBAL"
		}
		d.layer = LayerUnplaced
		d.doubt = "when policies of type " + cmp.Or(d.kind, "UNSPECIFIED") + " are evaluated isn't documented"
	}
	return d
}

// documents are the policies of both answers, each once, in the order of the
// answers.
func documents(n Network) []document {
	var docs []document
	seen := map[[2]string]bool{}
	global, _ := n.Global.Get()
	for _, p := range global.GetFirewallPolicys() {
		d := documentOf(p, p.GetShortName(), p.Priority)
		seen[d.key()] = true
		docs = append(docs, d)
	}
	region, _ := n.Region.Get()
	for _, p := range region.GetFirewallPolicys() {
		if d := documentOf(p, "", p.Priority); !seen[d.key()] {
			docs = append(docs, d)
		}
	}
	return docs
}

// vpcRules are the VPC rules of the network in all that was read, each once by its
// name, as the effective answer has it. Whether that answer lists disabled rules
// isn't documented.
func vpcRules(n Network) []*computepb.Firewall {
	global, _ := n.Global.Get()
	region, _ := n.Region.Get()
	listed, _ := n.Rules.Get()
	seen := map[string]bool{}
	var rules []*computepb.Firewall
	for _, list := range [][]*computepb.Firewall{global.GetFirewalls(), region.GetFirewalls(), listed} {
		for _, r := range list {
			if name := r.GetName(); ofNetwork(r, n.SelfLink) && (name == "" || !seen[name]) {
				seen[name] = true
				rules = append(rules, r)
			}
		}
	}
	return rules
}

func ofNetwork(r *computepb.Firewall, network string) bool {
	return r.GetNetwork() == "" || network == "" ||
		facts.RelativePath(r.GetNetwork()) == facts.RelativePath(network) || sameButProject(r.GetNetwork(), network)
}

// A world is all that decides about one packet to one target.
type world struct {
	// first are the policies that come before VPC rules in any order.
	first []policy
	vpc   policy
	// network are the global policies, then the regional ones.
	network []policy
	orders  []Order
}

func compile(n Network, t Target, p Packet) world {
	var layers [LayerUnplaced + 1][]policy
	for _, d := range documents(n) {
		layers[d.layer] = append(layers[d.layer], compilePolicy(d, n.SelfLink, t, p))
	}
	for _, l := range layers {
		slices.SortStableFunc(l, func(a, b policy) int {
			if a.placed && b.placed {
				return cmp.Compare(a.order, b.order)
			}
			return 0
		})
	}
	w := world{
		first:   slices.Concat(layers[LayerUnplaced], layers[LayerHierarchical], layers[LayerSystem]),
		vpc:     vpcPolicy(vpcRules(n), t, p),
		network: slices.Concat(layers[LayerGlobal], layers[LayerRegional]),
		orders:  []Order{n.Order},
	}
	if n.Order == OrderUnknown {
		w.orders = []Order{AfterClassic, BeforeClassic}
	}
	return w
}

// policies are all of them in the order of their evaluation.
func (w world) policies(o Order) []policy {
	if o == BeforeClassic {
		return slices.Concat(w.first, w.network, []policy{w.vpc})
	}
	return slices.Concat(w.first, []policy{w.vpc}, w.network)
}

// readWhole is whether the region's answer can stand in for the network's: by the
// API's reference it holds the hierarchical and global policies and the VPC rules
// as well. One without any VPC rule isn't taken for that, since a network with
// clusters has some.
func readWhole(n Network) bool {
	region, ok := n.Region.Get()
	return ok && len(region.GetFirewalls()) > 0
}

// withUnread adds what wasn't read, as policies that may allow and may deny. ok is
// false where everything was read.
func (w world) withUnread(n Network) (unread world, ok bool) {
	unread = w
	if _, found := n.Global.Get(); !found && !readWhole(n) {
		ok = true
		unread.first = append([]policy{unreadPolicy(LayerHierarchical, "the effective firewalls of the network", n.Global.Err())}, w.first...)
	}
	if !n.Region.Known() {
		ok = true
		unread.first = slices.Concat(unread.first, []policy{unreadPolicy(LayerSystem, "the firewall policies of the region", n.Region.Err())})
		unread.network = slices.Concat(w.network, []policy{unreadPolicy(LayerRegional, "the firewall policies of the region", n.Region.Err())})
	}
	return unread, ok
}

func unreadPolicy(layer Layer, what string, err error) policy {
	why := what + " weren't read"
	if err != nil {
		why += ": " + err.Error()
	}
	rule := compiled{
		id: Rule{Layer: layer, Policy: "unread"}, rest: always, ports: always, context: always, elsewhere: unsure(why), unread: true,
	}
	allow, deny := rule, rule
	allow.action, deny.action = actAllow, actDeny
	return policy{layer: layer, name: "unread", rules: []compiled{allow, deny}}
}
