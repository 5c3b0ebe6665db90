package glbc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

func nodeNamed(name, zone string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}},
		Spec:       corev1.NodeSpec{ProviderID: "gce://shop-prod/" + zone + "/" + name, PodCIDR: "10.8.0.0/24"},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
}

// TestNodeEligibility has a row for each rule of ingress-controller.md §1.7, and near
// misses.
func TestNodeEligibility(t *testing.T) {
	t.Parallel()
	label := func(key, value string) func(n *corev1.Node) { return func(n *corev1.Node) { n.Labels[key] = value } }
	taint := func(key string) func(n *corev1.Node) {
		return func(n *corev1.Node) {
			n.Spec.Taints = []corev1.Taint{{Key: key, Effect: corev1.TaintEffectNoSchedule}}
		}
	}
	ready := func(status corev1.ConditionStatus) func(n *corev1.Node) {
		return func(n *corev1.Node) { n.Status.Conditions[0].Status = status }
	}
	for _, tt := range []struct {
		name string
		do   func(n *corev1.Node)
		why  string
	}{
		{name: "ready", do: func(*corev1.Node) {}},
		{name: "about to be removed by the autoscaler", do: taint("ToBeDeletedByClusterAutoscaler"), why: "taint"},
		{name: "another taint", do: taint("DeletionCandidateOfClusterAutoscaler")},
		{name: "cordoned", do: func(n *corev1.Node) {
			n.Spec.Unschedulable = true
			taint("node.kubernetes.io/unschedulable")(n)
		}},
		{name: "excluded", do: label("node.kubernetes.io/exclude-from-external-load-balancers", "true"), why: "label"},
		{name: "excluded with any value", do: label("node.kubernetes.io/exclude-from-external-load-balancers", "false"), why: "label"},
		{name: "excluded, older label", do: label("alpha.service-controller.kubernetes.io/exclude-balancer", ""), why: "label"},
		{name: "master", do: label("node-role.kubernetes.io/master", ""), why: "label"},
		{name: "control-plane is no master to the controller", do: label("node-role.kubernetes.io/control-plane", "")},
		{name: "being upgraded", do: label("operation.gke.io/type", "drain")},
		{name: "not ready", do: ready(corev1.ConditionFalse), why: "Ready is False"},
		{name: "lost", do: ready(corev1.ConditionUnknown), why: "Ready is Unknown"},
		{name: "brand new", do: func(n *corev1.Node) { n.Status.Conditions = nil }, why: "nothing is known"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := nodeNamed("n", "europe-west1-b")
			tt.do(n)
			if why := WhyNotCandidate(n); (why == "") != (tt.why == "") || !strings.Contains(why, tt.why) {
				t.Errorf("why %q, want %q", why, tt.why)
			}
		})
	}
}

// TestNodesByZone: zones come from the provider ID, and one whose nodes are all left out
// is there without any.
func TestNodesByZone(t *testing.T) {
	t.Parallel()
	a2, a1, lost, bare, far := nodeNamed("a2", "z-a"), nodeNamed("a1", "z-a"), nodeNamed("b1", "z-b"), nodeNamed("c1", "z-c"), nodeNamed("far", "z-a")
	lost.Status.Conditions[0].Status = corev1.ConditionUnknown
	bare.Spec.ProviderID = ""
	bare.Labels[corev1.LabelTopologyZone] = "z-c"
	far.Labels["cloud.google.com/gke-node-pool-subnet"] = "additional"
	a2.Labels["cloud.google.com/gke-node-pool-subnet"] = "prod"
	s := &facts.Snapshot{Cluster: facts.Found(&container.Cluster{Subnetwork: "prod"})}
	s.Nodes = facts.Found([]*corev1.Node{a2, a1, lost, bare, far})
	zones, _ := NodesByZone(s).Get()
	got := map[string][]string{}
	for z, list := range zones {
		got[z] = []string{}
		for _, n := range list {
			got[z] = append(got[z], n.Name)
		}
	}
	if diff := cmp.Diff(map[string][]string{"z-a": {"a1", "a2"}, "z-b": {}}, got); diff != "" {
		t.Error(diff)
	}
	s.Nodes = facts.FoundPartly([]*corev1.Node{a1}, errDenied, "zones/z-b")
	if NodesByZone(s).Known() {
		t.Error("some nodes are missing")
	}
}
