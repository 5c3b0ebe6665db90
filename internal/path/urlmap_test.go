package path_test

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

// redirect names a FrontendConfig that asks for HTTPS.
func (f *fixture) redirect() {
	fc := &facts.FrontendConfig{}
	fc.Namespace, fc.Name = "argocd", "front"
	fc.Spec.RedirectToHTTPS = &struct {
		Enabled          bool   `json:"enabled"`
		ResponseCodeName string `json:"responseCodeName,omitempty"`
	}{Enabled: true}
	f.s.FrontendConfigs = facts.Found([]*facts.FrontendConfig{fc})
	f.ingress().Annotations[glbc.FrontendConfigAnnotation] = "front"
}

// defaultOf sends what nothing matches to the system's default backend.
func defaultOf(m *computepb.UrlMap) {
	to := "projects/shop-prod/global/backendServices/k8s1-3f1c9a7e-kube-system-default-http-backend-80-00000000"
	m.DefaultService = &to
	for _, pm := range m.GetPathMatchers() {
		pm.DefaultService = &to
	}
}

func TestURLMap(t *testing.T) {
	urlMap := func(f *fixture) *computepb.UrlMap { return first(f, f.s.URLMaps, has[*computepb.UrlMap]("argocd")) }
	addRule := func(f *fixture, host, service string) {
		kind := networkingv1.PathTypePrefix
		f.ingress().Spec.Rules = append(f.ingress().Spec.Rules, networkingv1.IngressRule{
			Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &kind, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 80}}},
			}}}},
		})
		f.dns(host, facts.DNSRecords{A: addresses([]string{"203.0.113.17"})})
	}
	run(t, []row{
		{name: "what GLBC would make", station: path.URLMap, want: path.OK},
		{
			name: "a host isn't in it", station: path.URLMap, want: path.Broken, says: "new.acme.example is not in the URL map", differs: "host missing: new.acme.example",
			do: func(f *fixture) { addRule(f, "new.acme.example", "argocd-server") },
		},
		{
			name: "a host isn't in it yet", station: path.URLMap, want: path.Unknown, differs: "host missing",
			do: func(f *fixture) { addRule(f, "new.acme.example", "argocd-server"); f.changed(30 * time.Second) },
		},
		{
			name: "translation is blocked by a Service that doesn't exist", station: path.URLMap, want: path.Broken, says: "service-not-found: Service/argocd/lost",
			also: []path.Station{path.Service},
			do:   func(f *fixture) { addRule(f, "new.acme.example", "lost") },
		},
		{
			name: "a path goes to somebody else", station: path.URLMap, want: path.Broken, differs: "backend differs",
			do: func(f *fixture) {
				urlMap(f).PathMatchers[0].PathRules[0].Service = new("projects/shop-prod/global/backendServices/k8s1-3f1c9a7e-shop-web-80-1b6d0458")
			},
		},
		{
			name: "a host too many", station: path.URLMap, want: path.OK, differs: "host extra",
			do: func(f *fixture) {
				urlMap(f).HostRules = append(urlMap(f).HostRules, &computepb.HostRule{Hosts: []string{"old.acme.example"}, PathMatcher: new("host8b6494d84ba04c9c0a183fca05fdf99e")})
			},
		},
		{
			name: "it isn't there", station: path.URLMap, want: path.Broken, says: "the URL map isn't there",
			do: func(f *fixture) { without(&f.s.URLMaps, has[*computepb.UrlMap]("argocd")) },
		},
		{
			name: "a path that GLBC refuses", station: path.URLMap, want: path.Broken, says: "invalid-path",
			do: func(f *fixture) { f.ingress().Spec.Rules[0].HTTP.Paths[0].Path = "/app/*" },
		},
		{
			name: "the system's default backend is gone", station: path.URLMap, want: path.Broken, says: "default-backend-missing",
			do: func(f *fixture) {
				f.ingress().Spec.DefaultBackend = nil
				first(f, f.s.Services, func(s *corev1.Service) bool { return s.Name == "default-http-backend" }).Name = "dns"
			},
		},
		{
			name: "nothing of the system was read, its default backend neither", station: path.URLMap, want: path.Unknown, says: "lists no Service at all",
			do: func(f *fixture) {
				f.ingress().Spec.DefaultBackend = nil
				without(&f.s.Services, func(s *corev1.Service) bool { return s.Namespace == "kube-system" })
				defaultOf(urlMap(f))
			},
		},
		{
			name: "plain HTTP should be redirected, and there is no map for it", station: path.URLMap, want: path.Broken, says: "the URL map that redirects to HTTPS isn't there",
			do: func(f *fixture) { f.redirect() },
		},
		{
			name: "plain HTTP is redirected", station: path.URLMap, want: path.OK,
			do: func(f *fixture) {
				f.redirect()
				name := "k8s2-rm-ma0ofpm6-argocd-argocd-3orgu4uf"
				self := strings.Replace(urlMap(f).GetSelfLink(), urlMap(f).GetName(), name, 1)
				list, _ := f.s.URLMaps.Get()
				f.s.URLMaps = facts.Found(append(list, &computepb.UrlMap{Name: &name, SelfLink: &self}))
				first(f, f.s.TargetHTTPProxies, has[*computepb.TargetHttpProxy]("argocd")).UrlMap = &self
			},
		},
		{
			name: "plain HTTP is redirected though nothing asks for it", station: path.Proxy, want: path.Broken, differs: "urlMap",
			do: func(f *fixture) {
				p := first(f, f.s.TargetHTTPProxies, has[*computepb.TargetHttpProxy]("argocd"))
				p.UrlMap = new(strings.Replace(p.GetUrlMap(), "k8s2-um", "k8s2-rm", 1))
			},
		},
		{
			name: "whether a Service exists isn't known", station: path.URLMap, want: path.Unknown,
			do: func(f *fixture) { f.s = f.s.Without(facts.Services) },
		},
	})
}
