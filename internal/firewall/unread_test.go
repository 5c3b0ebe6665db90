package firewall_test

import (
	"errors"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

var errForbidden = errors.New("403 PERMISSION_DENIED")

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

func TestHintsAreOfWhatWasRead(t *testing.T) {
	t.Parallel()
	v := verdictCase{world: world{vpc: []string{"off 1000 allow all from=0.0.0.0/0 disabled"}}, edit: onlyRules}.run(t)
	if names(v.Disabled) != "" || v.Readable == nil || names(v.Readable.Disabled) != "off" {
		t.Errorf("an unread policy may decide, and the hint is %+v of %+v", v.Readable, v)
	}
}
