package fakecloud

import (
	"encoding/json"
	"testing"

	computev1 "google.golang.org/api/compute/v1"
	"google.golang.org/api/option"
)

// What stands for a service has neither endpoints nor health.
func TestGroupsWithoutEndpoints(t *testing.T) {
	t.Parallel()
	w := shop(t)
	const run, zonal = "projects/shop-prod/regions/asia-northeast1/networkEndpointGroups/run", "projects/shop-prod/zones/asia-northeast1-a/networkEndpointGroups/vm"
	w.Compute[run] = json.RawMessage(`{"name":"run","networkEndpointType":"SERVERLESS"}`)
	w.Compute[zonal] = json.RawMessage(`{"name":"vm","networkEndpointType":"GCE_VM_IP_PORT"}`)
	const mixed = "projects/shop-prod/regions/asia-northeast1/backendServices/mixed"
	w.Compute[mixed] = json.RawMessage(`{"name":"mixed","backends":[{"group":"` + run + `"},{"group":"` + zonal + `"}]}`)
	w.Health[mixed] = map[string]json.RawMessage{"zones/asia-northeast1-a/networkEndpointGroups/vm": json.RawMessage(`[{"healthState":"HEALTHY"}]`)}
	c := start(t, w, Options{})
	s, err := computev1.NewService(t.Context(), option.WithEndpoint(c.HTTP()+"/compute/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	health, err := s.RegionBackendServices.GetHealth("shop-prod", "asia-northeast1", "mixed", &computev1.ResourceGroupReference{Group: zonal}).Do()
	if err != nil || len(health.HealthStatus) != 1 {
		t.Errorf("a zonal group behind a regional service: %v, %v", health, err)
	}
	_, err = s.RegionBackendServices.GetHealth("shop-prod", "asia-northeast1", "mixed", &computev1.ResourceGroupReference{Group: run}).Do()
	wantGoogleError(t, err, 400, "invalid", "Invalid value for field 'resource.group': '"+run+"'. Health is not supported for network endpoint groups of type SERVERLESS.")
	_, err = s.RegionNetworkEndpointGroups.ListNetworkEndpoints("shop-prod", "asia-northeast1", "run").Do()
	wantGoogleError(t, err, 400, "invalid", "Invalid value for field 'networkEndpointGroup': 'run'. Network endpoint groups of type SERVERLESS have no endpoints to list.")
}
