package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

func TestClassOf(t *testing.T) {
	for _, tt := range []struct {
		name       string
		annotation *string
		spec       *string
		served     bool
		internal   bool
		orphan     bool
		unsure     bool
		multi      bool
		scope      string
		scheme     string
	}{
		{name: "no class at all is GKE's", served: true, scope: "global", scheme: "EXTERNAL"},
		{name: "an empty annotation counts as none", annotation: new(""), served: true},
		{name: "gce", annotation: new("gce"), served: true},
		{name: "gce wins over any spec.ingressClassName", annotation: new("gce"), spec: new("nginx"), served: true},
		{name: "gce-internal", annotation: new("gce-internal"), served: true, internal: true, scope: "regions/europe-west1", scheme: "INTERNAL_MANAGED"},
		{name: "gce-regional-external hangs on a flag", annotation: new("gce-regional-external"), unsure: true, scope: "regions/europe-west1", scheme: "EXTERNAL_MANAGED"},
		{name: "spec.ingressClassName gce-regional-external alone is ignored", spec: new("gce-regional-external"), orphan: true},
		{name: "spec.ingressClassName gce alone is ignored by everybody", spec: new("gce"), orphan: true},
		{name: "spec.ingressClassName nginx is nginx's", spec: new("nginx")},
		{name: "annotation nginx is nginx's", annotation: new("nginx")},
		{name: "a multi-cluster Ingress isn't built by GLBC", annotation: new("gce-multi-cluster"), multi: true},
		{name: "a class that only begins like GKE's is another's", annotation: new("gce-internal-nginx")},
		{name: "class names are case-sensitive", annotation: new("GCE"), orphan: true},
		{name: "gke is no class, and can only mean GKE's", annotation: new("gke"), orphan: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{}, Spec: networkingv1.IngressSpec{IngressClassName: tt.spec}}
			if tt.annotation != nil {
				ing.Annotations = map[string]string{ClassAnnotation: *tt.annotation}
			}
			got := ClassOf(ing)
			if got.Served != tt.served || got.Internal != tt.internal || got.Orphan != tt.orphan {
				t.Errorf("ClassOf = %+v, want served %v internal %v orphan %v", got, tt.served, tt.internal, tt.orphan)
			}
			if got.Unsure != tt.unsure || got.MultiCluster != tt.multi {
				t.Errorf("ClassOf = %+v, want unsure %v multi-cluster %v", got, tt.unsure, tt.multi)
			}
			if tt.scope != "" && (got.Scope("europe-west1") != tt.scope || got.Scheme() != tt.scheme) {
				t.Errorf("scope %s, scheme %s, want %s and %s", got.Scope("europe-west1"), got.Scheme(), tt.scope, tt.scheme)
			}
			if got.Because == "" {
				t.Error("no reason is given")
			}
		})
	}
}

func TestClassInTakesAForwardingRuleForProof(t *testing.T) {
	t.Parallel()
	ours := NamesOf(ingressNamed("shop", "web"), testKubeUID, "").ForwardingRule
	for _, tt := range []struct {
		name                              string
		rule, region, scheme, description string
		served                            bool
	}{
		{"its own rule", ours, "europe-west1", "EXTERNAL_MANAGED", `{"kubernetes.io/ingress-name": "shop/web"}`, true},
		{"a global rule", ours, "", "EXTERNAL_MANAGED", `{"kubernetes.io/ingress-name": "shop/web"}`, false},
		{"an internal rule", ours, "europe-west1", "INTERNAL_MANAGED", `{"kubernetes.io/ingress-name": "shop/web"}`, false},
		{"another Ingress's rule", ours, "europe-west1", "EXTERNAL_MANAGED", `{"kubernetes.io/ingress-name": "shop/web2"}`, false},
		{"another cluster's rule", "k8s2-fr-eyvxiymn-shop-web-wwp18pts", "europe-west1", "EXTERNAL_MANAGED", `{"kubernetes.io/ingress-name": "shop/web"}`, false},
		{"somebody's rule", "by-hand", "europe-west1", "EXTERNAL_MANAGED", `{"kubernetes.io/ingress-name": "shop/web"}`, false},
	} {
		s := &facts.Snapshot{}
		s.ClusterUID = facts.Found(testKubeUID)
		s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{Name: &tt.rule, Region: &tt.region, LoadBalancingScheme: &tt.scheme, Description: &tt.description}})
		ing := ingressNamed("shop", "web")
		ing.Annotations = map[string]string{ClassAnnotation: ClassRegionalExternal}
		if got := ClassIn(s, ing); got.Served != tt.served || got.Unsure == tt.served {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if Serves(s, ing) != tt.served || SurelyServes(s, ing) != tt.served {
			t.Errorf("%s: serves %v", tt.name, Serves(s, ing))
		}
	}
}

func TestRegionOf(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{"europe-west1": "europe-west1", "europe-west1-b": "europe-west1", "us-central1-ai1a": "us-central1", "": ""} {
		if got := RegionOf(location); got != want {
			t.Errorf("%s is in %s, want %s", location, got, want)
		}
	}
}

func TestServiceOfANamespaceThatWasNotReadIsUnknown(t *testing.T) {
	t.Parallel()
	s := &facts.Snapshot{}
	s.Namespaces, s.Services = []string{"shop"}, facts.Found([]*corev1.Service(nil))
	if !ServiceOf(s, "shop", "web").IsAbsent() {
		t.Error("a missing Service of a namespace that was read isn't absent")
	}
	if v := ServiceOf(s, "kube-system", "default-http-backend"); v.Known() {
		t.Error("a Service of a namespace that wasn't read is known")
	}
}
