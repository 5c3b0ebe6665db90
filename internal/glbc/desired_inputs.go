package glbc

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// configFor is the BackendConfig of a port; absent where none is named. err says that
// translation fails for it (ingress-controller.md §1.3).
func configFor(s *facts.Snapshot, svc *corev1.Service, port *corev1.ServicePort) (facts.Value[*facts.BackendConfig], error) {
	r := configRequestOf(svc)
	none := facts.Absent[*facts.BackendConfig]()
	switch {
	case !r.present:
		return none, nil
	case r.err != nil || r.Default == "" && len(r.Ports) == 0:
		return none, fmt.Errorf("%w: annotation %s is invalid", errNothingMade, r.key)
	case r.of(port) == "":
		return none, nil
	}
	found := BackendConfigNamed(s, svc.Namespace, r.of(port))
	if found.IsAbsent() {
		return none, fmt.Errorf("%w: BackendConfig %s/%s doesn't exist", errNothingMade, svc.Namespace, r.of(port))
	}
	return found, nil
}

// inRegion tells whether the Backend's load balancer is of a region: by its backend
// service, or by the class of the Ingresses that use the Service.
func inRegion(s *facts.Snapshot, b Backend) (bool, error) {
	if bs, ok := b.BackendService.Get(); ok {
		return bs.GetRegion() != "", nil
	}
	if !s.Ingresses.Known() {
		return false, errors.Join(errNoClass, s.Ingresses.Err())
	}
	ingresses, _ := s.Ingresses.Get()
	var global, regional bool
	for _, ing := range ingresses {
		if ing.Namespace != b.Namespace || !sends(ing, b.Service) {
			continue
		}
		switch class := ClassIn(s, ing); {
		case class.Unsure:
			return false, errNoClass
		case class.Served:
			global, regional = global || !class.InRegion(), regional || class.InRegion()
		}
	}
	if global == regional {
		return false, errNoClass
	}
	return regional, nil
}

// sends reports that an Ingress names a Service.
func sends(ing *networkingv1.Ingress, service string) bool {
	to := func(b *networkingv1.IngressBackend) bool {
		return b != nil && b.Service != nil && b.Service.Name == service
	}
	if to(ing.Spec.DefaultBackend) {
		return true
	}
	for _, r := range ing.Spec.Rules {
		if r.HTTP != nil && slices.ContainsFunc(r.HTTP.Paths, func(p networkingv1.HTTPIngressPath) bool { return to(&p.Backend) }) {
			return true
		}
	}
	return false
}
