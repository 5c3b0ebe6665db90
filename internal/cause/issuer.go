package cause

import (
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// IssuerGrace is how long cert-manager may take for a certificate, as for one that Google
// provisions (scenario-format.md, `pending`).
const IssuerGrace = time.Hour

// issuerAnnotations begin what asks cert-manager, or kube-lego before it, for the Secrets
// of an Ingress.
var issuerAnnotations = []string{"cert-manager.io/", "acme.cert-manager.io/", "certmanager.k8s.io/", "kubernetes.io/tls-acme"}

// AsksIssuer reports that cert-manager makes the Secrets of an Ingress: they come by
// themselves.
func AsksIssuer(ing *networkingv1.Ingress) bool {
	for key := range ing.Annotations {
		for _, prefix := range issuerAnnotations {
			if strings.HasPrefix(key, prefix) {
				return true
			}
		}
	}
	return false
}

// IssuerAt is the newest sign that cert-manager is at work for the diagnosed Ingress: an
// event of its own, or a pod that answers the challenge; zero without one.
func (c Case) IssuerAt() (at time.Time) {
	events, _ := c.Facts.Events.Get()
	for _, e := range events {
		if e.Namespace != c.Target.Namespace && e.InvolvedObject.Namespace != c.Target.Namespace {
			continue
		}
		if strings.Contains(e.Source.Component+e.ReportingController, "cert-manager") && facts.EventTime(e).After(at) {
			at = facts.EventTime(e)
		}
	}
	pods, _ := c.Facts.Pods.Get()
	for _, p := range pods {
		if p.Namespace == c.Target.Namespace && strings.HasPrefix(p.Name, "cm-acme-http-solver-") && p.CreationTimestamp.After(at) {
			at = p.CreationTimestamp.Time
		}
	}
	return at
}

// secretMissing: the controller can't find a Secret. Where cert-manager makes it, that
// repairs itself (cause-catalogue.md, red herrings).
func secretMissing(message string) bool {
	return strings.Contains(message, `secrets "`) && strings.Contains(message, `" not found`)
}

// TLSWarning is what older releases of the controller say of Secrets that they can't
// find: they go on, and serve what is left (ingress-controller.md §1.4). It stands while
// it comes back with each of the controller's rounds.
func (c Case) TLSWarning() (Event, bool) {
	for _, e := range c.EventsOf(c.Target) {
		if e.Component == glbc.Controller && strings.HasPrefix(e.Message, "Could not find") && strings.Contains(e.Message, "TLS certificate") {
			return e, c.Facts.Now.Sub(e.At) < quietAfter
		}
	}
	return Event{}, false
}
