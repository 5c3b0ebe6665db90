package cert

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// Where a domain has AAAA records, the certificate authority follows them as well. One
// that was left over from another host keeps the domain from being validated, though
// IPv4 leads to the load balancer (gcp-facts.md §6, FAILED_NOT_VISIBLE).
var managedAAAARecord = cause.Cause{
	ID:    "cert/managed-aaaa-record",
	Title: "An AAAA record leads elsewhere, so the managed certificate isn't issued",
	Needs: []facts.Kind{
		facts.Ingresses, facts.ManagedCertificates, facts.SSLCertificates, facts.Certificates, facts.CertificateEntries,
		facts.TargetHTTPSProxies, facts.TargetSSLProxies, facts.ForwardingRules, facts.Namespaces, facts.DNS, facts.ThirdPartyObjects,
	},
	Explains: []cause.ID{cause.CertificateNotActive, "cert/managed-domain-not-visible", "cert/expired", "edge/dns-mismatch"},
	Check:    checkAAAARecord,
}

func checkAAAARecord(c cause.Case) (out cause.Outcome) {
	for _, ce := range failing(c) {
		invisible := ce.invisible(c)
		stray := domainsSeen(invisible, strayAAAA)
		listens, told := ce.listens(c)
		if len(stray) == 0 || ce.detached() || ce.symptom.Pending != "" || told && !listens {
			continue
		}
		f := ce.strayRecord(c, stray)
		if len(domainsSeen(invisible, elsewhere, unauthorized, untold)) > 0 {
			f.Explains = []cause.ID{cause.CertificateNotActive, "cert/expired"}
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}

func (ce certificate) strayRecord(c cause.Case, stray []domain) cause.Finding {
	f := ce.told(c, cause.Proven)
	f.Hosts = namesOf(stray)
	f.Headline = "The AAAA record of " + all(f.Hosts) + " leads elsewhere, so " + ce.refusal() + ce.title()
	f.Summary = "Google follows the AAAA record too, and doesn't find the load balancer there; the A record alone isn't enough."
	fix := cause.Fix{Summary: "remove the AAAA record of " + all(f.Hosts) + " (" + addressText(stray[0].stray) + "); " + ce.again()}
	for _, d := range stray {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "dns", Says: d.says})
		fix.Commands = append(fix.Commands, "dig +short "+d.name+" AAAA")
	}
	fix.Caveat = "or give the load balancer an IPv6 forwarding rule on 443, and let the record be its address"
	f.Fix = fix
	return f
}
