package engine

import (
	"fmt"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// The graces of scenario-format.md (`pending`).
const (
	ingressGrace = 10 * time.Minute
)

// symptomsOf finds what is visibly wrong with an Ingress that GLBC serves, and
// names what it couldn't see.
func symptomsOf(c cause.Case, ing *networkingv1.Ingress) (list []cause.Symptom, blind []string) {
	failure := standing(c)
	if glbc.Address(ing) == "" {
		list = append(list, notProvisioned(c, ing, failure))
	} else if failure != nil {
		list = append(list, notApplied(c, failure))
	}
	list = append(list, astray(c, ing.CreationTimestamp.Time)...)
	unhealthy, blind := backendSymptoms(c, glbc.Address(ing) != "")
	list = append(list, unhealthy...)
	if glbc.Address(ing) != "" {
		changed := lastChange(c, ing)
		blind = append(blind, certificatesOfIngress(c, ing)...)
		list = append(append(list, servedCertificates(c, glbc.Hosts(ing), changed)...), missingCertificates(c, ing, changed)...)
	}
	return append(whileProvisioning(list), requestSymptoms(c, list)...), blind
}

func notProvisioned(c cause.Case, ing *networkingv1.Ingress, failure *cause.ControllerError) cause.Symptom {
	changed := lastChange(c, ing)
	s := cause.Symptom{
		ID: cause.IngressNotProvisioned, Subject: c.Target, Since: ing.CreationTimestamp.Time,
		Says: "no load balancer: the Ingress has no address",
	}
	age := c.Facts.Now.Sub(changed)
	switch {
	case failure != nil:
		s.Says += "; the controller says: " + failure.Message
		s.Pending = waitsFor(c, *failure)
	case c.Facts.Now.Sub(addonEnabled(c)) < ingressGrace:
		s.Pending = "the add-on HTTP load balancing was switched on a moment ago, the controller is starting"
	case age < ingressGrace:
		s.Pending = fmt.Sprintf("the Ingress was created or changed %s ago, the controller may take %s", age.Round(time.Second), ingressGrace)
	}
	return s
}

// neglected: no controller takes the Ingress up, or none does any more.
func neglected(c cause.Case, ing *networkingv1.Ingress, class glbc.Class) cause.Symptom {
	s := notProvisioned(c, ing, nil)
	if address := glbc.Address(ing); address != "" {
		s.Since = time.Time{}
		s.Says = "no load balancer: no forwarding rule has the Ingress's address " + address + " any more"
	}
	s.Says += "; " + class.Because + ", so GKE's controller ignores it"
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

func notApplied(c cause.Case, failure *cause.ControllerError) cause.Symptom {
	return cause.Symptom{
		ID: cause.ChangeNotApplied, Subject: c.Target, Since: failure.Began,
		Says:    "the controller can't apply the Ingress: " + failure.Message,
		Pending: waitsFor(c, *failure),
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

// standing is the controller's newest error that still stands; nil without one.
func standing(c cause.Case) *cause.ControllerError {
	all := c.ControllerErrors()
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// waitsFor says why a controller's error may go away by itself; empty when it won't.
func waitsFor(c cause.Case, e cause.ControllerError) string {
	if e.Transient && c.Facts.Now.Sub(e.Began) < cause.ErrorGrace {
		return fmt.Sprintf("the controller's error is %s old, and errors of this kind repair themselves", c.Facts.Now.Sub(e.Began).Round(time.Second))
	}
	if overtaken(c, e) {
		return "what the controller missed is there now, and it hasn't looked again yet"
	}
	return ""
}

// overtaken: the controller complained of something that wasn't there, as when one apply
// writes the Ingress before its Service, and the objects show it now. What they can't
// show, such as a Secret, isn't among it.
func overtaken(c cause.Case, e cause.ControllerError) bool {
	if e.Reason != "Translate" || c.Facts.Now.Sub(e.At) >= cause.ErrorGrace {
		return false
	}
	t := c.Translation()
	if t.Blocked() || len(t.Undecided) > 0 {
		return false
	}
	return strings.Contains(e.Message, "could not find service") || strings.Contains(e.Message, "could not find port") ||
		strings.Contains(e.Message, "no BackendConfig for service port exists")
}
