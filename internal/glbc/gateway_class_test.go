package glbc

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

func TestGatewayClassOf(t *testing.T) {
	t.Parallel()
	unread := facts.Unknown[[]*gatewayv1.GatewayClass](errDenied)
	class := func(name, controller string) facts.Value[[]*gatewayv1.GatewayClass] {
		c := &gatewayv1.GatewayClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
		c.Spec.ControllerName = gatewayv1.GatewayController(controller)
		return facts.Found([]*gatewayv1.GatewayClass{c})
	}
	for _, tt := range []struct {
		name, class string
		classes     facts.Value[[]*gatewayv1.GatewayClass]
		takenUp     bool
		// want is the scheme and scope, or absent, unknown, mesh.
		want string
	}{
		{name: "the global managed one", class: "gke-l7-global-external-managed", classes: unread, want: "EXTERNAL_MANAGED global"},
		{name: "the classic one, of a fleet", class: "gke-l7-gxlb-mc", classes: unread, want: "EXTERNAL global multi"},
		{name: "the internal one", class: "gke-l7-rilb", classes: unread, want: "INTERNAL_MANAGED regions/europe-west1"},
		{name: "the cross-region internal one is global", class: "gke-l7-cross-regional-internal-managed-mc", classes: unread, want: "INTERNAL_MANAGED global multi"},
		{name: "the mesh's", class: "gke-td", classes: unread, want: "mesh"},
		{name: "one of GKE's that isn't known here", class: "gke-l7-new", classes: unread, want: " "},
		{name: "GKE's layer-4 classes are another controller's", class: "gke-passthrough-lb-external-managed", classes: unread, want: "absent"},
		{name: "GKE's persistent addresses too", class: "gke-persistent-regional-internal-managed", classes: unread, want: "absent"},
		{name: "a custom class for GKE's controller", class: "edge", classes: class("edge", GatewayController), want: " "},
		{name: "a class of Istio's", class: "istio", classes: class("istio", "istio.io/gateway-controller"), want: "absent"},
		{name: "a class that doesn't exist", class: "edge", classes: class("istio", "istio.io/gateway-controller"), want: "absent"},
		{name: "the name of GKE's on another controller's class", class: "gke-l7-gxlb", classes: class("gke-l7-gxlb", "acme.example/gateway"), want: "absent"},
		{name: "another class, and classes weren't read", class: "edge", classes: unread, want: "unknown"},
		{name: "another class that GKE has taken up", class: "edge", classes: unread, takenUp: true, want: " "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newGatewayFixture()
			f.g.Spec.GatewayClassName, f.s.GatewayClasses = gatewayv1.ObjectName(tt.class), tt.classes
			if tt.takenUp {
				f.g.Finalizers = []string{GatewayFinalizer}
			}
			v := GatewayClassOf(f.s, f.g)
			got := "unknown"
			c, ok := v.Get()
			switch {
			case ok && !c.Serves():
				got = "mesh"
			case ok:
				got = c.Scheme + " " + c.Scope(Region(f.s))
				if c.MultiCluster {
					got += " multi"
				}
			case v.IsAbsent():
				got = "absent"
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
