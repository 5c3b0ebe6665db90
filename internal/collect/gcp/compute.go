package gcp

import (
	"context"
	"errors"
	"strings"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/iterator"

	"plumbline/internal/facts"
)

// Firewalls reads the VPC firewall rules of a project; those of a shared VPC are
// in its host project (gcp-facts.md §7).
func (r *Reader) Firewalls(ctx context.Context, project string) facts.Value[[]*computepb.Firewall] {
	const needs = facts.Firewalls
	what := "firewall rules of " + project
	client, err := compute.NewFirewallsRESTClient(ctx, r.options(ctx, "")...)
	if err != nil {
		return unread[[]*computepb.Firewall](needs, what, err)
	}
	it := client.List(ctx, &computepb.ListFirewallsRequest{Project: project, MaxResults: new(uint32(pageSize))}, once())
	found, err := all(it.Next)
	return whole(needs, what, found, err)
}

// Endpoints reads what a zonal network endpoint group holds, with the health that
// it knows of; neg is a relative path. A group that is gone is absent.
func (r *Reader) Endpoints(ctx context.Context, neg string) facts.Value[[]*computepb.NetworkEndpointWithHealthStatus] {
	const needs = facts.NEGEndpoints
	what := "endpoints of " + neg
	at, err := parse(neg)
	if err == nil && at.zone == "" {
		err = errors.New("only zonal groups list their endpoints")
	}
	if err != nil {
		return unread[[]*computepb.NetworkEndpointWithHealthStatus](needs, what, err)
	}
	client, err := compute.NewNetworkEndpointGroupsRESTClient(ctx, r.options(ctx, `{"healthStatus":"SHOW"}`)...)
	if err != nil {
		return unread[[]*computepb.NetworkEndpointWithHealthStatus](needs, what, err)
	}
	it := client.ListNetworkEndpoints(ctx, &computepb.ListNetworkEndpointsNetworkEndpointGroupsRequest{
		Project: at.project, Zone: at.zone, NetworkEndpointGroup: at.name, MaxResults: new(uint32(pageSize)),
	}, once())
	found, err := all(it.Next)
	if isNotFound(err) {
		return facts.Absent[[]*computepb.NetworkEndpointWithHealthStatus]()
	}
	return whole(needs, what, found, err)
}

// Health asks a backend service for the health of one of its groups. A backend
// service that is gone is absent.
func (r *Reader) Health(ctx context.Context, of facts.BackendGroup) facts.Value[[]*computepb.HealthStatus] {
	what := "health of " + of.Group + " behind " + of.BackendService
	at, err := parse(of.BackendService)
	if err != nil {
		return unread[[]*computepb.HealthStatus](facts.BackendHealth, what, err)
	}
	group := &computepb.ResourceGroupReference{Group: new(computeEndpoint + "/compute/v1/" + facts.RelativePath(of.Group))}
	needs, ask := facts.BackendHealth, r.globalHealth
	if at.region != "" {
		needs, ask = facts.RegionBackendHealth, r.regionalHealth
	}
	answer, err := ask(ctx, at, group)
	if isNotFound(err) {
		return facts.Absent[[]*computepb.HealthStatus]()
	}
	return whole(needs, what, answer.GetHealthStatus(), err)
}

func (r *Reader) globalHealth(ctx context.Context, at path, group *computepb.ResourceGroupReference) (*computepb.BackendServiceGroupHealth, error) {
	client, err := compute.NewBackendServicesRESTClient(ctx, r.options(ctx, "")...)
	if err != nil {
		return nil, err
	}
	return client.GetHealth(ctx, &computepb.GetHealthBackendServiceRequest{
		Project: at.project, BackendService: at.name, ResourceGroupReferenceResource: group,
	}, once())
}

func (r *Reader) regionalHealth(ctx context.Context, at path, group *computepb.ResourceGroupReference) (*computepb.BackendServiceGroupHealth, error) {
	client, err := compute.NewRegionBackendServicesRESTClient(ctx, r.options(ctx, "")...)
	if err != nil {
		return nil, err
	}
	return client.GetHealth(ctx, &computepb.GetHealthRegionBackendServiceRequest{
		Project: at.project, Region: at.region, BackendService: at.name, ResourceGroupReferenceResource: group,
	}, once())
}

// A path is a Compute resource's relative path, taken apart; zone and region are
// empty where the resource has none.
type path struct{ project, zone, region, name string }

func parse(relative string) (path, error) {
	p := strings.Split(facts.RelativePath(relative), "/")
	switch {
	case len(p) == 5 && p[0] == "projects" && p[2] == "global":
		return path{project: p[1], name: p[4]}, nil
	case len(p) == 6 && p[0] == "projects" && p[2] == "zones":
		return path{project: p[1], zone: p[3], name: p[5]}, nil
	case len(p) == 6 && p[0] == "projects" && p[2] == "regions":
		return path{project: p[1], region: p[3], name: p[5]}, nil
	}
	return path{}, errors.New("not the path of a Compute resource")
}

// all reads an iterator to its end.
func all[T any](next func() (T, error)) ([]T, error) {
	var found []T
	for {
		item, err := next()
		if errors.Is(err, iterator.Done) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		found = append(found, item)
	}
}
