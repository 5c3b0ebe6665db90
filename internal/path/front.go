package path

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A front is what stands in front of backend services, found by the links that the
// objects name each other by.
type front struct {
	rules []*computepb.ForwardingRule
	http  []*computepb.TargetHttpProxy
	https []*computepb.TargetHttpsProxy
	ssl   []*computepb.TargetSslProxy
	tcp   []*computepb.TargetTcpProxy
	maps  []*computepb.UrlMap
}

// A linked object has a URL.
type linked interface{ GetSelfLink() string }

func same(a, b string) bool { return a != "" && facts.RelativePath(a) == facts.RelativePath(b) }

// linkedFrom are those of a list that fit.
func linkedFrom[T any](list facts.Value[[]T], fits func(T) bool) []T {
	var found []T
	all, _ := list.Get()
	for _, o := range all {
		if fits(o) {
			found = append(found, o)
		}
	}
	return found
}

func isOneOf[T linked](list []T, url string) bool {
	return slices.ContainsFunc(list, func(o T) bool { return same(o.GetSelfLink(), url) })
}

// behind adds what leads to a backend service.
func (f *front) behind(s *facts.Snapshot, bs *computepb.BackendService) {
	path := bs.GetSelfLink()
	f.maps = append(f.maps, glbc.URLMapsOf(s, bs)...)
	f.ssl = append(f.ssl, linkedFrom(s.TargetSSLProxies, func(p *computepb.TargetSslProxy) bool { return same(p.GetService(), path) })...)
	f.tcp = append(f.tcp, linkedFrom(s.TargetTCPProxies, func(p *computepb.TargetTcpProxy) bool { return same(p.GetService(), path) })...)
	f.before(s)
	f.rules = append(f.rules, linkedFrom(s.ForwardingRules, func(r *computepb.ForwardingRule) bool { return same(r.GetBackendService(), path) })...)
}

// before adds what leads to the URL maps and proxies.
func (f *front) before(s *facts.Snapshot) {
	f.http = linkedFrom(s.TargetHTTPProxies, func(p *computepb.TargetHttpProxy) bool { return isOneOf(f.maps, p.GetUrlMap()) })
	f.https = linkedFrom(s.TargetHTTPSProxies, func(p *computepb.TargetHttpsProxy) bool { return isOneOf(f.maps, p.GetUrlMap()) })
	f.rulesTo(s)
}

func (f *front) rulesTo(s *facts.Snapshot) {
	f.rules = linkedFrom(s.ForwardingRules, func(r *computepb.ForwardingRule) bool { return f.isProxy(r.GetTarget()) })
}

// presenting adds what presents a certificate.
func (f *front) presenting(s *facts.Snapshot, certificate facts.Ref) {
	presents := func(certificates []string, certificateMap string) bool {
		return slices.ContainsFunc(certificates, func(url string) bool { return namesCertificate(url, certificate) }) ||
			certificateMap != "" && mapHolds(s, certificateMap, certificate)
	}
	f.https = linkedFrom(s.TargetHTTPSProxies, func(p *computepb.TargetHttpsProxy) bool {
		return presents(p.GetSslCertificates(), p.GetCertificateMap())
	})
	f.ssl = linkedFrom(s.TargetSSLProxies, func(p *computepb.TargetSslProxy) bool {
		return presents(p.GetSslCertificates(), p.GetCertificateMap())
	})
	f.rulesTo(s)
}

// mapsNamed are the URLs of the maps that the proxies name, each once.
func (f *front) mapsNamed() []string {
	var urls []string
	for _, p := range f.http {
		urls = append(urls, p.GetUrlMap())
	}
	for _, p := range f.https {
		urls = append(urls, p.GetUrlMap())
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}

func (f *front) isProxy(url string) bool {
	return isOneOf(f.http, url) || isOneOf(f.https, url) || isOneOf(f.ssl, url) || isOneOf(f.tcp, url)
}

func (f *front) internal() bool {
	return slices.ContainsFunc(f.rules, func(r *computepb.ForwardingRule) bool {
		return strings.HasPrefix(r.GetLoadBalancingScheme(), "INTERNAL")
	})
}

func (f *front) addresses() []string {
	var list []string
	for _, r := range f.rules {
		if a := r.GetIPAddress(); a != "" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// Kinds of proxies by the collection in their URL.
var proxyKinds = map[string]string{
	"targetHttpProxies": facts.KindTargetHTTPProxy, "targetHttpsProxies": facts.KindTargetHTTPSProxy,
	"targetSslProxies": facts.KindTargetSSLProxy, "targetTcpProxies": facts.KindTargetTCPProxy,
}

// proxyRef names a target proxy by its URL.
func proxyRef(url string) facts.Ref {
	collection := strings.TrimSuffix(url, "/"+facts.LastSegment(url))
	kind := proxyKinds[facts.LastSegment(collection)]
	if kind == "" {
		return facts.Ref{}
	}
	return glbc.ComputeRef(kind, url)
}
