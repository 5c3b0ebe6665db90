package fakecloud

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
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

// GKE says the network by its name and by its path, whichever a fixture has.
func TestClusterNamesItsNetworkBothWays(t *testing.T) {
	w := shop(t)
	w.Clusters[mainCluster].Network = "prod"
	w.Clusters[edgeCluster].NetworkConfig = &container.NetworkConfig{Network: "projects/host/global/networks/shared", DatapathProvider: "ADVANCED_DATAPATH"}
	c := start(t, w, Options{})
	clusters := containerClient(t, c).Projects.Locations.Clusters
	for name, want := range map[string][2]string{
		mainCluster: {"prod", "projects/shop-prod/global/networks/prod"}, edgeCluster: {"shared", "projects/host/global/networks/shared"},
	} {
		got, err := clusters.Get(name).Do()
		if err != nil || got.Network != want[0] || got.NetworkConfig.Network != want[1] {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if w.Clusters[mainCluster].NetworkConfig != nil || w.Clusters[edgeCluster].Network != "" {
		t.Error("the world was written to")
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

func TestOperations(t *testing.T) {
	w := shop(t)
	w.Operations = map[string]*container.Operation{
		"projects/shop-prod/locations/asia-northeast1/operations/o1": {Name: "o1", Status: "RUNNING"},
		"projects/shop-prod/locations/us-central1-a/operations/o2":   {Name: "o2", Status: "DONE"},
		"projects/other-prod/locations/us-central1-a/operations/o3":  {Name: "o3"},
	}
	c := start(t, w, Options{})
	operations := containerClient(t, c).Projects.Locations.Operations
	for parent, want := range map[string][]string{
		"projects/shop-prod/locations/-": {"o1", "o2"}, "projects/shop-prod/locations/us-central1-a": {"o2"},
		"projects/shop-prod/locations/europe-west1": nil, "projects/other-prod/locations/-": {"o3"},
	} {
		got, err := operations.List(parent).Do()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range got.Operations {
			names = append(names, o.Name)
		}
		if diff := cmp.Diff(want, names); diff != "" || len(got.MissingZones) != 0 {
			t.Errorf("%s: %v %s", parent, got.MissingZones, diff)
		}
	}
	one, err := operations.Get("projects/shop-prod/locations/us-central1-a/operations/o2").Do()
	if err != nil || one.Status != "DONE" {
		t.Errorf("operation: %v, %v", one, err)
	}
	_, err = operations.Get("projects/shop-prod/locations/us-central1-a/operations/gone").Do()
	wantGoogleError(t, err, 404, "notFound", "Not found: projects/shop-prod/locations/us-central1-a/operations/gone.")
	if diff := cmp.Diff([]string{"container.operations.list", "container.operations.get"}, permissions(c)); diff != "" {
		t.Error(diff)
	}
}

// The world itself may say what doesn't answer.
func TestUnreachableScopesOfTheWorld(t *testing.T) {
	w := shop(t)
	w.Unreachable = []string{"zones/us-central1-a", "zones/asia-northeast1-b"}
	w.Operations = map[string]*container.Operation{"projects/shop-prod/locations/us-central1-a/operations/o2": {Name: "o2"}}
	c := start(t, w, Options{Unreachable: []string{"zones/us-central1-a"}})
	locations := containerClient(t, c).Projects.Locations
	clusters, err := locations.Clusters.List("projects/shop-prod/locations/-").Do()
	if err != nil || len(clusters.Clusters) != 1 || !cmp.Equal(clusters.MissingZones, []string{"asia-northeast1-b", "us-central1-a"}) {
		t.Errorf("clusters: %v, %v", clusters, err)
	}
	operations, err := locations.Operations.List("projects/shop-prod/locations/us-central1-a").Do()
	if err != nil || len(operations.Operations) != 0 || !cmp.Equal(operations.MissingZones, []string{"us-central1-a"}) {
		t.Errorf("operations: %v, %v", operations, err)
	}
	_, err = locations.Clusters.Get(edgeCluster).Do()
	wantGoogleError(t, err, 503, "backendError", "The location us-central1-a is unavailable.")
	// The vendor's client asks again and again after a 503.
	answer, body := get(t, http.DefaultClient, c.HTTP()+"/compute/v1/projects/shop-prod/zones/asia-northeast1-b/networkEndpointGroups/k8s1-web", nil)
	if answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "zones/asia-northeast1-b is unreachable") {
		t.Errorf("a group in an unreachable zone: %d %s", answer.StatusCode, body)
	}
}
