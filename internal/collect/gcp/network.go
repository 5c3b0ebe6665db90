package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// Network reads one VPC network of the project that has it; a deleted one is absent.
func (r *Reader) Network(ctx context.Context, project, name string) facts.Value[*computepb.Network] {
	found, err := ask(ctx, r, compute.NewNetworksRESTClient, (*compute.NetworksClient).Get,
		&computepb.GetNetworkRequest{Project: project, Network: name})
	return object(of(facts.Network, "network "+name, project), found, err)
}

// NetworkFirewall reads what applies to a network: its VPC rules, and the rules of
// hierarchical, global and system policies (gcp-facts.md §7). A network that is gone
// has no effective rules that could be known.
func (r *Reader) NetworkFirewall(ctx context.Context, project, network string) facts.Value[*computepb.NetworksGetEffectiveFirewallsResponse] {
	found, err := ask(ctx, r, compute.NewNetworksRESTClient, (*compute.NetworksClient).GetEffectiveFirewalls,
		&computepb.GetEffectiveFirewallsNetworkRequest{Project: project, Network: network})
	return read(of(facts.NetworkFirewall, "effective firewalls of network "+network, project), found, err)
}

// RegionFirewall reads what the policies of a region add for a network, which is
// named as gcloud does, by its URL.
func (r *Reader) RegionFirewall(ctx context.Context, project, region, network string) facts.Value[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse] {
	url := computeEndpoint + "/compute/v1/projects/" + project + "/global/networks/" + network
	found, err := ask(ctx, r, compute.NewRegionNetworkFirewallPoliciesRESTClient, (*compute.RegionNetworkFirewallPoliciesClient).GetEffectiveFirewalls,
		&computepb.GetEffectiveFirewallsRegionNetworkFirewallPolicyRequest{Project: project, Region: region, Network: url})
	return read(of(facts.RegionFirewall, "effective firewalls of network "+network+" in "+region, project), found, err)
}

// Firewalls reads the VPC firewall rules of a project, of all its networks; those of
// a shared VPC are in its host project (gcp-facts.md §7).
func (r *Reader) Firewalls(ctx context.Context, project string) facts.Value[[]*computepb.Firewall] {
	return global(ctx, r, of(facts.Firewalls, "firewall rules", project), compute.NewFirewallsRESTClient, (*compute.FirewallsClient).List,
		&computepb.ListFirewallsRequest{Project: project, MaxResults: full},
		func(it *compute.FirewallIterator) any { return it.Response })
}

// Subnetworks reads those of all regions.
func (r *Reader) Subnetworks(ctx context.Context, project string) facts.Value[[]*computepb.Subnetwork] {
	return aggregated(ctx, r, of(facts.Subnetworks, "subnetworks", project), compute.NewSubnetworksRESTClient, (*compute.SubnetworksClient).AggregatedList,
		&computepb.AggregatedListSubnetworksRequest{Project: project, MaxResults: full},
		func(it *compute.SubnetworksScopedListPairIterator) any { return it.Response }, (*computepb.SubnetworksScopedList).GetSubnetworks)
}
