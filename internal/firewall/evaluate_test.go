package firewall_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

// A verdictCase is a world, what changes about target and packet, and the parts of
// the verdict as people read them. "A and B": both prober ranges have the same.
type verdictCase struct {
	world  world
	target func(*firewall.Target)
	packet func(*firewall.Packet)
	// edit changes what was read of the network.
	edit func(*firewall.Network)
	want firewall.Outcome
	// parts are those of the verdict; both stands for the same of both prober ranges.
	both  string
	parts []string
	// inferred must be part of what the verdict says it rests on; none, if empty.
	inferred string
}

func (c verdictCase) run(t *testing.T) firewall.Verdict {
	t.Helper()
	n, target, packet := c.world.network(), node(), probe()
	if c.edit != nil {
		c.edit(&n)
	}
	if c.target != nil {
		c.target(&target)
	}
	if c.packet != nil {
		c.packet(&packet)
	}
	return firewall.Evaluate(n, target, packet)
}

func (c verdictCase) check(t *testing.T) {
	t.Helper()
	v := c.run(t)
	want := c.parts
	if c.both != "" {
		want = []string{"130.211.0.0/22 is " + c.both, "35.191.0.0/16 is " + c.both}
	}
	if diff := cmp.Diff(want, lines(v)); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if v.Outcome != c.want {
		t.Errorf("outcome %v, want %v", v.Outcome, c.want)
	}
	inferred := strings.Join(v.Inferred(), "; ")
	if c.inferred == "" && inferred != "" || !strings.Contains(inferred, c.inferred) {
		t.Errorf("inferred %q, want %q in it", inferred, c.inferred)
	}
}

const (
	implied = "denied by the implied deny"
	lb      = "VPC rule lb (priority 1000, allow)"
	admit   = "lb 1000 allow tcp:8080 " + probers
)

func TestVPCRules(t *testing.T) {
	t.Parallel()
	tests := map[string]verdictCase{
		"without rules the implied deny decides": {want: firewall.Denied, both: implied},
		"a rule for the probers and the port admits them": {
			world: world{vpc: []string{admit}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a rule for everybody admits the probers": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=0.0.0.0/0"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a rule without sources is for 0.0.0.0/0": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a rule without a priority has 1000": {
			world: world{vpc: []string{"lb - allow tcp:8080", "wall 1001 deny all from=0.0.0.0/0"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"the lower number wins, deny before allow": {
			world: world{vpc: []string{admit, "wall 999 deny tcp from=0.0.0.0/0"}},
			want:  firewall.Denied, both: "denied by VPC rule wall (priority 999, deny)",
		},
		"the lower number wins, allow before deny": {
			world: world{vpc: []string{"wall 1001 deny tcp from=0.0.0.0/0", admit}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"deny wins a tie, whichever is listed first": {
			world: world{vpc: []string{admit, "wall 1000 deny all from=0.0.0.0/0"}},
			want:  firewall.Denied, both: "denied by VPC rule wall (priority 1000, deny)",
		},
		"deny wins a tie when it is listed first": {
			world: world{vpc: []string{"wall 1000 deny all from=0.0.0.0/0", admit}},
			want:  firewall.Denied, both: "denied by VPC rule wall (priority 1000, deny)",
		},
		"a deny for another port doesn't win the tie": {
			world: world{vpc: []string{admit, "wall 1000 deny tcp:22 from=0.0.0.0/0"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a disabled rule does nothing": {
			world: world{vpc: []string{admit + " disabled"}}, want: firewall.Denied, both: implied,
		},
		"a disabled deny does nothing": {
			world: world{vpc: []string{admit, "wall 1 deny all from=0.0.0.0/0 disabled"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"an egress rule does nothing": {
			world: world{vpc: []string{"out 1 allow all to=0.0.0.0/0 egress"}}, want: firewall.Denied, both: implied,
		},
		"an egress deny does nothing": {
			world: world{vpc: []string{admit, "out 1 deny all to=0.0.0.0/0 egress"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"priority 0 is the highest": {
			world: world{vpc: []string{"lb 1 allow all from=0.0.0.0/0", "wall 0 deny all from=0.0.0.0/0"}},
			want:  firewall.Denied, both: "denied by VPC rule wall (priority 0, deny)",
		},
		"a rule at 65535 decides before the implied deny": {
			world: world{vpc: []string{"last 65535 allow all from=0.0.0.0/0"}}, want: firewall.Allowed, both: "allowed by VPC rule last (priority 65535, allow)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}

func TestProtocolsAndPorts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		covers string
		want   firewall.Outcome
		packet func(*firewall.Packet)
	}{
		"all covers every port":               {"all", firewall.Allowed, nil},
		"ALL is spelled either way":           {"ALL", firewall.Allowed, nil},
		"a protocol without ports covers all": {"tcp", firewall.Allowed, nil},
		"the number of the protocol":          {"6", firewall.Allowed, nil},
		"the number, with ports":              {"6:8080", firewall.Allowed, nil},
		"another number":                      {"17", firewall.Denied, nil},
		"the packet's protocol as a number": {
			"tcp:8080", firewall.Allowed, func(p *firewall.Packet) { p.Protocol = "6" },
		},
		"the first port of a range":      {"tcp:8080-8090", firewall.Allowed, nil},
		"the last port of a range":       {"tcp:8000-8080", firewall.Allowed, nil},
		"one below the range":            {"tcp:8081-8090", firewall.Denied, nil},
		"one above the range":            {"tcp:8000-8079", firewall.Denied, nil},
		"the second of several ports":    {"tcp:443,8080", firewall.Allowed, nil},
		"the second entry":               {"udp:53+tcp:8080", firewall.Allowed, nil},
		"the port of another protocol":   {"udp:8080", firewall.Denied, nil},
		"GKE's node port range":          {"tcp:30000-32767", firewall.Denied, nil},
		"a number that begins alike":     {"tcp:808,80", firewall.Denied, nil},
		"a port above 65535":             {"tcp:808,80800", firewall.Unknown, nil},
		"a port that can't be read":      {"tcp:http", firewall.Unknown, nil},
		"one unreadable beside the port": {"tcp:http,8080", firewall.Allowed, nil},
		"port 0 to 65535":                {"tcp:0-65535", firewall.Allowed, nil},
		"the port isn't known": {
			"tcp:8080", firewall.Unknown, func(p *firewall.Packet) { p.Port = 0 },
		},
		"the port isn't known, and all are covered": {
			"tcp", firewall.Allowed, func(p *firewall.Packet) { p.Port = 0 },
		},
		"udp to a port of tcp": {
			"tcp:8080", firewall.Denied, func(p *firewall.Packet) { p.Protocol = "udp" },
		},
		"icmp has no ports": {
			"icmp", firewall.Allowed, func(p *firewall.Packet) { p.Protocol, p.Port = "icmp", 0 },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for layer, w := range map[string]world{
				"VPC rule":    {vpc: []string{"lb 1000 allow " + tt.covers + " " + probers}},
				"policy rule": {policies: []policy{global("edge", "1000 allow "+tt.covers+" "+probers)}},
			} {
				if v := (verdictCase{world: w, packet: tt.packet}).run(t); v.Outcome != tt.want {
					t.Errorf("%s: outcome %v, want %v: %v", layer, v.Outcome, tt.want, lines(v))
				}
			}
		})
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	tests := map[string]verdictCase{
		"one of the two ranges": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=35.191.0.0/16"}}, want: firewall.Partial,
			parts: []string{"130.211.0.0/22 is " + implied, "35.191.0.0/16 is allowed by " + lb},
		},
		"half of a range": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.0.0/22,35.191.0.0/17"}}, want: firewall.Partial,
			parts: []string{"130.211.0.0/22 is allowed by " + lb, "35.191.0.0/17 is allowed by " + lb, "35.191.128.0/17 is " + implied},
		},
		"two halves are the whole": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.0.0/22,35.191.0.0/17,35.191.128.0/17"}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"two halves by two rules": {
			world: world{vpc: []string{"a 1000 allow tcp:8080 from=130.211.0.0/22,35.191.0.0/17", "b 1000 allow tcp:8080 from=35.191.128.0/17"}},
			want:  firewall.Allowed,
			parts: []string{
				"130.211.0.0/22 is allowed by VPC rule a (priority 1000, allow)", "35.191.0.0/17 is allowed by VPC rule a (priority 1000, allow)",
				"35.191.128.0/17 is allowed by VPC rule b (priority 1000, allow)",
			},
		},
		"a deny cuts a hole": {
			world: world{vpc: []string{admit, "hole 900 deny all from=35.191.8.0/24"}}, want: firewall.Partial,
			parts: []string{
				"130.211.0.0/22 is allowed by " + lb,
				"35.191.0.0/21 is allowed by " + lb,
				"35.191.8.0/24 is denied by VPC rule hole (priority 900, deny)",
				"35.191.9.0/24 is allowed by " + lb,
				"35.191.10.0/23 is allowed by " + lb,
				"35.191.12.0/22 is allowed by " + lb,
				"35.191.16.0/20 is allowed by " + lb,
				"35.191.32.0/19 is allowed by " + lb,
				"35.191.64.0/18 is allowed by " + lb,
				"35.191.128.0/17 is allowed by " + lb,
			},
		},
		"a hole of lower priority is none": {
			world: world{vpc: []string{admit, "hole 1100 deny all from=35.191.8.0/24"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a hole of one address": {
			world:  world{vpc: []string{"lb 1000 allow all from=0.0.0.0/0", "hole 900 deny all from=10.0.0.1"}},
			packet: func(p *firewall.Packet) { p.Sources = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/31")} },
			want:   firewall.Partial,
			parts:  []string{"10.0.0.0/32 is allowed by " + lb, "10.0.0.1/32 is denied by VPC rule hole (priority 900, deny)"},
		},
		"a range that contains the probers'": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.0.0/16,35.128.0.0/9"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a neighbouring range": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.4.0/22,35.190.0.0/16"}}, want: firewall.Denied, both: implied,
		},
		"a range spelled with host bits": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=130.211.3.7/22,35.191.255.255/16"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"sources spelled with host bits": {
			world:  world{vpc: []string{admit}},
			packet: func(p *firewall.Packet) { p.Sources = []netip.Prefix{netip.MustParsePrefix("35.191.7.7/16")} },
			want:   firewall.Allowed, parts: []string{"35.191.0.0/16 is allowed by " + lb},
		},
		"source tags never match the probers": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 srctags=lb"}}, want: firewall.Denied, both: implied,
		},
		"source service accounts never match the probers": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 srcsas=lb@shop-prod.iam.gserviceaccount.com"}}, want: firewall.Denied, both: implied,
		},
		"source tags beside the ranges take nothing away": {
			world: world{vpc: []string{admit + " srctags=bastion"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"source tags of instances weren't read": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 srctags=bastion"}},
			packet: func(p *firewall.Packet) {
				p.Sources, p.FromInstances = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, true
			},
			want:  firewall.Unknown,
			parts: []string{"10.0.0.0/24 is unknown: " + lb + " may decide first: it is for senders with certain tags or service accounts, and the sender's weren't read"},
		},
		"a range that can't be read may be any": {
			world: world{vpc: []string{"lb 1000 allow tcp:8080 from=35.191.0.0/16,nonsense"}}, want: firewall.Unknown,
			parts: []string{
				"130.211.0.0/22 is unknown: " + lb + " may decide first: a source range can't be read: nonsense",
				"35.191.0.0/16 is allowed by " + lb,
			},
		},
		"rules for IPv4 say nothing about IPv6": {
			world:  world{vpc: []string{admit, "all 1 allow all from=0.0.0.0/0"}},
			packet: func(p *firewall.Packet) { p.Sources = firewall.ProberRangesV6() },
			want:   firewall.Denied, parts: []string{"2600:2d00:1:b029::/64 is " + implied, "2600:2d00:1:1::/64 is " + implied},
		},
		"the probers of IPv6": {
			world:  world{vpc: []string{"lb 1000 allow tcp:8080 from=2600:2d00:1:b029::/64,2600:2d00:1:1::/64"}},
			packet: func(p *firewall.Packet) { p.Sources = firewall.ProberRangesV6() },
			want:   firewall.Allowed, parts: []string{"2600:2d00:1:b029::/64 is allowed by " + lb, "2600:2d00:1:1::/64 is allowed by " + lb},
		},
		"a quarter of an IPv6 range": {
			world:  world{vpc: []string{"lb 1000 allow tcp:8080 from=2600:2d00:1:1:4000::/66"}},
			packet: func(p *firewall.Packet) { p.Sources = firewall.ProberRangesV6()[1:] },
			want:   firewall.Partial,
			parts: []string{
				"2600:2d00:1:1::/66 is " + implied, "2600:2d00:1:1:4000::/66 is allowed by " + lb, "2600:2d00:1:1:8000::/65 is " + implied,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}

const (
	tagsUnread = lb + " may decide first: it targets network tags, and those of the target weren't read"
	nodes      = "nodes@shop-prod.iam.gserviceaccount.com"
)

func unreadTags(t *firewall.Target) { t.Tags = facts.Unknown[[]string](errors.New("403")) }

func TestTargets(t *testing.T) {
	t.Parallel()
	tests := map[string]verdictCase{
		"a tag of the node": {
			world: world{vpc: []string{admit + " tags=gke-main-5f0c-node"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"one of several tags": {
			world: world{vpc: []string{admit + " tags=other,web"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a tag of another cluster": {
			world: world{vpc: []string{admit + " tags=gke-main-77aa-node"}}, want: firewall.Denied, both: implied,
		},
		"a deny for other nodes": {
			world: world{vpc: []string{admit, "wall 1 deny all from=0.0.0.0/0 tags=db"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a node without tags": {
			world:  world{vpc: []string{admit + " tags=web"}},
			target: func(t *firewall.Target) { t.Tags = facts.Absent[[]string]() }, want: firewall.Denied, both: implied,
		},
		"tags that weren't read would decide": {
			world: world{vpc: []string{admit + " tags=web"}}, target: unreadTags, want: firewall.Unknown, both: "unknown: " + tagsUnread,
		},
		"tags that weren't read change nothing": {
			world:  world{vpc: []string{admit + " tags=web", "rest 1100 allow tcp from=0.0.0.0/0"}},
			target: unreadTags, want: firewall.Allowed, both: "allowed by VPC rule rest (priority 1100, allow)",
		},
		"a deny by unread tags before an allow": {
			world:  world{vpc: []string{admit, "wall 900 deny all from=35.191.0.0/16 tags=web"}},
			target: unreadTags, want: firewall.Unknown,
			parts: []string{
				"130.211.0.0/22 is allowed by " + lb,
				"35.191.0.0/16 is unknown: VPC rule wall (priority 900, deny) may decide first: it targets network tags, and those of the target weren't read",
			},
		},
		"a deny by unread tags before a deny": {
			world:  world{vpc: []string{"wall 900 deny all from=35.191.0.0/16 tags=web"}},
			target: unreadTags, want: firewall.Denied, both: implied,
		},
		"a deny by unread tags after the decision": {
			world:  world{vpc: []string{admit, "wall 1100 deny all from=0.0.0.0/0 tags=web"}},
			target: unreadTags, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"a tie with a deny by unread tags": {
			world:  world{vpc: []string{admit, "wall 1000 deny all from=0.0.0.0/0 tags=web"}},
			target: unreadTags, want: firewall.Unknown,
			both: "unknown: VPC rule wall (priority 1000, deny) may decide first: it targets network tags, and those of the target weren't read",
		},
		"a tag that the node should have": {
			world:  world{vpc: []string{admit + " tags=gke-main-5f0c-node"}},
			target: func(t *firewall.Target) { unreadTags(t); t.LikelyTags = []string{"gke-main-5f0c-node"} },
			want:   firewall.Allowed, both: "allowed by " + lb, inferred: "it should have gke-main-5f0c-node",
		},
		"a tag beside the one that the node should have": {
			world:  world{vpc: []string{admit + " tags=web"}},
			target: func(t *firewall.Target) { unreadTags(t); t.LikelyTags = []string{"gke-main-5f0c-node"} },
			want:   firewall.Unknown, both: "unknown: " + tagsUnread,
		},
		"likely tags of a node whose tags were read": {
			world:  world{vpc: []string{admit + " tags=gke-main-77aa-node"}},
			target: func(t *firewall.Target) { t.LikelyTags = []string{"gke-main-77aa-node"} },
			want:   firewall.Denied, both: implied,
		},
		"the node's service account": {
			world: world{vpc: []string{admit + " sas=" + nodes}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"another service account": {
			world: world{vpc: []string{admit + " sas=db@shop-prod.iam.gserviceaccount.com"}}, want: firewall.Denied, both: implied,
		},
		"a service account that wasn't read": {
			world:  world{vpc: []string{admit + " sas=" + nodes}},
			target: func(t *firewall.Target) { t.ServiceAccounts = facts.Value[[]string]{} }, want: firewall.Unknown,
			both: "unknown: " + lb + " may decide first: it targets service accounts, and those of the target weren't read",
		},
		"a policy for the node's service account": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", "10 deny all from=0.0.0.0/0 sas="+nodes)}},
			want:  firewall.Denied, both: "denied by hierarchical policy org, rule 10 (deny)",
		},
		"a policy for another service account": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", "10 deny all from=0.0.0.0/0 sas=db@shop-prod.iam.gserviceaccount.com")}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"the destination is in the rule's range": {
			world: world{vpc: []string{admit + " to=10.4.0.0/14"}}, want: firewall.Allowed, both: "allowed by " + lb,
		},
		"the destination isn't in the rule's range": {
			world: world{vpc: []string{admit + " to=192.0.2.0/24"}}, want: firewall.Denied, both: implied,
		},
		"the destination isn't known": {
			world:  world{vpc: []string{admit + " to=10.4.0.0/14"}},
			packet: func(p *firewall.Packet) { p.Destination = netip.Addr{} }, want: firewall.Unknown,
			both: "unknown: " + lb + " may decide first: it is for certain destination ranges, and the packet's destination isn't known",
		},
		"the destination isn't known, and all are covered": {
			world:  world{vpc: []string{admit + " to=0.0.0.0/0"}},
			packet: func(p *firewall.Packet) { p.Destination = netip.Addr{} }, want: firewall.Allowed, both: "allowed by " + lb,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}
