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

// A Secret without tls.crt or tls.key ends the controller's sync; one whose content
// Compute refuses keeps the HTTPS proxy from being updated at all
// (ingress-controller.md §1.4, tls-secret-keys and cert-create-failed).
var tlsSecretInvalid = cause.Cause{
	ID:       "cert/tls-secret-invalid",
	Title:    "A Secret that spec.tls names holds no usable certificate",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.Events, facts.ForwardingRules, facts.Namespaces},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive},
	Check:    checkSecretInvalid,
}

var (
	emptySecret  = regexp.MustCompile(`secret "([^"]+)" does not specify (cert|private key) as string data`)
	refusedPairs = "Cert creation failures - "
)

func checkSecretInvalid(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) || len(ing.Spec.TLS) == 0 {
		return out
	}
	complaints := c.ControllerErrors()
	if e, ok := c.TLSWarning(); ok {
		complaints = append(complaints, cause.ControllerError{Reason: e.Reason, Message: e.Message, Began: e.Began, At: e.At, Link: cause.ObjectLink(c.Target)})
	}
	for _, e := range complaints {
		f, ok := invalidSecret(c, ing, e)
		if ok && !slices.ContainsFunc(out.Findings, func(have cause.Finding) bool { return have.Subject == f.Subject }) {
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}

// invalidSecret reads one complaint: which Secret, and what is wrong with it.
func invalidSecret(c cause.Case, ing *networkingv1.Ingress, e cause.ControllerError) (f cause.Finding, ok bool) {
	names, says := secretNames(ing), ""
	if m := emptySecret.FindStringSubmatch(e.Message); m != nil {
		names, says = []string{m[1]}, map[string]string{"cert": "has no tls.crt", "private key": "has no tls.key"}[m[2]]
	} else if _, detail, found := strings.Cut(e.Message, refusedPairs); found && !ofQuota(detail) {
		says = "holds a certificate and key that Compute refuses"
	} else {
		return f, false
	}
	if len(names) == 0 {
		return f, false
	}
	f = refused(c, ing, e)
	if len(names) == 1 {
		f.Subject = facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindSecret, Namespace: ing.Namespace, Name: names[0]}
		f.Headline = "Secret " + ing.Namespace + "/" + names[0] + " " + says + ", " + c.Effect()
	} else {
		f.Headline = "One of the Secrets " + all(names) + " " + says + ", " + c.Effect()
	}
	f.Summary = "The load balancer needs a certificate and its key in PEM, as tls.crt and tls.key, from every Secret of spec.tls."
	f.Fix = cause.Fix{
		Summary:  "put a certificate and the key that belongs to it into the Secret; the controller takes them up in its next round",
		Commands: append([]string{"openssl x509 -noout -pubkey -in cert.pem; openssl pkey -pubout -in key.pem"}, secretCommands(ing.Namespace, names, "cert.pem", "key.pem")...),
		Caveat:   "the first command has to print the same key twice",
	}
	return f, true
}

// ofQuota: Compute refuses for another reason than what the certificate is.
func ofQuota(detail string) bool {
	lower := strings.ToLower(detail)
	for _, part := range []string{"quota", "ratelimit", "error 403", "error 429", "error 5", "error 409"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}
