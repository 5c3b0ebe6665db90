package glbc

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// A Refusal is something that GKE's Gateway controller says it can't do as asked: a
// condition of the object's present generation.
type Refusal struct {
	// On is the Gateway or the HTTPRoute.
	On facts.Ref
	// Listener is the part of the Gateway that it is about; empty for the whole.
	Listener string
	// Type, Reason and Message are the condition's own; Conflicted is refused where True,
	// the others where False.
	Type, Reason, Message string
	// Since is when the condition became so.
	Since time.Time
}

// underWay are the reasons of conditions that say only that something isn't done yet.
var underWay = []string{"Pending", "AddressNotAssigned", "NotReconciled", "WaitingForController", "ListenersNotReady"}

func refused(c metav1.Condition, generation int64) bool {
	if c.ObservedGeneration != 0 && c.ObservedGeneration < generation || slices.Contains(underWay, c.Reason) {
		return false
	}
	switch c.Type {
	case "Accepted", "ResolvedRefs", "Programmed":
		return c.Status == metav1.ConditionFalse
	case "Conflicted":
		return c.Status == metav1.ConditionTrue
	}
	return false
}

// RefusedListeners are what the controller refuses of a Gateway: of its listeners, and of
// the Gateway as a whole. Of one listener only the first counts, in the order in which
// one leads to the next: what is in conflict, not accepted or not found isn't programmed.
func RefusedListeners(s *facts.Snapshot, g *gatewayv1.Gateway) (list []Refusal) {
	on := GatewayRef(s, g)
	for _, l := range g.Status.Listeners {
		if !slices.ContainsFunc(g.Spec.Listeners, func(spec gatewayv1.Listener) bool { return spec.Name == l.Name }) {
			continue
		}
		if r, ok := firstRefused(l.Conditions, g.Generation); ok {
			r.On, r.Listener = on, string(l.Name)
			list = append(list, r)
		}
	}
	if r, ok := firstRefused(g.Status.Conditions, g.Generation); ok && len(list) == 0 {
		r.On = on
		list = append(list, r)
	}
	return list
}

func firstRefused(conditions []metav1.Condition, generation int64) (Refusal, bool) {
	for _, kind := range []string{"Conflicted", "Accepted", "ResolvedRefs", "Programmed"} {
		for _, c := range conditions {
			if c.Type == kind && refused(c, generation) {
				return Refusal{Type: c.Type, Reason: c.Reason, Message: c.Message, Since: c.LastTransitionTime.Time}, true
			}
		}
	}
	return Refusal{}, false
}

// RefusedRoutes are what the controller refuses of the HTTPRoutes that name a Gateway as
// a parent: Accepted and ResolvedRefs, for each of their parentRefs.
func RefusedRoutes(s *facts.Snapshot, g *gatewayv1.Gateway) (list []Refusal) {
	all, _ := s.HTTPRoutes.Get()
	for _, r := range all {
		on := facts.Ref{Cluster: s.ClusterName, Kind: facts.KindHTTPRoute, Namespace: r.Namespace, Name: r.Name}
		for _, p := range r.Spec.ParentRefs {
			if !isParent(p, r.Namespace, g) {
				continue
			}
			for _, kind := range []gatewayv1.RouteConditionType{gatewayv1.RouteConditionAccepted, gatewayv1.RouteConditionResolvedRefs} {
				c, ok := judged(r, g, p, string(kind)).Get()
				if !ok || !refused(c, r.Generation) {
					continue
				}
				refusal := Refusal{On: on, Listener: string(deref(p.SectionName)), Type: c.Type, Reason: c.Reason, Message: c.Message, Since: c.LastTransitionTime.Time}
				if !slices.ContainsFunc(list, func(o Refusal) bool { return o.On == on && o.Type == refusal.Type && o.Reason == refusal.Reason }) {
					list = append(list, refusal)
				}
			}
		}
	}
	return list
}

// An Unattached is an HTTPRoute that names a Gateway as its parent and that no listener
// takes, by the rules of the Gateway API.
type Unattached struct {
	Route facts.Ref
	// Parent is the parentRef, Reason the one that the API has for it.
	Listener, Reason string
	// Says is why, for people.
	Says string
	// Created is the route's.
	Created time.Time
}

// UnattachedRoutes are the routes that no listener of a Gateway takes, whatever the
// controller has said of them so far. What labels decide isn't among them.
func UnattachedRoutes(s *facts.Snapshot, g *gatewayv1.Gateway) (list []Unattached) {
	all, _ := s.HTTPRoutes.Get()
	for _, r := range all {
		for _, p := range r.Spec.ParentRefs {
			if !isParent(p, r.Namespace, g) {
				continue
			}
			taken, unsure := listeners(g, r, p)
			if len(taken) > 0 || unsure != nil {
				continue
			}
			u := Unattached{
				Route:    facts.Ref{Cluster: s.ClusterName, Kind: facts.KindHTTPRoute, Namespace: r.Namespace, Name: r.Name},
				Listener: string(deref(p.SectionName)), Created: r.CreationTimestamp.Time,
			}
			u.Reason, u.Says = whyUnattached(g, r, p)
			list = append(list, u)
		}
	}
	return list
}

// whyUnattached is the first rule that keeps all listeners from taking a route.
func whyUnattached(g *gatewayv1.Gateway, r *gatewayv1.HTTPRoute, p gatewayv1.ParentReference) (reason, says string) {
	var named, http, allowed []gatewayv1.Listener
	for _, l := range g.Spec.Listeners {
		if p.SectionName != nil && *p.SectionName != l.Name || p.Port != nil && *p.Port != l.Port {
			continue
		}
		named = append(named, l)
		if !takesHTTP(l) {
			continue
		}
		http = append(http, l)
		if ok, known := allows(l, g.Namespace, r.Namespace); ok || !known {
			allowed = append(allowed, l)
		}
	}
	switch {
	case len(named) == 0:
		return string(gatewayv1.RouteReasonNoMatchingParent), "the Gateway has no listener of the name or port that its parentRef gives"
	case len(http) == 0:
		return string(gatewayv1.RouteReasonNotAllowedByListeners), "the listeners take no HTTPRoutes"
	case len(allowed) == 0:
		return string(gatewayv1.RouteReasonNotAllowedByListeners), "the listeners take no routes of namespace " + r.Namespace
	}
	return string(gatewayv1.RouteReasonNoMatchingListenerHostname), "no listener is for a host that the route has"
}
