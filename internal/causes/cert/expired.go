package cert

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Clients refuse an expired certificate. Google renews those that it manages, unless the
// renewal fails; an uploaded one is renewed by nobody but its owner (gcp-facts.md §6).
var expired = cause.Cause{
	ID:    "cert/expired",
	Title: "The certificate has expired, or its renewal failed",
	Needs: []facts.Kind{
		facts.Ingresses, facts.ManagedCertificates, facts.SSLCertificates, facts.Certificates, facts.CertificateEntries,
		facts.TargetHTTPSProxies, facts.TargetSSLProxies, facts.ForwardingRules, facts.Namespaces, facts.ThirdPartyObjects,
	},
	Explains: []cause.ID{cause.CertificateNotActive},
	Check:    checkExpired,
}

func checkExpired(c cause.Case) (out cause.Outcome) {
	for _, ce := range failing(c) {
		over := ce.Expired(c.Facts.Now)
		if !over && ce.Status != "RENEWAL_FAILED" {
			continue
		}
		f := ce.told(c, cause.Proven)
		f.Hosts = ce.Names
		e := ce.source()
		switch {
		case over:
			f.Headline = upper(ce.title()) + " expired on " + day(ce.Expires) + ", so clients refuse https"
			e.Says = ce.title() + " has expireTime " + ce.Expires.Format("2006-01-02 15:04 UTC")
		case ce.Expires.IsZero():
			f.Headline = "Google couldn't renew " + ce.title()
			f.Impact = "https still works, until the certificate expires"
		default:
			f.Headline = "Google couldn't renew " + ce.title() + ", which serves until " + day(ce.Expires)
			e.Says = ce.title() + " has expireTime " + ce.Expires.Format("2006-01-02 15:04 UTC")
		}
		f.Summary = "Nobody renews an uploaded certificate but its owner."
		if ce.Managed {
			f.Summary = "Google renews a managed certificate only while its domains lead to the load balancer that presents it."
		}
		if !ce.Managed {
			f.Evidence = nil
		}
		if e.Says != "" {
			f.Evidence = append([]cause.Evidence{e}, f.Evidence...)
		}
		f.Fix = ce.renew(c)
		out.Findings = append(out.Findings, f)
	}
	return out
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// renew is how a certificate of its sort is replaced: where it comes from decides.
func (ce certificate) renew(c cause.Case) cause.Fix {
	ing, inIngress := c.Ingress()
	next := ce.Ref.Name + "-" + c.Facts.Now.Format("20060102")
	create := "gcloud compute ssl-certificates create " + next + " --project " + ce.Ref.Project + flag(ce.Ref.Scope)
	uploaded := create + files
	switch {
	case !ce.Object.IsZero():
		return cause.Fix{
			Summary:  "delete the ManagedCertificate and create it again, from its manifest",
			Commands: []string{"kubectl delete managedcertificate " + ce.Object.Name + " -n " + ce.Object.Namespace},
			Caveat:   "see first that every domain leads to the load balancer, or the new one fails as well; until it is issued, https has no certificate",
		}
	case ce.Manager && ce.Managed:
		return cause.Fix{Summary: "create the certificate again, and let the map entry name the new one", Commands: []string{ce.describe()}}
	case ce.Manager:
		return cause.Fix{
			Summary: "upload the new certificate and its key in place of the old one",
			Commands: []string{
				"gcloud certificate-manager certificates update " + ce.Ref.Name + " --project " + ce.Ref.Project + " --location " + ce.Location + " --certificate-file cert.pem --private-key-file key.pem",
			},
		}
	case inIngress && ofSecret(ce.Ref.Name):
		return cause.Fix{
			Summary:  "put the new certificate into the Secret; the controller uploads it in its next round",
			Commands: secretCommands(ing.Namespace, secretNames(ing), "cert.pem", "key.pem"),
			Caveat:   "where cert-manager makes the Secret, see why it doesn't renew: kubectl describe certificate -n " + ing.Namespace,
		}
	case inIngress:
		names := strings.ReplaceAll(ing.Annotations[glbc.PreSharedCertAnnotation], ce.Ref.Name, next)
		if ce.Managed {
			uploaded = create + ofDomains(ce.Names)
		}
		return cause.Fix{
			Summary:  "create the renewed certificate under a new name, and let the Ingress name that",
			Commands: []string{uploaded, annotate(ing, glbc.PreSharedCertAnnotation, names)},
			Caveat:   "change the annotation in the manifest too",
		}
	case ce.Managed:
		uploaded = create + ofDomains(ce.Names)
	}
	fix := cause.Fix{Summary: "create the renewed certificate under a new name, and attach it in place of the old one", Commands: []string{uploaded}}
	if c.Target.Kind == facts.KindGateway {
		fix.Summary = "create the renewed certificate under a new name, and let the listener of the Gateway name that"
		return fix
	}
	for _, u := range ce.Users {
		if u.Map == "" {
			fix.Commands = append(fix.Commands, swap(c.Facts, u.Proxy, ce.Ref.Name, next))
		}
	}
	return fix
}

// swap gives a target proxy its list of certificates with one in place of another.
func swap(s *facts.Snapshot, proxy facts.Ref, old, next string) string {
	var urls []string
	https, _ := s.TargetHTTPSProxies.Get()
	for _, p := range https {
		if glbc.ComputeRef(facts.KindTargetHTTPSProxy, p.GetSelfLink()) == proxy {
			urls = p.GetSslCertificates()
		}
	}
	ssl, _ := s.TargetSSLProxies.Get()
	for _, p := range ssl {
		if glbc.ComputeRef(facts.KindTargetSSLProxy, p.GetSelfLink()) == proxy {
			urls = p.GetSslCertificates()
		}
	}
	var names []string
	for _, url := range urls {
		name := facts.LastSegment(url)
		if name == old {
			name = next
		}
		names = append(names, name)
	}
	command := " update " + proxy.Name + " --project " + proxy.Project + " --ssl-certificates=" + strings.Join(names, ",")
	if proxy.Kind == facts.KindTargetSSLProxy {
		return "gcloud compute target-ssl-proxies" + command
	}
	return "gcloud compute target-https-proxies" + command + flag(proxy.Scope)
}
