package glbc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// TestGate has a row for each of the reflector's words (ingress-controller.md §4).
func TestGate(t *testing.T) {
	t.Parallel()
	const marking = ` Marking condition "cloud.google.com/load-balancer-neg-ready" to True.`
	for _, tt := range []struct {
		name         string
		status       corev1.ConditionStatus
		reason, says string
		want         Gate
	}{
		{name: "healthy", status: "True", reason: "LoadBalancerNegReady", says: `Pod has become Healthy in NEG "Key{\"k8s1-web\", zone: \"z-a\"}" attached to BackendService "Key{\"k8s1-bs\"}".` + marking, want: Gate{State: GateHealthy, Open: true, Proven: true, NEGs: []string{"k8s1-web"}, BackendService: "k8s1-bs"}},
		{name: "healthy in a region, names without keys", status: "True", reason: "LoadBalancerNegReady", says: `Pod has become Healthy in NEG "k8s1-web" attached to BackendService "k8s1-bs".` + marking, want: Gate{State: GateHealthy, Open: true, Proven: true, NEGs: []string{"k8s1-web"}, BackendService: "k8s1-bs"}},
		{name: "in no NEG", status: "True", reason: "LoadBalancerNegReady", says: "Pod does not belong to any NEG." + marking, want: Gate{State: GateNotInNEG, Open: true}},
		{name: "another subnet", status: "True", reason: "LoadBalancerNegReady", says: "Pod belongs to a node in non-default subnet." + marking, want: Gate{State: GateOtherSubnet, Open: true}},
		{name: "no health check", status: "True", reason: "LoadBalancerNegWithoutHealthCheck", says: `Pod is in NEG "Key{\"k8s1-web\", zone: \"z-a\"}". NEG is not attached to any BackendService with health checking.` + marking, want: Gate{State: GateNoCheck, Open: true, NEGs: []string{"k8s1-web"}}},
		{name: "timed out: open, and healthy it isn't", status: "True", reason: "LoadBalancerNegTimeout", says: "Timeout waiting for pod to become healthy in at least one of the NEG(s): [k8s1-a k8s1-b]." + marking, want: Gate{State: GateTimedOut, Open: true, NEGs: []string{"k8s1-a", "k8s1-b"}}},
		{name: "waiting, with the status left empty", reason: "LoadBalancerNegNotReady", says: "Waiting for pod to become healthy in at least one of the NEG(s): [k8s1-a]", want: Gate{State: GateWaiting, NEGs: []string{"k8s1-a"}}},
		{name: "no node", reason: "LoadBalancerNegNotReady", says: "Unable to determine the pod's node name.", want: Gate{State: GateNodeUnknown}},
		{name: "no subnet", reason: "LoadBalancerNegNotReady", says: "Unable to determine if the pod is in the default subnet.", want: Gate{State: GateNodeUnknown}},
		{name: "words that aren't known", status: "True", reason: "LoadBalancerNegReady", says: "All is well.", want: Gate{State: GateOther, Open: true}},
		{name: "said to be healthy, and the gate is shut", status: "False", reason: "LoadBalancerNegReady", says: `Pod has become Healthy in NEG "n" attached to BackendService "b".`, want: Gate{State: GateHealthy, NEGs: []string{"n"}, BackendService: "b"}},
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{ReadinessGates: []corev1.PodReadinessGate{{ConditionType: ReadinessGate}}}}
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: "True"}, {Type: ReadinessGate, Status: tt.status, Reason: tt.reason, Message: tt.says}}
		tt.want.Reason, tt.want.Message = tt.reason, tt.says
		if diff := cmp.Diff(tt.want, GateOf(pod)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	pod := &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: ReadinessGate, Status: "False"}}}}
	if g := GateOf(pod); g.State != GateNone || !g.Open {
		t.Errorf("a condition without a gate: %+v", g)
	}
	pod.Spec.ReadinessGates, pod.Status.Conditions = []corev1.PodReadinessGate{{ConditionType: ReadinessGate}}, nil
	if g := GateOf(pod); g.State != GateUnset || g.Open {
		t.Errorf("a gate without a condition: %+v", g)
	}
}
