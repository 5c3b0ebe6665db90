package cert

import (
	"net/netip"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// Google issues a managed certificate only for a domain at which it finds the load
// balancer that presents the certificate: every address record has to lead there, and a
// forwarding rule has to listen on 443 (gcp-facts.md §6).
var managedDomainNotVisible = cause.Cause{
	ID:    "cert/managed-domain-not-visible",
	Title: "Google doesn't find the load balancer at a domain of the managed certificate",
	Needs: []facts.Kind{
		facts.Ingresses, facts.ManagedCertificates, facts.SSLCertificates, facts.Certificates, facts.CertificateEntries,
		facts.TargetHTTPSProxies, facts.TargetSSLProxies, facts.ForwardingRules, facts.Namespaces, facts.DNS, facts.ThirdPartyObjects,
	},
	Explains: []cause.ID{cause.CertificateNotActive, "cert/expired", "edge/dns-mismatch"},
	Check:    checkDomainNotVisible,
}

func checkDomainNotVisible(c cause.Case) (out cause.Outcome) {
	for _, ce := range failing(c) {
		invisible := ce.invisible(c)
		if len(invisible) == 0 || ce.symptom.Pending != "" {
			continue
		}
		listens, told := ce.listens(c)
		// An AAAA record is a cause of its own, which explains this one.
		bad := domainsSeen(invisible, elsewhere, unauthorized, strayAAAA)
		unclear := domainsSeen(invisible, untold)
		switch {
		case told && !listens && len(domainsSeen(invisible, unauthorized)) == 0:
			out.Findings = append(out.Findings, ce.notListening(c, invisible))
		case len(bad) > 0:
			out.Findings = append(out.Findings, ce.notVisible(c, cause.Proven, bad))
		case len(unclear) > 0:
			out.Findings = append(out.Findings, ce.notVisible(c, cause.Likely, unclear))
		case !ce.detached():
			out.RuledOut = "the domains lead to the load balancer now"
		}
	}
	return out
}

func domainsSeen(list []domain, sights ...sight) (kept []domain) {
	for _, d := range list {
		for _, s := range sights {
			if d.sight == s {
				kept = append(kept, d)
			}
		}
	}
	return kept
}

func (ce certificate) notVisible(c cause.Case, confidence cause.Confidence, domains []domain) cause.Finding {
	f := ce.told(c, confidence)
	f.Hosts = namesOf(domains)
	ours, _ := ce.addresses(c)
	first := domains[0]
	f.Headline = all(f.Hosts) + " doesn't lead to the load balancer, so " + ce.refusal() + ce.title()
	if len(domains) > 1 {
		f.Headline = all(f.Hosts) + " don't lead to the load balancer, so " + ce.refusal() + ce.title()
	}
	if first.sight == unauthorized {
		f.Headline = "The DNS authorization of " + all(f.Hosts) + " isn't in DNS, so " + ce.refusal() + ce.title()
	} else if confidence < cause.Proven {
		f.Headline = "Google doesn't find the load balancer at " + all(f.Hosts) + ", so it doesn't " + strings.TrimPrefix(ce.refusal(), "Google doesn't ") + ce.title()
	}
	f.Summary = "Google issues a managed certificate once every record of the domain leads to the load balancer that presents it."
	for _, d := range domains {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "dns", Says: d.says})
	}
	f.Fix = ce.pointDNS(domains, addressText(ours))
	if first.sight == unauthorized {
		f.Summary = "Certificate Manager issues this certificate once the CNAME record of the domain's DNS authorization is found."
		f.Fix = ce.authorize(domains)
	}
	return f
}

// notListening: no forwarding rule leads from 443 to a proxy that has the certificate.
func (ce certificate) notListening(c cause.Case, domains []domain) cause.Finding {
	f := ce.told(c, cause.Proven)
	f.Hosts = namesOf(domains)
	proxy := ce.Users[0].Proxy
	f.Headline = "No forwarding rule listens on 443 for " + proxy.Name + ", so " + ce.refusal() + ce.title()
	f.Summary = "Google looks at port 443 of the load balancer that presents the certificate, and there is none."
	f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.ForwardingRules), Says: "no forwarding rule leads from port 443 to " + proxy.String()})
	for _, d := range domains {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "dns", Says: d.says})
	}
	f.Fix = cause.Fix{
		Summary:  "add a forwarding rule on port 443 for the proxy; " + ce.again(),
		Commands: []string{listen(c.Facts, proxy, domains[0].name)},
		Caveat:   "its scheme has to be that of the backend services (--load-balancing-scheme), its address the one that the domain leads to",
	}
	if c.Target.Kind == facts.KindIngress {
		f.Fix.Commands = []string{"kubectl describe ingress " + c.Target.Name + " -n " + c.Target.Namespace}
		f.Fix.Summary, f.Fix.Caveat = "let the controller build it: it makes the rule for 443 in its next round, or its event says why it can't", ""
	}
	return f
}

// listen is the command that makes the rule, at the address that the domain leads to.
func listen(s *facts.Snapshot, proxy facts.Ref, domain string) string {
	target := " --target-https-proxy=" + proxy.Name
	if proxy.Kind == facts.KindTargetSSLProxy {
		target = " --target-ssl-proxy=" + proxy.Name
	}
	command := "gcloud compute forwarding-rules create " + proxy.Name + " --project " + proxy.Project + flag(proxy.Scope) + target + " --ports=443"
	if records, ok := s.DNS[domain].Get(); ok && len(records.A) == 1 {
		command += " --address=" + records.A[0].String()
	}
	return command
}

// pointDNS names the records that have to change.
func (ce certificate) pointDNS(domains []domain, ours string) cause.Fix {
	fix := cause.Fix{Summary: "let the A record of " + all(namesOf(domains)) + " be the load balancer's address; " + ce.again()}
	if ours != "" {
		fix.Summary = "let the A record of " + all(namesOf(domains)) + " be " + ours + " alone; " + ce.again()
	}
	var zone strings.Builder
	if slices.ContainsFunc(domains, func(d domain) bool { return slices.ContainsFunc(d.stray, netip.Addr.Is6) }) {
		fix.Summary = strings.Replace(fix.Summary, " alone; ", " alone, and remove the AAAA record; ", 1)
	}
	for _, d := range domains {
		fix.Commands = append(fix.Commands, "dig +short "+d.name+" A "+d.name+" AAAA")
		if ours != "" {
			zone.WriteString(d.name + ". 300 IN A " + ours + "\n")
		}
	}
	if zone.String() != "" {
		fix.Patches = []cause.Patch{{File: "DNS zone", YAML: zone.String()}}
	}
	for _, d := range domains {
		if len(d.stray) > 0 {
			fix.Caveat = "a CDN or proxy in front hides the load balancer as well: there, use its certificate, or one of Certificate Manager with DNS authorization"
		}
	}
	return fix
}

// authorize shows the record that a DNS authorization asks for.
func (ce certificate) authorize(domains []domain) cause.Fix {
	return cause.Fix{
		Summary: "put the CNAME record _acme-challenge." + domains[0].name + " back, with the value that the DNS authorization shows; " + ce.again(),
		Commands: []string{
			"gcloud certificate-manager dns-authorizations list --project " + ce.Ref.Project + " --location " + ce.Location + ` --format="value(domain,dnsResourceRecord.name,dnsResourceRecord.data)"`,
		},
		Caveat: "leave the record in place for good: every renewal looks at it again",
	}
}
