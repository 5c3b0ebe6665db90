package workload

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// needs are the reads of every cause that judges the pods behind failing endpoints.
var needs = []facts.Kind{
	facts.Ingresses, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth,
	facts.NEGEndpoints, facts.Pods, facts.Events, facts.Logs,
}

// serving are the symptoms of pods that don't answer, and what such pods look like from
// outside.
var serving = []cause.ID{
	cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing,
	"health/server-error", "health/slow-response", "health/port-mismatch", "endpoint/target-port-mismatch",
}

// A group is the pods of one Backend that show one state.
type group struct {
	cause.Ailing
	// pods show the state; of is how many endpoints or pods fail in all.
	pods []*corev1.Pod
	of   int
}

// all: every failing endpoint is of such a pod.
func (g group) all() bool { return len(g.pods) == g.of }

// groups finds the Backends whose failing endpoints are of pods that show a state. Where
// nodes fail or no endpoint is there, all pods must: one that runs would be enough.
func groups(c cause.Case, shows func(*corev1.Pod) bool) []group {
	var list []group
	for _, a := range c.Ailing() {
		pods, others := a.Behind()
		g := group{Ailing: a, of: len(pods) + others}
		for _, pod := range pods {
			if shows(pod) {
				g.pods = append(g.pods, pod)
			}
		}
		unsure := a.PodsErr != nil && (a.Empty || a.Nodes())
		if len(g.pods) == 0 || unsure || (a.Empty || a.Nodes()) && !g.all() {
			continue
		}
		list = append(list, g)
	}
	return list
}

// finding begins a finding about a group: the workload must change. Where other failing
// endpoints have other reasons, it explains none of the symptoms.
func (g group) finding(c cause.Case) cause.Finding {
	f := g.Finding(c)
	f.Confidence = cause.Proven
	f.Subject = workloadOf(c, g.pods[0])
	if !g.all() {
		f.Explains = []cause.ID{}
		f.Impact += fmt.Sprintf("; %d of them for this reason", len(g.pods))
	}
	return f
}

func workloadOf(c cause.Case, pod *corev1.Pod) facts.Ref {
	return glbc.WorkloadOf(c.Facts.ClusterName, pod)
}

func podRef(c cause.Case, pod *corev1.Pod) facts.Ref {
	return facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindPod, Namespace: pod.Namespace, Name: pod.Name}
}

// title names an object to people: "Deployment shop/web".
func title(r facts.Ref) string { return r.Kind + " " + r.Namespace + "/" + r.Name }

// handle is how kubectl names a workload.
func handle(r facts.Ref) string { return strings.ToLower(r.Kind) + "/" + r.Name }

// rolls reports that kubectl rollout knows the workload.
func rolls(r facts.Ref) bool {
	return slices.Contains([]string{facts.KindDeployment, "StatefulSet", "DaemonSet"}, r.Kind)
}

// share is how many of the failing pods show the state: "2 of 2 pods".
func (g group) share() string {
	if g.of == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d of %d pods", len(g.pods), g.of)
}

// A waiting container, with the state that it is in.
type container struct {
	corev1.ContainerStatus
	init bool
}

// containers are those of a pod, the ones that run first first.
func containers(pod *corev1.Pod) (list []container) {
	for _, s := range pod.Status.InitContainerStatuses {
		list = append(list, container{s, true})
	}
	for _, s := range pod.Status.ContainerStatuses {
		list = append(list, container{s, false})
	}
	return list
}

// find is the first container of a pod that shows a state.
func find(pod *corev1.Pod, shows func(container) bool) (container, bool) {
	for _, s := range containers(pod) {
		if shows(s) {
			return s, true
		}
	}
	return container{}, false
}

// waits is why a container isn't running; empty where it is or was.
func (s container) waits() string {
	if s.State.Waiting == nil {
		return ""
	}
	return s.State.Waiting.Reason
}

// told is the newest event of a reason on one of some pods, as evidence.
func told(c cause.Case, pods []*corev1.Pod, fits func(cause.Event) bool) (e cause.Event, evidence cause.Evidence, ok bool) {
	for _, pod := range pods {
		for _, ev := range c.EventsOf(podRef(c, pod)) {
			if fits(ev) && (!ok || ev.At.After(e.At)) {
				e, ok = ev, true
				evidence = cause.Evidence{Source: "event " + ev.Reason, Says: pod.Name + ": " + shortened(ev.Message), Link: cause.ObjectLink(podRef(c, pod))}
			}
		}
	}
	return e, evidence, ok
}

// longest is how much of an event's message is told.
const longest = 220

func shortened(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
