package glbc

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// Serves reports that an Ingress is GLBC's: by its class, and because no other
// controller has visibly provisioned it. An Ingress without any class is GLBC's by
// rule, but nginx and others can be told to serve those too: then it has an
// address and no trace of GLBC.
func Serves(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	if !ClassOf(ing).Served {
		return false
	}
	return !provisionedByOther(s, ing)
}

func provisionedByOther(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	if ing.Annotations[ClassAnnotation] != "" || Address(ing) == "" || TakenUp(ing) {
		return false
	}
	services, ok := s.BackendServices.Get()
	if !ok {
		return false
	}
	for _, bs := range services {
		d, ok := ParseDescription(bs.GetDescription())
		if !ok || d.Namespace != ing.Namespace {
			continue
		}
		if slices.Contains(references(ing), d.Service) {
			return false
		}
	}
	return true
}

// references are the names of the Services that an Ingress refers to.
func references(ing *networkingv1.Ingress) []string {
	var names []string
	if b := ing.Spec.DefaultBackend; b != nil && b.Service != nil {
		names = append(names, b.Service.Name)
	}
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for _, p := range r.HTTP.Paths {
			if p.Backend.Service != nil {
				names = append(names, p.Backend.Service.Name)
			}
		}
	}
	return names
}
