package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// ingress-controller.md §1.4 and §1.5, the faults of the frontend.
func TestTranslateFrontend(t *testing.T) {
	t.Parallel()
	internal := func(f *fixture) { f.annotate(ClassAnnotation, ClassInternal) }
	runTranslations(t, []translation{
		{
			name: "a TLS entry without Secret", do: func(f *fixture) {
				f.ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "a"}, {Hosts: []string{"b"}}}
			},
			want: []string{"tls-entry-without-secret tls"}, message: `secret "" does not exist`,
		},
		{name: "a TLS entry with a Secret, which nobody reads", do: func(f *fixture) { f.ing.Spec.TLS = []networkingv1.IngressTLS{{SecretName: "a"}} }},
		{
			name: "a FrontendConfig that isn't there", do: func(f *fixture) { f.annotate(FrontendConfigAnnotation, "frnt") },
			want: []string{"frontendconfig-not-found frontend-config"}, message: "no FrontendConfig for Ingress exists.",
		},
		{
			name: "a FrontendConfig in another namespace", do: func(f *fixture) { f.front().Namespace = "other" },
			want: []string{"frontendconfig-not-found frontend-config"},
		},
		{name: "FrontendConfigs couldn't be read", do: func(f *fixture) {
			f.front()
			f.s.FrontendConfigs = facts.Unknown[[]*facts.FrontendConfig](errDenied)
		}, undecided: []string{"frontendconfig-not-found frontend-config"}},
		{
			name: "both static-IP annotations", do: func(f *fixture) { f.annotate(GlobalStaticIPAnnotation, "shop", RegionalStaticIPAnnotation, "shop") },
			want: []string{"static-ip-annotations-conflict annotations"}, message: "both global-static-ip and regional-static-ip cannot be specified",
		},
		{
			name: "an Ingress name with a dot", do: func(f *fixture) { f.ing.Name = "store.front" },
			want: []string{"name-invalid annotations"}, message: "invalid loadbalancer name",
		},
		{
			name: "no HTTP and no certificate", do: func(f *fixture) { f.annotate(AllowHTTPAnnotation, "false") },
			want: []string{"no-protocol-enabled annotations"}, message: "both HTTP and HTTPS are disabled",
		},
		{
			name: "no HTTP and a managed certificate that isn't attached yet", do: func(f *fixture) {
				f.annotate(AllowHTTPAnnotation, "false", ManagedCertsAnnotation, "shop")
			}, want: []string{"no-protocol-enabled managed-certificate-pending annotations"},
		},
		{name: "no HTTP and a certificate", do: func(f *fixture) { f.annotate(AllowHTTPAnnotation, "false", PreSharedCertAnnotation, "shop") }},
		{name: "HTTP by a value that isn't a boolean", do: func(f *fixture) { f.annotate(AllowHTTPAnnotation, "no") }},
		{name: "an internal Ingress with HTTP alone", do: internal},
		{name: "an internal Ingress with both protocols and no address", do: func(f *fixture) {
			internal(f)
			f.annotate(PreSharedCertAnnotation, "shop-eu")
		}, want: []string{"internal-https-needs-static-ip annotations"}, message: "error invalid internal ingress https config"},
		{name: "an internal Ingress with both protocols and an address", do: func(f *fixture) {
			internal(f)
			f.annotate(PreSharedCertAnnotation, "shop-eu", RegionalStaticIPAnnotation, "shop-eu")
		}},
		{name: "an internal Ingress with HTTPS alone", do: func(f *fixture) {
			internal(f)
			f.annotate(PreSharedCertAnnotation, "shop-eu", AllowHTTPAnnotation, "false")
		}},
		{name: "a redirect on an internal Ingress", do: func(f *fixture) {
			internal(f)
			set(&f.front().Spec.RedirectToHTTPS).Enabled = true
		}, want: []string{"redirect-unsupported internal redirect-url-map"}, message: "cannot enable HTTPS Redirects with L7 ILB"},
		{name: "a redirect with old names", do: func(f *fixture) {
			f.ing.Finalizers = []string{FinalizerV1}
			set(&f.front().Spec.RedirectToHTTPS).Enabled = true
		}, want: []string{"redirect-unsupported old-names redirect-url-map"}, message: "V1 Ingress naming scheme"},
		{name: "a redirect that is off, on an internal Ingress", do: func(f *fixture) {
			internal(f)
			set(&f.front().Spec.RedirectToHTTPS)
		}},
		{name: "a redirect", do: func(f *fixture) { set(&f.front().Spec.RedirectToHTTPS).Enabled = true }},
		{name: "a static IP that is there", do: func(f *fixture) { f.annotate(GlobalStaticIPAnnotation, "shop") }},
		{name: "a global static IP under the regional annotation, which is no matter", do: func(f *fixture) { f.annotate(RegionalStaticIPAnnotation, "shop") }},
		{
			name: "a static IP that isn't there", do: func(f *fixture) { f.annotate(GlobalStaticIPAnnotation, "shopp") },
			want: []string{"static-ip-not-found forwarding-rule"}, message: "the given static IP name shopp doesn't translate to an existing static IP.",
		},
		{
			name: "a regional static IP for class gce", do: func(f *fixture) { f.annotate(GlobalStaticIPAnnotation, "shop-eu") },
			want: []string{"static-ip-wrong-scope forwarding-rule"},
		},
		{name: "a global static IP for an internal Ingress", do: func(f *fixture) {
			internal(f)
			f.annotate(RegionalStaticIPAnnotation, "shop")
		}, want: []string{"static-ip-wrong-scope forwarding-rule"}},
		{name: "global addresses couldn't be read", do: func(f *fixture) {
			f.annotate(GlobalStaticIPAnnotation, "shopp")
			f.s.Addresses = facts.FoundPartly([]*computepb.Address(nil), errDenied, "global")
		}, undecided: []string{"static-ip-not-found forwarding-rule"}},
		{name: "global addresses couldn't be read, and a regional one has the name", do: func(f *fixture) {
			f.annotate(GlobalStaticIPAnnotation, "shop-eu")
			all, _ := f.s.Addresses.Get()
			f.s.Addresses = facts.FoundPartly(all[1:], errDenied, "global")
		}, undecided: []string{"static-ip-not-found forwarding-rule"}},
		{name: "no HTTP, and a static IP that isn't there", do: func(f *fixture) {
			f.annotate(AllowHTTPAnnotation, "false", PreSharedCertAnnotation, "shop", GlobalStaticIPAnnotation, "shopp")
		}, want: []string{"static-ip-not-found https-forwarding-rule"}},
		{
			name: "a pre-shared certificate that isn't there", do: func(f *fixture) { f.annotate(PreSharedCertAnnotation, "shop, shopp") },
			want: []string{"pre-shared-not-found https-proxy"}, message: "sslCertificates/shopp",
		},
		{
			name: "a regional pre-shared certificate for class gce", do: func(f *fixture) { f.annotate(PreSharedCertAnnotation, "shop-eu") },
			want: []string{"pre-shared-not-found other-scope https-proxy"},
		},
		{name: "certificates couldn't be read", do: func(f *fixture) {
			f.annotate(PreSharedCertAnnotation, "shopp")
			f.s.SSLCertificates = facts.Unknown[[]*computepb.SslCertificate](errDenied)
		}, undecided: []string{"pre-shared-not-found https-proxy"}},
		{name: "an SSL policy that isn't there", do: func(f *fixture) {
			f.annotate(PreSharedCertAnnotation, "shop")
			f.front().Spec.SSLPolicy = new("modrn")
		}, want: []string{"ssl-policy-not-found https-proxy"}},
		{name: "an SSL policy that isn't there, without HTTPS", do: func(f *fixture) { f.front().Spec.SSLPolicy = new("modrn") }},
		{name: "an SSL policy that is there", do: func(f *fixture) {
			f.annotate(PreSharedCertAnnotation, "shop")
			f.front().Spec.SSLPolicy = new("modern")
		}},
		{name: "an empty SSL policy, which removes it", do: func(f *fixture) {
			f.annotate(PreSharedCertAnnotation, "shop")
			f.front().Spec.SSLPolicy = new("")
		}},
		{name: "a regional SSL policy for class gce", do: func(f *fixture) {
			f.annotate(PreSharedCertAnnotation, "shop")
			f.front().Spec.SSLPolicy = new("regional")
		}, want: []string{"ssl-policy-not-found other-scope https-proxy"}},
		{name: "an internal Ingress's SSL policy, in whichever scope", do: func(f *fixture) {
			internal(f)
			f.annotate(PreSharedCertAnnotation, "shop-eu", AllowHTTPAnnotation, "false")
			f.front().Spec.SSLPolicy = new("regional")
		}, undecided: []string{"ssl-policy-not-found https-proxy"}},
		{name: "an internal Ingress's SSL policy that is nowhere", do: func(f *fixture) {
			internal(f)
			f.annotate(PreSharedCertAnnotation, "shop-eu", AllowHTTPAnnotation, "false")
			f.front().Spec.SSLPolicy = new("modrn")
		}, want: []string{"ssl-policy-not-found https-proxy"}},
	})
}

func TestTranslateProxyOnlySubnet(t *testing.T) {
	t.Parallel()
	missing := []string{"proxy-only-subnet-missing forwarding-rule"}
	subnet := func(region, network, purpose, role string) func(*fixture) {
		return func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.subnet(region, network, purpose, role)
		}
	}
	runTranslations(t, []translation{
		{name: "of the older purpose", do: subnet("europe-west1", "prod", "INTERNAL_HTTPS_LOAD_BALANCER", "ACTIVE")},
		{name: "in another region", do: subnet("europe-west2", "prod", "REGIONAL_MANAGED_PROXY", "ACTIVE"), want: missing},
		{name: "in another network", do: subnet("europe-west1", "dev", "REGIONAL_MANAGED_PROXY", "ACTIVE"), want: missing},
		{name: "in reserve", do: subnet("europe-west1", "prod", "REGIONAL_MANAGED_PROXY", "BACKUP"), want: missing},
		{name: "for nodes", do: subnet("europe-west1", "prod", "PRIVATE", "ACTIVE"), want: missing},
		{name: "for global proxies", do: subnet("europe-west1", "prod", "GLOBAL_MANAGED_PROXY", "ACTIVE"), want: missing},
		{name: "missing for class gce, which needs none", do: func(f *fixture) { f.subnet("europe-west2", "dev", "PRIVATE", "ACTIVE") }},
		{name: "of the older purpose, which a regional external load balancer doesn't take", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassRegionalExternal)
			f.subnet("europe-west1", "prod", "INTERNAL_HTTPS_LOAD_BALANCER", "ACTIVE")
		}, undecided: missing},
		{name: "of a regional external load balancer", do: func(f *fixture) { f.annotate(ClassAnnotation, ClassRegionalExternal) }},
		{name: "not read", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.s.Subnetworks = facts.FoundPartly([]*computepb.Subnetwork(nil), errDenied, "regions/europe-west1")
		}, undecided: missing},
		{name: "there, and the cluster's network isn't known", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.s.Cluster = facts.Unknown[*container.Cluster](errDenied)
		}, undecided: missing},
		{name: "nowhere, and the cluster's network isn't known", do: func(f *fixture) {
			subnet("europe-west1", "prod", "PRIVATE", "ACTIVE")(f)
			f.s.Cluster = facts.Unknown[*container.Cluster](errDenied)
		}, want: missing},
	})
}

func TestStopsIsWhatEndsTheSync(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.annotate(FrontendConfigAnnotation, "frnt", GlobalStaticIPAnnotation, "shopp", PreSharedCertAnnotation, "shopp")
	if got := words(Translate(f.s, f.ing).Stops()); len(got) != 1 || got[0] != "static-ip-not-found forwarding-rule" {
		t.Errorf("stops at %v: a warning, or a later fault, stops", got)
	}
	f.rule("b", networkingv1.PathTypeExact, "", "*")
	if got := words(Translate(f.s, f.ing).Stops()); len(got) != 2 || got[0] != "invalid-path exact-empty translate" || got[1] != "invalid-path exact-wildcard translate" {
		t.Errorf("stops at %v, want all faults of translation and no other", got)
	}
}
