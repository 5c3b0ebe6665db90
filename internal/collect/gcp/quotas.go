package gcp

import (
	"context"
	"fmt"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// ProjectQuotas reads the global quotas of a project, with their usage.
func (r *Reader) ProjectQuotas(ctx context.Context, project string) facts.Value[[]*computepb.Quota] {
	found, err := ask(ctx, r, compute.NewProjectsRESTClient, (*compute.ProjectsClient).Get, &computepb.GetProjectRequest{Project: project})
	return read(of(facts.ProjectQuotas, "quotas", project), found.GetQuotas(), err)
}

// RegionQuotas reads those of a region. The API may answer without them and say so
// in a warning.
func (r *Reader) RegionQuotas(ctx context.Context, project, region string) facts.Value[[]*computepb.Quota] {
	found, err := ask(ctx, r, compute.NewRegionsRESTClient, (*compute.RegionsClient).Get, &computepb.GetRegionRequest{Project: project, Region: region})
	if code := found.GetQuotaStatusWarning().GetCode(); err == nil && code != "" {
		err = fmt.Errorf("%w: %s", errIncomplete, code)
	}
	return read(of(facts.RegionQuotas, "quotas of "+region, project), found.GetQuotas(), err)
}
