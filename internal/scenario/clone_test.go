package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCloneSharesNothing(t *testing.T) {
	s := over(t, onBase+`deny: [compute.firewalls.list]
fail: {compute.networks.list: 503}
unavailable: [kubernetes/main]
-- dns.yaml --
a.example: {A: [203.0.113.7]}
-- responses.yaml --
- {pod: a/b, port: 1, status: 200, headers: {A: b}}
-- compute/projects/shop-prod/global/networks/n.json --
{}
-- compute/projects/shop-prod/global/networks/n/effectiveFirewalls.json --
{"firewalls": []}
`)
	before, c := s.World.Clone(), s.World.Clone()
	if diff := cmp.Diff(s.World, c); diff != "" {
		t.Fatalf("the clone differs: %s", diff)
	}
	c.Clusters[clusterPath].AddonsConfig.HttpLoadBalancing.Disabled = false
	c.Compute[checkPath][0] = 'x'
	c.Health[servicePath]["zones/z/networkEndpointGroups/g"][0] = 'x'
	delete(c.Health[servicePath], "zones/y/networkEndpointGroups/g")
	c.Endpoints[groupPath][0] = 'x'
	c.EffectiveFirewalls["projects/shop-prod/global/networks/n"][0] = 'x'
	c.Kubernetes["main"][0].SetAnnotations(nil)
	c.Logs[0][0] = 'x'
	c.Responses[0].Headers["A"] = "x"
	c.DNS["a.example"].A[0] = "x"
	c.Deny[0], c.Fail["compute.networks.list"], c.Unavailable[0] = "x", 1, "x"
	if diff := cmp.Diff(before, s.World); diff != "" {
		t.Errorf("changing the clone changed the world: %s", diff)
	}
	if (*World)(nil).Clone() != nil {
		t.Error("the clone of no world is a world")
	}
}
