package fakecloud

import (
	"encoding/json"
	"slices"
	"testing"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/option"
)

func quotaOf(quotas []*computepb.Quota, metric string) (limit, usage float64) {
	for _, q := range quotas {
		if q.GetMetric() == metric {
			return q.GetLimit(), q.GetUsage()
		}
	}
	return -1, -1
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	w := shop(t)
	w.Compute["projects/quota-prod"] = json.RawMessage(`{"name":"quota-prod","quotas":[{"metric":"URL_MAPS","limit":10,"usage":10}]}`)
	w.Deny = []string{"compute.projects.set"}
	c := start(t, w, Options{})
	projects := client(t, c, func(c *Cloud) (*compute.ProjectsClient, error) {
		return compute.NewProjectsRESTClient(t.Context(), option.WithEndpoint(c.HTTP()), option.WithoutAuthentication())
	})
	regions := client(t, c, func(c *Cloud) (*compute.RegionsClient, error) {
		return compute.NewRegionsRESTClient(t.Context(), option.WithEndpoint(c.HTTP()), option.WithoutAuthentication())
	})

	made, err := projects.Get(t.Context(), &computepb.GetProjectRequest{Project: "shop-prod"})
	if err != nil || made.GetName() != "shop-prod" {
		t.Fatalf("project: %v, %v", made, err)
	}
	if len(made.GetQuotas()) != 0 {
		t.Errorf("quotas that no fixture gives: %v", made.GetQuotas())
	}
	given, err := projects.Get(t.Context(), &computepb.GetProjectRequest{Project: "quota-prod"})
	if limit, usage := quotaOf(given.GetQuotas(), "URL_MAPS"); err != nil || limit != 10 || usage != 10 || len(given.GetQuotas()) != 1 {
		t.Errorf("given: %v, %v", given, err)
	}
	region, err := regions.Get(t.Context(), &computepb.GetRegionRequest{Project: "shop-prod", Region: "asia-northeast1"})
	if err != nil || region.GetName() != "asia-northeast1" || region.GetStatus() != "UP" {
		t.Fatalf("region: %v, %v", region, err)
	}
	_, err = regions.Get(t.Context(), &computepb.GetRegionRequest{Project: "shop-prod", Region: "mars-north1"})
	wantGoogleError(t, err, 404, "notFound", "The resource 'projects/shop-prod/regions/mars-north1' was not found")
	_, err = projects.Get(t.Context(), &computepb.GetProjectRequest{Project: "other-prod"})
	wantGoogleError(t, err, 404, "notFound", "The resource 'projects/other-prod' was not found")
	if got := permissions(c); !slices.Equal(got, []string{"compute.projects.get", "compute.regions.get"}) {
		t.Errorf("permissions %v", got)
	}
}
