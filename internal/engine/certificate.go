package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// certificateGrace is how long a managed certificate may be provisioning
// (scenario-format.md, `pending`).
const certificateGrace = time.Hour

// certificateSymptoms says whether a certificate can be used, and names what
// couldn't be seen.
func certificateSymptoms(c cause.Case) (list []cause.Symptom, blind []string) {
	found := glbc.CertificateOf(c.Facts, c.Target)
	cert, ok := found.Get()
	if !ok {
		reason := "it couldn't be read"
		if err := found.Err(); err != nil {
			reason = err.Error()
		}
		return nil, []string{"certificate " + c.Target.Name + ": " + reason}
	}
	s, failing, untold := certificateSymptom(c, cert)
	switch {
	case untold:
		return nil, []string{"certificate " + c.Target.Name + ": its state isn't told"}
	case !failing:
		return nil, nil
	}
	return []cause.Symptom{s}, nil
}

// certificateSymptom says what is wrong with a certificate; untold is true where nobody
// says what its state is.
func certificateSymptom(c cause.Case, cert glbc.Certificate) (s cause.Symptom, failing, untold bool) {
	s = cause.Symptom{ID: cause.CertificateNotActive, Subject: c.Target, Since: cert.Created, Look: lookAt(cert)}
	switch {
	case cert.Expired(c.Facts.Now):
		s.Since = cert.Expires
		s.Says = "the certificate expired on " + day(cert.Expires) + ", so clients refuse it"
	case cert.Status == "" || cert.Status == "ACTIVE":
		return s, false, false
	case cert.Status == "RENEWAL_FAILED":
		s.Since = time.Time{}
		s.Says = "the certificate couldn't be renewed" + domainsSay(cert)
		if !cert.Expires.IsZero() {
			s.Says += "; it serves until " + day(cert.Expires) + ", and then no longer"
		}
	case cert.Status == "MANAGED_CERTIFICATE_STATUS_UNSPECIFIED" || cert.Status == "STATE_UNSPECIFIED":
		return s, false, true
	default:
		s.Says = "the certificate isn't issued, it is " + cert.Status + domainsSay(cert)
		if age := c.Facts.Now.Sub(cert.Created); cert.Provisioning() && age < certificateGrace {
			s.Pending = fmt.Sprintf("the certificate was created %s ago; provisioning may take %s", span(age), span(certificateGrace))
		}
	}
	return s, true, false
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// span is a time as people say it: the largest unit alone.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours())/24)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d >= time.Minute:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return d.Round(time.Second).String()
}

// lookAt is the command that shows a certificate as it is.
func lookAt(cert glbc.Certificate) string {
	if cert.Manager {
		return "gcloud certificate-manager certificates describe " + cert.Ref.Name + " --project " + cert.Ref.Project + " --location " + cert.Location
	}
	scope := " --global"
	if region, ok := strings.CutPrefix(cert.Ref.Scope, "regions/"); ok {
		scope = " --region " + region
	}
	return "gcloud compute ssl-certificates describe " + cert.Ref.Name + " --project " + cert.Ref.Project + scope
}

func domainsSay(cert glbc.Certificate) string {
	var bad []string
	for _, d := range cert.Domains {
		if !d.Works() {
			bad = append(bad, domainSays(d))
		}
	}
	slices.Sort(bad)
	if len(bad) == 0 {
		return ""
	}
	return ": " + strings.Join(bad, "; ")
}

func domainSays(d glbc.CertificateDomain) string {
	says := d.Name + " is " + d.Status
	if d.Reason != "" {
		says += " (" + d.Reason + ")"
	}
	return says
}

// means are the words of a domain's state in plain (gcp-facts.md §6).
var means = map[string]string{
	"FAILED_NOT_VISIBLE":   "its DNS doesn't lead to the load balancer, or nothing listens on port 443 there",
	"FAILED_CAA_CHECKING":  "its CAA records couldn't be looked up",
	"FAILED_CAA_FORBIDDEN": "a CAA record forbids Google's certificate authority",
	"FAILED_RATE_LIMITED":  "the certificate authority limits how many it issues for the domain",
}

// checkedCertificate are the facts that a person would look at next: the states of
// the domains, where they resolve to, who may issue, and where the certificate is
// served.
func checkedCertificate(c cause.Case) (list []cause.Evidence) {
	cert, ok := glbc.CertificateOf(c.Facts, c.Target).Get()
	if !ok {
		return nil
	}
	return checkedOne(c, cert)
}

// checkedAsked are the same of the certificates of an Ingress or a Gateway that show a
// symptom.
func checkedAsked(c cause.Case, open []cause.Symptom) (list []cause.Evidence) {
	for _, a := range glbc.AskedCertificates(c.Facts, c.Target) {
		if slices.ContainsFunc(open, func(s cause.Symptom) bool { return slices.Contains(s.Objects, a.Subject()) }) {
			list = append(list, checkedOne(c, a.Certificate)...)
		}
	}
	return list
}

func checkedOne(c cause.Case, cert glbc.Certificate) (list []cause.Evidence) {
	source := string(facts.SSLCertificates)
	if cert.Manager {
		source = string(facts.Certificates)
	}
	link := cause.CertificateLink(cert.Ref.Project, cert.Ref.Name, cert.Manager)
	if !cert.Managed {
		list = append(list, cause.Evidence{Source: source, Link: link, Says: cert.Ref.Name + " was uploaded, so nobody renews it but its owner"})
	}
	for _, d := range cert.Domains {
		if d.Works() {
			continue
		}
		if plain := means[d.Status]; plain != "" {
			list = append(list, cause.Evidence{Source: source, Link: link, Says: domainSays(d) + ": " + plain})
		}
	}
	for _, d := range cert.Domains {
		if !d.Works() {
			list = append(list, resolves(c.Facts, d.Name)...)
		}
	}
	return append(list, usedBy(c, cert)...)
}

// resolves is what DNS says of a domain.
func resolves(s *facts.Snapshot, name string) (list []cause.Evidence) {
	records, ok := s.DNS[name].Get()
	if !ok {
		return nil
	}
	var addresses []string
	for _, a := range slices.Concat(records.A, records.AAAA) {
		addresses = append(addresses, a.String())
	}
	says := name + " resolves to " + strings.Join(addresses, ", ")
	switch {
	case records.NXDomain:
		says = name + " doesn't exist in DNS"
	case len(addresses) == 0:
		says = name + " has neither an A nor an AAAA record"
	}
	list = append(list, cause.Evidence{Source: "dns", Says: says})
	for _, caa := range records.CAA {
		if strings.HasPrefix(caa.Tag, "issue") {
			list = append(list, cause.Evidence{Source: "dns", Says: fmt.Sprintf("CAA record at %s: %s %q", caa.Domain, caa.Tag, caa.Value)})
		}
	}
	return list
}

// usedBy says where a certificate is served; that it is nowhere, only where all that
// tells was read.
func usedBy(c cause.Case, cert glbc.Certificate) (list []cause.Evidence) {
	users, err := glbc.UsersOf(c.Facts, cert)
	source := string(facts.TargetHTTPSProxies)
	for _, u := range users {
		says := "target proxy " + u.Proxy.Name + " has it"
		if u.Map != "" {
			says += " through the map " + facts.LastSegment(u.Map)
		}
		for _, f := range u.Rules {
			says += ", at " + f.Address
			if f.Ports != "" {
				says += ":" + f.Ports
			}
		}
		if u.Overridden {
			says = "target proxy " + u.Proxy.Name + " names it, but also a certificate map, which takes precedence"
		}
		list = append(list, cause.Evidence{Source: source, Says: says})
	}
	if len(users) == 0 && err == nil {
		list = append(list, cause.Evidence{Source: source, Says: "no target proxy has it"})
	}
	return list
}
