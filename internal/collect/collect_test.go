package collect_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/collect"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/meter"
	"plumbline/internal/scenario"
)

// collectOne is a collection that yields one Snapshot.
func collectOne(t *testing.T, cloud *fakecloud.Cloud, refs ...facts.Ref) (*facts.Snapshot, collect.Usage) {
	t.Helper()
	snapshots, usage, err := collector(t, cloud).Collect(t.Context(), facts.Question{Now: now(), Refs: refs})
	if err != nil {
		t.Fatal(err)
	}
	if len(snapshots) != 1 {
		t.Fatalf("%d snapshots, want 1", len(snapshots))
	}
	return snapshots[0], usage
}

func gapNames(s *facts.Snapshot) []string {
	var names []string
	for _, g := range s.Gaps {
		names = append(names, g.Needs+": "+g.Err)
	}
	return names
}

func TestAnIngressIsReadInThreeRounds(t *testing.T) {
	cloud := start(t, world(t), fakecloud.Options{Now: now()})
	s, usage := collectOne(t, cloud, ingress())

	if usage.Rounds != 3 {
		t.Errorf("rounds = %d, want 3", usage.Rounds)
	}
	if groups := 2; usage.Calls > 34+2*groups {
		t.Errorf("calls = %d, want at most %d", usage.Calls, 34+2*groups)
	}
	if got := len(cloud.Requests()); got != usage.Calls {
		t.Errorf("%d requests arrived, %d were counted", got, usage.Calls)
	}
	if len(s.Gaps) != 0 {
		t.Errorf("gaps = %v", s.Gaps)
	}
	checkHealthy(t, s)
	for _, r := range cloud.Requests() {
		if strings.Contains(r.Path, "secrets") {
			t.Errorf("asked for Secrets: %s", r.Path)
		}
	}
}

// checkHealthy checks that everything of the world arrived.
func checkHealthy(t *testing.T, s *facts.Snapshot) {
	t.Helper()
	if s.ClusterName != mainCluster || s.Project != "shop-prod" || !s.Now.Equal(now()) {
		t.Errorf("snapshot of %s in %s at %s", s.ClusterName, s.Project, s.Now)
	}
	want := map[string]int{
		"backend services": 1, "health checks": 1, "NEGs": 2, "instance groups": 0, "firewalls": 1,
		"ingresses": 1, "services": 1, "pods": 1, "events": 1, "history": 1,
	}
	got := map[string]int{
		"backend services": size(s.BackendServices), "health checks": size(s.HealthChecks), "NEGs": size(s.NEGs),
		"instance groups": size(s.InstanceGroups), "firewalls": size(s.Firewalls),
		"ingresses": size(s.Ingresses), "services": size(s.Services), "pods": size(s.Pods), "events": size(s.Events),
		"history": size(s.History),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	if uid, _ := s.ClusterUID.Get(); uid != mainUID {
		t.Errorf("ClusterUID = %q", uid)
	}
	if !s.Gateways.IsAbsent() {
		t.Errorf("Gateways without CRD: %v, want absent", s.Gateways.Err())
	}
	health, _ := s.Health[facts.BackendGroup{BackendService: backend, Group: negA}].Get()
	if len(health) != 1 || health[0].GetHealthState() != "UNHEALTHY" || len(s.Health) != 2 {
		t.Errorf("health = %v", s.Health)
	}
	endpoints, _ := s.Endpoints[negA].Get()
	if len(endpoints) != 1 || len(endpoints[0].GetHealths()) != 1 {
		t.Errorf("endpoints = %v", s.Endpoints)
	}
	if cm, _ := s.ConfigMaps["argocd/argocd-cmd-params-cm"].Get(); cm == nil || cm.Data["server.insecure"] != "false" {
		t.Errorf("ConfigMaps = %v", s.ConfigMaps)
	}
	if pods, _ := s.Pods.Get(); len(pods) == 1 && pods[0].Spec.Containers[0].Env[0].Value != "(redacted)" {
		t.Error("the value of an environment variable left the collector")
	}
}

// size is the length of a list; -1 when it isn't found.
func size[T any](v facts.Value[[]T]) int {
	items, ok := v.Get()
	if !ok {
		return -1
	}
	return len(items)
}

func TestEveryDenialIsUnknownAndNamed(t *testing.T) {
	read := map[facts.Kind]func(*facts.Snapshot) error{
		facts.Cluster:         func(s *facts.Snapshot) error { return s.Cluster.Err() },
		facts.BackendServices: func(s *facts.Snapshot) error { return s.BackendServices.Err() },
		facts.BackendHealth: func(s *facts.Snapshot) error {
			return s.Health[facts.BackendGroup{BackendService: backend, Group: negB}].Err()
		},
		facts.HealthChecks:      func(s *facts.Snapshot) error { return s.HealthChecks.Err() },
		facts.NEGs:              func(s *facts.Snapshot) error { return s.NEGs.Err() },
		facts.NEGEndpoints:      func(s *facts.Snapshot) error { return s.Endpoints[negA].Err() },
		facts.InstanceGroups:    func(s *facts.Snapshot) error { return s.InstanceGroups.Err() },
		facts.Firewalls:         func(s *facts.Snapshot) error { return s.Firewalls.Err() },
		facts.Ingresses:         func(s *facts.Snapshot) error { return s.Ingresses.Err() },
		facts.IngressClasses:    func(s *facts.Snapshot) error { return s.IngressClasses.Err() },
		facts.ThirdPartyObjects: func(s *facts.Snapshot) error { return s.Gateways.Err() },
		facts.Services:          func(s *facts.Snapshot) error { return s.Services.Err() },
		facts.Pods:              func(s *facts.Snapshot) error { return s.Pods.Err() },
		facts.Events:            func(s *facts.Snapshot) error { return s.Events.Err() },
		facts.ConfigMaps:        func(s *facts.Snapshot) error { return s.ConfigMaps["argocd/argocd-cmd-params-cm"].Err() },
		facts.Namespaces:        func(s *facts.Snapshot) error { return s.ClusterUID.Err() },
		facts.Logs:              func(s *facts.Snapshot) error { return s.History.Err() },
		facts.ForwardingRules:   func(s *facts.Snapshot) error { return s.ForwardingRules.Err() },
		facts.Network:           func(s *facts.Snapshot) error { return s.Network.Err() },
		facts.NetworkFirewall:   func(s *facts.Snapshot) error { return s.NetworkFirewall.Err() },
		facts.RegionFirewall:    func(s *facts.Snapshot) error { return s.RegionFirewall.Err() },
		facts.Instances:         func(s *facts.Snapshot) error { return s.Instances.Err() },
		facts.Operations:        func(s *facts.Snapshot) error { return s.Operations.Err() },
	}
	w := world(t)
	cloud := start(t, w, fakecloud.Options{Now: now()})
	for _, kind := range facts.Kinds {
		if read[kind] == nil {
			continue // the planner of these tests doesn't want it
		}
		t.Run(string(kind), func(t *testing.T) {
			for status, deny := range map[string]func(*scenario.World){
				"403 PERMISSION_DENIED": func(w *scenario.World) { w.Deny = []string{string(kind)} },
				"503 UNAVAILABLE":       func(w *scenario.World) { w.Fail = map[string]int{string(kind): 503} },
			} {
				denied := *w
				deny(&denied)
				cloud.SetWorld(&denied)
				s, usage := collectOne(t, cloud, ingress())
				if diff := cmp.Diff([]string{string(kind) + ": " + status}, gapNames(s)); diff != "" {
					t.Errorf("gaps (-want +got):\n%s", diff)
				}
				if err := read[kind](s); err == nil || errors.Is(err, facts.ErrNotRead) {
					t.Errorf("the Value's error = %v", err)
				}
				if usage.Rounds > 3 {
					t.Errorf("rounds = %d: something was sent again", usage.Rounds)
				}
			}
		})
	}
}

func TestAControlPlaneOutOfReachIsOneGap(t *testing.T) {
	w := world(t)
	w.Unavailable = []string{"kubernetes/main"}
	w.Deny = []string{"compute.firewalls.list", "compute.backendServices.get"}
	s, _ := collectOne(t, start(t, w, fakecloud.Options{Now: now()}), ingress())
	want := []string{
		"compute.backendServices.get: 403 PERMISSION_DENIED", "compute.firewalls.list: 403 PERMISSION_DENIED", "kubernetes/main: connection refused",
	}
	if diff := cmp.Diff(want, gapNames(s)); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if s.Ingresses.Known() || s.Gateways.Known() || s.Pods.Known() || s.ClusterUID.Known() || s.ConfigMaps["argocd/argocd-cmd-params-cm"].Known() {
		t.Error("something of Kubernetes is known")
	}
	if !s.BackendServices.Known() || !s.Cluster.Known() {
		t.Error("the control plane took the rest with it")
	}
}

func TestACopyOfNothingIsAnError(t *testing.T) {
	w := world(t)
	for _, kind := range facts.Kinds {
		w.Deny = append(w.Deny, string(kind))
	}
	c := collector(t, start(t, w, fakecloud.Options{Now: now()}))
	snapshots, _, err := c.Collect(t.Context(), facts.Question{Now: now(), Refs: []facts.Ref{ingress()}})
	if !errors.Is(err, collect.ErrNothingRead) || len(snapshots) != 1 || len(snapshots[0].Gaps) == 0 {
		t.Errorf("error = %v with %d snapshots", err, len(snapshots))
	}
}

func TestADeletedClusterIsAbsent(t *testing.T) {
	ref := ingress()
	ref.Cluster = "projects/shop-prod/locations/asia-northeast1/clusters/gone"
	s, _ := collectOne(t, start(t, world(t), fakecloud.Options{Now: now()}), ref)
	if !s.Cluster.IsAbsent() || s.Ingresses.Known() || len(s.Gaps) != 0 {
		t.Errorf("cluster absent = %v, gaps = %v", s.Cluster.IsAbsent(), s.Gaps)
	}
}

func TestPagesDeepenTheRound(t *testing.T) {
	w := world(t)
	for i := range 1001 { // three pages of 500
		pod := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod"}}
		pod.SetNamespace("argocd")
		pod.SetName("worker-" + string(rune('a'+i/40%26)) + strings.Repeat("x", i%40) + string(rune('a'+i/1040)))
		w.Kubernetes["main"] = append(w.Kubernetes["main"], pod)
	}
	cloud := start(t, world(t), fakecloud.Options{Now: now()})
	_, plain := collectOne(t, cloud, ingress())
	cloud.SetWorld(w)
	s, paged := collectOne(t, cloud, ingress())
	if got := size(s.Pods); got != 1002 {
		t.Errorf("%d pods, want 1002", got)
	}
	if paged.Calls != plain.Calls+2 || paged.Rounds != plain.Rounds+2 {
		t.Errorf("usage = %+v, want two calls and two rounds more than %+v", paged, plain)
	}
}

func TestAnUnreachableZoneMakesItsListsUnknown(t *testing.T) {
	s, _ := collectOne(t, start(t, world(t), fakecloud.Options{Now: now(), Unreachable: []string{"zones/asia-northeast1-b"}}), ingress())
	if s.NEGs.Known() || !s.HealthChecks.Known() {
		t.Errorf("NEGs known: %v, health checks known: %v", s.NEGs.Known(), s.HealthChecks.Known())
	}
	if !slices.Contains(gapNames(s), "compute.networkEndpointGroups.list: no answer from zones/asia-northeast1-b") {
		t.Errorf("gaps = %v", gapNames(s))
	}
}

func TestTheWholeClusterReadsAllNamespaces(t *testing.T) {
	s, _ := collectOne(t, start(t, world(t), fakecloud.Options{Now: now()}), facts.ClusterRef(mainCluster), ingress(), ingress())
	if len(s.Namespaces) != 0 || size(s.Services) != 2 || len(s.Targets) != 2 {
		t.Errorf("namespaces = %v, services = %d, targets = %v", s.Namespaces, size(s.Services), s.Targets)
	}
}

func TestManyNamespacesAreReadAtOnce(t *testing.T) {
	var refs []facts.Ref
	for _, ns := range []string{"argocd", "shop", "a", "b", "c"} {
		refs = append(refs, facts.Ref{Cluster: mainCluster, Kind: facts.KindService, Namespace: ns, Name: "x"})
	}
	cloud := start(t, world(t), fakecloud.Options{Now: now()})
	two, _ := collectOne(t, cloud, refs[:2]...)
	if diff := cmp.Diff([]string{"argocd", "shop"}, two.Namespaces); diff != "" || size(two.Services) != 2 {
		t.Errorf("two namespaces: %v with %d services", two.Namespaces, size(two.Services))
	}
	if all, _ := collectOne(t, cloud, refs...); len(all.Namespaces) != 0 || size(all.Services) != 2 {
		t.Errorf("five namespaces: %v with %d services", all.Namespaces, size(all.Services))
	}
}

func TestFirewallsOfASharedVPCAreTheHostProjects(t *testing.T) {
	w := world(t)
	w.Clusters = map[string]*container.Cluster{mainCluster: cluster("main", "192.0.2.10")}
	w.Clusters[mainCluster].NetworkConfig.Network = "projects/net-host/global/networks/shared"
	w.Compute["projects/net-host/global/firewalls/allow-health-checks"] = json.RawMessage(`{"id":"61","name":"allow-health-checks"}`)
	s, _ := collectOne(t, start(t, w, fakecloud.Options{Now: now()}), ingress())
	rules, _ := s.Firewalls.Get()
	if len(rules) != 1 || rules[0].GetName() != "allow-health-checks" {
		t.Errorf("firewalls = %v", rules)
	}
}

func TestUsageCountsWithTheCallersMeter(t *testing.T) {
	var count meter.Meter
	ctx := meter.With(t.Context(), &count)
	c := collector(t, start(t, world(t), fakecloud.Options{Now: now()}))
	_, first, err := c.Collect(ctx, facts.Question{Now: now(), Refs: []facts.Ref{ingress()}})
	if err != nil {
		t.Fatal(err)
	}
	if first.Calls != count.Calls() || first.Rounds != count.Rounds() || count.Rounds() != 3 {
		t.Errorf("usage = %+v, meter = %d, %d", first, count.Calls(), count.Rounds())
	}
	if access, ok := c.Access(mainCluster); !ok || access.Base.Host != "192.0.2.10" || access.Client == nil {
		t.Errorf("access = %+v, %v", access, ok)
	}
}

func TestRefsMustSayWhereTheyAre(t *testing.T) {
	c := collector(t, start(t, world(t), fakecloud.Options{Now: now()}))
	for _, refs := range [][]facts.Ref{nil, {{Kind: facts.KindIngress, Name: "x"}}} {
		if _, _, err := c.Collect(t.Context(), facts.Question{Now: now(), Refs: refs}); err == nil {
			t.Errorf("%v: no error", refs)
		}
	}
}
