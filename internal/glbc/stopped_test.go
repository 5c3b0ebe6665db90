package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

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
		{"no instance group where the internal class needs none", func(f *fixture) {
			f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 30080
			delete(f.svc.Annotations, NEGAnnotation)
			f.annotate(ClassAnnotation, ClassInternal)
			f.s.InstanceGroups = facts.Found([]*computepb.InstanceGroup(nil))
		}, 0, StageHealthCheck, false},
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
