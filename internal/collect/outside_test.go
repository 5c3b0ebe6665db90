package collect_test

import (
	"encoding/json"
	"slices"
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/scenario"
)

func backendRef(name string) facts.Ref {
	return facts.Ref{Project: "shop-prod", Scope: "global", Kind: facts.KindBackendService, Name: name}
}

// withMachines adds a backend service of people's own in front of an instance group.
func withMachines(t *testing.T, w *scenario.World, name, zone, network string) {
	t.Helper()
	group := "projects/shop-prod/zones/" + zone + "/instanceGroups/" + name
	w.Compute[group] = placed(t, group, json.RawMessage(`{"id":"7`+name[len(name)-1:]+`","name":"`+name+`","network":"`+network+`"}`))
	bs := "projects/shop-prod/global/backendServices/" + name
	w.Compute[bs] = placed(t, bs, json.RawMessage(`{"name":"`+name+`","backends":[{"group":"`+group+`"}],"healthChecks":["projects/shop-prod/global/healthChecks/k8s1-argocd"]}`))
}

// TestEachOfTwoNetworksIsItsOwn: what stands for itself has the network of its groups,
// whichever else is asked about.
func TestEachOfTwoNetworksIsItsOwn(t *testing.T) {
	w := world(t)
	withMachines(t, w, "vm1", "us-central1-b", "projects/shop-prod/global/networks/default")
	withMachines(t, w, "vm2", "us-east4-a", "https://www.googleapis.com/compute/v1/projects/shop-host/global/networks/shared")
	c := collector(t, start(t, w, fakecloud.Options{Now: now()}))
	snapshots, _, err := c.Collect(t.Context(), facts.Question{Now: now(), Refs: []facts.Ref{backendRef("vm1"), backendRef("vm2")}})
	if err != nil {
		t.Fatal(err)
	}
	type where struct{ asked, project, network, region string }
	var got []where
	for _, s := range snapshots {
		if s.ClusterName != "" || len(s.Targets) != 1 {
			t.Fatalf("cluster %q, targets %v", s.ClusterName, s.Targets)
		}
		got = append(got, where{s.Targets[0].Asked.Name, s.NetworkProject, s.NetworkName, s.Region})
	}
	if want := []where{{"vm1", "shop-prod", "default", "us-central1"}, {"vm2", "shop-host", "shared", "us-east4"}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatADeletedClusterLeftStandsForItself(t *testing.T) {
	w := world(t)
	w.Clusters, w.Kubernetes = nil, nil
	s, _ := collectOne(t, start(t, w, fakecloud.Options{Now: now()}), backendRef("k8s1-argocd"))
	if s.ClusterName != "" || s.NetworkName != "default" || s.Region != "asia-northeast1" || len(s.Targets) != 1 || s.Targets[0].Asked != backendRef("k8s1-argocd") {
		t.Errorf("cluster %q, network %q in %q, targets %v", s.ClusterName, s.NetworkName, s.Region, s.Targets)
	}
}

// TestClustersThatCannotBeListed: one of them may have made a backend service that GKE
// made; people's own stands for itself, and the gap is named.
func TestClustersThatCannotBeListed(t *testing.T) {
	w := world(t)
	withMachines(t, w, "vm1", "us-central1-b", "projects/shop-prod/global/networks/default")
	w.Deny = []string{"container.clusters.list"}
	cloud := start(t, w, fakecloud.Options{Now: now()})
	own, _ := collectOne(t, cloud, backendRef("vm1"))
	if own.NetworkName != "default" || len(own.Gaps) != 1 || own.Gaps[0].Needs != "container.clusters.list" {
		t.Errorf("network %q, gaps %v", own.NetworkName, own.Gaps)
	}
	theirs, _ := collectOne(t, cloud, backendRef("k8s1-argocd"))
	if len(theirs.Targets) != 1 || theirs.Targets[0].Sure || theirs.Targets[0].Reason == "" || len(theirs.Gaps) != 1 || theirs.Gaps[0].Needs != "container.clusters.list" {
		t.Errorf("targets %v, gaps %v", theirs.Targets, theirs.Gaps)
	}
}

func TestACertificateNeedsNoClusters(t *testing.T) {
	w := world(t)
	cloud := start(t, w, fakecloud.Options{Now: now()})
	s, _ := collectOne(t, cloud, facts.Ref{Project: "shop-prod", Scope: "global", Kind: facts.KindCertificate, Name: "www"})
	if s.ClusterName != "" || len(s.Targets) != 1 {
		t.Errorf("cluster %q, targets %v", s.ClusterName, s.Targets)
	}
	for _, r := range cloud.Requests() {
		if r.Permission == "container.clusters.list" {
			t.Error("the clusters were listed")
		}
	}
}
