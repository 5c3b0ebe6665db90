package fakecloud

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClusterGet(t *testing.T) {
	c := start(t, shop(t), Options{})
	clusters := containerClient(t, c).Projects.Locations.Clusters
	got, err := clusters.Get(mainCluster).Do()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "main" || got.Status != "RUNNING" || got.AddonsConfig.HttpLoadBalancing == nil || got.AddonsConfig.HttpLoadBalancing.Disabled {
		t.Errorf("cluster: %+v", got)
	}
	if !strings.HasPrefix(got.Endpoint, "192.0.2.") || got.MasterAuth.ClusterCaCertificate == "" {
		t.Errorf("endpoint %q, authority %q", got.Endpoint, got.MasterAuth.ClusterCaCertificate)
	}
	edge, err := clusters.Get(edgeCluster).Do()
	if err != nil || edge.Endpoint != "203.0.113.9" || edge.MasterAuth.ClusterCaCertificate == got.MasterAuth.ClusterCaCertificate {
		t.Errorf("edge: %+v, %v", edge, err)
	}
	_, err = clusters.Get(mainCluster + "x").Do()
	wantGoogleError(t, err, 404, "notFound", "Not found: "+mainCluster+"x.")
	if diff := cmp.Diff([]string{"container.clusters.get"}, permissions(c)); diff != "" {
		t.Error(diff)
	}
}

func TestClusterList(t *testing.T) {
	c := start(t, shop(t), Options{})
	clusters := containerClient(t, c).Projects.Locations.Clusters
	for parent, want := range map[string]int{
		"projects/shop-prod/locations/-": 2, "projects/shop-prod/locations/us-central1-a": 1, "projects/shop-prod/locations/europe-west1": 0,
	} {
		got, err := clusters.List(parent).Do()
		if err != nil || len(got.Clusters) != want || len(got.MissingZones) != 0 {
			t.Errorf("%s: %v, %v", parent, got, err)
		}
	}
	_, err := clusters.List("projects/other-prod/locations/-").Do()
	wantGoogleError(t, err, 404, "notFound", "Not found: projects/other-prod.")

	partial := start(t, shop(t), Options{Unreachable: []string{"zones/us-central1-a"}})
	got, err := containerClient(t, partial).Projects.Locations.Clusters.List("projects/shop-prod/locations/-").Do()
	if err != nil || len(got.Clusters) != 1 || len(got.MissingZones) != 1 || got.MissingZones[0] != "us-central1-a" {
		t.Errorf("partial: %v, %v", got, err)
	}
}

func TestContainerRefusals(t *testing.T) {
	w := shop(t)
	w.Deny = []string{"container.clusters.get"}
	w.Fail = map[string]int{"container.clusters.list": 500}
	c := start(t, w, Options{})
	clusters := containerClient(t, c).Projects.Locations.Clusters
	_, err := clusters.Get(mainCluster).Do()
	wantGoogleError(t, err, 403, "forbidden", `Required "container.clusters.get" permission(s) for "`+mainCluster+`".`)
	if !strings.Contains(err.Error(), "403") {
		t.Errorf("error %v", err)
	}
	_, err = clusters.List("projects/shop-prod/locations/-").Do()
	wantGoogleError(t, err, 500, "backendError", "Internal Server Error")
	for status, want := range map[int]string{403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"} {
		if got := canonicalName(status); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
}
