package glbc

import (
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ClassAnnotation selects the controller of an Ingress (ingress-controller.md §1.1).
const ClassAnnotation = "kubernetes.io/ingress.class"

// A Class is whether GLBC serves an Ingress, and why.
type Class struct {
	// Served: GLBC builds a load balancer for it.
	Served bool
	// Internal: a regional internal one.
	Internal bool
	// Orphan: it asks for GKE's controller in a way that the controller ignores.
	Orphan bool
	// Because is the deciding field, for people.
	Because string
}

// ClassOf applies the class rule (ingress-controller.md §1.1): the annotation
// decides; spec.ingressClassName without it means "not ours", even `gce`.
func ClassOf(ing *networkingv1.Ingress) Class {
	a := ing.Annotations[ClassAnnotation]
	name := ing.Spec.IngressClassName
	because := "annotation " + ClassAnnotation + " = " + a
	switch {
	case a == "" && name == nil:
		return Class{Served: true, Because: "no class is set, and GKE serves those"}
	case a == "":
		return Class{Orphan: IsGCE(*name), Because: "spec.ingressClassName = " + strconv.Quote(*name) + " without the annotation " + ClassAnnotation}
	case a == "gce":
		return Class{Served: true, Because: because}
	case a == "gce-internal":
		return Class{Served: true, Internal: true, Because: because}
	}
	return Class{Because: because}
}

// IsGCE reports that a class name belongs to GKE's controllers.
func IsGCE(class string) bool {
	switch class {
	case "gce", "gce-internal", "gce-regional-external", "gce-multi-cluster":
		return true
	}
	return false
}

// ServesGateway reports that GKE's Gateway controller serves this GatewayClass
// (the classes that GKE installs all start so).
func ServesGateway(class string) bool {
	return len(class) > 4 && class[:4] == "gke-"
}

// Finalizers that GLBC puts on an Ingress it has taken up (ingress-controller.md §3).
const (
	FinalizerV1 = "networking.gke.io/ingress-finalizer"
	FinalizerV2 = "networking.gke.io/ingress-finalizer-V2"
)

// TakenUp reports that GLBC has worked on the Ingress: its finalizer or one of the
// annotations that it writes is there (ingress-controller.md §3).
func TakenUp(ing *networkingv1.Ingress) bool {
	for _, f := range ing.Finalizers {
		if f == FinalizerV1 || f == FinalizerV2 {
			return true
		}
	}
	for _, key := range []string{"backends", "url-map", "forwarding-rule", "https-forwarding-rule"} {
		if _, ok := ing.Annotations["ingress.kubernetes.io/"+key]; ok {
			return true
		}
	}
	return false
}

// Address is the load balancer's address in the Ingress's status; empty when it
// has none yet.
func Address(ing *networkingv1.Ingress) string {
	for _, i := range ing.Status.LoadBalancer.Ingress {
		if i.IP != "" {
			return i.IP
		}
		if i.Hostname != "" {
			return i.Hostname
		}
	}
	return ""
}

// GatewayAddress is the load balancer's address in a Gateway's status; empty when it
// has none yet.
func GatewayAddress(g *gatewayv1.Gateway) string {
	for _, a := range g.Status.Addresses {
		if a.Value != "" {
			return a.Value
		}
	}
	return ""
}

// Hosts are the host names of an Ingress's rules, in order, each once.
func Hosts(ing *networkingv1.Ingress) []string {
	var hosts []string
	seen := map[string]bool{}
	for _, r := range ing.Spec.Rules {
		if r.Host != "" && !seen[r.Host] {
			seen[r.Host] = true
			hosts = append(hosts, r.Host)
		}
	}
	return hosts
}
