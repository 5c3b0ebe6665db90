package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

const (
	// GatewayController is spec.controllerName of the GatewayClasses that GKE's Gateway
	// controller serves, and status.parents[].controllerName of the routes it judges.
	GatewayController = "networking.gke.io/gateway"
	// GatewayFinalizer is on the Gateways that it has taken up.
	GatewayFinalizer = "gateway.finalizer.networking.gke.io"
	// gatewayPrefix begins the annotations that it writes on a Gateway: the Compute
	// objects that it made.
	gatewayPrefix = "networking.gke.io/"
	// gatewayNames begins the name of what it makes in Compute (gcp-facts.md §5).
	gatewayNames = "gkegw1-"
)

// A GatewayClass is how GKE serves the Gateways of a class.
type GatewayClass struct {
	Name string
	// Scheme is the loadBalancingScheme of forwarding rules and backend services;
	// empty where the class doesn't tell: one that somebody made for GKE's controller.
	Scheme string
	// Regional: the load balancer's objects are of the cluster's region, not global.
	Regional bool
	// MultiCluster: the backends are ServiceImports of a fleet.
	MultiCluster bool
	// Mesh: no load balancer is built, the class configures a service mesh.
	Mesh bool
}

// Scope is where the load balancer's objects are: `global` or `regions/R`; empty
// where the class doesn't tell.
func (c GatewayClass) Scope(region string) string {
	switch {
	case c.Scheme == "":
		return ""
	case c.Regional:
		return "regions/" + region
	}
	return scopeGlobal
}

// Serves reports that Gateways of the class get a load balancer.
func (c GatewayClass) Serves() bool { return !c.Mesh }

// The classes that GKE installs for its Gateway controller. The layer-4 classes
// gke-passthrough-lb-… and gke-persistent-… are of another one,
// networking.gke.io/persistent-ip-controller.
var gatewayClasses = []GatewayClass{
	{Name: "gke-l7-gxlb", Scheme: schemeExternal},
	{Name: "gke-l7-gxlb-mc", Scheme: schemeExternal, MultiCluster: true},
	{Name: "gke-l7-global-external-managed", Scheme: schemeExternalManaged},
	{Name: "gke-l7-global-external-managed-mc", Scheme: schemeExternalManaged, MultiCluster: true},
	{Name: "gke-l7-regional-external-managed", Scheme: schemeExternalManaged, Regional: true},
	{Name: "gke-l7-regional-external-managed-mc", Scheme: schemeExternalManaged, Regional: true, MultiCluster: true},
	{Name: "gke-l7-rilb", Scheme: schemeInternalManaged, Regional: true},
	{Name: "gke-l7-rilb-mc", Scheme: schemeInternalManaged, Regional: true, MultiCluster: true},
	{Name: "gke-l7-cross-regional-internal-managed-mc", Scheme: schemeInternalManaged, MultiCluster: true},
	{Name: "gke-td", Mesh: true},
}

const (
	schemeExternal        = "EXTERNAL"
	schemeExternalManaged = "EXTERNAL_MANAGED"
	schemeInternalManaged = "INTERNAL_MANAGED"
)

// GatewayClassNamed is a class that GKE installs, by name. Names that begin with
// gke-l7- are GKE's: a new one of them is served in a way that isn't known here.
func GatewayClassNamed(name string) (c GatewayClass, ok bool) {
	if i := slices.IndexFunc(gatewayClasses, func(c GatewayClass) bool { return c.Name == name }); i >= 0 {
		return gatewayClasses[i], true
	}
	if strings.HasPrefix(name, "gke-l7-") && name != "gke-l7-" {
		return GatewayClass{Name: name, MultiCluster: strings.HasSuffix(name, "-mc")}, true
	}
	return GatewayClass{}, false
}

// ServesGateway reports that GKE's Gateway controller builds a load balancer for
// Gateways of a class, as far as the class's name tells; GatewayClassOf looks at the
// class itself.
func ServesGateway(class string) bool {
	c, ok := GatewayClassNamed(class)
	return ok && c.Serves()
}

// GatewayClassOf is the class of a Gateway if it is of GKE's controller; absent if it
// is surely another's, or doesn't exist. The class's own spec.controllerName decides,
// then its name, then the finalizer that the controller puts on the Gateway.
func GatewayClassOf(s *facts.Snapshot, g *gatewayv1.Gateway) facts.Value[GatewayClass] {
	name := string(g.Spec.GatewayClassName)
	installed, ok := GatewayClassNamed(name)
	if !ok {
		installed = GatewayClass{Name: name}
	}
	all, _ := s.GatewayClasses.Get()
	for _, c := range all {
		if c.Name != name {
			continue
		}
		if c.Spec.ControllerName != GatewayController {
			return facts.Absent[GatewayClass]()
		}
		return facts.Found(installed)
	}
	switch {
	case exactly(name) || slices.Contains(g.Finalizers, GatewayFinalizer), ok && !s.GatewayClasses.Known():
		return facts.Found(installed)
	case strings.HasPrefix(name, "gke-passthrough-lb-"), strings.HasPrefix(name, "gke-persistent-"), s.GatewayClasses.Known():
		return facts.Absent[GatewayClass]()
	}
	return facts.Unknown[GatewayClass](fmt.Errorf("whose GatewayClass %s is: %w", name, errors.Join(s.GatewayClasses.Err())))
}

// SurelyServesGateway reports that GKE's controller builds a load balancer for a
// Gateway: what can't be told proves nothing.
func SurelyServesGateway(s *facts.Snapshot, g *gatewayv1.Gateway) bool {
	class, ok := GatewayClassOf(s, g).Get()
	return ok && class.Serves()
}

// GatewayNamed finds a Gateway in the Snapshot.
func GatewayNamed(s *facts.Snapshot, namespace, name string) facts.Value[*gatewayv1.Gateway] {
	all, _ := s.Gateways.Get()
	for _, g := range all {
		if g.Namespace == namespace && g.Name == name {
			return facts.Found(g)
		}
	}
	if s.Gateways.Err() != nil {
		return facts.Unknown[*gatewayv1.Gateway](s.Gateways.Err())
	}
	return facts.Absent[*gatewayv1.Gateway]()
}

// GatewayRef names a Gateway of the Snapshot's cluster.
func GatewayRef(s *facts.Snapshot, g *gatewayv1.Gateway) facts.Ref {
	return facts.Ref{Cluster: s.ClusterName, Kind: facts.KindGateway, Namespace: g.Namespace, Name: g.Name}
}

// madeFor are the objects of one kind that the controller wrote on a Gateway, as
// scope/collection/name: the annotations have the project's number, Compute its name.
func madeFor(g *gatewayv1.Gateway, kind string) []string {
	var list []string
	for path := range strings.SplitSeq(g.Annotations[gatewayPrefix+kind], ",") {
		if path = strings.TrimSpace(path); path != "" {
			list = append(list, facts.ScopePath(path))
		}
	}
	return list
}
