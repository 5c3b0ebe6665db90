package scenario

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPermissionsThatNoReadNeedsAreWarnedOf(t *testing.T) {
	write(t, map[string]string{"x.txtar": head + `deny:
- compute.networkendpointgroups.LIST
- compute.globalForwardingRules.list
- compute.regionBackendServices.get
- container.thirdPartyObjects.list
- compute.backendServices.getHealth
- container.configmap.list
`})
	_, warnings, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	if diff := cmp.Diff([]string{
		`x.txtar:10: scenario.yaml: no read needs the permission "compute.backendServices.getHealth", so it changes nothing; the nearest is compute.backendServices.get`,
		`x.txtar:11: scenario.yaml: no read needs the permission "container.configmap.list", so it changes nothing; the nearest is container.configMaps.list`,
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryReadIsAPermission(t *testing.T) {
	for _, permission := range reads() {
		if !isRead(permission) || nearestRead(permission) != permission {
			t.Errorf("%s: the nearest is %s", permission, nearestRead(permission))
		}
	}
	for _, permission := range []string{
		"compute.projects.get", "compute.regions.get", "compute.networks.getRegionEffectiveFirewalls", "container.operations.list",
		"certificatemanager.certmapentries.list", "compute.firewallPolicies.list", "compute.regionFirewallPolicies.list",
		"compute.globalNetworkEndpointGroups.get", "compute.regionTargetTcpProxies.list", "compute.zoneOperations.list",
	} {
		if !slices.Contains(reads(), permission) {
			t.Errorf("%s is missing", permission)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abc", "", 3},
		{"", "ab", 2},
		{"kitten", "sitting", 3},
		{"compute.firewall.list", "compute.firewalls.list", 1},
	} {
		if got := edits(row.a, row.b); got != row.want || edits(row.b, row.a) != row.want {
			t.Errorf("%q to %q: %d, want %d", row.a, row.b, got, row.want)
		}
	}
}
