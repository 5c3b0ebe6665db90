package glbc

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// NEGsDiffer reports that what the NEG controller says of a Service port is worth
// reading: it complains of the Service, a pod waits for its readiness gate, the backend
// service or a NEG isn't there, or the NEGs together have another size than the Service
// has pods with an address. The size is what the list of NEGs tells; a Service on
// instance groups has none.
func NEGsDiffer(s *facts.Snapshot, b Backend) bool {
	svc, ok := b.Object.Get()
	if !ok {
		return false
	}
	r := NEGRequestOf(svc)
	if !r.Ingress && (!b.Gateway || len(r.Exposed) == 0) {
		return false
	}
	bs, ok := b.BackendService.Get()
	if !ok || len(bs.GetBackends()) == 0 || complained(s, b) || gated(s, b) {
		return true
	}
	var size int32
	for _, backend := range bs.GetBackends() {
		neg, found := NEGOf(s, backend.GetGroup())
		if !found {
			return true
		}
		size += neg.GetSize()
	}
	return size != addressed(s, b)
}

// complained: the NEG controller wrote a warning about the Service.
func complained(s *facts.Snapshot, b Backend) bool {
	events, _ := s.Events.Get()
	return slices.ContainsFunc(events, func(e *corev1.Event) bool {
		o := e.InvolvedObject
		return e.Type == corev1.EventTypeWarning && o.Kind == facts.KindService && o.Namespace == b.Namespace && o.Name == b.Service
	})
}

// gated: a pod has waited for the load balancer for longer than attaching takes.
func gated(s *facts.Snapshot, b Backend) bool {
	pods, _ := PodsOf(s, b)
	return slices.ContainsFunc(pods, func(p *corev1.Pod) bool {
		return Lives(p) && !GateOf(p).Open && s.Now.Sub(p.CreationTimestamp.Time) >= grace
	})
}

func addressed(s *facts.Snapshot, b Backend) (n int32) {
	pods, _ := PodsOf(s, b)
	for _, pod := range pods {
		if pod.Status.PodIP != "" && pod.DeletionTimestamp == nil {
			n++
		}
	}
	return n
}
