package glbc

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// Serves reports that an Ingress is GLBC's: by its class, and because no other
// controller has visibly provisioned it.
func Serves(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	return WhyNotServed(s, ing) == ""
}

// SurelyServes is Serves where everything that tells was read: what can't be told
// proves nothing.
func SurelyServes(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	if !ClassIn(s, ing).Served {
		return false
	}
	return !strange(s, ing) || s.IngressClasses.Known() && s.BackendServices.Known() && otherClass(s) == ""
}

// WhyNotServed says why GLBC doesn't serve an Ingress; empty when it does.
func WhyNotServed(s *facts.Snapshot, ing *networkingv1.Ingress) string {
	if class := ClassIn(s, ing); !class.Served {
		return class.Because
	}
	if other := otherClass(s); other != "" && s.BackendServices.Known() && strange(s, ing) {
		return "no class is set, nothing of GKE's controller is on it, and " + other + " is installed"
	}
	return ""
}

// strange: an Ingress without any class is GLBC's by rule, but nginx and others can
// be told to serve those too. Then it has an address and no trace of GLBC: no
// finalizer, annotation, event or backend service.
func strange(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	if ing.Annotations[ClassAnnotation] != "" || Address(ing) == "" || TakenUp(ing) || heardOf(s, ing) {
		return false
	}
	for _, b := range Backends(s, ing) {
		if _, found := b.BackendService.Get(); found {
			return false
		}
	}
	return true
}

// otherClass names an IngressClass of another controller; empty when none is
// known.
func otherClass(s *facts.Snapshot) string {
	classes, _ := s.IngressClasses.Get()
	for _, c := range classes {
		if c.Spec.Controller != "" && !strings.Contains(c.Spec.Controller, "gke.io") {
			return "IngressClass " + c.Name + " of " + c.Spec.Controller
		}
	}
	return ""
}

// The components that GKE's controllers give as the source of their events
// (ingress-controller.md §0).
const (
	Controller          = "loadbalancer-controller"
	NEGController       = "neg-controller"
	ReadinessController = "neg-readiness-reflector"
)

// FromController reports that an event is by the load-balancer controller.
func FromController(e *corev1.Event) bool {
	return e.Source.Component == Controller || e.ReportingController == Controller
}

// heardOf: GLBC wrote an event about the Ingress.
func heardOf(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	events, _ := s.Events.Get()
	for _, e := range events {
		if FromController(e) && e.InvolvedObject.Kind == facts.KindIngress &&
			e.InvolvedObject.Namespace == ing.Namespace && e.InvolvedObject.Name == ing.Name {
			return true
		}
	}
	return false
}
