package gcp

import (
	"context"
	"errors"
	"strings"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// Endpoints reads what a zonal network endpoint group holds, with the health that
// it knows of; neg is a relative path. A group that is gone is absent.
func (r *Reader) Endpoints(ctx context.Context, neg string) facts.Value[[]*computepb.NetworkEndpointWithHealthStatus] {
	s := subject{facts.NEGEndpoints, "endpoints of " + neg}
	at, err := parse(neg)
	if err == nil && at.zone == "" {
		err = errors.New("only zonal groups list their endpoints")
	}
	if err != nil {
		return unread[[]*computepb.NetworkEndpointWithHealthStatus](s, err)
	}
	c := r.call(ctx)
	c.body = `{"healthStatus":"SHOW"}`
	found, err := pages(ctx, r, c, &missing{}, compute.NewNetworkEndpointGroupsRESTClient, (*compute.NetworkEndpointGroupsClient).ListNetworkEndpoints,
		&computepb.ListNetworkEndpointsNetworkEndpointGroupsRequest{Project: at.project, Zone: at.zone, NetworkEndpointGroup: at.name, MaxResults: full},
		func(it *compute.NetworkEndpointWithHealthStatusIterator) any { return it.Response },
		func(e *computepb.NetworkEndpointWithHealthStatus) []*computepb.NetworkEndpointWithHealthStatus {
			return []*computepb.NetworkEndpointWithHealthStatus{e}
		})
	return object(s, found, err)
}

// Health asks a backend service for the health of one of its groups. A backend
// service that is gone is absent.
func (r *Reader) Health(ctx context.Context, of facts.BackendGroup) facts.Value[[]*computepb.HealthStatus] {
	s := subject{facts.BackendHealth, "health of " + of.Group + " behind " + of.BackendService}
	at, err := parse(of.BackendService)
	if err != nil {
		return unread[[]*computepb.HealthStatus](s, err)
	}
	group := &computepb.ResourceGroupReference{Group: new(computeEndpoint + "/compute/v1/" + facts.RelativePath(of.Group))}
	var answer *computepb.BackendServiceGroupHealth
	if at.region != "" {
		s.needs = facts.RegionBackendHealth
		answer, err = ask(ctx, r, compute.NewRegionBackendServicesRESTClient, (*compute.RegionBackendServicesClient).GetHealth,
			&computepb.GetHealthRegionBackendServiceRequest{Project: at.project, Region: at.region, BackendService: at.name, ResourceGroupReferenceResource: group})
	} else {
		answer, err = ask(ctx, r, compute.NewBackendServicesRESTClient, (*compute.BackendServicesClient).GetHealth,
			&computepb.GetHealthBackendServiceRequest{Project: at.project, BackendService: at.name, ResourceGroupReferenceResource: group})
	}
	return object(s, answer.GetHealthStatus(), err)
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
