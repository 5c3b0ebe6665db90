package path

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// service: it exists, has the port, may be used by GLBC, and its port leads to one of
// the pods'.
func (t *tracer) service(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	for _, b := range t.backends {
		if b.Service != "" {
			t.oneService(j, b)
		}
	}
	if n := len(j.objects); n > 1 && j.state() == OK {
		j.summary = count(n, "Service")
	}
}

func (t *tracer) oneService(j *judgement, b glbc.Backend) {
	ref := b.Ref(t.s.ClusterName)
	j.on(ref)
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent():
		j.differs(t.target, "backend.service.name", b.Service, "")
		t.wrong(j, "%s doesn't exist", b.Title())
		return
	case !ok:
		j.unread(b.Title(), b.Object.Err())
		return
	case b.ServicePort == nil:
		j.differs(ref, "spec.ports", portText(b), "")
		t.wrong(j, "%s has no port %s", b.Title(), portText(b))
		return
	}
	if t.ing != nil && glbc.Refused(b) {
		kind := svc.Spec.Type
		if kind == "" {
			kind = corev1.ServiceTypeClusterIP
		}
		j.differs(ref, "metadata.annotations["+glbc.NEGAnnotation+"]", `{"ingress": true}`, svc.Annotations[glbc.NEGAnnotation])
		j.broken("%s is of type %s without NEG", b.Title(), kind)
	}
	t.targetPort(j, b, svc)
	j.ok(b.Service + ":" + strconv.Itoa(int(b.ServicePort.Port)))
}

// targetPort: a name must be that of a port of the pods.
func (t *tracer) targetPort(j *judgement, b glbc.Backend, svc *corev1.Service) {
	if b.ServicePort.TargetPort.Type != intstr.String {
		return
	}
	pods, err := glbc.PodsOf(t.s, b)
	pods = slices.DeleteFunc(pods, finished)
	if err != nil || len(pods) == 0 || slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return glbc.ServingPort(p, b.ServicePort) != 0 }) {
		return
	}
	if !t.s.Pods.Known() {
		j.unread("the pods' ports", t.s.Pods.Err())
		return
	}
	name := b.ServicePort.TargetPort.StrVal
	j.differs(b.Ref(t.s.ClusterName), "targetPort", name, "")
	j.broken("%s/%s leads to port %s, which no pod has", svc.Namespace, svc.Name, name)
}

func portText(b glbc.Backend) string {
	if b.Port.Name != "" {
		return b.Port.Name
	}
	return strconv.Itoa(int(b.Port.Number))
}

// finished: a pod that is on its way out, or has come to its end.
func finished(p *corev1.Pod) bool {
	return p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

func podRef(s *facts.Snapshot, p *corev1.Pod) facts.Ref {
	return facts.Ref{Cluster: s.ClusterName, Kind: facts.KindPod, Namespace: p.Namespace, Name: p.Name}
}
