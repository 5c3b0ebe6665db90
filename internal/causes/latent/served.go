package latent

import (
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A certificate that the target serves, with the names that it is for; none where they
// aren't told.
type certificate struct {
	glbc.Certificate
	names []string
}

// served are the certificates in front of the target, or the one that is the target,
// each once.
func served(c cause.Case) (list []certificate) {
	if c.Target.Kind == facts.KindCertificate {
		return with(c, nil, c.Target)
	}
	var live []glbc.FrontendCertificate
	var maps []string
	if ing, ok := c.Ingress(); ok {
		live = glbc.FrontendOf(c.Facts, ing).Certificates
	}
	if g, ok := c.Gateway(); ok {
		front := glbc.GatewayFrontendOf(c.Facts, g)
		live, maps = front.Certificates, front.CertificateMaps
	}
	for _, f := range live {
		if cert, ok := f.Live.Get(); ok {
			list = with(c, list, glbc.ComputeRef(facts.KindCertificate, cert.GetSelfLink()))
		}
	}
	entries, _ := c.Facts.CertificateEntries.Get()
	for _, e := range entries {
		of, _, _ := strings.Cut(facts.ScopePath(e.Name), "/certificateMapEntries/")
		if !slices.ContainsFunc(maps, func(m string) bool { return facts.ScopePath(m) == of }) {
			continue
		}
		for _, name := range e.Certificates {
			list = with(c, list, facts.Ref{Project: c.Facts.Project, Kind: facts.KindCertificate, Name: facts.LastSegment(name)})
		}
	}
	return list
}

// with adds the certificate that a Ref names, if it was read.
func with(c cause.Case, list []certificate, ref facts.Ref) []certificate {
	cert, ok := glbc.CertificateOf(c.Facts, ref).Get()
	if !ok || slices.ContainsFunc(list, func(have certificate) bool { return have.Ref == cert.Ref && have.Manager == cert.Manager }) {
		return list
	}
	return append(list, certificate{cert, namesOf(c.Facts, cert)})
}

// namesOf are the host names that a certificate is for.
func namesOf(s *facts.Snapshot, cert glbc.Certificate) (names []string) {
	for _, d := range cert.Domains {
		names = append(names, d.Name)
	}
	if cert.Manager {
		all, _ := s.Certificates.Get()
		for _, live := range all {
			if facts.LastSegment(live.Name) == cert.Ref.Name {
				names = append(names, live.SanDnsnames...)
			}
		}
		return names
	}
	all, _ := s.SSLCertificates.Get()
	for _, live := range all {
		if glbc.ComputeRef(facts.KindCertificate, live.GetSelfLink()) == cert.Ref {
			names = append(names, live.GetSubjectAlternativeNames()...)
		}
	}
	return names
}

// succeeded: another certificate of the same load balancer is for all names of this one
// and lasts longer, so its end takes nothing down.
func succeeded(list []certificate, cert certificate) bool {
	return len(cert.names) > 0 && slices.ContainsFunc(list, func(other certificate) bool {
		return other.Expires.Sub(cert.Expires) > soon && !slices.ContainsFunc(cert.names, func(name string) bool { return !covers(other.names, name) })
	})
}

func covers(names []string, name string) bool {
	_, parent, _ := strings.Cut(name, ".")
	return slices.Contains(names, name) || slices.Contains(names, "*."+parent)
}
