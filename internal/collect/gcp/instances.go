package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// instanceFields asks for what Instances keeps, as a partial response
// (https://developers.google.com/workspace/drive/api/guides/performance#partial):
// an instance is several kB, most of it disks and metadata, and a project can have
// ten thousand. Metadata may hold secrets, which then never leave the API.
const instanceFields = "items/*/instances(id,name,selfLink,zone,status,creationTimestamp,lastStartTimestamp,labels,tags/items,serviceAccounts/email," +
	"networkInterfaces(name,network,subnetwork,networkIP,ipv6Address)),items/*/warning,nextPageToken,unreachables,warning"

// Instances reads the virtual machines of all zones, each with id, name, selfLink,
// zone, status, when it was created and started, labels, tags, the addresses of service accounts, and of its network
// interfaces name, network, subnetwork and internal addresses; nothing else.
func (r *Reader) Instances(ctx context.Context, project string) facts.Value[[]*computepb.Instance] {
	return trimmed(ctx, r, of(facts.Instances, "instances", project), instanceFields, compute.NewInstancesRESTClient, (*compute.InstancesClient).AggregatedList,
		&computepb.AggregatedListInstancesRequest{Project: project, MaxResults: full},
		func(it *compute.InstancesScopedListPairIterator) any { return it.Response },
		func(scope *computepb.InstancesScopedList) []*computepb.Instance {
			return essentials(scope.GetInstances())
		})
}

// essentials are the same instances with the fields of instanceFields only, whatever
// the server makes of those.
func essentials(instances []*computepb.Instance) []*computepb.Instance {
	out := make([]*computepb.Instance, len(instances))
	for i, in := range instances {
		out[i] = &computepb.Instance{Id: in.Id, Name: in.Name, SelfLink: in.SelfLink, Zone: in.Zone, Status: in.Status, CreationTimestamp: in.CreationTimestamp, LastStartTimestamp: in.LastStartTimestamp, Labels: in.Labels}
		if in.Tags != nil {
			out[i].Tags = &computepb.Tags{Items: in.Tags.Items}
		}
		for _, account := range in.ServiceAccounts {
			out[i].ServiceAccounts = append(out[i].ServiceAccounts, &computepb.ServiceAccount{Email: account.Email})
		}
		for _, nic := range in.NetworkInterfaces {
			out[i].NetworkInterfaces = append(out[i].NetworkInterfaces, &computepb.NetworkInterface{
				Name: nic.Name, Network: nic.Network, Subnetwork: nic.Subnetwork, NetworkIP: nic.NetworkIP, Ipv6Address: nic.Ipv6Address,
			})
		}
	}
	return out
}
