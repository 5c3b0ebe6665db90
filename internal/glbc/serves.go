package glbc

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// Serves reports that an Ingress is GLBC's: by its class, and because no other
// controller has visibly provisioned it.
func Serves(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	return ClassOf(ing).Served && provisionedByOther(s, ing) == ""
}

// WhyNotServed says why GLBC doesn't serve an Ingress; empty when it does.
func WhyNotServed(s *facts.Snapshot, ing *networkingv1.Ingress) string {
	if class := ClassOf(ing); !class.Served {
		return class.Because
	}
	return provisionedByOther(s, ing)
}

// provisionedByOther is the evidence that somebody else serves an Ingress without
// any class. Those are GLBC's by rule, but nginx and others can be told to serve
// them too: then it has an address and no trace of GLBC (no finalizer, annotation,
// event or backend service), and a class of another controller is installed.
func provisionedByOther(s *facts.Snapshot, ing *networkingv1.Ingress) string {
	if ing.Annotations[ClassAnnotation] != "" || Address(ing) == "" || TakenUp(ing) || heardOf(s, ing) {
		return ""
	}
	for _, b := range Backends(s, ing) {
		if !b.BackendService.IsAbsent() {
			return ""
		}
	}
	classes, _ := s.IngressClasses.Get()
	for _, c := range classes {
		if c.Spec.Controller != "" && !strings.Contains(c.Spec.Controller, "gke.io") {
			return "no class is set, nothing of GKE's controller is on it, and IngressClass " + c.Name + " of " + c.Spec.Controller + " is installed"
		}
	}
	return ""
}

// heardOf: GLBC wrote an event about the Ingress.
func heardOf(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	events, _ := s.Events.Get()
	for _, e := range events {
		if e.Source.Component == "loadbalancer-controller" && e.InvolvedObject.Kind == facts.KindIngress &&
			e.InvolvedObject.Namespace == ing.Namespace && e.InvolvedObject.Name == ing.Name {
			return true
		}
	}
	return false
}
