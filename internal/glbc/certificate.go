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
	// Managed: Google renews it; otherwise somebody uploaded it.
	Managed bool
	// Status is Compute's managed.status or Certificate Manager's managed.state; empty
	// for an uploaded one.
	Status  string
	Domains []CertificateDomain
	// Created and Expires are zero where not told.
	Created, Expires time.Time
}

// A CertificateDomain is one domain of a managed certificate, with what its
// authorization says.
type CertificateDomain struct{ Name, Status, Reason string }

// Provisioning reports that Google is still trying.
func (c Certificate) Provisioning() bool { return c.Status == "PROVISIONING" }

// CertificateOf finds a certificate that a Ref names: Compute's by scope and name,
// else Certificate Manager's by name. It is unknown where either couldn't be read.
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
		if facts.LastSegment(c.Name) == r.Name && (r.Scope == "" || r.Scope == "global") {
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
	out := Certificate{Ref: ref, Created: moment(c.GetCreationTimestamp()), Expires: moment(c.GetExpireTime())}
	m := c.GetManaged()
	if m == nil {
		return out
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
		Ref:     facts.Ref{Project: project, Scope: "global", Kind: facts.KindCertificate, Name: facts.LastSegment(c.Name)},
		Created: moment(c.CreateTime), Expires: moment(c.ExpireTime),
	}
	if c.Managed == nil {
		return out
	}
	out.Managed, out.Status = true, c.Managed.State
	for _, a := range c.Managed.AuthorizationAttemptInfo {
		out.Domains = append(out.Domains, CertificateDomain{Name: a.Domain, Status: a.State, Reason: strings.TrimSpace(a.FailureReason + " " + a.Details)})
	}
	if len(out.Domains) == 0 {
		for _, name := range c.Managed.Domains {
			out.Domains = append(out.Domains, CertificateDomain{Name: name})
		}
	}
	return out
}

// moment reads an RFC 3339 time; zero where there is none.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
