package firewall_test

import (
	"errors"
	"net/netip"
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

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
