package cause

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

const (
	// ErrorGrace is how long an error of a kind that repairs itself is waited for
	// (scenario-format.md, `pending`).
	ErrorGrace = 5 * time.Minute
	// quietAfter: GLBC looks at every Ingress each 10 minutes and fails again
	// (ingress-controller.md §0.4), so an error that hasn't come back since is over.
	quietAfter = 12 * time.Minute
)

// A ControllerError is one that the load-balancer controller tells of an Ingress and
// that still stands: it came back within the controller's round, and no success came
// after it.
type ControllerError struct {
	// Reason and Message are the event's own.
	Reason, Message string
	// Began and At are when it was told first and last.
	Began, At time.Time
	// Transient: races between controllers and with Compute, over with one of the next
	// tries (ingress-controller.md §1.6).
	Transient bool
	// Link leads to the object that the event is about.
	Link string
}

// controllerErrors finds the errors of the diagnosed Ingress: the newest warning that
// hasn't fallen silent, and those that came together with it. A kind that repairs
// itself stands only while young, or once it keeps coming back.
func (c Case) controllerErrors() []ControllerError {
	if c.Target.Kind != facts.KindIngress {
		return nil
	}
	var all []ControllerError
	var succeeded time.Time
	ing, ok := c.Ingress()
	issued := ok && AsksIssuer(ing)
	for _, e := range c.EventsOf(c.Target) {
		switch {
		case e.Component != glbc.Controller || e.Reason == "GarbageCollection" || strings.HasPrefix(e.Message, "Could not find") && strings.Contains(e.Message, "TLS certificate"):
		case e.Type == corev1.EventTypeWarning:
			all = append(all, ControllerError{Reason: e.Reason, Message: e.Message, Began: e.Began, At: e.At, Transient: Transient(e.Message) || issued && secretMissing(e.Message), Link: ObjectLink(c.Target)})
		case e.Reason != "XPN" && e.Message != "Scheduled for sync" && e.At.After(succeeded):
			succeeded = e.At
		}
	}
	return slices.DeleteFunc(all, func(e ControllerError) bool {
		return c.Facts.Now.Sub(e.At) >= quietAfter || succeeded.After(e.At) || all[0].At.Sub(e.At) >= quietAfter ||
			e.Transient && c.Facts.Now.Sub(e.Began) >= ErrorGrace && e.At.Sub(e.Began) < ErrorGrace
	})
}

// Transient reports that a message is of a race that is over with one of the next tries
// (ingress-controller.md §1.6; cause-catalogue.md, red herrings). What a constraint of
// the organization policy forbids has a race's code, and stays.
func Transient(message string) bool {
	if strings.Contains(message, "constraints/") {
		return false
	}
	for _, part := range []string{"resourceNotReady", "is not ready", "conditionNotMet", "Error 412", "fingerprint", "rateLimitExceeded", "Error 429", "unable to find nodeport"} {
		if strings.Contains(message, part) {
			return true
		}
	}
	return strings.Contains(message, "networkEndpointGroups/") && strings.Contains(message, "not found")
}

// Complaint is the standing error of the controller that contains a text, as evidence.
func (c Case) Complaint(text string) (e Evidence, at ControllerError, ok bool) {
	for _, err := range c.ControllerErrors() {
		if text != "" && strings.Contains(err.Message, text) {
			return Evidence{Source: "event " + err.Reason, Says: err.Message, Link: err.Link}, err, true
		}
	}
	return Evidence{}, ControllerError{}, false
}
