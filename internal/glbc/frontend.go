package glbc

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A Frontend is what GLBC built in front of the backend services of an Ingress, as it
// lives. A Value is absent only where the object surely isn't there.
type Frontend struct {
	// Scope is global, or regions/R of the cluster's region.
	Scope string
	// Names are those that GLBC gives; unknown where the UID that they carry is.
	Names facts.Value[FrontendNames]

	HTTP, HTTPS facts.Value[*computepb.ForwardingRule]
	HTTPProxy   facts.Value[*computepb.TargetHttpProxy]
	HTTPSProxy  facts.Value[*computepb.TargetHttpsProxy]
	URLMap      facts.Value[*computepb.UrlMap]
	// RedirectMap is the map that sends plain HTTP to HTTPS, where the FrontendConfig
	// asks for it.
	RedirectMap facts.Value[*computepb.UrlMap]
	// Certificates are those of HTTPSProxy, or those that GLBC wrote on the Ingress
	// where there is no proxy.
	Certificates []FrontendCertificate
	// Address is the reserved address: the one that the Ingress names, that GLBC
	// reserved, or that the forwarding rules have; absent for one that isn't reserved.
	Address facts.Value[*computepb.Address]
}

// A FrontendCertificate is a certificate that a target proxy names.
type FrontendCertificate struct {
	Name string
	Live facts.Value[*computepb.SslCertificate]
}

// Annotations that GLBC writes on an Ingress: the names of what it made
// (ingress-controller.md §3).
const statusPrefix = "ingress.kubernetes.io/"

// FrontendOf joins an Ingress with its live frontend. An object is the Ingress's by
// its name; where the cluster's UID isn't known, by the names that GLBC wrote on the
// Ingress, or by its description, which says nothing of the cluster: several clusters
// of a project may have an Ingress of this name, so the object's name must not be
// another cluster's, and its address that of the Ingress (ingress-controller.md §6).
func FrontendOf(s *facts.Snapshot, ing *networkingv1.Ingress) Frontend {
	j := newFrontendJoin(s, ing)
	f := Frontend{Scope: j.scope, Names: j.names}
	f.HTTP = ownObject(j, s.ForwardingRules, "forwarding-rule", func(n FrontendNames) string { return n.ForwardingRule }, func(fr *computepb.ForwardingRule) bool { return serves(fr, "80") })
	f.HTTPS = ownObject(j, s.ForwardingRules, "https-forwarding-rule", func(n FrontendNames) string { return n.HTTPSForwardingRule }, func(fr *computepb.ForwardingRule) bool { return serves(fr, "443") })
	j.trust(f.HTTP, f.HTTPS)
	f.HTTPProxy = ownObject(j, s.TargetHTTPProxies, "target-proxy", func(n FrontendNames) string { return n.TargetProxy }, nil)
	f.HTTPSProxy = ownObject(j, s.TargetHTTPSProxies, "https-target-proxy", func(n FrontendNames) string { return n.HTTPSTargetProxy }, nil)
	f.URLMap = j.urlMap("url-map", func(n FrontendNames) string { return n.URLMap }, f, false)
	f.RedirectMap = j.urlMap("redirect-url-map", func(n FrontendNames) string { return n.RedirectMap }, f, true)
	f.Certificates = j.certificates(f.HTTPSProxy)
	f.Address = j.address(f)
	return f
}

// IP is the address of the forwarding rules; empty where none is known.
func (f Frontend) IP() string {
	for _, v := range []facts.Value[*computepb.ForwardingRule]{f.HTTP, f.HTTPS} {
		if fr, ok := v.Get(); ok && fr.GetIPAddress() != "" {
			return fr.GetIPAddress()
		}
	}
	return ""
}

// serves reports that a forwarding rule is for a port; rules of GLBC's have one, as a
// range (80-80).
func serves(fr *computepb.ForwardingRule, port string) bool {
	first, _, _ := strings.Cut(fr.GetPortRange(), "-")
	return first == port || slices.Contains(fr.GetPorts(), port)
}
