package glbc

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// An Orphan is why no controller serves a Gateway.
type Orphan struct {
	// Missing: there is no GatewayClass of the name. Otherwise it is there, and its
	// controller refuses it, or no controller has accepted it.
	Missing bool
	// Controller, Reason and Message are what the GatewayClass says.
	Controller, Reason, Message string
}

// OrphanOf says why surely no controller serves a Gateway: its class isn't there, or
// nobody has accepted it; ok is false where somebody serves it, or that can't be told.
func OrphanOf(s *facts.Snapshot, g *gatewayv1.Gateway) (o Orphan, ok bool) {
	name := string(g.Spec.GatewayClassName)
	if GatewayAddress(g) != "" || strings.HasPrefix(name, "gke-passthrough-lb-") || strings.HasPrefix(name, "gke-persistent-") {
		return Orphan{}, false
	}
	all, _ := s.GatewayClasses.Get()
	for _, class := range all {
		if class.Name != name {
			continue
		}
		for _, c := range class.Status.Conditions {
			if c.Type == string(gatewayv1.GatewayClassConditionStatusAccepted) && c.Status != metav1.ConditionTrue {
				return Orphan{Controller: string(class.Spec.ControllerName), Reason: c.Reason, Message: c.Message}, true
			}
		}
		return Orphan{}, false
	}
	return Orphan{Missing: true}, s.GatewayClasses.Known() && !accepted(g)
}

// accepted: some controller has judged the Gateway.
func accepted(g *gatewayv1.Gateway) bool {
	for _, c := range g.Status.Conditions {
		if c.Status == metav1.ConditionTrue {
			return true
		}
	}
	return false
}

// exactly reports that a class is one that GKE is known to install.
func exactly(name string) bool {
	for _, c := range gatewayClasses {
		if c.Name == name {
			return true
		}
	}
	return false
}

// NeedsGatewayClasses reports that only the GatewayClasses tell who serves a Gateway:
// its class isn't one that GKE is known to install, or nobody has taken it up.
func NeedsGatewayClasses(g *gatewayv1.Gateway) bool {
	return !exactly(string(g.Spec.GatewayClassName)) || GatewayAddress(g) == ""
}
