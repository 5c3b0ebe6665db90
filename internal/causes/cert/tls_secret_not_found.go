package cert

import (
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The controller reads the Secrets of spec.tls before it builds anything of the
// frontend; current releases end there when one is missing, older ones go on with HTTP
// (ingress-controller.md §1.4, tls-secret-not-found). Secrets are never read here: the
// controller's events tell.
var tlsSecretNotFound = cause.Cause{
	ID:       "cert/tls-secret-not-found",
	Title:    "A Secret that spec.tls names doesn't exist",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.Events, facts.Pods, facts.ForwardingRules, facts.Namespaces},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive},
	Check:    checkSecretNotFound,
}

// missingSecret finds the name in the controller's wordings, current and older.
var missingSecret = regexp.MustCompile(`secrets? "([^"]+)" (?:not found|does not exist)`)

func checkSecretNotFound(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) || len(ing.Spec.TLS) == 0 {
		return out
	}
	var told []string
	for _, e := range c.ControllerErrors() {
		if e.Transient && c.Facts.Now.Sub(e.Began) < cause.ErrorGrace || strings.Contains(e.Message, "BackendConfig") {
			continue
		}
		for _, m := range missingSecret.FindAllStringSubmatch(e.Message, -1) {
			if slices.Contains(secretNames(ing), m[1]) && !slices.Contains(told, m[1]) {
				told = append(told, m[1])
				out.Findings = append(out.Findings, secretNotFound(c, ing, m[1], refused(c, ing, e)))
			}
		}
	}
	if len(out.Findings) == 0 {
		return httpOnly(c, ing)
	}
	return out
}

func secretNotFound(c cause.Case, ing *networkingv1.Ingress, name string, f cause.Finding) cause.Finding {
	f.Headline = "Secret " + ing.Namespace + "/" + name + " of spec.tls doesn't exist, " + c.Effect()
	f.Summary = "The controller reads the Secrets of spec.tls before it builds the frontend, and ends there when one is missing: HTTP waits as well."
	f.Change = secretWanted(c, name)
	f.Fix = createSecret(ing, []string{name})
	if cause.AsksIssuer(ing) {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Ingresses), Says: "the Ingress asks cert-manager for the Secret, whose HTTP challenge needs the load balancer first: each waits for the other", Link: cause.ObjectLink(c.Target)})
		f.Fix.Summary = "break the circle with a temporary Secret; cert-manager replaces it as soon as the load balancer answers its challenge"
		f.Fix.Commands = append([]string{selfSigned(ing)}, f.Fix.Commands...)
		f.Fix.Caveat = "or let cert-manager do so itself: annotation cert-manager.io/issue-temporary-certificate: \"true\""
	}
	return f
}

// httpOnly judges what older releases say: they go on without the Secrets that they can't
// find.
func httpOnly(c cause.Case, ing *networkingv1.Ingress) (out cause.Outcome) {
	e, ok := c.TLSWarning()
	if !ok {
		return out
	}
	for _, s := range c.Symptoms {
		if s.ID == cause.CertificateNotActive && s.Pending != "" && strings.Contains(s.Says, e.Message) {
			return out
		}
	}
	f := refused(c, ing, cause.ControllerError{Reason: e.Reason, Message: e.Message, Began: e.Began, Link: cause.ObjectLink(c.Target)})
	f.Confidence, f.Impact = cause.Likely, "https isn't served for the hosts of spec.tls"
	names := secretNames(ing)
	if m := missingSecret.FindStringSubmatch(e.Message); m != nil && slices.Contains(names, m[1]) {
		f.Confidence, names = cause.Proven, []string{m[1]}
	} else if strings.Contains(e.Message, "does not specify") {
		return out
	}
	f.Headline = "The controller can't find Secret " + ing.Namespace + "/" + all(names) + " of spec.tls, so https isn't served"
	f.Summary = "This release of the controller goes on without Secrets that it can't find, and serves HTTP only."
	if len(names) == 1 {
		f.Change = secretWanted(c, names[0])
	}
	f.Fix = createSecret(ing, names)
	if cause.AsksIssuer(ing) {
		f.Fix.Summary = "see why cert-manager doesn't make the Secret; the controller takes it up in its next round"
		f.Fix.Commands = []string{"kubectl describe certificate,certificaterequest,challenge -n " + ing.Namespace}
	}
	out.Findings = []cause.Finding{f}
	return out
}

// secretWanted is who made the Ingress name the Secret, where the log tells.
func secretWanted(c cause.Case, name string) *cause.Change {
	if ch := c.Wrote(c.Target, "spec.tls"); ch != nil && ch.To != nil && strings.Contains(*ch.To, name) {
		return ch
	}
	return nil
}

func createSecret(ing *networkingv1.Ingress, names []string) cause.Fix {
	return cause.Fix{
		Summary:  "create the Secret in the namespace of the Ingress; the controller takes it up in its next round",
		Commands: secretCommands(ing.Namespace, names, "cert.pem", "key.pem"),
		Caveat:   "a Secret of that name in another namespace doesn't count",
	}
}

// selfSigned makes a certificate and a key that serve until there are real ones.
func selfSigned(ing *networkingv1.Ingress) string {
	host := "temporary"
	if hosts := glbc.Hosts(ing); len(hosts) > 0 {
		host = hosts[0]
	}
	return "openssl req -x509 -newkey rsa:2048 -nodes -days 7 -subj /CN=" + host + " -keyout key.pem -out cert.pem"
}
