package glbc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// ingress-controller.md §1.11: nothing of this has an event, nor is it a fault.
func TestQuirks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(f *fixture)
		want []string
	}{
		{"nothing", func(*fixture) {}, nil},
		{"a host twice", func(f *fixture) { f.rule("shop.acme.example", networkingv1.PathTypePrefix, "/a") }, []string{"duplicate-host spec.rules[1].host shop.acme.example"}},
		{"no host twice", func(f *fixture) {
			f.rule("", networkingv1.PathTypePrefix, "/a")
			f.rule("", networkingv1.PathTypePrefix, "/b")
		}, []string{"duplicate-host spec.rules[2].host "}},
		{"two hosts", func(f *fixture) { f.rule("www.acme.example", networkingv1.PathTypePrefix, "/") }, nil},
		{"a path twice", func(f *fixture) { f.rule("b", networkingv1.PathTypePrefix, "/a", "/a/") }, []string{
			"duplicate-path spec.rules[1].http.paths[1].path /a", "duplicate-path spec.rules[1].http.paths[1].path /a/*",
		}},
		{"a rule without paths", func(f *fixture) {
			f.ing.Spec.Rules = append(f.ing.Spec.Rules, networkingv1.IngressRule{Host: "b"})
		}, []string{"rule-without-http spec.rules[1] b"}},
		{"the root alone, exactly", func(f *fixture) { f.rule("b", networkingv1.PathTypeExact, "/") }, []string{"exact-root-only spec.rules[1].http.paths /"}},
		{"the root exactly, and the rest", func(f *fixture) { f.rule("b", networkingv1.PathTypeImplementationSpecific, "/", "/*") }, nil},
		{"allow-http that isn't a boolean", func(f *fixture) { f.annotate(AllowHTTPAnnotation, "no") }, []string{"allow-http-typo " + AllowHTTPAnnotation + " no"}},
		{"allow-http as a short boolean", func(f *fixture) { f.annotate(AllowHTTPAnnotation, "0", PreSharedCertAnnotation, "shop") }, nil},
		{"suppress-xpn that isn't a boolean", func(f *fixture) { f.annotate(SuppressXPNAnnotation, "yes") }, []string{"suppress-xpn-typo " + SuppressXPNAnnotation + " yes"}},
		{"a BackendConfig on the Ingress", func(f *fixture) { f.annotate(BackendConfigAnnotation, `{"default":"config"}`) }, []string{
			"config-annotation-misplaced " + BackendConfigAnnotation + ` {"default":"config"}`,
		}},
		{"a BackendConfig for a port that isn't there", func(f *fixture) { f.service(BackendConfigAnnotation, `{"ports":{"https":"config"}}`) }, []string{
			"config-port-unmatched " + BackendConfigAnnotation + " https",
		}},
		{"a BackendConfig for another port of the Service", func(f *fixture) { f.service(BackendConfigAnnotation, `{"ports":{"9000":"config"}}`) }, nil},
		{"a BackendConfig for a port that isn't there, beside a default", func(f *fixture) {
			f.service(BackendConfigAnnotation, `{"default":"config","ports":{"https":"config"}}`)
		}, nil},
		{"app-protocols by number", func(f *fixture) { f.service(AppProtocolsAnnotation, `{"80":"HTTP","http":"HTTP"}`) }, []string{
			"app-protocols-port-unmatched " + AppProtocolsAnnotation + " 80",
		}},
		{"app-protocols for another port", func(f *fixture) { f.service(AppProtocolsAnnotation, `{"grpc":"HTTP2"}`) }, nil},
		{"a NEG annotation that can't be read, on a NodePort", func(f *fixture) {
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			f.service(NEGAnnotation, "true")
		}, []string{"neg-annotation-invalid " + NEGAnnotation + " true"}},
		{"no NEG annotation, on a NodePort", func(f *fixture) {
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			delete(f.svc.Annotations, NEGAnnotation)
		}, nil},
		{"Services couldn't be read", func(f *fixture) {
			f.service(NEGAnnotation, "true")
			f.s.Services = facts.Unknown[[]*corev1.Service](errDenied)
		}, nil},
	} {
		f := newFixture()
		tt.do(f)
		tr := Translate(f.s, f.ing)
		var got []string
		for _, q := range tr.Quirks {
			got = append(got, string(q.Code)+" "+q.Field+" "+q.Value)
			if q.On.Name == "" {
				t.Errorf("%s: on nothing", tt.name)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if len(tr.Faults) > 0 {
			t.Errorf("%s: a quirk is a fault: %v", tt.name, words(tr.Faults))
		}
	}
}
