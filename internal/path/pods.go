package path

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/glbc"
)

// pods: the Service selects some, and some are Ready.
func (t *tracer) pods(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	ready, total := 0, 0
	for i, b := range t.backends {
		if b.Service == "" || slices.ContainsFunc(t.backends[:i], func(o glbc.Backend) bool { return o.Namespace == b.Namespace && o.Service == b.Service }) {
			continue
		}
		r, n := t.servicePods(j, b)
		ready, total = ready+r, total+n
	}
	if total > 0 {
		j.summary = fmt.Sprintf("%d/%d ready", ready, total)
	}
}

func (t *tracer) servicePods(j *judgement, b glbc.Backend) (ready, total int) {
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent():
		j.notApplicable("no Service")
		return 0, 0
	case !ok:
		j.unread(b.Title(), b.Object.Err())
		return 0, 0
	case len(svc.Spec.Selector) == 0:
		j.notApplicable(b.Title() + " selects nothing")
		return 0, 0
	}
	pods, err := glbc.PodsOf(t.s, b)
	pods = slices.DeleteFunc(pods, finished)
	for _, p := range pods {
		j.on(podRef(t.s, p))
		if glbc.IsReady(p) {
			ready++
		}
	}
	says := fmt.Sprintf("%d/%d of %s ready", ready, len(pods), b.Service)
	switch {
	case err != nil:
		j.unread("the pods of "+b.Service, err)
	case ready > 0:
		j.ok(says)
	case !t.s.Pods.Known():
		j.unread("the pods of "+b.Service, t.s.Pods.Err())
	case len(pods) == 0 && t.noPodsAt(b.Namespace):
		j.unknown("namespace %s lists no pods at all", b.Namespace)
	case len(pods) == 0:
		j.differs(b.Ref(t.s.ClusterName), "spec.selector", "some pod", "none")
		j.broken("no pod matches the selector of %s", b.Title())
	case !slices.ContainsFunc(pods, tellsReadiness):
		j.unknown("%s, and no status tells", says)
	case t.starting(b, pods):
		j.unknown("%s, still within their start", says)
	default:
		j.broken("%s", says)
	}
	return ready, len(pods)
}

// noPodsAt: a namespace has a Service with a selector and not one pod of any sort. That
// is as likely a part of a cluster as a cluster with a fault.
func (t *tracer) noPodsAt(namespace string) bool {
	pods, _ := t.s.Pods.Get()
	return !slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.Namespace == namespace })
}

// tellsReadiness: the kubelet has written the condition that IsReady reads.
func tellsReadiness(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady })
}

// starting: every pod is still within the time that its start may take.
func (t *tracer) starting(b glbc.Backend, pods []*corev1.Pod) bool {
	var check glbc.Check
	if hc, ok := b.HealthCheck.Get(); ok {
		check = glbc.CheckOf(hc)
	}
	return !slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return t.s.Now.Sub(glbc.Started(p)) >= glbc.ReadyIn(p, check) })
}
