package glbc

import (
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// A CertificateUser is a target proxy that has a certificate, by itself or through a
// map of Certificate Manager, and the forwarding rules that lead to it.
type CertificateUser struct {
	Proxy facts.Ref
	// Map is the full name of the map in between; empty where there is none.
	Map string
	// Overridden: the proxy has a map besides, which takes precedence (gcp-facts.md §6).
	Overridden bool
	Rules      []Front
}

// A Front is a forwarding rule: where clients arrive.
type Front struct {
	Rule    facts.Ref
	Address string
	Ports   string
}

// UsersOf are the target proxies that serve a certificate. err says what couldn't be
// looked through; the list is what was found all the same.
func UsersOf(s *facts.Snapshot, cert Certificate) (list []CertificateUser, err error) {
	maps, err := mapsWith(s, cert)
	add := func(kind, url, certificateMap string, certificates []string) {
		named := slices.ContainsFunc(certificates, cert.named)
		through := ""
		if certificateMap != "" && slices.Contains(maps, facts.ScopePath(certificateMap)) {
			through = facts.RelativePath(certificateMap)
		}
		if !named && through == "" {
			return
		}
		list = append(list, CertificateUser{
			Proxy: ComputeRef(kind, url), Map: through, Overridden: through == "" && certificateMap != "", Rules: frontsOf(s, url),
		})
	}
	https, _ := s.TargetHTTPSProxies.Get()
	for _, p := range https {
		add(facts.KindTargetHTTPSProxy, p.GetSelfLink(), p.GetCertificateMap(), p.GetSslCertificates())
	}
	ssl, _ := s.TargetSSLProxies.Get()
	for _, p := range ssl {
		add(facts.KindTargetSSLProxy, p.GetSelfLink(), p.GetCertificateMap(), p.GetSslCertificates())
	}
	for _, e := range []error{s.TargetHTTPSProxies.Err(), s.TargetSSLProxies.Err(), s.ForwardingRules.Err()} {
		if err == nil {
			err = e
		}
	}
	return list, err
}

// named: a URL of a proxy means this certificate.
func (c Certificate) named(url string) bool {
	if !c.Manager {
		return ComputeRef(facts.KindCertificate, url) == c.Ref && !strings.Contains(url, "/locations/")
	}
	return facts.ScopePath(url) == "locations/"+c.Location+"/certificates/"+c.Ref.Name
}

// mapsWith are the maps with an entry for a certificate of Certificate Manager,
// without their project, which names in this API have by ID or by number.
func mapsWith(s *facts.Snapshot, cert Certificate) (names []string, err error) {
	if !cert.Manager {
		return nil, nil
	}
	entries, _ := s.CertificateEntries.Get()
	for _, e := range entries {
		name, _, _ := strings.Cut(facts.ScopePath(e.Name), "/certificateMapEntries/")
		if slices.ContainsFunc(e.Certificates, cert.named) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(CertificateMapsInUse(s)) > 0 {
		err = s.CertificateEntries.Err()
	}
	return names, err
}

func frontsOf(s *facts.Snapshot, proxy string) (list []Front) {
	rules, _ := s.ForwardingRules.Get()
	for _, fr := range rules {
		if facts.RelativePath(fr.GetTarget()) != facts.RelativePath(proxy) {
			continue
		}
		ports := fr.GetPortRange()
		if from, to, ok := strings.Cut(ports, "-"); ok && from == to {
			ports = from
		}
		list = append(list, Front{Rule: ComputeRef(facts.KindForwardingRule, fr.GetSelfLink()), Address: fr.GetIPAddress(), Ports: ports})
	}
	return list
}
