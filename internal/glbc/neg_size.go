package glbc

import "plumbline/internal/facts"

// NEGsDiffer reports that what the NEG controller says of a Service port is worth
// reading: its backend service or a NEG isn't there, or the NEGs together have
// another size than the Service has pods with an address. The size is what the list
// of NEGs tells; a Service on instance groups has none.
func NEGsDiffer(s *facts.Snapshot, b Backend) bool {
	svc, ok := b.Object.Get()
	if !ok || !NEGRequestOf(svc).Ingress {
		return false
	}
	bs, ok := b.BackendService.Get()
	if !ok || len(bs.GetBackends()) == 0 {
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

func addressed(s *facts.Snapshot, b Backend) (n int32) {
	pods, _ := PodsOf(s, b)
	for _, pod := range pods {
		if pod.Status.PodIP != "" && pod.DeletionTimestamp == nil {
			n++
		}
	}
	return n
}
