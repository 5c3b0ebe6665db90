package glbc_test

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// TestNodesKeptToTheirOwn: with externalTrafficPolicy Local a node without pods fails as
// it should, one with pods doesn't, and without any pod none does.
func TestNodesKeptToTheirOwn(t *testing.T) {
	t.Parallel()
	const group = "projects/p/zones/z/instanceGroups/ig"
	for _, tt := range []struct {
		name   string
		policy corev1.ServiceExternalTrafficPolicy
		node   string
		want   []bool
	}{
		{"one node has the pods", corev1.ServiceExternalTrafficPolicyLocal, "n1", []bool{true, false}},
		{"any node passes requests on", corev1.ServiceExternalTrafficPolicyCluster, "n1", []bool{true, true}},
		{"no pod has a node", corev1.ServiceExternalTrafficPolicyLocal, "", []bool{true, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
			svc.Spec.Selector, svc.Spec.ExternalTrafficPolicy = map[string]string{"app": "web"}, tt.policy
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{"app": "web"}}}
			pod.Spec.NodeName = tt.node
			bs := &computepb.BackendService{SelfLink: new("projects/p/global/backendServices/b"), HealthChecks: []string{"hc"}, Backends: []*computepb.Backend{{Group: new(group)}}}
			s := &facts.Snapshot{}
			s.Pods = facts.Found([]*corev1.Pod{pod})
			unhealthy := func(node string) *computepb.HealthStatus {
				return &computepb.HealthStatus{HealthState: new("UNHEALTHY"), Instance: new("projects/p/zones/z/instances/" + node)}
			}
			s.Health = map[facts.BackendGroup]facts.Value[[]*computepb.HealthStatus]{
				{BackendService: "projects/p/global/backendServices/b", Group: group}: facts.Found([]*computepb.HealthStatus{unhealthy("n1"), unhealthy("n2")}),
			}
			list, err := glbc.Endpoints(s, glbc.Backend{Namespace: "shop", Service: "web", Object: facts.Found(svc), BackendService: facts.Found(bs)})
			if err != nil || len(list) != 2 {
				t.Fatalf("got %v, %v", list, err)
			}
			for i, e := range list {
				if e.Unhealthy() != tt.want[i] {
					t.Errorf("%s is unhealthy: %v, want %v", e.Instance, e.Unhealthy(), tt.want[i])
				}
			}
		})
	}
}
