package workload

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
)

// A pod that no node takes has no address, so that the NEG has nothing to attach. It is
// the cause only where no pod of the Service runs elsewhere.
var unschedulable = cause.Cause{
	ID:       "workload/unschedulable",
	Title:    "No node takes the pods, so the load balancer has no endpoint",
	Needs:    needs,
	Explains: serving,
	Check:    checkScheduling,
}

func checkScheduling(c cause.Case) (out cause.Outcome) {
	for _, g := range groups(c, func(pod *corev1.Pod) bool {
		_, ok := unplaced(c, pod)
		return ok
	}) {
		pod := g.pods[0]
		why, _ := unplaced(c, pod)
		f := g.finding(c)
		f.Headline = fmt.Sprintf("No node takes the pods of %s (%s): %s", title(f.Subject), g.share(), reason(why))
		f.Summary = "A pod without a node has no address, so there is nothing to attach to the load balancer."
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: "container.pods.list", Link: cause.ObjectLink(podRef(c, pod)), Says: pod.Name + " is Pending, PodScheduled = False: " + shortened(why),
		})
		if _, e, ok := told(c, g.pods, func(e cause.Event) bool { return e.Reason == "NotTriggerScaleUp" }); ok {
			f.Evidence = append(f.Evidence, e)
		}
		f.Evidence = append(f.Evidence, g.Health())
		f.Fix = cause.Fix{
			Summary:  remedy(why),
			Commands: []string{fmt.Sprintf("kubectl describe pod %s -n %s", pod.Name, pod.Namespace), "kubectl get nodes -o wide"},
			Caveat:   "nothing about the load balancer helps: the pods are attached by themselves once they have a node",
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}

// unplaced is the scheduler's word on a pod that has no node.
func unplaced(c cause.Case, pod *corev1.Pod) (why string, ok bool) {
	if pod.Spec.NodeName != "" {
		return "", false
	}
	for _, cond := range pod.Status.Conditions {
		if cond.Type == corev1.PodScheduled && cond.Status == corev1.ConditionFalse {
			return cond.Message, true
		}
	}
	e, _, ok := told(c, []*corev1.Pod{pod}, func(e cause.Event) bool { return e.Reason == "FailedScheduling" })
	return e.Message, ok
}

// reasons are what the scheduler says most, with what helps.
var reasons = []struct{ text, short, remedy string }{
	{"Insufficient", "not enough cpu or memory", "make room: a larger or autoscaled node pool, or smaller requests"},
	{"untolerated taint", "taints that they don't tolerate", "tolerate the nodes' taints, or take these off"},
	{"had taint", "taints that they don't tolerate", "tolerate the nodes' taints, or take these off"},
	{"node selector", "no node has the wanted labels", "give nodes the labels that the pods select, or change nodeSelector and affinity"},
	{"node affinity", "no node has the wanted labels", "give nodes the labels that the pods select, or change nodeSelector and affinity"},
	{"anti-affinity", "their anti-affinity leaves no node", "add nodes, or make the anti-affinity a preference"},
	{"volume", "their volume can't be had there", "put pods and volume into one zone, or make the claim bindable"},
	{"unbound", "their volume can't be had there", "put pods and volume into one zone, or make the claim bindable"},
}

func reason(why string) string {
	for _, r := range reasons {
		if strings.Contains(why, r.text) {
			return r.short
		}
	}
	return "the scheduler finds none that fits"
}

func remedy(why string) string {
	for _, r := range reasons {
		if strings.Contains(why, r.text) {
			return r.remedy
		}
	}
	return "give the pods a node that fits, as the scheduler's message says"
}
