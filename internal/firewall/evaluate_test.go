package firewall_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/firewall"
)

// A verdictCase is a world, what changes about target and packet, and the parts of
// the verdict as people read them.
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
