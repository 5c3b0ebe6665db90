package cert

import (
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Google validates and serves a certificate only where a target proxy has it; one that a
// certificate map overrides is as good as not attached (gcp-facts.md §6).
var managedNotAttached = cause.Cause{
	ID:    "cert/managed-not-attached",
	Title: "The certificate isn't attached to the load balancer",
	Needs: []facts.Kind{
		facts.Ingresses, facts.ManagedCertificates, facts.SSLCertificates, facts.Certificates, facts.CertificateEntries, facts.CertificateMaps,
		facts.TargetHTTPSProxies, facts.TargetSSLProxies, facts.ForwardingRules, facts.Namespaces, facts.Events, facts.ThirdPartyObjects,
	},
	Explains: []cause.ID{cause.CertificateNotActive, "cert/managed-domain-not-visible", "cert/managed-aaaa-record", "cert/expired"},
	Check:    checkNotAttached,
}

func checkNotAttached(c cause.Case) (out cause.Outcome) {
	if len(c.ControllerErrors()) > 0 || len(c.Translation().Stops()) > 0 {
		return out
	}
	for _, ce := range failing(c) {
		attached, told := ce.Attached.Get()
		switch {
		case ce.symptom.Pending != "" || ce.DNSAuthorized || !told:
		case ce.Overridden:
			out.Findings = append(out.Findings, ce.overridden(c))
		case !attached && ce.attachable(c):
			out.Findings = append(out.Findings, ce.unattached(c))
		}
	}
	return out
}

// attachable: the certificate is there, an Ingress or a Gateway asks for it or Google waits
// for it to be attached, and nothing that Google says of its domains is about something
// else.
func (ce certificate) attachable(c cause.Case) bool {
	if ce.Ref.Name == "" || c.Target.Kind == facts.KindCertificate && (!ce.Managed || ce.Manager && ce.Location != "global") {
		return false
	}
	return !slices.ContainsFunc(ce.Domains, func(d glbc.CertificateDomain) bool {
		return strings.HasPrefix(d.Status, "FAILED") && !isInvisible(d) || strings.Contains(d.Reason, "_acme-challenge")
	})
}

func (ce certificate) unattached(c cause.Case) cause.Finding {
	f := ce.told(c, cause.Proven)
	f.Hosts = ce.Names
	f.Headline = upper(ce.title()) + " is on no target proxy, so nobody gets to see it"
	f.Summary = "Google looks for a managed certificate at the load balancer that presents it, and none does."
	f.Impact = "https isn't served with this certificate"
	f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.TargetHTTPSProxies), Says: "no target proxy has " + ce.Ref.Name})
	f.Fix = ce.attach(c)
	ing, ok := c.Ingress()
	if !ok {
		return f
	}
	f.Headline = "The load balancer of Ingress " + ing.Namespace + "/" + ing.Name + " doesn't have " + ce.title()
	f.Evidence[len(f.Evidence)-1].Says = "the target HTTPS proxy of the Ingress doesn't have " + ce.Ref.Name
	if value := ing.Annotations[glbc.PreSharedCertAnnotation]; !ce.Object.IsZero() && !strings.Contains(value, ce.Ref.Name) {
		f.Summary = "The controller attaches what the annotation " + glbc.PreSharedCertAnnotation + " names, and this certificate isn't in it any more."
		says := "annotation " + glbc.PreSharedCertAnnotation + " = " + value
		if value == "" {
			says = "annotation " + glbc.PreSharedCertAnnotation + " isn't there"
		}
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Ingresses), Says: says, Link: cause.ObjectLink(c.Target)})
		f.Subject = c.Target
		if ch := c.Wrote(c.Target, annotation(glbc.PreSharedCertAnnotation)); ch != nil && (ch.Removed || ch.To == nil || !strings.Contains(*ch.To, ce.Ref.Name)) {
			f.Change = ch
		}
	}
	return f
}

// attach is how the certificate gets to a load balancer: by what asks for it.
func (ce certificate) attach(c cause.Case) cause.Fix {
	ing, ok := c.Ingress()
	switch {
	case ok && !ce.Object.IsZero():
		value := ce.Ref.Name
		if have := ing.Annotations[glbc.PreSharedCertAnnotation]; have != "" {
			value = have + "," + value
		}
		return cause.Fix{
			Summary:  "name the certificate on the Ingress; GKE keeps the annotation afterwards",
			Commands: []string{annotate(ing, glbc.PreSharedCertAnnotation, value)},
			Caveat:   "leave " + glbc.PreSharedCertAnnotation + " out of the manifest: whoever applies it takes away what GKE wrote",
		}
	case ok:
		return cause.Fix{
			Summary:  "make the controller look at the Ingress again: it attaches what the annotation names",
			Commands: []string{"kubectl annotate ingress " + ing.Name + " -n " + ing.Namespace + " --overwrite plumbline.dev/touched=" + c.Facts.Now.Format("20060102-1504")},
		}
	case ce.Manager:
		return cause.Fix{
			Summary:  "let an entry of the load balancer's certificate map name it",
			Commands: []string{"gcloud certificate-manager maps list --project " + ce.Ref.Project + " --location " + ce.Location},
		}
	case strings.HasPrefix(ce.Ref.Name, "mcrt-"):
		return cause.Fix{
			Summary:  "name its ManagedCertificate in the annotation " + glbc.ManagedCertsAnnotation + " of the Ingress, or delete it if it is a leftover",
			Commands: []string{"kubectl get managedcertificates --all-namespaces"},
		}
	}
	return cause.Fix{
		Summary: "add it to the target proxy of the load balancer that its domains lead to, beside those that the proxy has; or delete it if it is a leftover",
		Commands: []string{
			"gcloud compute target-https-proxies list --project " + ce.Ref.Project + ` --format="table(name,sslCertificates.basename())"`,
		},
		Caveat: "the list that a proxy is given replaces the one that it has",
	}
}

// overridden: every proxy that has the certificate has a certificate map besides.
func (ce certificate) overridden(c cause.Case) cause.Finding {
	u := ce.Users[0]
	name, proxy := "a certificate map", u.Proxy
	if https, ok := c.Facts.TargetHTTPSProxies.Get(); ok {
		for _, p := range https {
			if glbc.ComputeRef(facts.KindTargetHTTPSProxy, p.GetSelfLink()) == proxy && p.GetCertificateMap() != "" {
				name = "certificate map " + facts.LastSegment(p.GetCertificateMap())
			}
		}
	}
	f := ce.told(c, cause.Proven)
	f.Subject, f.Hosts = proxy, ce.Names
	f.Headline = upper(name) + " takes the place of " + ce.title() + " on " + proxy.Name
	f.Summary = "A target proxy that has a certificate map doesn't use its list of certificates at all."
	f.Impact = "https isn't served with this certificate"
	f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.TargetHTTPSProxies), Says: proxy.String() + " has " + ce.Ref.Name + ", and " + name + ", which takes precedence"})
	f.Change = c.Wrote(proxy, "certificateMap")
	f.Fix = cause.Fix{
		Summary:  "take the map off the proxy, or add an entry for the domains to the map",
		Commands: []string{"gcloud compute target-https-proxies update " + proxy.Name + " --project " + proxy.Project + flag(proxy.Scope) + " --clear-certificate-map"},
		Caveat:   "the domains that only the map has a certificate for lose it",
	}
	return f
}
