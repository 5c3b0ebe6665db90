package glbc

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// URLMapsOf are the URL maps that send requests to a backend service.
func URLMapsOf(s *facts.Snapshot, bs *computepb.BackendService) []*computepb.UrlMap {
	all, _ := s.URLMaps.Get()
	path := Path(bs)
	var list []*computepb.UrlMap
	for _, m := range all {
		if slices.Contains(ServicesOf(m), path) {
			list = append(list, m)
		}
	}
	return list
}

// ServicesOf are the relative paths of the backend services and buckets that a URL
// map names, each once: its default, those of its path matchers, their rules, and
// of weighted route actions.
func ServicesOf(m *computepb.UrlMap) []string {
	var list []string
	add := func(url string) {
		if path := facts.RelativePath(url); url != "" && !slices.Contains(list, path) {
			list = append(list, path)
		}
	}
	addAction := func(a *computepb.HttpRouteAction) {
		for _, w := range a.GetWeightedBackendServices() {
			add(w.GetBackendService())
		}
	}
	add(m.GetDefaultService())
	addAction(m.GetDefaultRouteAction())
	for _, pm := range m.GetPathMatchers() {
		add(pm.GetDefaultService())
		addAction(pm.GetDefaultRouteAction())
		for _, r := range pm.GetPathRules() {
			add(r.GetService())
			addAction(r.GetRouteAction())
		}
		for _, r := range pm.GetRouteRules() {
			add(r.GetService())
			addAction(r.GetRouteAction())
		}
	}
	return list
}

// HostsOf are the hosts of a URL map's rules without a port, each once; `*` isn't
// one.
func HostsOf(m *computepb.UrlMap) []string {
	var hosts []string
	for _, r := range m.GetHostRules() {
		for _, h := range r.GetHosts() {
			if name, _, _ := strings.Cut(h, ":"); name != "*" && name != "" && !slices.Contains(hosts, name) {
				hosts = append(hosts, name)
			}
		}
	}
	return hosts
}

// HostsTo are the hosts, each once, whose requests a URL map sends to a service, some
// of their paths at least. any: requests for other hosts go there, too.
func HostsTo(m *computepb.UrlMap, service string) (hosts []string, any bool) {
	leads := func(whole *computepb.UrlMap) bool { return slices.Contains(ServicesOf(whole), service) }
	any = leads(&computepb.UrlMap{DefaultService: m.DefaultService, DefaultRouteAction: m.DefaultRouteAction})
	for _, pm := range m.GetPathMatchers() {
		if !leads(&computepb.UrlMap{PathMatchers: []*computepb.PathMatcher{pm}}) {
			continue
		}
		for _, r := range m.GetHostRules() {
			if r.GetPathMatcher() != pm.GetName() {
				continue
			}
			any = any || slices.Contains(r.GetHosts(), "*")
			for _, h := range HostsOf(&computepb.UrlMap{HostRules: []*computepb.HostRule{r}}) {
				if !slices.Contains(hosts, h) {
					hosts = append(hosts, h)
				}
			}
		}
	}
	return hosts, any
}

// CertificateMapsInUse are the full names of the certificate maps that the proxies
// of a project name, each once.
func CertificateMapsInUse(s *facts.Snapshot) []string {
	var names []string
	add := func(url string) {
		if name := facts.RelativePath(url); url != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	https, _ := s.TargetHTTPSProxies.Get()
	for _, p := range https {
		add(p.GetCertificateMap())
	}
	ssl, _ := s.TargetSSLProxies.Get()
	for _, p := range ssl {
		add(p.GetCertificateMap())
	}
	return names
}
