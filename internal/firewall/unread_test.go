package firewall_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

func noGlobal(n *firewall.Network) {
	n.Global = facts.Unknown[*computepb.NetworksGetEffectiveFirewallsResponse](errForbidden)
}

func noRegion(n *firewall.Network) {
	n.Region = facts.Unknown[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse](errForbidden)
}

func onlyRules(n *firewall.Network) {
	noGlobal(n)
	noRegion(n)
}

func nothing(n *firewall.Network) {
	onlyRules(n)
	n.Rules = facts.Unknown[[]*computepb.Firewall](errForbidden)
}

func TestWhatWasNotRead(t *testing.T) {
	t.Parallel()
	const (
		networkUnread = "the effective firewalls of the network weren't read: 403 PERMISSION_DENIED"
		regionUnread  = "the firewall policies of the region weren't read: 403 PERMISSION_DENIED"
	)
	deny := world{vpc: []string{"wall 1 deny all from=0.0.0.0/0"}}
	tests := map[string]struct {
		verdictCase
		// readable is the outcome of the hint; none where it is empty.
		readable string
	}{
		"VPC rules alone would allow": {
			verdictCase{world: world{vpc: []string{admit}}, edit: onlyRules, want: firewall.Unknown, both: "unknown: " + networkUnread + ", and " + regionUnread},
			"allowed",
		},
		"VPC rules alone would deny": {
			verdictCase{world: deny, edit: onlyRules, want: firewall.Unknown, both: "unknown: " + networkUnread + ", and " + regionUnread},
			"denied",
		},
		"no VPC rule would decide": {
			verdictCase{edit: onlyRules, want: firewall.Unknown, both: "unknown: " + networkUnread + ", and " + regionUnread},
			"denied",
		},
		"nothing was read": {
			verdictCase{world: deny, edit: nothing, want: firewall.Unknown, both: "unknown: " + networkUnread + ", and " + regionUnread},
			"",
		},
		"the region holds all that the network's answer would": {
			verdictCase{world: world{vpc: []string{admit}}, edit: noGlobal, want: firewall.Allowed, both: "allowed by " + lb}, "",
		},
		"the region's answer has the hierarchical policies": {
			verdictCase{
				world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", "1 deny all from=0.0.0.0/0")}}, edit: noGlobal,
				want: firewall.Denied, both: "denied by hierarchical policy org, rule 1 (deny)",
			}, "",
		},
		"a region's answer without VPC rules doesn't stand in": {
			verdictCase{
				edit: func(n *firewall.Network) {
					noGlobal(n)
					n.Region = facts.Found(&computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse{})
				},
				want: firewall.Unknown, both: "unknown: " + networkUnread,
			}, "denied",
		},
		"the region wasn't read, and could decide before VPC rules": {
			verdictCase{world: world{vpc: []string{admit}}, edit: noRegion, want: firewall.Unknown, both: "unknown: " + regionUnread}, "allowed",
		},
		"the region wasn't read, and the organisation decides before it": {
			verdictCase{
				world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", "1 deny all from=0.0.0.0/0")}}, edit: noRegion,
				want: firewall.Denied, both: "denied by hierarchical policy org, rule 1 (deny)",
			}, "denied",
		},
		"the region has no policies": {
			verdictCase{
				world: world{vpc: []string{admit}}, want: firewall.Allowed, both: "allowed by " + lb,
				edit: func(n *firewall.Network) {
					n.Region = facts.Absent[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse]()
				},
			}, "",
		},
		"the list of rules isn't needed": {
			verdictCase{
				world: world{vpc: []string{admit}}, want: firewall.Allowed, both: "allowed by " + lb,
				edit: func(n *firewall.Network) { n.Rules = facts.Unknown[[]*computepb.Firewall](errForbidden) },
			}, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.check(t)
			got := ""
			if v := tt.run(t); v.Readable != nil {
				got = v.Readable.Outcome.String()
			}
			if got != tt.readable {
				t.Errorf("readable %q, want %q", got, tt.readable)
			}
		})
	}
}

func TestOnlyRulesOfTheNetworkCount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		network string
		want    firewall.Outcome
	}{
		"this network":                    {network, firewall.Allowed},
		"its partial URL":                 {"projects/shop-prod/global/networks/main", firewall.Allowed},
		"no project":                      {"global/networks/main", firewall.Allowed},
		"another network":                 {"projects/shop-prod/global/networks/other", firewall.Denied},
		"a network whose name begins so":  {"projects/shop-prod/global/networks/main-2", firewall.Denied},
		"another project's of that name":  {"projects/shop-test/global/networks/main", firewall.Denied},
		"a rule that doesn't say of what": {"", firewall.Allowed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := admit
			if tt.network != "" {
				rule += " network=" + tt.network
			}
			v := verdictCase{edit: func(n *firewall.Network) { onlyRules(n); n.Rules = facts.Found(vpcRules([]string{rule})) }}.run(t)
			if v.Readable == nil || v.Readable.Outcome != tt.want {
				t.Errorf("readable %+v, want %v", v.Readable, tt.want)
			}
		})
	}
}

func TestWhatWouldHelp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		world                world
		edit                 func(*firewall.Network)
		target               func(*firewall.Target)
		disabled, otherPorts string
	}{
		"the rule is disabled": {
			world: world{vpc: []string{"k8s-fw-l7--5f0c 1000 allow tcp:8080 " + probers + " disabled"}}, disabled: "k8s-fw-l7--5f0c",
		},
		"the rule is disabled, and another one admits": {
			world: world{vpc: []string{admit, "off 1000 allow all from=0.0.0.0/0 disabled"}},
		},
		"the disabled rule would lose to a deny": {
			world: world{vpc: []string{"off 1000 allow all from=0.0.0.0/0 disabled", "wall 999 deny all from=0.0.0.0/0"}},
		},
		"the disabled rule would lose a tie": {
			world: world{vpc: []string{"off 1000 allow all from=0.0.0.0/0 disabled", "wall 1000 deny all from=0.0.0.0/0"}},
		},
		"the disabled rule would win over a deny": {
			world: world{vpc: []string{"off 1000 allow all from=0.0.0.0/0 disabled", "wall 1001 deny all from=0.0.0.0/0"}}, disabled: "off",
		},
		"the disabled rule would come after the organisation's deny": {
			world: world{
				vpc: []string{"off 1000 allow all from=0.0.0.0/0 disabled"}, policies: []policy{hierarchical("org", "1 deny all from=0.0.0.0/0")},
			},
		},
		"the disabled rule is for other nodes": {
			world: world{vpc: []string{"off 1000 allow all from=0.0.0.0/0 tags=db disabled"}},
		},
		"the disabled rule may be for other nodes": {
			world: world{vpc: []string{"off 1000 allow all from=0.0.0.0/0 tags=web disabled"}}, target: unreadTags,
		},
		"the disabled rule is for another port": {
			world: world{vpc: []string{"off 1000 allow tcp:80 from=0.0.0.0/0 disabled"}},
		},
		"the disabled rule is for ports that can't be read": {
			world: world{vpc: []string{"off 1000 allow tcp:http from=0.0.0.0/0 disabled"}},
		},
		"a disabled rule of a policy": {
			world: world{policies: []policy{global("edge", "10 allow all from=35.191.0.0/16 name=probers disabled")}}, disabled: "probers",
		},
		"the rule is for another port": {
			world: world{vpc: []string{"k8s-fw-l7--5f0c 1000 allow tcp:80,30000-32767 " + probers}}, otherPorts: "k8s-fw-l7--5f0c",
		},
		"the rule is for another port and part of the sources": {
			world: world{vpc: []string{"lb 1000 allow tcp:80 from=35.191.128.0/17"}}, otherPorts: "lb",
		},
		"the rule is for other ports, and another one admits": {
			world: world{vpc: []string{admit, "ssh 1000 allow tcp:22 from=0.0.0.0/0"}},
		},
		"the rule is for another protocol": {
			world: world{vpc: []string{"ping 1000 allow icmp from=0.0.0.0/0", "dns 1000 allow udp:53 from=0.0.0.0/0"}},
		},
		"the rule is for other sources": {
			world: world{vpc: []string{"internal 1000 allow tcp:80 from=10.0.0.0/8"}},
		},
		"the rule for another port would lose to a deny": {
			world: world{vpc: []string{"lb 1000 allow tcp:80 " + probers, "wall 900 deny all from=0.0.0.0/0"}},
		},
		"the rule for another port is disabled": {
			world: world{vpc: []string{"lb 1000 allow tcp:80 " + probers + " disabled"}},
		},
		"the rule for another port denies": {
			world: world{vpc: []string{"wall 1000 deny tcp:80 from=0.0.0.0/0"}},
		},
		"the rest of a range is denied": {
			world: world{vpc: []string{
				"half 1000 allow tcp:8080 from=130.211.0.0/22,35.191.0.0/17", "other 1000 allow tcp:80 from=35.191.0.0/17", "rest 1000 allow tcp:80 from=35.191.128.0/17",
			}},
			otherPorts: "rest",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verdictCase{world: tt.world, target: tt.target, edit: tt.edit}.run(t)
			if diff := cmp.Diff([2]string{tt.disabled, tt.otherPorts}, [2]string{names(v.Disabled), names(v.OtherPorts)}); diff != "" {
				t.Errorf("disabled and other ports (-want +got):\n%s", diff)
			}
		})
	}
}

func names(rules []firewall.Rule) string {
	var all []string
	for _, r := range rules {
		all = append(all, r.Name)
	}
	return strings.Join(all, " ")
}

func TestSourcesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, sources := range map[string][]netip.Prefix{"no sources": nil, "an invalid one": {{}}} {
		v := verdictCase{world: world{vpc: []string{admit}}, packet: func(p *firewall.Packet) { p.Sources = sources }}.run(t)
		if v.Outcome != firewall.Unknown || len(v.Parts) != len(sources) {
			t.Errorf("%s: %v %v", name, v.Outcome, lines(v))
		}
	}
}

func TestHintsAreOfWhatWasRead(t *testing.T) {
	t.Parallel()
	v := verdictCase{world: world{vpc: []string{"off 1000 allow all from=0.0.0.0/0 disabled"}}, edit: onlyRules}.run(t)
	if names(v.Disabled) != "" || v.Readable == nil || names(v.Readable.Disabled) != "off" {
		t.Errorf("an unread policy may decide, and the hint is %+v of %+v", v.Readable, v)
	}
}

func TestVerdictAnswersByOutcome(t *testing.T) {
	t.Parallel()
	v := verdictCase{world: world{vpc: []string{"lb 1000 allow tcp:8080 from=35.191.0.0/17", "wall 900 deny all from=35.191.64.0/18"}}}.run(t)
	sources := firewall.ProberRanges()
	if got := [2]firewall.Outcome{v.Of(sources[0]), v.Of(sources[1])}; got != [2]firewall.Outcome{firewall.Denied, firewall.Partial} {
		t.Errorf("by source %v", got)
	}
	if got := v.Of(prefixes(t, "10.0.0.0/8")[0]); got != firewall.Unknown {
		t.Errorf("a source that wasn't asked about is %v", got)
	}
	if diff := cmp.Diff("130.211.0.0/22 35.191.64.0/18 35.191.128.0/17", join(v, firewall.Denied)); diff != "" {
		t.Errorf("denied (-want +got):\n%s", diff)
	}
	want := []firewall.Rule{
		{Layer: firewall.LayerImplied, Action: "deny", Covers: "all"},
		{Layer: firewall.LayerVPC, Name: "wall", Priority: 900, Action: "deny", Covers: "all", From: "35.191.64.0/18"},
	}
	if diff := cmp.Diff(want, v.Deciders(firewall.Denied)); diff != "" {
		t.Errorf("deciders (-want +got):\n%s", diff)
	}
}

func join(v firewall.Verdict, o firewall.Outcome) string {
	var all []string
	for _, r := range v.Ranges(o) {
		all = append(all, r.String())
	}
	return strings.Join(all, " ")
}
