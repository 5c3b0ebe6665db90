package engine

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// The graces of scenario-format.md (`pending`).
const (
	ingressGrace = 10 * time.Minute
	errorGrace   = 5 * time.Minute
	// quietAfter: GLBC looks at every Ingress each 10 minutes and fails again
	// (ingress-controller.md §0.4), so an error that hasn't come back since is over.
	quietAfter = 12 * time.Minute
)

// symptomsOf finds what is visibly wrong with an Ingress that GLBC serves, and
// names what it couldn't see.
func symptomsOf(c cause.Case, ing *networkingv1.Ingress) (list []cause.Symptom, blind []string) {
	failure := controllerError(c, ing)
	if glbc.Address(ing) == "" {
		list = append(list, notProvisioned(c, ing, failure))
	} else if failure != nil {
		list = append(list, notApplied(c, failure))
	}
	unhealthy, blind := backendSymptoms(c, glbc.Address(ing) != "")
	return append(list, unhealthy...), blind
}

func notProvisioned(c cause.Case, ing *networkingv1.Ingress, failure *controllerFailure) cause.Symptom {
	changed := lastChange(c, ing)
	s := cause.Symptom{
		ID: cause.IngressNotProvisioned, Subject: c.Target, Since: ing.CreationTimestamp.Time,
		Says: "no load balancer: the Ingress has no address",
	}
	age := c.Facts.Now.Sub(changed)
	switch {
	case failure != nil:
		s.Says += "; the controller says: " + failure.message
		s.Pending = failure.pending(c.Facts.Now)
	case c.Facts.Now.Sub(addonEnabled(c)) < ingressGrace:
		s.Pending = "the add-on HTTP load balancing was switched on a moment ago, the controller is starting"
	case age < ingressGrace:
		s.Pending = fmt.Sprintf("the Ingress was created or changed %s ago, the controller may take %s", age.Round(time.Second), ingressGrace)
	}
	return s
}

// addonEnabled is when the log says that the add-on was switched on last; zero when
// it doesn't.
func addonEnabled(c cause.Case) (at time.Time) {
	for _, s := range c.Entries() {
		if s.Kind == signal.ClusterChanged && s.Target.Cluster == c.Facts.ClusterName && s.Change.Fields[signal.HTTPLoadBalancingDisabled] == "false" && s.At.After(at) {
			at = s.At
		}
	}
	return at
}

func notApplied(c cause.Case, failure *controllerFailure) cause.Symptom {
	return cause.Symptom{
		ID: cause.ChangeNotApplied, Subject: c.Target, Since: failure.began,
		Says:    "the controller can't apply the Ingress: " + failure.message,
		Pending: failure.pending(c.Facts.Now),
	}
}

// lastChange is when the object itself was written last by somebody else than the
// controller.
func lastChange(c cause.Case, ing *networkingv1.Ingress) time.Time {
	at := ing.CreationTimestamp.Time
	for _, f := range ing.ManagedFields {
		if f.Time != nil && f.Subresource == "" && f.Manager != "glbc" && f.Time.After(at) {
			at = f.Time.Time
		}
	}
	for _, s := range c.Entries() {
		if s.Kind == signal.ObjectChanged && s.Target == c.Target && !s.Change.Controller && s.At.After(at) {
			at = s.At
		}
	}
	return at
}

// A controllerFailure is the controller's newest error on an Ingress.
type controllerFailure struct {
	message    string
	began, at  time.Time
	repairable bool
}

// controllerError finds the error that still stands: the newest warning of the
// load-balancer controller that hasn't fallen silent. A kind that repairs itself
// stands only while young, or once it keeps coming back.
func controllerError(c cause.Case, ing *networkingv1.Ingress) *controllerFailure {
	s := c.Facts
	events, _ := s.Events.Get()
	var newest *controllerFailure
	take := func(f *controllerFailure) {
		if strings.Contains(f.message, "Continuing setup") {
			return
		}
		if f.repairable = repairsItself(f.message); newest == nil || f.at.After(newest.at) {
			newest = f
		}
	}
	for _, e := range events {
		if about(e, ing) && e.Type == corev1.EventTypeWarning && glbc.FromController(e) && e.Reason != "GarbageCollection" {
			take(&controllerFailure{message: e.Message, began: facts.EventBegan(e), at: facts.EventTime(e)})
		}
	}
	for _, sig := range c.Signals {
		if e := sig.Event; e != nil && sig.Target == c.Target && e.Type == corev1.EventTypeWarning && e.Component == "loadbalancer-controller" && e.Reason != "GarbageCollection" {
			take(&controllerFailure{message: e.Message, began: sig.At, at: sig.At})
		}
	}
	switch {
	case newest == nil || s.Now.Sub(newest.at) >= quietAfter || succeeded(events, ing).After(newest.at):
		return nil
	case newest.repairable && s.Now.Sub(newest.began) >= errorGrace && newest.at.Sub(newest.began) < errorGrace:
		return nil
	}
	return newest
}

// succeeded is when the controller last told of work done on an Ingress: anything
// Normal but the announcement that it will look.
func succeeded(events []*corev1.Event, ing *networkingv1.Ingress) (at time.Time) {
	for _, e := range events {
		if about(e, ing) && glbc.FromController(e) && e.Type == corev1.EventTypeNormal && e.Reason != "XPN" && e.Message != "Scheduled for sync" && facts.EventTime(e).After(at) {
			at = facts.EventTime(e)
		}
	}
	return at
}

func about(e *corev1.Event, ing *networkingv1.Ingress) bool {
	o := e.InvolvedObject
	return o.Kind == facts.KindIngress && o.Namespace == ing.Namespace && o.Name == ing.Name && (o.UID == "" || ing.UID == "" || o.UID == ing.UID)
}

func (f *controllerFailure) pending(now time.Time) string {
	if !f.repairable || now.Sub(f.began) >= errorGrace {
		return ""
	}
	return fmt.Sprintf("the controller's error is %s old, and errors of this kind repair themselves", now.Sub(f.began).Round(time.Second))
}

// repairsItself: races between controllers and with Compute, over with one of the
// next tries (ingress-controller.md §1.6; cause-catalogue.md, red herrings).
func repairsItself(message string) bool {
	for _, part := range []string{"resourceNotReady", "is not ready", "conditionNotMet", "Error 412", "fingerprint", "rateLimitExceeded", "Error 429", "unable to find nodeport"} {
		if strings.Contains(message, part) {
			return true
		}
	}
	return strings.Contains(message, "networkEndpointGroups/") && strings.Contains(message, "not found")
}
