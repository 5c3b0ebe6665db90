package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// A RefusedRef is a backendRef of a route to a Service of another namespace that no
// ReferenceGrant there allows.
type RefusedRef struct {
	// Route is the HTTPRoute.
	Route              facts.Ref
	Namespace, Service string
	Port               int32
}

// A Routing is what a Gateway's routes send requests to.
type Routing struct {
	Routes []Route
	// Backends has each Service port once, in the order of the routes.
	Backends []Backend
	// Refused are refs that lead nowhere for want of a ReferenceGrant.
	Refused []RefusedRef
	// Err is what couldn't be told: routes that weren't read, backends in other
	// clusters.
	Err error
}

// GatewayBackends lists the Service ports that a Gateway sends requests to, joined
// with the backend services that GKE's controller built for them.
func GatewayBackends(s *facts.Snapshot, g *gatewayv1.Gateway) []Backend {
	return RoutingOf(s, g).Backends
}

// RefusedRefs lists the refs of a Gateway's routes that no ReferenceGrant allows.
func RefusedRefs(s *facts.Snapshot, g *gatewayv1.Gateway) []RefusedRef {
	return RoutingOf(s, g).Refused
}

// RoutingOf walks from a Gateway along its routes to the backend services. A ref
// without weight (0) gets no requests and is left out, like a mirror's.
func RoutingOf(s *facts.Snapshot, g *gatewayv1.Gateway) Routing {
	var out Routing
	out.Routes, out.Err = RoutesOf(s, g)
	for _, r := range out.Routes {
		for _, rule := range r.Object.Spec.Rules {
			for _, ref := range rule.BackendRefs {
				if ref.Weight == nil || *ref.Weight > 0 {
					out.add(s, r, ref.BackendObjectReference)
				}
			}
		}
	}
	if len(out.Backends) == 0 {
		return out
	}
	j := newGatewayJoin(s, g)
	for i := range out.Backends {
		j.join(&out.Backends[i])
	}
	return out
}

func (o *Routing) add(s *facts.Snapshot, r Route, ref gatewayv1.BackendObjectReference) {
	namespace, name := r.Object.Namespace, string(ref.Name)
	if ref.Namespace != nil {
		namespace = string(*ref.Namespace)
	}
	if ref.Group != nil && *ref.Group != "" || ref.Kind != nil && *ref.Kind != facts.KindService {
		o.Err = errors.Join(o.Err, fmt.Errorf("HTTPRoute %s/%s leads to %s %s/%s, whose pods may be in other clusters", r.Object.Namespace, r.Object.Name, deref(ref.Kind), namespace, name))
		return
	}
	if ref.Port == nil {
		o.Err = errors.Join(o.Err, fmt.Errorf("HTTPRoute %s/%s names no port of Service %s/%s", r.Object.Namespace, r.Object.Name, namespace, name))
		return
	}
	if namespace != r.Object.Namespace && forbidden(s, r.Object.Namespace, namespace, name) {
		o.Refused = append(o.Refused, RefusedRef{
			Route:     facts.Ref{Cluster: s.ClusterName, Kind: facts.KindHTTPRoute, Namespace: r.Object.Namespace, Name: r.Object.Name},
			Namespace: namespace, Service: name, Port: *ref.Port,
		})
		return
	}
	port := networkingv1.ServiceBackendPort{Number: *ref.Port}
	i := slices.IndexFunc(o.Backends, func(b Backend) bool { return b.Namespace == namespace && b.Service == name && b.Port == port })
	if i < 0 {
		o.Backends = append(o.Backends, Backend{Namespace: namespace, Service: name, Port: port, Gateway: true})
		i = len(o.Backends) - 1
	}
	for _, h := range r.Hosts {
		if !slices.Contains(o.Backends[i].Hosts, h) {
			o.Backends[i].Hosts = append(o.Backends[i].Hosts, h)
		}
	}
}

func deref[T ~string](v *T) T {
	if v == nil {
		return ""
	}
	return *v
}

// forbidden reports that surely no ReferenceGrant lets routes of a namespace use a
// Service of another one.
func forbidden(s *facts.Snapshot, from, namespace, service string) bool {
	grants, _ := s.ReferenceGrants.Get()
	for _, g := range grants {
		if g.Namespace != namespace {
			continue
		}
		trusted := slices.ContainsFunc(g.Spec.From, func(f gatewayv1.ReferenceGrantFrom) bool {
			return f.Group == gatewayv1.GroupName && f.Kind == facts.KindHTTPRoute && string(f.Namespace) == from
		})
		if trusted && slices.ContainsFunc(g.Spec.To, func(t gatewayv1.ReferenceGrantTo) bool {
			return t.Group == "" && t.Kind == facts.KindService && (t.Name == nil || string(*t.Name) == service)
		}) {
			return false
		}
	}
	return s.ReferenceGrants.Err() == nil
}

// A gatewayJoin finds the backend services of one Gateway.
type gatewayJoin struct {
	s *facts.Snapshot
	// scope is empty where the class doesn't tell.
	scope string
	// named are the backend services that the Gateway's URL maps, or else the
	// controller's annotation, name, as scope/collection/name.
	named []string
	uid   string
}

func newGatewayJoin(s *facts.Snapshot, g *gatewayv1.Gateway) *gatewayJoin {
	j := &gatewayJoin{s: s}
	j.uid, _ = s.ClusterUID.Get()
	if class, ok := GatewayClassOf(s, g).Get(); ok {
		j.scope = class.Scope(Region(s))
	}
	for _, m := range GatewayFrontendOf(s, g).URLMaps {
		for _, path := range ServicesOf(m) {
			j.named = append(j.named, facts.ScopePath(path))
		}
	}
	if len(j.named) == 0 {
		j.named = madeFor(g, "backend-services")
	}
	return j
}

func (j *gatewayJoin) join(b *Backend) {
	b.Object = ServiceOf(j.s, b.Namespace, b.Service)
	if svc, ok := b.Object.Get(); ok {
		b.ServicePort = PortOf(svc, b.Port)
	}
	b.BackendService = j.backendService(*b)
	bs, ok := b.BackendService.Get()
	if !ok {
		b.HealthCheck = facts.Unknown[*computepb.HealthCheck](b.BackendService.Err())
		return
	}
	b.HealthCheck = healthCheckOf(j.s, bs)
}

// errNEGsUnread: a backend service of a Gateway says only through its NEGs whose it is.
var errNEGsUnread = errors.New("its NEGs, which say which Service it is for, couldn't all be read")

// backendService finds the backend service of a Service port. Several load balancers
// may use one NEG, each with its own backend service: the one that the Gateway's URL
// map names is meant.
func (j *gatewayJoin) backendService(b Backend) facts.Value[*computepb.BackendService] {
	all, _ := j.s.BackendServices.Get()
	var candidates []*computepb.BackendService
	unsure := false
	for _, bs := range all {
		if j.scope != "" && scopeIn(bs.GetSelfLink()) != j.scope || !j.may(bs) {
			continue
		}
		switch fits, known := j.fits(b, bs); {
		case fits:
			candidates = append(candidates, bs)
		case !known:
			unsure = true
		}
	}
	switch {
	case len(candidates) == 1:
		return facts.Found(candidates[0])
	case len(candidates) > 1:
		return facts.Unknown[*computepb.BackendService](errAmbiguous)
	case j.scope != "" && j.s.BackendServices.Lacks(j.scope), j.scope == "" && !j.s.BackendServices.Known():
		return facts.Unknown[*computepb.BackendService](j.s.BackendServices.Err())
	case unsure:
		return facts.Unknown[*computepb.BackendService](errNEGsUnread)
	}
	return facts.Absent[*computepb.BackendService]()
}

// may reports that a backend service can be the Gateway's.
func (j *gatewayJoin) may(bs *computepb.BackendService) bool {
	if len(j.named) > 0 {
		return slices.Contains(j.named, facts.ScopePath(bs.GetSelfLink()))
	}
	return strings.HasPrefix(bs.GetName(), gatewayNames)
}

// fits reports that a backend service is for a Service port of this cluster, by its
// NEGs; by its name, gkegw1-HASH-NAMESPACE-SERVICE-PORT-HASH, where it has none yet.
func (j *gatewayJoin) fits(b Backend, bs *computepb.BackendService) (fits, known bool) {
	port := strconv.Itoa(int(b.Port.Number))
	known = true
	for _, backend := range bs.GetBackends() {
		neg, ok := NEGOf(j.s, backend.GetGroup())
		if !ok {
			known = false
			continue
		}
		d, ok := ParseNEGDescription(neg.GetDescription())
		if !ok {
			continue
		}
		return d.Namespace == b.Namespace && d.Service == b.Service && d.Port == port && (d.ClusterUID == "" || j.uid == "" || d.ClusterUID == j.uid), true
	}
	if len(bs.GetBackends()) > 0 || len(j.named) == 0 {
		return false, known
	}
	_, rest, _ := strings.Cut(strings.TrimPrefix(bs.GetName(), gatewayNames), "-")
	return strings.HasPrefix(rest, b.Namespace+"-"+b.Service+"-"+port+"-"), true
}
