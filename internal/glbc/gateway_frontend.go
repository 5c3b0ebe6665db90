package glbc

import (
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// CertMapAnnotation names the certificate map that a Gateway's HTTPS listeners use.
const CertMapAnnotation = gatewayPrefix + "certmap"

// A GatewayFrontend is what GKE's controller built in front of the backend services of
// a Gateway, as it lives.
type GatewayFrontend struct {
	ForwardingRules []*computepb.ForwardingRule
	HTTPProxies     []*computepb.TargetHttpProxy
	HTTPSProxies    []*computepb.TargetHttpsProxy
	URLMaps         []*computepb.UrlMap
	// Certificates are those of HTTPSProxies.
	Certificates []FrontendCertificate
	// CertificateMaps are the full names of the certificate maps of HTTPSProxies.
	CertificateMaps []string
	// Missing are the objects that the controller wrote on the Gateway and that surely
	// aren't there, as scope/collection/name.
	Missing []string
	// Err says which lists couldn't be read.
	Err error
}

// GatewayFrontendOf finds the frontend of a Gateway: by the names that the controller
// wrote on it, by the address in its status where it wrote none, and along what these
// name.
func GatewayFrontendOf(s *facts.Snapshot, g *gatewayv1.Gateway) GatewayFrontend {
	var f GatewayFrontend
	f.ForwardingRules = gatewayObjects(&f, s.ForwardingRules, madeFor(g, "forwarding-rules"))
	if len(f.ForwardingRules) == 0 {
		f.ForwardingRules = rulesAt(s, g)
	}
	http, https, maps := madeFor(g, "target-http-proxies"), madeFor(g, "target-https-proxies"), madeFor(g, "url-maps")
	for _, fr := range f.ForwardingRules {
		http, https = append(http, facts.ScopePath(fr.GetTarget())), append(https, facts.ScopePath(fr.GetTarget()))
	}
	f.HTTPProxies = gatewayObjects(&f, s.TargetHTTPProxies, http)
	f.HTTPSProxies = gatewayObjects(&f, s.TargetHTTPSProxies, https)
	for _, p := range f.HTTPProxies {
		maps = append(maps, facts.ScopePath(p.GetUrlMap()))
	}
	for _, p := range f.HTTPSProxies {
		maps = append(maps, facts.ScopePath(p.GetUrlMap()))
		f.certificates(s, p)
	}
	f.URLMaps = gatewayObjects(&f, s.URLMaps, maps)
	return f
}

func (f *GatewayFrontend) certificates(s *facts.Snapshot, p *computepb.TargetHttpsProxy) {
	for _, url := range p.GetSslCertificates() {
		name := facts.LastSegment(url)
		if !slices.ContainsFunc(f.Certificates, func(c FrontendCertificate) bool { return c.Name == name }) {
			f.Certificates = append(f.Certificates, FrontendCertificate{name, inScope(s.SSLCertificates, scopeIn(url), name)})
		}
	}
	if name := facts.RelativePath(p.GetCertificateMap()); name != "" && !slices.Contains(f.CertificateMaps, name) {
		f.CertificateMaps = append(f.CertificateMaps, name)
	}
}

// gatewayObjects finds the objects of a list that paths of its collection name.
func gatewayObjects[T computeObject](f *GatewayFrontend, list facts.Value[[]T], paths []string) []T {
	all, _ := list.Get()
	collection := collectionOf[T]()
	var found []T
	for _, path := range paths {
		if facts.LastSegment(path[:max(0, len(path)-len(facts.LastSegment(path))-1)]) != collection {
			continue
		}
		i := slices.IndexFunc(all, func(o T) bool { return facts.ScopePath(o.GetSelfLink()) == path })
		switch {
		case i >= 0:
			if !slices.Contains(found, all[i]) {
				found = append(found, all[i])
			}
		case list.Lacks(scopeIn(path)) && list.Err() != nil:
			f.Err = errors.Join(f.Err, fmt.Errorf("%s: %w", path, list.Err()))
		case !slices.Contains(f.Missing, path):
			f.Missing = append(f.Missing, path)
		}
	}
	return found
}

func collectionOf[T any]() string {
	var zero T
	switch any(zero).(type) {
	case *computepb.ForwardingRule:
		return "forwardingRules"
	case *computepb.TargetHttpProxy:
		return "targetHttpProxies"
	case *computepb.TargetHttpsProxy:
		return "targetHttpsProxies"
	}
	return "urlMaps"
}

// rulesAt are the forwarding rules with the Gateway's address, in the scope and of the
// scheme of its class: internal addresses repeat from network to network.
func rulesAt(s *facts.Snapshot, g *gatewayv1.Gateway) []*computepb.ForwardingRule {
	class, ok := GatewayClassOf(s, g).Get()
	ip := GatewayAddress(g)
	if !ok || ip == "" || class.Scheme == "" {
		return nil
	}
	var list []*computepb.ForwardingRule
	all, _ := s.ForwardingRules.Get()
	for _, fr := range all {
		if fr.GetIPAddress() == ip && fr.GetLoadBalancingScheme() == class.Scheme && scopeIn(fr.GetSelfLink()) == class.Scope(Region(s)) {
			list = append(list, fr)
		}
	}
	return list
}

// GatewayURLMapNames are the names of the URL maps that the controller wrote on a
// Gateway, whether they were read or not.
func GatewayURLMapNames(g *gatewayv1.Gateway) []string {
	var names []string
	for _, path := range madeFor(g, "url-maps") {
		names = append(names, facts.LastSegment(path))
	}
	return names
}
