package cert

import (
	"fmt"
	"regexp"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// proxyTakes is how many certificates a target proxy takes by itself; a certificate map
// takes many more.
const proxyTakes = 15

// Secrets, pre-shared and managed certificates of an Ingress all end in the list of one
// target proxy, and Compute refuses the whole list where it is too long
// (ingress-controller.md §1.4, too-many-certs).
var tooMany = cause.Cause{
	ID:       "cert/too-many",
	Title:    "The load balancer is asked to have more certificates than it takes",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.Events, facts.TargetHTTPSProxies, facts.ForwardingRules, facts.Namespaces},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive, "cert/managed-not-attached", "cert/managed-domain-not-visible"},
	Check:    checkTooMany,
}

var (
	aboutProxy   = regexp.MustCompile(`(?i)targetHttpsProx|sslCertificates|target https prox|SSL_CERTIFICATES_PER`)
	aboutTooMany = regexp.MustCompile(`(?i)too large: maximum size|too many|sizeLimitExceeded|TooManyCertificates|exceeded limit|exceeds the (?:limit|maximum)|maximum (?:number )?of`)
)

func checkTooMany(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return out
	}
	asked := asks(c.Facts, ing)
	for _, e := range c.ControllerErrors() {
		if !strings.Contains(e.Message, "Quota '") && aboutProxy.MatchString(e.Message) && aboutTooMany.MatchString(e.Message) {
			out.Findings = append(out.Findings, crowded(c, ing, asked, refused(c, ing, e)))
			return out
		}
	}
	f := glbc.FrontendOf(c.Facts, ing)
	proxy, found := f.HTTPSProxy.Get()
	if asked <= proxyTakes || !found && !f.HTTPSProxy.IsAbsent() || found && len(proxy.GetSslCertificates()) > proxyTakes || found && len(proxy.GetSslCertificates()) >= asked {
		return out
	}
	if len(c.ControllerErrors()) > 0 || len(c.Translation().Stops()) > 0 || !c.Has(cause.IngressNotProvisioned) && !c.Has(cause.ChangeNotApplied) && !c.Has(cause.CertificateNotActive) {
		return out
	}
	told := refused(c, ing, cause.ControllerError{})
	told.Confidence, told.Evidence = cause.Likely, told.Evidence[1:]
	out.Findings = append(out.Findings, crowded(c, ing, asked, told))
	return out
}

// asks counts what an Ingress asks its target proxy to have: a managed certificate counts
// by the name that GKE has written for it.
func asks(s *facts.Snapshot, ing *networkingv1.Ingress) int {
	names := map[string]bool{}
	for name := range strings.SplitSeq(ing.Annotations[glbc.PreSharedCertAnnotation], ",") {
		if name = strings.TrimSpace(name); name != "" {
			names[name] = true
		}
	}
	managed, _ := glbc.ManagedCertificatesOf(s, ing)
	for _, m := range managed {
		if o, ok := m.Object.Get(); ok && o.Status.CertificateName != "" {
			names[o.Status.CertificateName] = true
		}
	}
	return len(names) + len(secretNames(ing))
}

func crowded(c cause.Case, ing *networkingv1.Ingress, asked int, f cause.Finding) cause.Finding {
	f.Headline = fmt.Sprintf("Ingress %s/%s has %d certificates, more than its target proxy takes, %s", ing.Namespace, ing.Name, asked, c.Effect())
	if asked <= proxyTakes {
		f.Headline = "Ingress " + ing.Namespace + "/" + ing.Name + " has more certificates than its target proxy takes, " + c.Effect()
	}
	f.Summary = "Secrets, pre-shared and managed certificates end in one list of the target proxy, and Compute refuses the list as a whole."
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: string(facts.Ingresses), Link: cause.ObjectLink(c.Target),
		Says: fmt.Sprintf("the Ingress asks for %d certificates: %d of Secrets, the others by annotation; a proxy takes %d", asked, len(secretNames(ing)), proxyTakes),
	})
	f.Change = c.Wrote(c.Target, annotation(glbc.PreSharedCertAnnotation))
	for _, path := range []string{annotation(glbc.ManagedCertsAnnotation), "spec.tls"} {
		if ch := c.Wrote(c.Target, path); ch != nil && (f.Change == nil || ch.At.After(f.Change.At)) {
			f.Change = ch
		}
	}
	if f.Change != nil && !f.Since.IsZero() && f.Change.At.After(f.Since) {
		f.Change = nil
	}
	f.Fix = cause.Fix{
		Summary:  "put several domains into one certificate: a managed one takes 100 of them, an uploaded one as many as you like; or split the Ingress",
		Commands: []string{"kubectl get ingress " + ing.Name + " -n " + ing.Namespace + ` -o jsonpath='{.metadata.annotations}{"\n"}{.spec.tls}{"\n"}'`},
		Caveat:   "a Gateway with a certificate map takes many more",
	}
	return f
}
