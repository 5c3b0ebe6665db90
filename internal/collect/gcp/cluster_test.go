package gcp_test

import (
	"net/http"
	"testing"

	"plumbline/internal/facts"
)

func TestClusters(t *testing.T) {
	t.Parallel()
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/v1/projects/shop-prod/locations/-/clusters":
			answer(w, `{"clusters":[{"name":"main"}],"missingZones":["us-east1-b","europe-west4"]}`)
		case "/v1/projects/shop-prod/locations/us-east1/clusters/main":
			answer(w, `{"name":"main","addonsConfig":{"httpLoadBalancing":{"disabled":true}}}`)
		default:
			t.Errorf("asked %s", req.URL)
		}
	})
	list := r.Clusters(t.Context(), project)
	if clusters, ok := list.Get(); !ok || len(clusters) != 1 {
		t.Errorf("clusters = %v, %t", clusters, ok)
	}
	wantGap(t, list.Err(), facts.Clusters, "no answer from regions/europe-west4, zones/us-east1-b")
	if !list.Lacks("zones/us-east1-b") || !list.Lacks("zones/europe-west4-c") || list.Lacks("zones/us-east1-c") {
		t.Error("lacks the wrong zones")
	}
	cluster, ok := r.Cluster(t.Context(), "projects/shop-prod/locations/us-east1/clusters/main").Get()
	if !ok || !cluster.AddonsConfig.HttpLoadBalancing.Disabled {
		t.Errorf("cluster = %v, %t", cluster, ok)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	body := `{"operations":[{"name":"operation-1","status":"RUNNING"}]}`
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/v1/projects/shop-prod/locations/us-east1/operations" {
			t.Errorf("asked %s", req.URL)
		}
		answer(w, body)
	})
	whole := r.Operations(t.Context(), project, "us-east1")
	if found, ok := whole.Get(); !ok || len(found) != 1 || found[0].Status != "RUNNING" || !whole.Known() {
		t.Errorf("operations = %v, %t", found, ok)
	}
	body = `{"operations":[{"name":"operation-1"}],"missingZones":["us-east1-b"]}`
	partial := r.Operations(t.Context(), project, "us-east1")
	if found, ok := partial.Get(); !ok || len(found) != 1 {
		t.Errorf("operations = %v, %t", found, ok)
	}
	wantGap(t, partial.Err(), facts.Operations, "no answer from zones/us-east1-b")
}
