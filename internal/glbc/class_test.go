package glbc

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestClassOf(t *testing.T) {
	for _, tt := range []struct {
		name       string
		annotation *string
		spec       *string
		served     bool
		internal   bool
		orphan     bool
	}{
		{name: "no class at all is GKE's", served: true},
		{name: "an empty annotation counts as none", annotation: new(""), served: true},
		{name: "gce", annotation: new("gce"), served: true},
		{name: "gce wins over any spec.ingressClassName", annotation: new("gce"), spec: new("nginx"), served: true},
		{name: "gce-internal", annotation: new("gce-internal"), served: true, internal: true},
		{name: "spec.ingressClassName gce alone is ignored by everybody", spec: new("gce"), orphan: true},
		{name: "spec.ingressClassName nginx is nginx's", spec: new("nginx")},
		{name: "annotation nginx is nginx's", annotation: new("nginx")},
		{name: "a multi-cluster Ingress isn't built by GLBC", annotation: new("gce-multi-cluster")},
		{name: "class names are case-sensitive", annotation: new("GCE")},
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
			if got.Because == "" {
				t.Error("no reason is given")
			}
		})
	}
}
