package service

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// outside wants the path of a backend service that stands for itself: virtual
// machines behind an Application or a proxy Network Load Balancer.
func (w *wish) outside(r facts.Ref) {
	s := w.facts
	w.Want(
		facts.BackendServices, facts.HealthChecks, facts.NEGs, facts.InstanceGroups, facts.URLMaps,
		facts.TargetHTTPProxies, facts.TargetHTTPSProxies, facts.ForwardingRules, facts.Addresses,
	)
	if s.NetworkName != "" {
		w.network()
	}
	for _, bs := range glbc.BackendServicesOf(s, r) {
		w.groups(bs)
		switch bs.GetProtocol() {
		case "SSL":
			w.Want(facts.TargetSSLProxies)
		case "TCP":
			w.Want(facts.TargetSSLProxies, facts.TargetTCPProxies)
		}
		if bs.GetLoadBalancingScheme() == "INTERNAL_MANAGED" || bs.GetRegion() != "" {
			w.Want(facts.Subnetworks)
		}
		urlMaps := glbc.URLMapsOf(s, bs)
		for _, m := range urlMaps {
			w.hosts(glbc.HostsOf(m))
		}
		w.proxiesTo(bs, urlMaps)
	}
}

// proxiesTo wants what the proxies in front of a backend service name.
func (w *wish) proxiesTo(bs *computepb.BackendService, urlMaps []*computepb.UrlMap) {
	https, _ := w.facts.TargetHTTPSProxies.Get()
	for _, p := range https {
		if slices.ContainsFunc(urlMaps, func(m *computepb.UrlMap) bool {
			return facts.RelativePath(m.GetSelfLink()) == facts.RelativePath(p.GetUrlMap())
		}) {
			w.proxy(p.GetSslPolicy(), p.GetCertificateMap(), p.GetSslCertificates())
		}
	}
	ssl, _ := w.facts.TargetSSLProxies.Get()
	for _, p := range ssl {
		if facts.RelativePath(p.GetService()) == glbc.Path(bs) {
			w.proxy(p.GetSslPolicy(), p.GetCertificateMap(), p.GetSslCertificates())
		}
	}
}

// certificate wants a certificate, where it is used, and what its domains resolve
// to.
func (w *wish) certificate(r facts.Ref) {
	s := w.facts
	w.Want(
		facts.SSLCertificates, facts.Certificates, facts.TargetHTTPSProxies, facts.TargetSSLProxies, facts.ForwardingRules, facts.Addresses,
	)
	if region, ok := strings.CutPrefix(r.Scope, "regions/"); ok {
		w.certificatesAt("projects/" + r.Project + "/locations/" + region)
	}
	if cert, ok := glbc.CertificateOf(s, r).Get(); ok {
		for _, d := range cert.Domains {
			w.hosts([]string{d.Name})
		}
	}
	for _, name := range glbc.CertificateMapsInUse(s) {
		w.Want(facts.CertificateMaps)
		w.CertificateMaps = append(w.CertificateMaps, name)
	}
}

// certificatesAt wants those of Certificate Manager in a location.
func (w *wish) certificatesAt(location string) {
	w.Want(facts.Certificates)
	if !strings.HasSuffix(location, "/global") {
		w.CertificateLocations = append(w.CertificateLocations, location)
	}
}
