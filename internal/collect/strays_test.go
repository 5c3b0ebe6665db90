package collect_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/collect"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/scenario"
)

// siblings adds clusters in the same zones, on the same network.
func siblings(t *testing.T, w *scenario.World, names ...string) {
	t.Helper()
	for i, name := range names {
		w.Clusters[facts.ClusterName("shop-prod", "asia-northeast1", name)] = cluster(name, "192.0.2."+string(rune('3'+i)))
		w.Kubernetes[name] = objects(t, "uid-of-"+name)
	}
}

func TestANEGLeadsToItsCluster(t *testing.T) {
	for name, tt := range map[string]struct {
		others []string
		rounds int
	}{
		"only cluster":                    {nil, 3},
		"one of two":                      {[]string{"blue"}, 3},
		"many, told apart in a round":     {[]string{"blue", "green", "red"}, 4},
		"many, one of them out of reach ": {[]string{"blue", "green", "unreached"}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t)
			siblings(t, w, tt.others...)
			w.Unavailable = []string{"kubernetes/unreached"}
			s, usage := collectOne(t, start(t, w, fakecloud.Options{Now: now()}), neg())
			checkHealthy(t, s)
			if len(s.Targets) != 1 || s.Targets[0].Ref != ingress() || s.Targets[0].Asked != neg() {
				t.Errorf("targets = %v", s.Targets)
			}
			if len(s.Gaps) != 0 {
				t.Errorf("gaps = %v", s.Gaps)
			}
			if usage.Rounds != tt.rounds || len(tt.others) < 2 && usage.Calls > 34+2*2 {
				t.Errorf("usage = %+v, want %d rounds", usage, tt.rounds)
			}
		})
	}
}

func TestOtherComputeObjectsLeadThereToo(t *testing.T) {
	w := world(t)
	const group = "projects/shop-prod/zones/asia-northeast1-a/instanceGroups/k8s-ig--5f0c"
	w.Compute[group] = placed(t, group, json.RawMessage(`{"id":"71","name":"k8s-ig--5f0c","network":"projects/shop-prod/global/networks/default"}`))
	cloud := start(t, w, fakecloud.Options{Now: now()})
	for _, ref := range []facts.Ref{
		{Project: "shop-prod", Kind: facts.KindInstanceGroup, ID: "71"},
		{Project: "shop-prod", Kind: facts.KindBackendService, Scope: "global", Name: "k8s1-argocd"},
		{Project: "shop-prod", Kind: facts.KindHealthCheck, Scope: "global", Name: "k8s1-argocd"},
	} {
		if s, _ := collectOne(t, cloud, ref); s.ClusterName != mainCluster || s.Targets[0].Ref != ingress() {
			t.Errorf("%s led to %q, %v", ref, s.ClusterName, s.Targets)
		}
	}
}

func TestARefThatLeadsToNoCluster(t *testing.T) {
	unknownNEG := neg()
	unknownNEG.ID = "1"
	for name, tt := range map[string]struct {
		change func(*scenario.World)
		ref    facts.Ref
		reason string
		sure   bool
		gap    string
	}{
		"another cluster's identity": {
			func(w *scenario.World) { w.Kubernetes["main"] = objects(t, "recreated") }, neg(), "cluster-uid " + mainUID, true, "",
		},
		"gone": {func(*scenario.World) {}, unknownNEG, "not there any more", true, ""},
		"another zone": {
			func(w *scenario.World) {
				moved := cluster("main", "192.0.2.10")
				moved.Locations = []string{"us-east1-b"}
				w.Clusters[mainCluster] = moved
			}, neg(), "no cluster of shop-prod has nodes", true, "",
		},
		"another network": {
			func(w *scenario.World) {
				moved := cluster("main", "192.0.2.10")
				moved.NetworkConfig.Network = "projects/shop-prod/global/networks/other"
				w.Clusters[mainCluster] = moved
			}, neg(), "no cluster of shop-prod has nodes", true, "",
		},
		"in two clusters, without identity": {
			func(w *scenario.World) {
				siblings(t, w, "blue")
				w.Compute[negA] = placed(t, negA, json.RawMessage(`{"id":"`+negID+`","name":"k8s1-argocd","network":"projects/shop-prod/global/networks/default"}`))
			}, neg(), "may belong to any of the clusters blue, main", false, "",
		},
		"in one of two clusters, the other can't be read": {
			func(w *scenario.World) {
				siblings(t, w, "blue")
				w.Unavailable = []string{"kubernetes/blue"}
				w.Compute[negA] = placed(t, negA, json.RawMessage(`{"id":"`+negID+`","name":"k8s1-argocd"}`))
			}, neg(), "may belong to any of the clusters blue, main", false, "kubernetes/blue: connection refused",
		},
		"clusters can't be listed": {
			func(w *scenario.World) { w.Deny = []string{"container.clusters.list"} }, neg(), "could not be listed", false, "container.clusters.list: 403 PERMISSION_DENIED",
		},
		"NEGs can't be listed": {
			func(w *scenario.World) { w.Deny = []string{"compute.networkEndpointGroups.list"} }, neg(), "could not be looked up", false, "compute.networkEndpointGroups.list: 403 PERMISSION_DENIED",
		},
		"two that may own it, both out of reach": {
			func(w *scenario.World) {
				siblings(t, w, "blue")
				w.Unavailable = []string{"kubernetes/main", "kubernetes/blue"}
			}, neg(), "may belong to any of the clusters blue, main", false, "kubernetes/main: connection refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t)
			tt.change(w)
			s, _ := collectOne(t, start(t, w, fakecloud.Options{Now: now()}), tt.ref)
			if s.ClusterName != "" || len(s.Targets) != 1 || !s.Targets[0].Ref.IsZero() || !strings.Contains(s.Targets[0].Reason, tt.reason) {
				t.Errorf("cluster %q, targets %v, want the reason %q", s.ClusterName, s.Targets, tt.reason)
			} else if s.Targets[0].Sure != tt.sure {
				t.Errorf("sure = %v, want %v", s.Targets[0].Sure, tt.sure)
			}
			if tt.gap != "" && !slices.Contains(gapNames(s), tt.gap) || tt.gap == "" && len(s.Gaps) > 0 {
				t.Errorf("gaps = %v, want %q", gapNames(s), tt.gap)
			}
		})
	}
}

func TestWithoutIdentityTheObjectDecides(t *testing.T) {
	w := world(t)
	siblings(t, w, "blue")
	w.Kubernetes["blue"] = nil // no Ingress there
	w.Compute[negA] = placed(t, negA, json.RawMessage(`{"id":"`+negID+`","name":"k8s1-argocd"}`))
	s, _ := collectOne(t, start(t, w, fakecloud.Options{Now: now()}), neg())
	if s.ClusterName != mainCluster || s.Targets[0].Ref != ingress() {
		t.Errorf("led to %q, %v", s.ClusterName, s.Targets)
	}
}

func TestMissingZonesAreAGapOfTheClusterList(t *testing.T) {
	s, _ := collectOne(t, start(t, world(t), fakecloud.Options{Now: now(), Unreachable: []string{"zones/asia-northeast1-b"}}), neg())
	if !slices.Contains(gapNames(s), "container.clusters.list: no answer from zones/asia-northeast1-b") {
		t.Errorf("gaps = %v", gapNames(s))
	}
}

func TestSnapshotsComeInTheOrderOfTheRefs(t *testing.T) {
	w := world(t)
	siblings(t, w, "blue")
	blue := ingress()
	blue.Cluster = facts.ClusterName("shop-prod", "asia-northeast1", "blue")
	gone := neg()
	gone.ID = "1"
	c := collector(t, start(t, w, fakecloud.Options{Now: now()}))
	snapshots, _, err := c.Collect(t.Context(), facts.Question{Now: now(), Refs: []facts.Ref{blue, gone, neg()}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range snapshots {
		names = append(names, facts.LastSegment(s.ClusterName))
	}
	if !slices.Equal(names, []string{"blue", "main", ""}) {
		t.Errorf("snapshots = %v", names)
	}
}

var _ collect.Planner = planner{}
