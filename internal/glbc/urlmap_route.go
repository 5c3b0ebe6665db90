package glbc

import (
	"cmp"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// ServiceFor is the backend service or bucket that a URL map sends a request to, as a
// relative path; empty where the map answers itself, by a redirect. known is false
// where more than host and path decide, or several share the requests.
func ServiceFor(m *computepb.UrlMap, host, path string) (service string, known bool) {
	pm := matcherFor(m, host)
	if pm == nil {
		return sentTo(m.GetDefaultService(), m.GetDefaultRouteAction(), m.GetDefaultUrlRedirect())
	}
	rules := slices.Clone(pm.GetRouteRules())
	slices.SortStableFunc(rules, func(a, b *computepb.HttpRouteRule) int { return cmp.Compare(a.GetPriority(), b.GetPriority()) })
	for _, r := range rules {
		switch fits, sure := fitsAny(r.GetMatchRules(), path); {
		case fits && sure:
			return sentTo(r.GetService(), r.GetRouteAction(), r.GetUrlRedirect())
		case fits:
			return "", false
		}
	}
	longest := -1
	var by *computepb.PathRule
	for _, r := range pm.GetPathRules() {
		for _, pattern := range r.GetPaths() {
			if n := matched(pattern, path); n > longest {
				longest, by = n, r
			}
		}
	}
	if by != nil {
		return sentTo(by.GetService(), by.GetRouteAction(), by.GetUrlRedirect())
	}
	return sentTo(pm.GetDefaultService(), pm.GetDefaultRouteAction(), pm.GetDefaultUrlRedirect())
}

// DefaultFor is where a URL map sends what no path of a host matches.
func DefaultFor(m *computepb.UrlMap, host string) string {
	if pm := matcherFor(m, host); pm != nil {
		return facts.RelativePath(pm.GetDefaultService())
	}
	return facts.RelativePath(m.GetDefaultService())
}

func sentTo(service string, action *computepb.HttpRouteAction, redirect *computepb.HttpRedirectAction) (string, bool) {
	weighted := action.GetWeightedBackendServices()
	switch {
	case redirect != nil:
		return "", true
	case len(weighted) == 1:
		return facts.RelativePath(weighted[0].GetBackendService()), true
	case len(weighted) > 1:
		return "", false
	}
	return facts.RelativePath(service), true
}

// matcherFor finds a host's path matcher: its own, that of the longest wildcard, or
// that of any host; nil without one.
func matcherFor(m *computepb.UrlMap, host string) *computepb.PathMatcher {
	longest, name := -1, ""
	for _, r := range m.GetHostRules() {
		for _, pattern := range r.GetHosts() {
			pattern, _, _ = strings.Cut(pattern, ":")
			if n := matchedHost(pattern, host); n > longest {
				longest, name = n, r.GetPathMatcher()
			}
		}
	}
	for _, pm := range m.GetPathMatchers() {
		if longest >= 0 && pm.GetName() == name {
			return pm
		}
	}
	return nil
}

// MatchesHost reports that a host of a rule stands for a requested one.
func MatchesHost(pattern, host string) bool { return matchedHost(pattern, host) >= 0 }

// matchedHost says how narrowly a host of a rule fits; -1 is not at all.
func matchedHost(pattern, host string) int {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	switch {
	case pattern == host:
		return 1 << 16
	case pattern == AnyHost || pattern == "":
		return 0
	case hostCovers(pattern, host):
		return len(pattern)
	}
	return -1
}

// matched says how narrowly a path of a path rule fits: one without wildcard only
// itself, one that ends in /* what is below it; -1 is not at all.
func matched(pattern, path string) int {
	prefix, wild := strings.CutSuffix(pattern, "*")
	switch {
	case pattern == path:
		return 1 << 16
	case wild && strings.HasPrefix(path, prefix):
		return len(prefix)
	}
	return -1
}

// fitsAny: a route rule may take a path; sure: nothing else than the path decides.
func fitsAny(rules []*computepb.HttpRouteRuleMatch, path string) (fits, sure bool) {
	for _, r := range rules {
		sure := len(r.GetHeaderMatches()) == 0 && len(r.GetQueryParameterMatches()) == 0 && len(r.GetMetadataFilters()) == 0 && r.RegexMatch == nil && r.PathTemplateMatch == nil
		switch {
		case r.FullPathMatch != nil && r.GetFullPathMatch() != path, r.PrefixMatch != nil && !strings.HasPrefix(path, r.GetPrefixMatch()):
		case sure:
			return true, true
		default:
			fits = true
		}
	}
	return fits, false
}

// PortFor is the Service port that GLBC sends a request to.
func (m URLMap) PortFor(host, path string) ServicePortName {
	best := -1
	var of HostRule
	for _, h := range m.Hosts {
		if n := matchedHost(h.Host, host); n > best {
			best, of = n, h
		}
	}
	to, longest := m.Default, -1
	for _, r := range of.Paths {
		if n := matched(r.Path, path); n > longest {
			longest, to = n, r.Backend
		}
	}
	return to
}

// rewrites are annotations of other controllers that ask for another path; GLBC reads
// none of them, and its URL map rewrites nothing (ingress-controller.md §3).
var rewrites = []string{
	"nginx.ingress.kubernetes.io/rewrite-target", "ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/app-root",
	"nginx.org/rewrites", "haproxy.org/path-rewrite", "haproxy-ingress.github.io/rewrite-target", "konghq.com/strip-path",
	"traefik.ingress.kubernetes.io/rewrite-target", "traefik.ingress.kubernetes.io/rule-type", "alb.ingress.kubernetes.io/actions.rewrite",
	"appgw.ingress.kubernetes.io/backend-path-prefix",
}

// RewriteAnnotation is the annotation of an Ingress that asks for another path than the
// requested one; empty without.
func RewriteAnnotation(ing *networkingv1.Ingress) string {
	for _, key := range rewrites {
		v, ok := ing.Annotations[key]
		switch {
		case !ok, key == "konghq.com/strip-path" && v != "true", key == "traefik.ingress.kubernetes.io/rule-type" && !strings.Contains(v, "Strip") && !strings.Contains(v, "Replace"):
		default:
			return key
		}
	}
	return ""
}
