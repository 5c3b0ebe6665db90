package glbc

import (
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
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

func TestUsed(t *testing.T) {
	t.Parallel()
	f := newFixture()
	name := NEGName(testIngressUID, "shop", "web", 80)
	f.s.BackendServices = facts.Found([]*computepb.BackendService{{
		Name: &name, SelfLink: new(computeV1 + "global/backendServices/" + name),
		Description: new(`{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"&ServiceBackendPort{Name:,Number:80,}"}`),
	}})
	byName, other, nginx := newFixture().ing, newFixture().ing, newFixture().ing
	byName.Name, other.Name, nginx.Name = "by-name", "other", "nginx"
	byName.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port = networkingv1.ServiceBackendPort{Name: "http"}
	byName.Spec.DefaultBackend = nil
	other.Spec.DefaultBackend.Service.Port.Number = 9000
	other.Spec.Rules = nil
	nginx.Annotations[ClassAnnotation] = "nginx"
	f.s.Ingresses = facts.Found([]*networkingv1.Ingress{f.ing, byName, other, nginx})
	list, err := Used(f.s, "projects/shop-prod/global/backendServices/"+name)
	var got []string
	for _, r := range list {
		got = append(got, r.Name)
	}
	if diff := cmp.Diff([]string{"storefront", "by-name"}, got); diff != "" || err != nil {
		t.Errorf("%v; %s", err, diff)
	}
	f.s.Ingresses = facts.Unknown[[]*networkingv1.Ingress](errDenied)
	if list, err := Used(f.s, "x"); err == nil || len(list) > 0 {
		t.Errorf("%v, %v where Ingresses couldn't be read", list, err)
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	backend := func(f *fixture, groups int) {
		name := NEGName(testIngressUID, "shop", "web", 80)
		bs := &computepb.BackendService{
			Name: &name, SelfLink: new(computeV1 + "global/backendServices/" + name), HealthChecks: []string{computeV1 + "global/healthChecks/" + name},
			Description: new(`{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"80"}`),
		}
		for range groups {
			bs.Backends = append(bs.Backends, &computepb.Backend{Group: new(computeV1 + "zones/europe-west1-b/networkEndpointGroups/" + name)})
		}
		f.liveCheck(15, 15)
		f.s.BackendServices = facts.Found([]*computepb.BackendService{bs})
	}
	all := func(f *fixture) {
		backend(f, 1)
		f.provision(testKubeUID, ourIP, true)
		f.annotate(PreSharedCertAnnotation, "shop")
		f.serving(ourIP)
	}
	without := func(change func(f *fixture)) func(*fixture) { return func(f *fixture) { all(f); change(f) } }
	for _, tt := range []struct {
		name             string
		do               func(f *fixture)
		reached, missing Stage
		unsure           bool
	}{
		{"everything is there", all, StageStatus, 0, false},
		{"nothing is there", func(*fixture) {}, 0, StageHealthCheck, false},
		{"a health check alone", func(f *fixture) { f.liveCheck(15, 15) }, StageHealthCheck, StageBackendService, false},
		{"no group is linked", func(f *fixture) { backend(f, 0) }, StageBackendService, StageLink, false},
		{"the backends alone", func(f *fixture) { backend(f, 1) }, StageLink, StageURLMap, false},
		{"no forwarding rule", without(func(f *fixture) {
			f.s.ForwardingRules = facts.Found([]*computepb.ForwardingRule(nil))
		}), StageStatus, StageForwardingRule, false},
		{"no HTTPS rule", without(func(f *fixture) {
			rules, _ := f.s.ForwardingRules.Get()
			f.s.ForwardingRules = facts.Found(rules[:1])
		}), StageStatus, StageHTTPSForwardingRule, false},
		{"no HTTPS rule where none is asked for", without(func(f *fixture) {
			rules, _ := f.s.ForwardingRules.Get()
			f.s.ForwardingRules = facts.Found(rules[:1])
			delete(f.ing.Annotations, PreSharedCertAnnotation)
		}), StageStatus, 0, false},
		{"no certificate of a Secret", without(func(f *fixture) { f.ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "tls"}} }), StageStatus, StageCertificates, false},
		{"a certificate of a Secret", without(func(f *fixture) {
			f.ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "tls"}}
			name := NamesOf(f.ing, testKubeUID, "").CertificateName("crt", "")
			more(&f.s.SSLCertificates, &computepb.SslCertificate{Name: &name, SelfLink: new(computeV1 + "global/sslCertificates/" + name)})
		}), StageStatus, 0, false},
		{"no redirect map", without(func(f *fixture) { set(&f.front().Spec.RedirectToHTTPS).Enabled = true }), StageStatus, StageRedirectMap, false},
		{"no address in the status", without(func(f *fixture) { f.ing.Status.LoadBalancer.Ingress = nil }), StageHTTPSForwardingRule, StageStatus, false},
		{"URL maps couldn't be read", without(func(f *fixture) { f.s.URLMaps = facts.Unknown[[]*computepb.UrlMap](errDenied) }), StageStatus, 0, true},
		{"backend services couldn't be read, and no URL map", func(f *fixture) {
			f.s.BackendServices = facts.Unknown[[]*computepb.BackendService](errDenied)
		}, 0, StageHealthCheck, false},
		{"no instance group", func(f *fixture) {
			f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 30080
			delete(f.svc.Annotations, NEGAnnotation)
			f.s.InstanceGroups = facts.Found([]*computepb.InstanceGroup{{Name: new("k8s-ig--8c2e5d01a9b74f36")}})
		}, 0, StageInstanceGroups, false},
		{"an instance group", func(f *fixture) {
			f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 30080
			delete(f.svc.Annotations, NEGAnnotation)
			f.s.InstanceGroups = facts.Found([]*computepb.InstanceGroup{{Name: new("k8s-ig--" + testIngressUID)}})
		}, StageInstanceGroups, StageHealthCheck, false},
	} {
		f := newFixture()
		f.s.ForwardingRules, f.s.TargetHTTPProxies = facts.Found([]*computepb.ForwardingRule(nil)), facts.Found([]*computepb.TargetHttpProxy(nil))
		f.s.TargetHTTPSProxies, f.s.URLMaps = facts.Found([]*computepb.TargetHttpsProxy(nil)), facts.Found([]*computepb.UrlMap(nil))
		tt.do(f)
		got := Stopped(f.s, f.ing)
		if got.Reached != tt.reached || got.Missing != tt.missing || (got.Err != nil) != tt.unsure {
			t.Errorf("%s: reached %q, missing %q, %v, want %q and %q", tt.name, got.Reached, got.Missing, got.Err, tt.reached, tt.missing)
		}
		if got.Missing != 0 && got.Object.Name == "" {
			t.Errorf("%s: what is missing has no name", tt.name)
		}
	}
}
