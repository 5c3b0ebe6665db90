package cert

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// googleCA is the name of Google's certificate authority in CAA records; a domain with
// CAA records that name others only forbids it (gcp-facts.md §6; RFC 8659).
const googleCA = "pki.goog"

// A CAA record of the domain, or of a parent of it, says who may issue. Google's
// authority keeps to it, so that a managed certificate is never issued
// (gcp-facts.md §6).
var managedCAAForbidden = cause.Cause{
	ID:    "cert/managed-caa-forbidden",
	Title: "A CAA record forbids Google's certificate authority",
	Needs: []facts.Kind{
		facts.Ingresses, facts.ManagedCertificates, facts.SSLCertificates, facts.Certificates, facts.CertificateEntries,
		facts.TargetHTTPSProxies, facts.Namespaces, facts.DNS, facts.ThirdPartyObjects,
	},
	Explains: []cause.ID{cause.CertificateNotActive, "cert/expired"},
	Check:    checkCAA,
}

func checkCAA(c cause.Case) (out cause.Outcome) {
	for _, ce := range failing(c) {
		for _, d := range ce.Domains {
			checking := d.Status == "FAILED_CAA_CHECKING"
			if !checking && d.Status != "FAILED_CAA_FORBIDDEN" && (d.Status != "FAILED" || !strings.HasPrefix(d.Reason, "CAA")) {
				continue
			}
			v := c.Facts.DNS[d.Name]
			records, ok := v.Get()
			known := ok && !v.Lacks("CAA")
			forbidding := forbids(d.Name, records.CAA)
			switch {
			case known && len(forbidding) > 0:
				out.Findings = append(out.Findings, ce.forbidden(c, d, cause.Proven, forbidding))
			case checking:
				out.Findings = append(out.Findings, ce.unchecked(c, d))
			case known:
				out.RuledOut = "the CAA records of " + d.Name + " allow Google's authority now"
			default:
				out.Findings = append(out.Findings, ce.forbidden(c, d, cause.Likely, nil))
			}
		}
	}
	return out
}

// forbids are the records that say who may issue for a domain, where Google's authority
// isn't among them. For a wildcard, issuewild counts where there is one.
func forbids(name string, records []facts.CAA) (list []facts.CAA) {
	tag := "issue"
	if strings.HasPrefix(name, "*.") {
		for _, r := range records {
			if r.Tag == "issuewild" {
				tag = "issuewild"
			}
		}
	}
	for _, r := range records {
		if r.Tag != tag {
			continue
		}
		issuer, _, _ := strings.Cut(r.Value, ";")
		if strings.EqualFold(strings.TrimSpace(issuer), googleCA) {
			return nil
		}
		list = append(list, r)
	}
	return list
}

func (ce certificate) forbidden(c cause.Case, d glbc.CertificateDomain, confidence cause.Confidence, records []facts.CAA) cause.Finding {
	f := ce.told(c, confidence)
	f.Hosts = []string{d.Name}
	f.Headline = "A CAA record forbids Google to issue " + ce.title() + " for " + d.Name
	f.Summary = "CAA records name the authorities that may issue for a domain, and Google's, " + googleCA + ", isn't among them."
	at := d.Name
	for _, r := range records {
		at = r.Domain
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "dns", Says: fmt.Sprintf("CAA record at %s: %s %q", r.Domain, r.Tag, r.Value)})
	}
	if len(records) == 0 {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "dns", Says: "the CAA records of " + d.Name + " couldn't be looked up from here"})
	}
	tag := "issue"
	if len(records) > 0 {
		tag = records[0].Tag
	}
	f.Fix = cause.Fix{
		Summary:  fmt.Sprintf("add a CAA record at %s that allows %s, beside those that are there; %s", at, googleCA, ce.again()),
		Commands: []string{"dig +short " + at + " CAA"},
		Patches:  []cause.Patch{{File: "DNS zone", YAML: fmt.Sprintf("%s. 300 IN CAA 0 %s %q\n", at, tag, googleCA)}},
	}
	return f
}

// unchecked: the authority couldn't look the records up, so that it must not issue.
func (ce certificate) unchecked(c cause.Case, d glbc.CertificateDomain) cause.Finding {
	f := ce.told(c, cause.Likely)
	f.Hosts = []string{d.Name}
	f.Headline = "Google can't look up the CAA records of " + d.Name + ", so it doesn't issue " + ce.title()
	f.Summary = "An authority that gets no answer about CAA, not even an empty one, must not issue."
	f.Fix = cause.Fix{
		Summary:  "let the name servers of " + d.Name + " answer CAA queries: an empty answer will do, an error or a broken DNSSEC signature won't; " + ce.again(),
		Commands: []string{"dig +dnssec " + d.Name + " CAA"},
	}
	return f
}
