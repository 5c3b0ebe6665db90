package path

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// outsideReaches are the ways to a backend service through URL maps that aren't known
// to be an Ingress's or a Gateway's, or through none.
func outsideReaches(s *facts.Snapshot, bs *computepb.BackendService, known []string) []Reach {
	var list []Reach
	for _, m := range glbc.URLMapsOf(s, bs) {
		if slices.ContainsFunc(known, func(url string) bool { return same(url, m.GetSelfLink()) }) {
			continue
		}
		f := front{maps: []*computepb.UrlMap{m}}
		f.before(s)
		target := glbc.ComputeRef(facts.KindURLMap, m.GetSelfLink())
		if owner, ok := glbc.OwnerOf(s, m.GetName()); ok {
			// The system's default backend is that of Ingresses of any namespace.
			target = owner
		}
		list = append(list, Reach{Target: target, Routes: routesTo(m, glbc.Path(bs)), Addresses: f.addresses()})
	}
	var f front
	if f.behind(s, bs); len(f.maps) == 0 && len(f.rules) > 0 {
		list = append(list, Reach{Target: glbc.BackendServiceRef(bs), Addresses: f.addresses()})
	}
	return list
}

// routesTo are the hosts and paths of a URL map that lead to a backend service.
func routesTo(m *computepb.UrlMap, service string) []Route {
	var r Reach
	if same(m.GetDefaultService(), service) {
		r.add(Route{})
	}
	for _, hr := range m.GetHostRules() {
		i := slices.IndexFunc(m.GetPathMatchers(), func(pm *computepb.PathMatcher) bool { return pm.GetName() == hr.GetPathMatcher() })
		if i < 0 {
			continue
		}
		for _, host := range hr.GetHosts() {
			for _, path := range pathsTo(m.GetPathMatchers()[i], service) {
				r.add(Route{host, path})
			}
		}
	}
	return r.Routes
}

func pathsTo(pm *computepb.PathMatcher, service string) []string {
	var paths []string
	sends := func(to string, a *computepb.HttpRouteAction) bool {
		return same(to, service) || slices.ContainsFunc(a.GetWeightedBackendServices(), func(w *computepb.WeightedBackendService) bool {
			return same(w.GetBackendService(), service)
		})
	}
	if sends(pm.GetDefaultService(), pm.GetDefaultRouteAction()) {
		paths = append(paths, "")
	}
	for _, r := range pm.GetPathRules() {
		if sends(r.GetService(), r.GetRouteAction()) {
			paths = append(paths, r.GetPaths()...)
		}
	}
	for _, r := range pm.GetRouteRules() {
		if !sends(r.GetService(), r.GetRouteAction()) {
			continue
		}
		for _, match := range r.GetMatchRules() {
			paths = append(paths, matchText(match))
		}
	}
	return paths
}

func matchText(m *computepb.HttpRouteRuleMatch) string {
	switch {
	case m.FullPathMatch != nil:
		return m.GetFullPathMatch()
	case m.PrefixMatch != nil:
		return strings.TrimSuffix(m.GetPrefixMatch(), "/") + "/*"
	case m.RegexMatch != nil:
		return m.GetRegexMatch()
	}
	return m.GetPathTemplateMatch()
}

// presentedBy are the Ingresses and Gateways whose proxies present a certificate, with
// all that they serve; else the URL maps of such proxies.
func presentedBy(s *facts.Snapshot, ref facts.Ref) []Reach {
	var f front
	f.presenting(s, ref)
	presents := func(proxy *computepb.TargetHttpsProxy) bool { return isOneOf(f.https, proxy.GetSelfLink()) }
	var list []Reach
	var known []string
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		built := glbc.FrontendOf(s, ing)
		if p, ok := built.HTTPSProxy.Get(); ok && presents(p) {
			list = append(list, ingressReach(s, ing, everything))
			known = append(known, p.GetSelfLink())
		}
	}
	list = append(list, gatewayReaches(s, func(t *tracer) bool {
		i := slices.IndexFunc(t.front.https, presents)
		if i >= 0 {
			known = append(known, t.front.https[i].GetSelfLink())
		}
		return i >= 0
	}, everything)...)
	for _, p := range f.https {
		if slices.ContainsFunc(known, func(url string) bool { return same(url, p.GetSelfLink()) }) {
			continue
		}
		own := front{https: []*computepb.TargetHttpsProxy{p}}
		own.rulesTo(s)
		r := Reach{Target: glbc.ComputeRef(facts.KindURLMap, p.GetUrlMap()), Addresses: own.addresses()}
		for _, m := range linkedFrom(s.URLMaps, func(m *computepb.UrlMap) bool { return same(m.GetSelfLink(), p.GetUrlMap()) }) {
			for _, host := range glbc.HostsOf(m) {
				r.add(Route{Host: host})
			}
		}
		list = append(list, r)
	}
	return list
}
