package glbc

import (
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

const ourIP, otherIP = "203.0.113.17", "203.0.113.99"

// provision builds what GLBC would for the fixture's Ingress, with both protocols, in
// the cluster of kubeUID. annotate also writes the names on the Ingress.
func (f *fixture) provision(kubeUID, ip string, annotate bool) {
	n := NamesOf(f.ing, kubeUID, testIngressUID)
	url := func(collection, name string) *string { return new(computeV1 + "global/" + collection + "/" + name) }
	description := new(`{"kubernetes.io/ingress-name": "shop/storefront"}`)
	rule := func(name, ports, collection, target string) *computepb.ForwardingRule {
		return &computepb.ForwardingRule{Name: &name, SelfLink: url("forwardingRules", name), Description: description, IPAddress: &ip, PortRange: &ports, Target: url(collection, target), LoadBalancingScheme: new("EXTERNAL")}
	}
	more(&f.s.ForwardingRules, rule(n.ForwardingRule, "80-80", "targetHttpProxies", n.TargetProxy), rule(n.HTTPSForwardingRule, "443-443", "targetHttpsProxies", n.HTTPSTargetProxy))
	more(&f.s.TargetHTTPProxies, &computepb.TargetHttpProxy{Name: &n.TargetProxy, SelfLink: url("targetHttpProxies", n.TargetProxy), Description: description, UrlMap: url("urlMaps", n.URLMap)})
	more(&f.s.TargetHTTPSProxies, &computepb.TargetHttpsProxy{
		Name: &n.HTTPSTargetProxy, SelfLink: url("targetHttpsProxies", n.HTTPSTargetProxy), Description: description, UrlMap: url("urlMaps", n.URLMap),
		SslCertificates: []string{*url("sslCertificates", "shop"), *url("sslCertificates", "gone")},
	})
	more(&f.s.URLMaps, &computepb.UrlMap{Name: &n.URLMap, SelfLink: url("urlMaps", n.URLMap)})
	if annotate {
		f.annotate("ingress.kubernetes.io/forwarding-rule", n.ForwardingRule, "ingress.kubernetes.io/https-forwarding-rule", n.HTTPSForwardingRule,
			"ingress.kubernetes.io/target-proxy", n.TargetProxy, "ingress.kubernetes.io/https-target-proxy", n.HTTPSTargetProxy, "ingress.kubernetes.io/url-map", n.URLMap)
	}
}

// more appends to a list, which is known from then on.
func more[T any](list *facts.Value[[]T], items ...T) {
	have, _ := list.Get()
	*list = facts.Found(append(have, items...))
}

func (f *fixture) serving(ip string) {
	f.ing.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: ip}}
}

// parts says of each part of a Frontend whether it is ours, "-" for surely missing or
// "?" for unknown; ours begins with prefix.
func (f Frontend) parts(prefix string) string {
	var out []string
	say := func(name string, ok, absent bool) {
		switch {
		case ok && strings.Contains(name, prefix):
			out = append(out, "ours")
		case ok:
			out = append(out, name)
		case absent:
			out = append(out, "-")
		default:
			out = append(out, "?")
		}
	}
	http, ok := f.HTTP.Get()
	say(http.GetName(), ok, f.HTTP.IsAbsent())
	https, ok := f.HTTPS.Get()
	say(https.GetName(), ok, f.HTTPS.IsAbsent())
	proxy, ok := f.HTTPProxy.Get()
	say(proxy.GetName(), ok, f.HTTPProxy.IsAbsent())
	sproxy, ok := f.HTTPSProxy.Get()
	say(sproxy.GetName(), ok, f.HTTPSProxy.IsAbsent())
	m, ok := f.URLMap.Get()
	say(m.GetName(), ok, f.URLMap.IsAbsent())
	r, ok := f.RedirectMap.Get()
	say(r.GetName(), ok, f.RedirectMap.IsAbsent())
	return strings.Join(out, " ")
}

const otherKubeUID = "00000000-aaaa-bbbb-cccc-dddddddddddd"

func TestFrontendOf(t *testing.T) {
	t.Parallel()
	unknownUID := func(f *fixture) { f.s.ClusterUID = facts.Unknown[string](errDenied) }
	for _, tt := range []struct {
		name string
		do   func(f *fixture)
		// want: HTTP rule, HTTPS rule, HTTP proxy, HTTPS proxy, URL map, redirect map.
		want string
	}{
		{"by their names", func(f *fixture) { f.provision(testKubeUID, ourIP, false) }, "ours ours ours ours ours -"},
		{"nothing is there", func(f *fixture) {
			f.provision(otherKubeUID, otherIP, false)
		}, "- - - - - -"},
		{"another cluster's Ingress of the same name beside", func(f *fixture) {
			f.provision(otherKubeUID, otherIP, false)
			f.provision(testKubeUID, ourIP, false)
		}, "ours ours ours ours ours -"},
		{"annotations copied from another cluster", func(f *fixture) { f.provision(otherKubeUID, otherIP, true) }, "- - - - - -"},
		{"without the UID, by annotations", func(f *fixture) {
			f.provision(otherKubeUID, otherIP, false)
			f.provision(testKubeUID, ourIP, true)
			unknownUID(f)
		}, "ours ours ours ours ours ?"},
		{"without the UID, by description and address", func(f *fixture) {
			f.provision(otherKubeUID, otherIP, false)
			f.provision(testKubeUID, ourIP, false)
			f.serving(ourIP)
			unknownUID(f)
		}, "ours ours ours ours ours ?"},
		{"without the UID, by description alone", func(f *fixture) {
			f.provision(otherKubeUID, otherIP, false)
			unknownUID(f)
		}, "? ? ? ? ? ?"},
		{"without the UID, and nothing describes itself so", func(f *fixture) {
			f.provision(testKubeUID, ourIP, false)
			f.ing.Name = "other"
			unknownUID(f)
		}, "- - - - ? ?"},
		{"annotations copied from another Ingress of the cluster", func(f *fixture) {
			f.provision(testKubeUID, ourIP, true)
			f.ing.Name = "other"
		}, "- - - - - -"},
		{"forwarding rules couldn't be read", func(f *fixture) {
			f.provision(testKubeUID, ourIP, true)
			f.s.ForwardingRules = facts.Unknown[[]*computepb.ForwardingRule](errDenied)
		}, "? ? ours ours ours -"},
		{"global forwarding rules couldn't be read", func(f *fixture) {
			f.provision(testKubeUID, ourIP, true)
			f.s.ForwardingRules = facts.FoundPartly([]*computepb.ForwardingRule(nil), errDenied, "global")
		}, "? ? ours ours ours -"},
		{"an internal Ingress doesn't have global objects", func(f *fixture) {
			f.provision(testKubeUID, ourIP, true)
			f.annotate(ClassAnnotation, ClassInternal)
		}, "- - - - - -"},
		{"a redirect map", func(f *fixture) {
			f.provision(testKubeUID, ourIP, false)
			n := NamesOf(f.ing, testKubeUID, "").RedirectMap
			more(&f.s.URLMaps, &computepb.UrlMap{Name: &n, SelfLink: new(computeV1 + "global/urlMaps/" + n)})
		}, "ours ours ours ours ours ours"},
		{"old names", func(f *fixture) {
			f.ing.Finalizers = []string{FinalizerV1}
			f.provision(testKubeUID, ourIP, false)
		}, "ours ours ours ours ours -"},
		{"old names of another cluster", func(f *fixture) {
			f.ing.Finalizers = []string{FinalizerV1}
			f.provision(testKubeUID, ourIP, true)
			f.s.ConfigMaps["kube-system/ingress-uid"] = facts.Found(&corev1.ConfigMap{Data: map[string]string{"uid": "8c2e5d01a9b74f36"}})
		}, "- - - - - -"},
	} {
		f := newFixture()
		f.s.ForwardingRules, f.s.TargetHTTPProxies = facts.Found([]*computepb.ForwardingRule(nil)), facts.Found([]*computepb.TargetHttpProxy(nil))
		f.s.TargetHTTPSProxies, f.s.URLMaps = facts.Found([]*computepb.TargetHttpsProxy(nil)), facts.Found([]*computepb.UrlMap(nil))
		tt.do(f)
		prefix := "-" + ContentHash(testKubeUID, 8) + "-"
		if OldScheme(f.ing) {
			prefix = "--" + testIngressUID
		}
		if got := FrontendOf(f.s, f.ing).parts(prefix); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestFrontendCertificatesAndAddress(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.provision(testKubeUID, ourIP, false)
	front := FrontendOf(f.s, f.ing)
	if len(front.Certificates) != 2 || front.Certificates[0].Name != "shop" || !front.Certificates[1].Live.IsAbsent() {
		t.Errorf("certificates: %+v", front.Certificates)
	}
	if _, ok := front.Certificates[0].Live.Get(); !ok {
		t.Error("the certificate that the proxy names isn't found")
	}
	if !front.Address.IsAbsent() || front.IP() != ourIP {
		t.Errorf("address %v of %s: it isn't reserved", front.Address, front.IP())
	}
	more(&f.s.Addresses, &computepb.Address{Name: new("by-hand"), Address: new(ourIP), SelfLink: new(computeV1 + "global/addresses/by-hand")})
	if a, _ := FrontendOf(f.s, f.ing).Address.Get(); a.GetName() != "by-hand" {
		t.Errorf("the reserved address with the rules' IP isn't found: %v", a)
	}
	f.annotate(GlobalStaticIPAnnotation, "shopp")
	if v := FrontendOf(f.s, f.ing).Address; !v.IsAbsent() {
		t.Errorf("an address that isn't there: %v", v)
	}
}
