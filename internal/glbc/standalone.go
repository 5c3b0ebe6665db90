package glbc

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// AsksStandalone reports that a Service asks for NEGs of its own, or for something that
// can't be read.
func AsksStandalone(svc *corev1.Service) bool {
	r := NEGRequestOf(svc)
	return len(r.Exposed) > 0 || r.Present && !r.Valid
}

// Standalone are the ports of a Service that its annotation exposes, each with a backend
// service that uses its NEGs, whoever made that; its last port, where the annotation
// names none of them.
func Standalone(s *facts.Snapshot, namespace, name string) (list []Backend) {
	object := ServiceOf(s, namespace, name)
	svc, ok := object.Get()
	if !ok {
		return nil
	}
	exposed := NEGRequestOf(svc).Exposed
	for i, p := range svc.Spec.Ports {
		if _, named := exposed[p.Port]; !named && (i < len(svc.Spec.Ports)-1 || len(list) > 0) {
			continue
		}
		b := Backend{Namespace: namespace, Service: name, Port: networkingv1.ServiceBackendPort{Number: p.Port}, Object: object, ServicePort: &svc.Spec.Ports[i]}
		b.BackendService = userOf(s, b)
		b.HealthCheck = facts.Unknown[*computepb.HealthCheck](b.BackendService.Err())
		if bs, ok := b.BackendService.Get(); ok {
			b.HealthCheck = healthCheckOf(s, bs)
		}
		list = append(list, b)
	}
	return list
}

// userOf is a backend service that uses a NEG of a Service port.
func userOf(s *facts.Snapshot, b Backend) facts.Value[*computepb.BackendService] {
	all, _ := s.BackendServices.Get()
	for _, neg := range NEGsOf(s, b) {
		for _, bs := range all {
			if slices.ContainsFunc(bs.GetBackends(), func(g *computepb.Backend) bool {
				return facts.RelativePath(g.GetGroup()) == facts.RelativePath(neg.GetSelfLink())
			}) {
				return facts.Found(bs)
			}
		}
	}
	if !s.BackendServices.Known() {
		return facts.Unknown[*computepb.BackendService](s.BackendServices.Err())
	}
	return facts.Absent[*computepb.BackendService]()
}
