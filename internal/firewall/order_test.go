package firewall_test

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/firewall"
)

// pass are the predefined rules that every policy has for ingress, as the API lists
// them.
var pass = []string{"2147483645 goto_next all from=::/0", "2147483647 goto_next all from=0.0.0.0/0"}

func TestOrderOfEvaluation(t *testing.T) {
	t.Parallel()
	const (
		allowAll = "100 allow all from=0.0.0.0/0"
		denyAll  = "100 deny all from=0.0.0.0/0"
		next     = "50 goto_next all from=0.0.0.0/0"
		vpcDeny  = "wall 1 deny all from=0.0.0.0/0"
	)
	tests := map[string]verdictCase{
		"a hierarchical allow comes before a VPC deny": {
			world: world{vpc: []string{vpcDeny}, policies: []policy{hierarchical("org", allowAll)}},
			want:  firewall.Allowed, both: "allowed by hierarchical policy org, rule 100 (allow)",
		},
		"a hierarchical deny comes before a VPC allow": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", denyAll)}},
			want:  firewall.Denied, both: "denied by hierarchical policy org, rule 100 (deny)",
		},
		"the predefined rules pass everything on": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", pass...), global(pass...)}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"a policy none of whose rules match passes on too": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", "1 deny tcp:22 from=0.0.0.0/0"), hierarchical("empty")}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"goto_next skips the rest of its policy": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", next, denyAll)}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"goto_next of lower priority skips nothing": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", "150 goto_next all from=0.0.0.0/0", denyAll)}},
			want:  firewall.Denied, both: "denied by hierarchical policy org, rule 100 (deny)",
		},
		"goto_next for one range lets the rest be denied": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", "50 goto_next all from=35.191.0.0/16", denyAll)}},
			want:  firewall.Partial,
			parts: []string{"130.211.0.0/22 is denied by hierarchical policy org, rule 100 (deny)", "35.191.0.0/16 is allowed by " + lb},
		},
		"the organisation passes on to a folder that denies": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", next, allowAll), hierarchical("folder", denyAll)}},
			want:  firewall.Denied, both: "denied by hierarchical policy folder, rule 100 (deny)",
		},
		"the organisation comes before its folder, and they disagree": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", allowAll), hierarchical("folder", denyAll)}},
			want:  firewall.Allowed, both: "allowed by hierarchical policy org, rule 100 (allow)",
			inferred: "org comes before folder because it is listed first",
		},
		"the organisation comes before its folder, and they agree": {
			world: world{vpc: []string{admit}, policies: []policy{hierarchical("org", denyAll), hierarchical("folder", pass...), hierarchical("sub", denyAll)}},
			want:  firewall.Denied, both: "denied by hierarchical policy org, rule 100 (deny)",
		},
		"a folder may decide otherwise": {
			world: world{policies: []policy{hierarchical("org", denyAll), hierarchical("folder", "1 allow all from=0.0.0.0/0 secure=tagValues/1")}},
			want:  firewall.Denied, both: "denied by hierarchical policy org, rule 100 (deny)",
			inferred: "org comes before folder because it is listed first",
		},
		"a regional system policy comes after the hierarchical ones": {
			world: world{policies: []policy{system("gke", denyAll), hierarchical("org", allowAll)}},
			want:  firewall.Allowed, both: "allowed by hierarchical policy org, rule 100 (allow)",
		},
		"a regional system policy comes before VPC rules": {
			world: world{vpc: []string{vpcDeny}, policies: []policy{hierarchical("org", next, denyAll), system("gke", allowAll)}},
			want:  firewall.Allowed, both: "allowed by regional system policy gke, rule 100 (allow)",
		},
		"a regional system policy denies": {
			world: world{vpc: []string{admit}, policies: []policy{system("gke", denyAll)}},
			want:  firewall.Denied, both: "denied by regional system policy gke, rule 100 (deny)",
		},
		"a regional system policy comes before network policies that come before VPC rules": {
			world: world{order: firewall.BeforeClassic, vpc: []string{vpcDeny}, policies: []policy{global(denyAll), system("gke", allowAll)}},
			want:  firewall.Allowed, both: "allowed by regional system policy gke, rule 100 (allow)",
		},
		"system policies are ordered by the priority of their association": {
			world: world{policies: []policy{ordered(20, system("late", denyAll)), ordered(10, system("early", allowAll))}},
			want:  firewall.Allowed, both: "allowed by regional system policy early, rule 100 (allow)",
		},
		"hierarchical policies are ordered as listed, whatever their association says": {
			world: world{policies: []policy{ordered(20, hierarchical("org", allowAll)), ordered(10, hierarchical("folder", denyAll))}},
			want:  firewall.Allowed, both: "allowed by hierarchical policy org, rule 100 (allow)",
			inferred: "org comes before folder because it is listed first",
		},
		"by default VPC rules come before the global policy": {
			world: world{vpc: []string{admit}, policies: []policy{global(denyAll)}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"by default a VPC deny comes before the global policy": {
			world: world{vpc: []string{vpcDeny}, policies: []policy{global(allowAll)}},
			want:  firewall.Denied, both: "denied by VPC rule wall (priority 1, deny)",
		},
		"by default the global policy comes before the implied deny": {
			world: world{policies: []policy{global(allowAll)}},
			want:  firewall.Allowed, both: "allowed by global network policy edge, rule 100 (allow)",
		},
		"BEFORE_CLASSIC_FIREWALL: the global policy comes before VPC rules": {
			world: world{order: firewall.BeforeClassic, vpc: []string{admit}, policies: []policy{global(denyAll)}},
			want:  firewall.Denied, both: "denied by global network policy edge, rule 100 (deny)",
		},
		"BEFORE_CLASSIC_FIREWALL: the regional policy comes before VPC rules": {
			world: world{order: firewall.BeforeClassic, vpc: []string{admit}, policies: []policy{regional(denyAll)}},
			want:  firewall.Denied, both: "denied by regional network policy west, rule 100 (deny)",
		},
		"BEFORE_CLASSIC_FIREWALL: policies that pass on leave it to VPC rules": {
			world: world{order: firewall.BeforeClassic, vpc: []string{admit}, policies: []policy{global(next, denyAll), regional(pass...)}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"the global policy comes before the regional one": {
			world: world{policies: []policy{regional(denyAll), global(allowAll)}},
			want:  firewall.Allowed, both: "allowed by global network policy edge, rule 100 (allow)",
		},
		"the global policy passes on to the regional one": {
			world: world{policies: []policy{global(next, allowAll), regional(denyAll)}},
			want:  firewall.Denied, both: "denied by regional network policy west, rule 100 (deny)",
		},
		"the order wasn't read, and decides": {
			world: world{vpc: []string{admit}, policies: []policy{global(denyAll)}},
			edit:  func(n *firewall.Network) { n.Order = firewall.OrderUnknown },
			want:  firewall.Unknown, both: "unknown: whether VPC rules or network policies come first wasn't read, and decides",
		},
		"the order wasn't read, and changes nothing": {
			world: world{vpc: []string{admit}, policies: []policy{global(pass...)}},
			edit:  func(n *firewall.Network) { n.Order = firewall.OrderUnknown },
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
		"the order wasn't read, and changes only who decides": {
			world: world{vpc: []string{admit}, policies: []policy{global(allowAll)}},
			edit:  func(n *firewall.Network) { n.Order = firewall.OrderUnknown },
			want:  firewall.Allowed, both: "allowed by " + lb, inferred: "or global network policy edge, rule 100 (allow) decides",
		},
		"the order wasn't read, and decides about one address": {
			world: world{vpc: []string{"lb 1000 allow all from=0.0.0.0/0"}, policies: []policy{global("1 deny all from=35.191.128.0/17")}},
			edit: func(n *firewall.Network) {
				n.Order = firewall.OrderUnknown
			},
			want: firewall.Unknown,
			parts: []string{
				"130.211.0.0/22 is allowed by " + lb, "35.191.0.0/17 is allowed by " + lb,
				"35.191.128.0/17 is unknown: whether VPC rules or network policies come first wasn't read, and decides",
			},
		},
		"where a system policy of no region comes isn't documented": {
			world: world{vpc: []string{admit}, policies: []policy{{"SYSTEM_GLOBAL", "google", []string{denyAll}, nil}}},
			want:  firewall.Unknown,
			both:  "unknown: policy of another type google, rule 100 (deny) may decide first: when policies of type SYSTEM_GLOBAL are evaluated isn't documented",
		},
		"a system policy of no region that agrees": {
			world: world{vpc: []string{admit}, policies: []policy{{"SYSTEM", "google", []string{allowAll}, nil}}},
			want:  firewall.Allowed, both: "allowed by " + lb,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}

func TestOrderIsReadFromTheNetwork(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]firewall.Order{
		"": firewall.AfterClassic, "AFTER_CLASSIC_FIREWALL": firewall.AfterClassic, "BEFORE_CLASSIC_FIREWALL": firewall.BeforeClassic,
		"SOMETIME": firewall.OrderUnknown,
	} {
		n := &computepb.Network{}
		if word != "" {
			n.NetworkFirewallPolicyEnforcementOrder = &word
		}
		if got := firewall.OrderOf(n); got != want {
			t.Errorf("%q: order %d, want %d", word, got, want)
		}
	}
}
