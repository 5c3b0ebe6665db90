package firewall_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/firewall"
)

func TestWhatWouldHelp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		world                world
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
			world: world{policies: []policy{global("10 allow all from=35.191.0.0/16 name=probers disabled")}}, disabled: "probers",
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
			v := verdictCase{world: tt.world, target: tt.target}.run(t)
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
