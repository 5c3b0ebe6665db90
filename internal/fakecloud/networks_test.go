package fakecloud

import (
	"encoding/json"
	"slices"
	"testing"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	"google.golang.org/api/option"

	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

func networks(t *testing.T, c *Cloud) *compute.NetworksClient {
	t.Helper()
	return client(t, c, func(c *Cloud) (*compute.NetworksClient, error) {
		return compute.NewNetworksRESTClient(t.Context(), option.WithEndpoint(c.HTTP()), option.WithoutAuthentication())
	})
}

func regionPolicies(t *testing.T, c *Cloud) *compute.RegionNetworkFirewallPoliciesClient {
	t.Helper()
	return client(t, c, func(c *Cloud) (*compute.RegionNetworkFirewallPoliciesClient, error) {
		return compute.NewRegionNetworkFirewallPoliciesRESTClient(t.Context(), option.WithEndpoint(c.HTTP()), option.WithoutAuthentication())
	})
}

// policies is a world with a global and a regional policy on network prod, one of
// another network, and the answer that a hierarchical policy adds on network hub.
func policies() *scenario.World {
	attach := func(name, network string) json.RawMessage {
		return json.RawMessage(`{"name":"` + name + `","rules":[{"priority":1,"action":"deny","direction":"INGRESS"}],
			"associations":[{"name":"a","attachmentTarget":"https://www.googleapis.com/compute/v1/projects/p/global/networks/` + network + `"}]}`)
	}
	return &scenario.World{
		Project: "p",
		Clusters: map[string]*container.Cluster{
			"projects/p/locations/us-central1/clusters/bare":   {Network: "prod"},
			"projects/p/locations/us-central1/clusters/guest":  {NetworkConfig: &container.NetworkConfig{Network: "projects/elsewhere/global/networks/x"}},
			"projects/p/locations/us-central1/clusters/shared": {Network: "hub", NetworkConfig: &container.NetworkConfig{Network: "projects/host/global/networks/hub"}},
		},
		Compute: map[string]json.RawMessage{
			"projects/p/global/firewalls/allow":                          json.RawMessage(`{"name":"allow","network":"prod"}`),
			"projects/p/global/firewallPolicies/everywhere":              attach("everywhere", "prod"),
			"projects/p/global/firewallPolicies/elsewhere":               attach("elsewhere", "other"),
			"projects/p/regions/us-central1/firewallPolicies/here":       attach("here", "prod"),
			"projects/p/regions/us-east1/firewallPolicies/there":         attach("there", "prod"),
			"projects/p/zones/us-central1-a/networkEndpointGroups/n":     json.RawMessage(`{"name":"n","network":"projects/p/global/networks/ofneg"}`),
			"projects/p/zones/us-central1-a/instances/node":              json.RawMessage(`{"name":"node","networkInterfaces":[{"network":"global/networks/ofnode"}]}`),
			"projects/p/zones/us-central1-a/networkEndpointGroups/blank": json.RawMessage(`{"name":"blank"}`),
		},
		EffectiveFirewalls: map[string]json.RawMessage{
			"projects/host/global/networks/hub":            json.RawMessage(`{"firewallPolicys":[{"name":"org","type":"HIERARCHY"},{"name":"gke","type":"SYSTEM"}]}`),
			"projects/p/regions/us-east1/networks/written": json.RawMessage(`{"firewallPolicys":[{"name":"as-written","type":"SYSTEM_REGIONAL"}]}`),
		},
	}
}

func TestANetworkExistsThatSomethingNames(t *testing.T) {
	t.Parallel()
	c := start(t, policies(), Options{})
	for _, name := range []string{"prod", "other", "ofneg", "ofnode", "written"} {
		n, err := networks(t, c).Get(t.Context(), &computepb.GetNetworkRequest{Project: "p", Network: name})
		if err != nil || n.GetName() != name || n.GetNetworkFirewallPolicyEnforcementOrder() != "AFTER_CLASSIC_FIREWALL" || n.AutoCreateSubnetworks == nil ||
			n.GetSelfLink() != "https://www.googleapis.com/compute/v1/projects/p/global/networks/"+name {
			t.Errorf("%s: %v, %v", name, n, err)
		}
	}
	if _, err := networks(t, c).Get(t.Context(), &computepb.GetNetworkRequest{Project: "host", Network: "hub"}); err != nil {
		t.Errorf("the host project's network: %v", err)
	}
	// A shared network is the host project's only.
	_, err := networks(t, c).Get(t.Context(), &computepb.GetNetworkRequest{Project: "p", Network: "hub"})
	wantGoogleError(t, err, 404, "notFound", "The resource 'projects/p/global/networks/hub' was not found")
	// Of this host project nothing is told, its rules neither.
	_, err = networks(t, c).Get(t.Context(), &computepb.GetNetworkRequest{Project: "elsewhere", Network: "x"})
	wantGoogleError(t, err, 404, "notFound", "The resource 'projects/elsewhere' was not found")
	if got := permissions(c); !slices.Equal(got, []string{"compute.networks.get"}) {
		t.Errorf("permissions %v", got)
	}
}

func TestEffectivePoliciesAreThoseAttached(t *testing.T) {
	t.Parallel()
	c := start(t, policies(), Options{})
	got, err := networks(t, c).GetEffectiveFirewalls(t.Context(), &computepb.GetEffectiveFirewallsNetworkRequest{Project: "p", Network: "prod"})
	if err != nil || len(got.GetFirewalls()) != 1 || len(got.GetFirewallPolicys()) != 1 {
		t.Fatalf("global: %v, %v", got, err)
	}
	if p := got.GetFirewallPolicys()[0]; p.GetName() != "everywhere" || p.GetType() != "NETWORK" || len(p.GetRules()) != 1 {
		t.Errorf("policy: %v", p)
	}
}

func TestRegionEffectiveFirewalls(t *testing.T) {
	t.Parallel()
	c := start(t, policies(), Options{})
	ask := func(project, region, network string) (rules int, policies []string, err error) {
		got, err := regionPolicies(t, c).GetEffectiveFirewalls(t.Context(), &computepb.GetEffectiveFirewallsRegionNetworkFirewallPolicyRequest{
			Project: project, Region: region, Network: network,
		})
		for _, p := range got.GetFirewallPolicys() {
			policies = append(policies, p.GetName()+" "+p.GetType())
		}
		return len(got.GetFirewalls()), policies, err
	}
	const prod = "https://www.googleapis.com/compute/v1/projects/p/global/networks/prod"
	for _, row := range []struct {
		project, region, network string
		rules                    int
		policies                 []string
	}{
		{"p", "us-central1", prod, 1, []string{"everywhere NETWORK", "here NETWORK_REGIONAL"}},
		{"p", "us-east1", "global/networks/prod", 1, []string{"everywhere NETWORK", "there NETWORK_REGIONAL"}},
		{"p", "us-central1", "projects/p/global/networks/ofneg", 0, nil},
		{"p", "us-east1", "projects/p/global/networks/written", 0, []string{"as-written SYSTEM_REGIONAL"}},
		{"p", "us-central1", "projects/p/global/networks/written", 0, nil},
		{"host", "us-central1", "projects/host/global/networks/hub", 0, []string{"org HIERARCHY", "gke SYSTEM_GLOBAL"}},
	} {
		rules, policies, err := ask(row.project, row.region, row.network)
		if diff := cmp.Diff(row.policies, policies); err != nil || rules != row.rules || diff != "" {
			t.Errorf("%s in %s: %d rules, %v\n%s", row.network, row.region, rules, err, diff)
		}
	}
	_, _, err := ask("p", "us-central1", "projects/p/global/networks/gone")
	wantGoogleError(t, err, 404, "notFound", "The resource 'projects/p/global/networks/gone' was not found")
	if got := permissions(c); !slices.Equal(got, []string{"compute.networks.getRegionEffectiveFirewalls"}) {
		t.Errorf("permissions %v", got)
	}
}

func TestFirewallPoliciesAreListedByScope(t *testing.T) {
	t.Parallel()
	c := start(t, policies(), Options{})
	global := client(t, c, func(c *Cloud) (*compute.NetworkFirewallPoliciesClient, error) {
		return compute.NewNetworkFirewallPoliciesRESTClient(t.Context(), option.WithEndpoint(c.HTTP()), option.WithoutAuthentication())
	})
	var names []string
	for p, err := range global.List(t.Context(), &computepb.ListNetworkFirewallPoliciesRequest{Project: "p"}).All() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, p.GetName())
	}
	for p, err := range regionPolicies(t, c).List(t.Context(), &computepb.ListRegionNetworkFirewallPoliciesRequest{Project: "p", Region: "us-east1"}).All() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, p.GetName())
	}
	if diff := cmp.Diff([]string{"elsewhere", "everywhere", "there"}, names); diff != "" {
		t.Error(diff)
	}
	if got := permissions(c); !slices.Equal(got, []string{"compute.firewallPolicies.list", "compute.regionFirewallPolicies.list"}) {
		t.Errorf("permissions %v", got)
	}
}

// A real cluster always has a network; a fixture may leave it out.
func TestAClusterThatDoesNotSayIsInTheOnlyNetwork(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		named []string
		want  string
	}{
		"nobody names one":  {nil, "projects/p/global/networks/default"},
		"one is named":      {[]string{"prod"}, "projects/p/global/networks/prod"},
		"several are named": {[]string{"prod", "default"}, ""},
	} {
		const cluster = "projects/p/locations/us-central1/clusters/bare"
		w := &scenario.World{Project: "p", Clusters: map[string]*container.Cluster{cluster: {}}, Compute: map[string]json.RawMessage{}}
		for _, network := range row.named {
			w.Compute["projects/p/global/firewalls/in-"+network] = json.RawMessage(`{"network":"global/networks/` + network + `"}`)
		}
		c := start(t, w, Options{})
		got, err := containerClient(t, c).Projects.Locations.Clusters.Get(cluster).Do()
		if err != nil {
			t.Fatal(err)
		}
		config := got.NetworkConfig
		if config == nil {
			config = &container.NetworkConfig{}
		}
		if config.Network != row.want || got.Network != facts.LastSegment(row.want) {
			t.Errorf("%s: %q, %q", name, got.Network, config.Network)
		}
		if row.want == "" {
			continue
		}
		if _, err := networks(t, c).GetEffectiveFirewalls(t.Context(), &computepb.GetEffectiveFirewallsNetworkRequest{Project: "p", Network: got.Network}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
