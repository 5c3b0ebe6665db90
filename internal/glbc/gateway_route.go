package glbc

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// A Route is an HTTPRoute that is attached to a Gateway.
type Route struct {
	Object *gatewayv1.HTTPRoute
	// Listeners are the names of the Gateway's listeners that take it.
	Listeners []string
	// Hosts are those that both the listeners and the route are for; empty for any.
	Hosts []string
	// Accepted and ResolvedRefs are what GKE's controller says of the route as it is;
	// unknown where it hasn't said yet.
	Accepted, ResolvedRefs facts.Value[metav1.Condition]
}

var (
	errNotJudged   = errors.New("the Gateway controller has not judged it yet")
	errByLabels    = errors.New("a listener chooses namespaces by labels, which are not read")
	errStaleStatus = errors.New("the controller calls it accepted, and no listener of the Gateway takes it")
)

// RoutesOf lists the HTTPRoutes that are attached to a Gateway: by parentRefs, by the
// listeners that they name and that allow them, and by hosts that both have. A route
// that GKE's controller refused isn't. err says what couldn't be told; the list is
// what was found all the same.
func RoutesOf(s *facts.Snapshot, g *gatewayv1.Gateway) (list []Route, err error) {
	all, _ := s.HTTPRoutes.Get()
	err = s.HTTPRoutes.Err()
	for _, r := range all {
		route, ok, why := attach(g, r)
		if why != nil {
			err = errors.Join(err, fmt.Errorf("HTTPRoute %s/%s: %w", r.Namespace, r.Name, why))
		}
		if ok {
			list = append(list, route)
		}
	}
	return list, err
}

// GatewayHosts are the hosts that both a Gateway's listeners and its routes are for,
// each once, wildcards among them.
func GatewayHosts(s *facts.Snapshot, g *gatewayv1.Gateway) []string {
	routes, _ := RoutesOf(s, g)
	var hosts []string
	for _, r := range routes {
		for _, h := range r.Hosts {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	return hosts
}

func attach(g *gatewayv1.Gateway, r *gatewayv1.HTTPRoute) (route Route, ok bool, err error) {
	route = Route{Object: r, Accepted: facts.Unknown[metav1.Condition](errNotJudged), ResolvedRefs: facts.Unknown[metav1.Condition](errNotJudged)}
	anyHost := false
	for _, p := range r.Spec.ParentRefs {
		if !isParent(p, r.Namespace, g) {
			continue
		}
		accepted := judged(r, g, p, string(gatewayv1.RouteConditionAccepted))
		c, told := accepted.Get()
		if told && c.Status == metav1.ConditionFalse {
			if !ok {
				route.Accepted = accepted
			}
			continue
		}
		taken, unsure := listeners(g, r, p)
		if told && c.Status == metav1.ConditionTrue {
			if unsure == nil && len(taken) == 0 {
				err = errStaleStatus
			}
			unsure = nil
		} else {
			taken = slices.DeleteFunc(taken, func(t taker) bool { return t.unsure })
		}
		err = errors.Join(err, unsure)
		for _, t := range taken {
			ok = true
			anyHost = anyHost || len(t.hosts) == 0
			route.take(t)
		}
		if len(taken) > 0 {
			route.Accepted, route.ResolvedRefs = accepted, judged(r, g, p, string(gatewayv1.RouteConditionResolvedRefs))
		}
	}
	if anyHost {
		route.Hosts = nil
	}
	return route, ok, err
}

func (r *Route) take(t taker) {
	if !slices.Contains(r.Listeners, t.listener) {
		r.Listeners = append(r.Listeners, t.listener)
	}
	for _, h := range t.hosts {
		if !slices.Contains(r.Hosts, h) {
			r.Hosts = append(r.Hosts, h)
		}
	}
}

// A taker is a listener that takes a route, for these hosts.
type taker struct {
	listener string
	hosts    []string
	// unsure: it may not, by labels of the route's namespace.
	unsure bool
}

// listeners are those that a parentRef names and that take the route.
func listeners(g *gatewayv1.Gateway, r *gatewayv1.HTTPRoute, p gatewayv1.ParentReference) (list []taker, unsure error) {
	for _, l := range g.Spec.Listeners {
		if p.SectionName != nil && *p.SectionName != l.Name || p.Port != nil && *p.Port != l.Port {
			continue
		}
		hosts, ok := commonHosts(l.Hostname, r.Spec.Hostnames)
		if !ok || !takesHTTP(l) {
			continue
		}
		allowed, known := allows(l, g.Namespace, r.Namespace)
		if !known {
			unsure = errByLabels
		} else if !allowed {
			continue
		}
		list = append(list, taker{string(l.Name), hosts, !known})
	}
	return list, unsure
}

// isParent reports that a parentRef of a route in a namespace names a Gateway.
func isParent(p gatewayv1.ParentReference, namespace string, g *gatewayv1.Gateway) bool {
	if p.Group != nil && *p.Group != gatewayv1.GroupName || p.Kind != nil && *p.Kind != facts.KindGateway {
		return false
	}
	if p.Namespace != nil {
		namespace = string(*p.Namespace)
	}
	return namespace == g.Namespace && string(p.Name) == g.Name
}

// takesHTTP reports that a listener is for HTTPRoutes.
func takesHTTP(l gatewayv1.Listener) bool {
	if l.Protocol != gatewayv1.HTTPProtocolType && l.Protocol != gatewayv1.HTTPSProtocolType {
		return false
	}
	if l.AllowedRoutes == nil || len(l.AllowedRoutes.Kinds) == 0 {
		return true
	}
	return slices.ContainsFunc(l.AllowedRoutes.Kinds, func(k gatewayv1.RouteGroupKind) bool {
		return (k.Group == nil || *k.Group == gatewayv1.GroupName) && k.Kind == facts.KindHTTPRoute
	})
}

// allows reports that a listener takes routes of a namespace; known is false where
// labels decide. Same is the default.
func allows(l gatewayv1.Listener, own, namespace string) (allowed, known bool) {
	from := gatewayv1.NamespacesFromSame
	if l.AllowedRoutes != nil && l.AllowedRoutes.Namespaces != nil && l.AllowedRoutes.Namespaces.From != nil {
		from = *l.AllowedRoutes.Namespaces.From
	}
	switch from {
	case gatewayv1.NamespacesFromAll:
		return true, true
	case gatewayv1.NamespacesFromSame:
		return namespace == own, true
	case gatewayv1.NamespacesFromNone:
		return false, true
	case gatewayv1.NamespacesFromSelector:
	}
	return false, false
}

// judged is a condition that GKE's controller wrote for a parentRef of a route, of its
// present generation.
func judged(r *gatewayv1.HTTPRoute, g *gatewayv1.Gateway, p gatewayv1.ParentReference, condition string) facts.Value[metav1.Condition] {
	for _, st := range r.Status.Parents {
		if st.ControllerName != GatewayController || !isParent(st.ParentRef, r.Namespace, g) ||
			!samePart(st.ParentRef.SectionName, p.SectionName) || !samePart(st.ParentRef.Port, p.Port) {
			continue
		}
		c := meta.FindStatusCondition(st.Conditions, condition)
		if c != nil && c.Status != metav1.ConditionUnknown && (c.ObservedGeneration == 0 || c.ObservedGeneration >= r.Generation) {
			return facts.Found(*c)
		}
	}
	return facts.Unknown[metav1.Condition](errNotJudged)
}

func samePart[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
