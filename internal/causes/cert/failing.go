package cert

import (
	"net/netip"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A certificate is one that a symptom is about.
type certificate struct {
	glbc.AskedCertificate
	symptom cause.Symptom
}

// failing are the certificates of the target that can't be used, or that nobody gets to
// see. Another controller's Ingress has none: what GKE makes for it is
// managedOnOtherController's.
func failing(c cause.Case) []certificate {
	if ing, ok := c.Ingress(); ok && !glbc.SurelyServes(c.Facts, ing) {
		return nil
	}
	return shown(c)
}

// shown are those that the symptoms are about, whoever serves the Ingress.
func shown(c cause.Case) (list []certificate) {
	if !c.Has(cause.CertificateNotActive) {
		return nil
	}
	for _, a := range glbc.AskedCertificates(c.Facts, c.Target) {
		for _, s := range c.Symptoms {
			about := c.Target.Kind == facts.KindCertificate || slices.Contains(s.Objects, a.Subject())
			if s.ID == cause.CertificateNotActive && about {
				list = append(list, certificate{a, s})
				break
			}
		}
	}
	return list
}

// detached: no target proxy of the load balancer shows it to anybody, so that where its
// domains lead doesn't matter yet.
func (ce certificate) detached() bool {
	attached, told := ce.Attached.Get()
	return told && !attached || ce.Overridden
}

// addresses are those of the load balancers that present the certificate, and that of the
// diagnosed one; known tells that there are no others.
func (ce certificate) addresses(c cause.Case) (list []netip.Addr, known bool) {
	var texts []string
	if ing, ok := c.Ingress(); ok {
		texts = append(texts, glbc.Address(ing))
	}
	if g, ok := c.Gateway(); ok {
		for _, a := range g.Status.Addresses {
			texts = append(texts, a.Value)
		}
	}
	for _, u := range ce.Users {
		for _, f := range u.Rules {
			texts = append(texts, f.Address)
		}
	}
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list, c.Facts.ForwardingRules.Known() && c.Facts.TargetHTTPSProxies.Known()
}

// listens says whether a forwarding rule leads from port 443 to a proxy that presents the
// certificate; told is false where that can't be known.
func (ce certificate) listens(c cause.Case) (yes, told bool) {
	for _, u := range ce.Users {
		for _, f := range u.Rules {
			first, last, _ := strings.Cut(f.Ports, "-")
			if first == "443" || f.Ports == "" || last != "" && len(first) <= 3 && first <= "443" && (len(last) > 3 || last >= "443") {
				return true, true
			}
		}
	}
	return false, len(ce.Users) > 0 && c.Facts.ForwardingRules.Known()
}

// told is a finding with what all causes of this layer about a certificate's state share.
func (ce certificate) told(c cause.Case, confidence cause.Confidence) cause.Finding {
	f := cause.Finding{
		Subject: ce.Subject(), Confidence: confidence, Severity: ce.severity(c), Affected: affected(c),
		Since: ce.symptom.Since, Evidence: []cause.Evidence{ce.state()},
	}
	f.Impact = map[cause.Severity]string{
		cause.Outage:  "clients refuse the connection on https",
		cause.Latent:  "https still works, with the certificate that expires on " + day(ce.Expires),
		cause.Blocked: "the certificate isn't issued, so https doesn't work for its domains",
	}[f.Severity]
	if f.Severity == cause.Latent && ce.Expired(c.Facts.Now) {
		f.Impact = "no target proxy has it, so nobody gets to see it"
	}
	return f
}

// severity follows from what clients get: an expired certificate is refused, one that
// wasn't renewed still serves, one that was never issued never served.
func (ce certificate) severity(c cause.Case) cause.Severity {
	switch {
	case ce.Expired(c.Facts.Now) && ce.detached():
		return cause.Latent
	case ce.Expired(c.Facts.Now):
		return cause.Outage
	case ce.Status == "RENEWAL_FAILED":
		return cause.Latent
	}
	return cause.Blocked
}

// affected are the Ingresses and Gateways that suffer; a certificate that stands for
// itself has none.
func affected(c cause.Case) []facts.Ref {
	if c.Target.Kind == facts.KindIngress || c.Target.Kind == facts.KindGateway {
		return []facts.Ref{c.Target}
	}
	return nil
}

// state is what Google says of the certificate, as evidence.
func (ce certificate) state() cause.Evidence {
	e := ce.source()
	e.Says = ce.title() + " is " + ce.Status
	if ce.Status == "" {
		e.Says = ce.title() + " was uploaded"
	}
	var bad []string
	for _, d := range ce.Domains {
		if !d.Works() {
			text := d.Name + " is " + d.Status
			if d.Reason != "" {
				text += " (" + d.Reason + ")"
			}
			bad = append(bad, text)
		}
	}
	if len(bad) > 0 {
		e.Says += ": " + strings.Join(bad, "; ")
	}
	return e
}

// source is where the certificate was read.
func (ce certificate) source() cause.Evidence {
	e := cause.Evidence{Source: string(facts.SSLCertificates), Link: cause.CertificateLink(ce.Ref.Project, ce.Ref.Name, ce.Manager)}
	switch {
	case ce.Manager:
		e.Source = string(facts.Certificates)
	case !ce.Object.IsZero():
		e.Source, e.Link = string(facts.ManagedCertificates), cause.ObjectLink(ce.Object)
	}
	return e
}

// title is how a headline names it.
func (ce certificate) title() string {
	if !ce.Object.IsZero() {
		return "ManagedCertificate " + ce.Object.Namespace + "/" + ce.Object.Name
	}
	return "certificate " + ce.Ref.Name
}

// describe is the command that shows the certificate as it is.
func (ce certificate) describe() string {
	switch {
	case !ce.Object.IsZero():
		return "kubectl describe managedcertificate " + ce.Object.Name + " -n " + ce.Object.Namespace
	case ce.Manager:
		return "gcloud certificate-manager certificates describe " + ce.Ref.Name + " --project " + ce.Ref.Project + " --location " + ce.Location
	}
	return "gcloud compute ssl-certificates describe " + ce.Ref.Name + " --project " + ce.Ref.Project + flag(ce.Ref.Scope)
}

// flag is gcloud's for a scope.
func flag(scope string) string {
	if region, ok := strings.CutPrefix(scope, "regions/"); ok {
		return " --region " + region
	}
	return " --global"
}

// again ends the fix of a managed certificate: what happens once its domains are right.
func (ce certificate) again() string {
	switch {
	case ce.Status == "PROVISIONING_FAILED_PERMANENTLY" || ce.Status == "RENEWAL_FAILED" || ce.Manager && ce.Status == "FAILED":
		if ce.Object.IsZero() {
			return "Google has given up on this certificate: once that is right, create a new one under another name and attach it"
		}
		return "Google has given up on this certificate: once that is right, delete the ManagedCertificate and create it again"
	case ce.Manager:
		return "Google tries again by itself; it can take an hour"
	}
	return "Google tries again by itself within the hour, so recreating the certificate only starts the wait anew"
}

// refusal is what Google does about it, in a headline.
func (ce certificate) refusal() string {
	if ce.Status == "RENEWAL_FAILED" {
		return "Google doesn't renew "
	}
	return "Google doesn't issue "
}

func day(t interface{ Format(string) string }) string { return t.Format("2006-01-02") }

// addressText joins addresses.
func addressText(list []netip.Addr) string {
	parts := make([]string, 0, len(list))
	for _, a := range list {
		parts = append(parts, a.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// all joins names as a sentence has them.
func all(names []string) string {
	switch n := len(names); {
	case n < 2:
		return strings.Join(names, "")
	case n > 3:
		return strings.Join(names[:3], ", ") + " and others"
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
