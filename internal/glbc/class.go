package glbc

import (
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// ClassAnnotation selects the controller of an Ingress (ingress-controller.md §1.1).
const ClassAnnotation = "kubernetes.io/ingress.class"

// Values of ClassAnnotation that GKE's controllers know (ingress-controller.md §1.1).
const (
	ClassExternal         = "gce"
	ClassInternal         = "gce-internal"
	ClassRegionalExternal = "gce-regional-external"
	ClassMultiCluster     = "gce-multi-cluster"
)

// A Class is whether GLBC serves an Ingress, how, and why.
type Class struct {
	// Served: GLBC builds a load balancer for it.
	Served bool
	// Unsure: whether it is served hangs on a flag of the controller that can't be
	// read. Served is false then; ClassIn looks for proof.
	Unsure bool
	// Internal: a regional internal one.
	Internal bool
	// Regional: a regional external one.
	Regional bool
	// MultiCluster: GLBC keeps the instance groups, the load balancer is
	// MultiClusterIngress's.
	MultiCluster bool
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
	switch a {
	case "":
		if name == nil {
			return Class{Served: true, Because: "no class is set, and GKE serves those"}
		}
		return Class{Orphan: meansGCE(*name), Because: "spec.ingressClassName = " + strconv.Quote(*name) + " without the annotation " + ClassAnnotation}
	case ClassExternal:
		return Class{Served: true, Because: because}
	case ClassInternal:
		return Class{Served: true, Internal: true, Because: because}
	case ClassRegionalExternal:
		return Class{Unsure: true, Regional: true, Because: because + ", which GLBC serves only where enable-ingress-regional-external is on"}
	case ClassMultiCluster:
		return Class{MultiCluster: true, Because: because + ", whose load balancer the MultiClusterIngress controller builds"}
	}
	return Class{Orphan: meansGCE(a), Because: because}
}

// meansGCE: a class that is one of GKE's, or is none and can't be anybody else's: `GCE`,
// `gke`, `gce-external`. With more in it, such as gce-internal-nginx, it is another's.
func meansGCE(class string) bool {
	word := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r == ' ' || r == '/' {
			return -1
		}
		return r
	}, strings.ToLower(class))
	switch word {
	case "gce", "gceinternal", "gceexternal", "gceregionalexternal", "gcemulticluster", "gceingress", "ingressgce", "gke", "gkeinternal", "gkeexternal", "gkeingress", "google":
		return true
	}
	return false
}

// isGoogles reports that the controller of an IngressClass is GKE's: such an object
// changes nothing, for GLBC reads none.
func isGoogles(controller string) bool {
	return strings.Contains(controller, "gke.io") || strings.Contains(controller, "google") || strings.Contains(controller, "ingress-gce")
}

// Neglected reports that an Ingress asks for GKE's controller in a way that the
// controller ignores, and that nobody else serves it either: no IngressClass of that
// name belongs to another controller, and it has no address, or one that GLBC gave it
// before and that no forwarding rule has any more (ingress-controller.md §1.1).
func Neglected(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	class := ClassOf(ing)
	if !class.Orphan {
		return false
	}
	classes, _ := s.IngressClasses.Get()
	for _, c := range classes {
		if c.Name == ClassName(ing) && !isGoogles(c.Spec.Controller) {
			return false
		}
	}
	address := Address(ing)
	if address == "" {
		return true
	}
	rules, _ := s.ForwardingRules.Get()
	return TakenUp(ing) && s.ForwardingRules.Known() && !slices.ContainsFunc(rules, func(fr *computepb.ForwardingRule) bool { return fr.GetIPAddress() == address })
}

// ClassName is the class that an Ingress asks for: the annotation's, else the spec's.
func ClassName(ing *networkingv1.Ingress) string {
	if a := ing.Annotations[ClassAnnotation]; a != "" || ing.Spec.IngressClassName == nil {
		return a
	}
	return *ing.Spec.IngressClassName
}

// InRegion reports that the load balancer's objects are of the cluster's region, not
// global.
func (c Class) InRegion() bool { return c.Internal || c.Regional }

// Scheme is the loadBalancingScheme of the forwarding rules and backend services
// that GLBC makes.
func (c Class) Scheme() string {
	switch {
	case c.Internal:
		return "INTERNAL_MANAGED"
	case c.Regional:
		return "EXTERNAL_MANAGED"
	}
	return "EXTERNAL"
}

// Scope is where the load balancer's objects are: `global`, or `regions/R` of the
// cluster's region.
func (c Class) Scope(region string) string {
	if c.InRegion() {
		return "regions/" + region
	}
	return scopeGlobal
}

// ClassIn is ClassOf, with what the Snapshot proves where the flag decides: a
// regional external forwarding rule for the Ingress shows that GLBC serves it.
func ClassIn(s *facts.Snapshot, ing *networkingv1.Ingress) Class {
	class := ClassOf(ing)
	if !class.Unsure {
		return class
	}
	uid, _ := s.ClusterUID.Get()
	rules, _ := s.ForwardingRules.Get()
	for _, fr := range rules {
		if fr.GetRegion() == "" || fr.GetLoadBalancingScheme() != class.Scheme() || !describes(fr.GetDescription(), ing) {
			continue
		}
		if n, ok := ParseName(fr.GetName()); ok && !n.ForeignTo(uid, IngressUID(s)) {
			class.Served, class.Unsure = true, false
			class.Because += ", and forwarding rule " + fr.GetName() + " shows that it is"
			return class
		}
	}
	return class
}

// IsGCE reports that a class name belongs to GKE's controllers.
func IsGCE(class string) bool {
	switch class {
	case ClassExternal, ClassInternal, ClassRegionalExternal, ClassMultiCluster:
		return true
	}
	return false
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
