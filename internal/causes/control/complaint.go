package control

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A complaint is a refusal that a controller tells of, and that still stands.
type complaint struct {
	refusal
	// on is the Ingress, Gateway or Service that the event is about.
	on facts.Ref
	// reason is the event's own, or the type of the condition that says it.
	reason    string
	began, at time.Time
}

const (
	// negQuiet: the NEG controller waits at most 10 minutes before it tries again
	// (ingress-controller.md §0.8), so an older error is over.
	negQuiet = 12 * time.Minute
	// givenUp: it doesn't try again, so its silence says nothing.
	givenUp = "RetryFailed"
	// gatewayWord is part of the component that GKE's Gateway controller names itself.
	gatewayWord = "gateway"
	// garbageCollection is the reason of GLBC's events on what it fails to delete.
	garbageCollection = "GarbageCollection"
)

// complaints are the refusals of one kind that hold back the target: told on the
// Ingress or the Gateway, or on a Service behind it.
func complaints(c cause.Case, kind refusalKind) []complaint {
	all := ofIngress(c)
	if c.Target.Kind == facts.KindGateway {
		all = ofGateway(c)
	}
	seen := map[facts.Ref]bool{}
	for _, b := range c.Backends() {
		if ref := b.Ref(c.Facts.ClusterName); ref.Kind == facts.KindService && !seen[ref] {
			seen[ref] = true
			all = append(all, ofService(c, ref)...)
		}
	}
	return slices.DeleteFunc(all, func(k complaint) bool { return k.kind != kind })
}

// ofIngress are GLBC's errors: those of its sync, and those of what it can't delete,
// which it comes back to more slowly.
func ofIngress(c cause.Case) (list []complaint) {
	if c.Target.Kind != facts.KindIngress {
		return nil
	}
	for _, e := range c.ControllerErrors() {
		for _, r := range refusalsIn(e.Message) {
			list = append(list, complaint{refusal: r, on: c.Target, reason: e.Reason, began: e.Began, at: e.At})
		}
	}
	for _, e := range c.EventsOf(c.Target) {
		if e.Component == glbc.Controller && e.Type == corev1.EventTypeWarning && e.Reason == garbageCollection && c.Facts.Now.Sub(e.At) < collecting {
			list = append(list, said(e, c.Target)...)
		}
	}
	return list
}

// ofService are the errors of the NEG controller, which writes on the Service. They
// are over once it attached or created something, or fell silent without giving up.
func ofService(c cause.Case, service facts.Ref) (list []complaint) {
	for _, e := range c.EventsOf(service) {
		switch {
		case e.Component != glbc.NEGController:
		case e.Type != corev1.EventTypeWarning && (e.Reason == "Attach" || e.Reason == "Create"):
			return list
		case e.Type == corev1.EventTypeWarning && (c.Facts.Now.Sub(e.At) < negQuiet || e.Reason == givenUp):
			list = append(list, said(e, service)...)
		}
	}
	return list
}

// ofGateway are the errors of the Gateway controller: in its events, and in the
// conditions that it sets to False.
func ofGateway(c cause.Case) (list []complaint) {
	for _, e := range c.EventsOf(c.Target) {
		if e.Type == corev1.EventTypeWarning && strings.Contains(e.Component, gatewayWord) && c.Facts.Now.Sub(e.At) < negQuiet {
			list = append(list, said(e, c.Target)...)
		}
	}
	g, ok := c.Gateway()
	if !ok || len(list) > 0 {
		return list
	}
	for _, cond := range g.Status.Conditions {
		if cond.Status != "False" {
			continue
		}
		for _, r := range refusalsIn(cond.Message) {
			list = append(list, complaint{refusal: r, on: c.Target, reason: cond.Type, began: cond.LastTransitionTime.Time, at: cond.LastTransitionTime.Time})
		}
	}
	return list
}

func said(e cause.Event, on facts.Ref) (list []complaint) {
	for _, r := range refusalsIn(e.Message) {
		list = append(list, complaint{refusal: r, on: on, reason: e.Reason, began: e.Began, at: e.At})
	}
	return list
}

// evidence is the event in the controller's own words.
func (k complaint) evidence() cause.Evidence {
	source := "event " + k.reason
	if k.on.Kind == facts.KindGateway {
		source = "status " + k.reason
	}
	says := k.text
	if k.kind == apiDisabled {
		says = "403 SERVICE_DISABLED: " + k.service + " of " + k.consumer
	}
	return cause.Evidence{Source: source, Says: k.on.String() + ": " + says, Link: cause.ObjectLink(k.on)}
}

// saysWhy: a controller tells of a refusal on the target itself.
func saysWhy(c cause.Case) bool {
	return len(ofIngress(c)) > 0 || c.Target.Kind == facts.KindGateway && len(ofGateway(c)) > 0
}

// sufferers are the Ingresses of the cluster of which the controller says the same,
// the target first; same tells by the refusal.
func sufferers(c cause.Case, same func(refusal) bool) []facts.Ref {
	list := []facts.Ref{c.Target}
	events, _ := c.Facts.Events.Get()
	for _, e := range events {
		o := e.InvolvedObject
		ref := facts.Ref{Cluster: c.Facts.ClusterName, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
		if o.Kind != facts.KindIngress || e.Type != corev1.EventTypeWarning || !glbc.FromController(e) ||
			c.Facts.Now.Sub(facts.EventTime(e)) >= negQuiet || slices.Contains(list, ref) || find(c.Facts, ref) == nil {
			continue
		}
		if slices.ContainsFunc(refusalsIn(e.Message), same) {
			list = append(list, ref)
		}
	}
	slices.SortFunc(list[1:], func(a, b facts.Ref) int { return strings.Compare(a.String(), b.String()) })
	return list
}
