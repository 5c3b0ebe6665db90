package glbc

import (
	"maps"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/facts"
)

// A Certificate is one of Compute or of Certificate Manager, in one form
// (gcp-facts.md §6).
type Certificate struct {
	Ref facts.Ref
	// Manager: it is one of Certificate Manager, of Location; otherwise of Compute.
	Manager  bool
	Location string
	// Managed: Google renews it; otherwise somebody uploaded it.
	Managed bool
	// Status is Compute's managed.status or Certificate Manager's managed.state; empty
	// for an uploaded one.
	Status  string
	Domains []CertificateDomain
	// Names are those that it is good for, or will be; empty where not told.
	Names []string
	// DNSAuthorized: Certificate Manager looks at records in DNS only, not at where the
	// names lead.
	DNSAuthorized bool
	// Issue is why Certificate Manager can't provision it; empty where it doesn't say.
	Issue string
	// Created and Expires are zero where not told.
	Created, Expires time.Time
}

// A CertificateDomain is one domain of a managed certificate, with what its
// authorization says.
type CertificateDomain struct{ Name, Status, Reason string }

// Works reports that nothing is wrong with a domain: it is authorized, or nobody says
// otherwise.
func (d CertificateDomain) Works() bool {
	return d.Status == "" || d.Status == "ACTIVE" || d.Status == "AUTHORIZED"
}

// Provisioning reports that Google is still trying.
func (c Certificate) Provisioning() bool { return c.Status == "PROVISIONING" }

// Failing reports that it can't be used, or won't be: it isn't issued, wasn't renewed or
// has expired.
func (c Certificate) Failing(now time.Time) bool {
	return c.Expired(now) || c.Managed && c.Status != "" && c.Status != "ACTIVE" && !strings.HasSuffix(c.Status, "_UNSPECIFIED")
}

// Expired reports that its time is over.
func (c Certificate) Expired(now time.Time) bool {
	return !c.Expires.IsZero() && !c.Expires.After(now)
}

// Covers reports that it is good for a host: the same name, or a wildcard for the first
// label.
func (c Certificate) Covers(host string) bool {
	return slices.ContainsFunc(c.Names, func(name string) bool {
		parent, wildcard := strings.CutPrefix(strings.ToLower(name), "*.")
		_, rest, _ := strings.Cut(strings.ToLower(host), ".")
		return strings.EqualFold(name, host) || wildcard && rest == parent
	})
}

// CertificateOf finds a certificate that a Ref names: Compute's by scope and name,
// else Certificate Manager's by location and name. It is unknown where either couldn't
// be read.
func CertificateOf(s *facts.Snapshot, r facts.Ref) facts.Value[Certificate] {
	all, _ := s.SSLCertificates.Get()
	for _, c := range all {
		ref := ComputeRef(facts.KindCertificate, c.GetSelfLink())
		if ref.Name == r.Name && (r.Scope == "" || ref.Scope == r.Scope) {
			return facts.Found(computeCertificate(ref, c))
		}
	}
	managed, _ := s.Certificates.Get()
	for _, c := range managed {
		if facts.LastSegment(c.Name) == r.Name && (r.Scope == "" || r.Scope == scopeAt(c.Name)) {
			return facts.Found(managerCertificate(s.Project, c))
		}
	}
	switch {
	case !s.SSLCertificates.Known():
		return facts.Unknown[Certificate](s.SSLCertificates.Err())
	case !s.Certificates.Known():
		return facts.Unknown[Certificate](s.Certificates.Err())
	}
	return facts.Absent[Certificate]()
}

func computeCertificate(ref facts.Ref, c *computepb.SslCertificate) Certificate {
	out := Certificate{Ref: ref, Created: moment(c.GetCreationTimestamp()), Expires: moment(c.GetExpireTime()), Names: slices.Clone(c.GetSubjectAlternativeNames())}
	m := c.GetManaged()
	if m == nil {
		return out
	}
	for _, name := range m.GetDomains() {
		if !slices.Contains(out.Names, name) {
			out.Names = append(out.Names, name)
		}
	}
	out.Managed, out.Status = true, m.GetStatus()
	for _, name := range slices.Sorted(maps.Keys(m.GetDomainStatus())) {
		out.Domains = append(out.Domains, CertificateDomain{Name: name, Status: m.GetDomainStatus()[name]})
	}
	if len(out.Domains) == 0 {
		for _, name := range m.GetDomains() {
			out.Domains = append(out.Domains, CertificateDomain{Name: name})
		}
	}
	return out
}

func managerCertificate(project string, c *certificatemanager.Certificate) Certificate {
	out := Certificate{
		Ref:     facts.Ref{Project: project, Scope: scopeAt(c.Name), Kind: facts.KindCertificate, Name: facts.LastSegment(c.Name)},
		Manager: true, Location: facts.LastSegment(LocationOf(c.Name)),
		Created: moment(c.CreateTime), Expires: moment(c.ExpireTime), Names: slices.Clone(c.SanDnsnames),
	}
	if c.Managed == nil {
		return out
	}
	out.Managed, out.Status, out.DNSAuthorized = true, c.Managed.State, len(c.Managed.DnsAuthorizations) > 0
	if i := c.Managed.ProvisioningIssue; i != nil {
		out.Issue = strings.Join(slices.DeleteFunc([]string{i.Reason, i.Details}, func(p string) bool { return p == "" }), ", ")
	}
	for _, name := range c.Managed.Domains {
		if !slices.Contains(out.Names, name) {
			out.Names = append(out.Names, name)
		}
	}
	for _, a := range c.Managed.AuthorizationAttemptInfo {
		out.Domains = append(out.Domains, CertificateDomain{Name: a.Domain, Status: a.State, Reason: reasonOf(a)})
	}
	if len(out.Domains) == 0 {
		for _, name := range c.Managed.Domains {
			out.Domains = append(out.Domains, CertificateDomain{Name: name})
		}
	}
	return out
}

// reasonOf is why an authorization doesn't succeed: the reason and the details, with
// what Google's own look at the domain found.
func reasonOf(a *certificatemanager.AuthorizationAttemptInfo) string {
	parts := []string{a.FailureReason, a.Details}
	if a.Troubleshooting != nil {
		parts = append(parts, a.Troubleshooting.Issues...)
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

// LocationOf is the projects/P/locations/L of a resource of Certificate Manager, by
// its full name.
func LocationOf(name string) string {
	p := strings.Split(name, "/")
	return strings.Join(p[:min(4, len(p))], "/")
}

// scopeAt is the scope that a Ref has for a certificate of Certificate Manager.
func scopeAt(name string) string {
	location := facts.LastSegment(LocationOf(name))
	if location == "global" {
		return location
	}
	return "regions/" + location
}

// moment reads an RFC 3339 time; zero where there is none.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
