package firewall_test

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

const network = "https://www.googleapis.com/compute/v1/projects/shop-prod/global/networks/main"

// probers is a source list of most rules here.
const probers = "from=130.211.0.0/22,35.191.0.0/16"

// A spec is a rule in short: words that are set, and lists by their key.
type spec struct {
	flags map[string]bool
	lists map[string][]string
}

func parse(words []string) spec {
	s := spec{flags: map[string]bool{}, lists: map[string][]string{}}
	for _, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok {
			s.lists[key] = strings.Split(value, ",")
			continue
		}
		s.flags[w] = true
	}
	return s
}

func (s spec) one(key string) *string {
	if len(s.lists[key]) == 0 {
		return nil
	}
	return &s.lists[key][0]
}

func (s spec) direction() *string {
	word := "INGRESS"
	if s.flags["egress"] {
		word = "EGRESS"
	}
	return &word
}

func (s spec) disabled() *bool {
	d := s.flags["disabled"]
	return &d
}

func (s spec) secureTags(key string) []*computepb.FirewallPolicyRuleSecureTag {
	var tags []*computepb.FirewallPolicyRuleSecureTag
	for _, text := range s.lists[key] {
		state := "EFFECTIVE"
		name, gone := strings.CutSuffix(text, "!")
		if gone {
			state = "INEFFECTIVE"
		}
		tags = append(tags, &computepb.FirewallPolicyRuleSecureTag{Name: &name, State: &state})
	}
	return tags
}

// entries splits "tcp:80,443+udp" into protocols and their ports; "-" is none.
func entries(covers string) (protocols []*string, ports [][]string) {
	if covers == "-" {
		return nil, nil
	}
	for text := range strings.SplitSeq(covers, "+") {
		protocol, list, hasPorts := strings.Cut(text, ":")
		protocols = append(protocols, &protocol)
		ports = append(ports, nil)
		if hasPorts {
			ports[len(ports)-1] = strings.Split(list, ",")
		}
	}
	return protocols, ports
}

func number(text string) *int32 {
	if text == "-" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		panic(err)
	}
	p := int32(n)
	return &p
}

// vpc makes a VPC rule of "NAME PRIORITY ACTION COVERS [key=a,b] [word]".
func vpc(text string) *computepb.Firewall {
	f := strings.Fields(text)
	s := parse(f[4:])
	r := &computepb.Firewall{
		Name: &f[0], Priority: number(f[1]), Direction: s.direction(), Disabled: s.disabled(), Network: s.one("network"),
		SourceRanges: s.lists["from"], DestinationRanges: s.lists["to"], SourceTags: s.lists["srctags"], SourceServiceAccounts: s.lists["srcsas"],
		TargetTags: s.lists["tags"], TargetServiceAccounts: s.lists["sas"],
	}
	protocols, ports := entries(f[3])
	for i := range protocols {
		if f[2] == "deny" {
			r.Denied = append(r.Denied, &computepb.Denied{IPProtocol: protocols[i], Ports: ports[i]})
		} else {
			r.Allowed = append(r.Allowed, &computepb.Allowed{IPProtocol: protocols[i], Ports: ports[i]})
		}
	}
	return r
}

// policyRule makes a policy's rule of "PRIORITY ACTION COVERS [key=a,b] [word]".
func policyRule(text string) *computepb.FirewallPolicyRule {
	f := strings.Fields(text)
	s := parse(f[3:])
	m := &computepb.FirewallPolicyRuleMatcher{
		SrcIpRanges: s.lists["from"], DestIpRanges: s.lists["to"], SrcAddressGroups: s.lists["groups"], SrcFqdns: s.lists["fqdns"],
		SrcRegionCodes: s.lists["geo"], SrcThreatIntelligences: s.lists["intel"], SrcNetworkContext: s.one("context"), SrcNetworks: s.lists["srcnets"],
		SrcSecureTags: s.secureTags("srcsecure"), DestFqdns: s.lists["tofqdns"],
	}
	protocols, ports := entries(f[2])
	for i := range protocols {
		m.Layer4Configs = append(m.Layer4Configs, &computepb.FirewallPolicyRuleMatcherLayer4Config{IpProtocol: protocols[i], Ports: ports[i]})
	}
	return &computepb.FirewallPolicyRule{
		Priority: number(f[0]), Action: &f[1], Direction: s.direction(), Disabled: s.disabled(), RuleName: s.one("name"), Match: m,
		TargetServiceAccounts: s.lists["sas"], TargetSecureTags: s.secureTags("secure"), TargetResources: s.lists["networks"],
		TargetType: s.one("type"),
	}
}

// A test policy: its type, its name, and its rules in short; order is the priority
// of its association.
type policy struct {
	kind, name string
	rules      []string
	order      *int32
}

func hierarchical(name string, rules ...string) policy { return policy{"HIERARCHY", name, rules, nil} }

func system(name string, rules ...string) policy { return policy{"SYSTEM_REGIONAL", name, rules, nil} }

// A network has at most one global policy, and one of a region.
func global(rules ...string) policy   { return policy{"NETWORK", "edge", rules, nil} }
func regional(rules ...string) policy { return policy{"NETWORK_REGIONAL", "west", rules, nil} }

func ordered(order int32, p policy) policy {
	p.order = &order
	return p
}

func (p policy) compiled() []*computepb.FirewallPolicyRule {
	var rules []*computepb.FirewallPolicyRule
	for _, r := range p.rules {
		rules = append(rules, policyRule(r))
	}
	return rules
}

// A world is a network in short. Policies are answered by the method that knows
// their type.
type world struct {
	order    firewall.Order
	vpc      []string
	policies []policy
}

func vpcRules(texts []string) []*computepb.Firewall {
	var rules []*computepb.Firewall
	for _, text := range texts {
		rules = append(rules, vpc(text))
	}
	return rules
}

// network is the world as both methods answer it, completely.
func (w world) network() firewall.Network {
	globalAnswer := &computepb.NetworksGetEffectiveFirewallsResponse{Firewalls: vpcRules(w.vpc)}
	regionAnswer := &computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse{Firewalls: vpcRules(w.vpc)}
	for i := range w.policies {
		p := w.policies[i]
		if !strings.HasSuffix(p.kind, "_REGIONAL") {
			globalAnswer.FirewallPolicys = append(globalAnswer.FirewallPolicys, &computepb.NetworksGetEffectiveFirewallsResponseEffectiveFirewallPolicy{
				Type: &p.kind, Name: &p.name, ShortName: &p.name, Priority: p.order, Rules: p.compiled(),
			})
		}
		regionAnswer.FirewallPolicys = append(regionAnswer.FirewallPolicys,
			&computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponseEffectiveFirewallPolicy{
				Type: &p.kind, Name: &p.name, DisplayName: &p.name, Priority: p.order, Rules: p.compiled(),
			})
	}
	order := w.order
	if order == firewall.OrderUnknown {
		order = firewall.AfterClassic
	}
	return firewall.Network{
		SelfLink: network, Order: order, Global: facts.Found(globalAnswer), Region: facts.Found(regionAnswer), Rules: facts.Found(vpcRules(w.vpc)),
	}
}

// node is a target of which everything but the secure tags is known.
func node() firewall.Target {
	return firewall.Target{
		Tags:            facts.Found([]string{"gke-main-5f0c-node", "web"}),
		ServiceAccounts: facts.Found([]string{"nodes@shop-prod.iam.gserviceaccount.com"}),
	}
}

// probe is what the probers send to port 8080 of a pod.
func probe() firewall.Packet {
	return firewall.Packet{Sources: firewall.ProberRanges(), Destination: netip.MustParseAddr("10.4.1.17"), Protocol: "tcp", Port: 8080}
}

func prefixes(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	var all []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// lines are the parts as people read them.
func lines(v firewall.Verdict) []string {
	var all []string
	for _, p := range v.Parts {
		all = append(all, p.String())
	}
	return all
}
