package cert

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// The certificate authority limits how many certificates it issues for a domain; whoever
// recreates one again and again gets none for a while (gcp-facts.md §6).
var managedRateLimited = cause.Cause{
	ID:    "cert/managed-rate-limited",
	Title: "The certificate authority limits how many certificates it issues for the domain",
	Needs: []facts.Kind{
		facts.Ingresses, facts.ManagedCertificates, facts.SSLCertificates, facts.Certificates, facts.CertificateEntries,
		facts.TargetHTTPSProxies, facts.Namespaces, facts.ThirdPartyObjects,
	},
	Explains: []cause.ID{cause.CertificateNotActive, "cert/expired"},
	Check:    checkRateLimited,
}

func checkRateLimited(c cause.Case) (out cause.Outcome) {
	for _, ce := range failing(c) {
		var limited []string
		for _, d := range ce.Domains {
			if d.Status == "FAILED_RATE_LIMITED" || strings.HasPrefix(d.Reason, "RATE_LIMITED") {
				limited = append(limited, d.Name)
			}
		}
		issue := strings.HasPrefix(ce.Issue, "RATE_LIMITED")
		if len(limited) == 0 && !issue || ce.symptom.Pending != "" {
			continue
		}
		f := ce.told(c, cause.Proven)
		f.Hosts = limited
		if len(limited) == 0 {
			f.Hosts = ce.Names
		}
		f.Headline = "Too many certificates were asked for " + all(f.Hosts) + ", so " + ce.refusal() + ce.title() + " for now"
		f.Summary = "The certificate authority counts what it issues for a domain, and every certificate that is created anew counts."
		if issue {
			f.Evidence = append(f.Evidence, cause.Evidence{Source: ce.source().Source, Says: "provisioningIssue: " + ce.Issue, Link: ce.source().Link})
		}
		f.Fix = cause.Fix{
			Summary:  "wait, and leave the certificate as it is: Google tries again by itself, and the limit is over within days",
			Commands: []string{ce.describe()},
			Caveat:   "deleting and creating it again makes it worse. In a hurry, upload a certificate of another authority",
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}
