package glbc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

func TestRefusedListeners(t *testing.T) {
	t.Parallel()
	is := func(kind, status, reason string, generation int64) metav1.Condition {
		return metav1.Condition{Type: kind, Status: metav1.ConditionStatus(status), Reason: reason, ObservedGeneration: generation}
	}
	for _, tt := range []struct {
		name      string
		listener  []metav1.Condition
		gateway   []metav1.Condition
		want      []string
		elsewhere bool
	}{
		{name: "all is well", listener: []metav1.Condition{is("ResolvedRefs", "True", "ResolvedRefs", 2), is("Conflicted", "False", "NoConflicts", 2)}},
		{name: "what isn't found isn't programmed", listener: []metav1.Condition{is("Programmed", "False", "Invalid", 2), is("ResolvedRefs", "False", "InvalidCertificateRef", 2)}, want: []string{"https ResolvedRefs InvalidCertificateRef"}},
		{name: "in conflict", listener: []metav1.Condition{is("Conflicted", "True", "HostnameConflict", 2)}, want: []string{"https Conflicted HostnameConflict"}},
		{name: "still under way", listener: []metav1.Condition{is("Programmed", "False", "Pending", 2)}, gateway: []metav1.Condition{is("Programmed", "False", "AddressNotAssigned", 2)}},
		{name: "of the generation before", listener: []metav1.Condition{is("ResolvedRefs", "False", "InvalidCertificateRef", 1)}},
		{name: "the Gateway as a whole", gateway: []metav1.Condition{is("Accepted", "False", "UnsupportedAddress", 0)}, want: []string{" Accepted UnsupportedAddress"}},
		{name: "a listener that isn't there any more", listener: []metav1.Condition{is("Accepted", "False", "PortUnavailable", 2)}, elsewhere: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newGatewayFixture()
			f.g.Generation = 2
			f.g.Status.Conditions = tt.gateway
			f.g.Status.Listeners = []gatewayv1.ListenerStatus{{Name: f.g.Spec.Listeners[0].Name, Conditions: tt.listener}}
			if tt.elsewhere {
				f.g.Status.Listeners[0].Name = "gone"
			}
			var got []string
			for _, r := range RefusedListeners(f.s, f.g) {
				got = append(got, r.Listener+" "+r.Type+" "+r.Reason)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnattachedRoutes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		do         func(f *gatewayFixture)
	}{
		{name: "attached", do: func(*gatewayFixture) {}},
		{name: "no such section", want: "NoMatchingParent", do: func(f *gatewayFixture) { f.r.Spec.ParentRefs[0].SectionName = new(gatewayv1.SectionName("web")) }},
		{name: "another namespace", want: "NotAllowedByListeners", do: func(f *gatewayFixture) { f.g.Spec.Listeners[0].AllowedRoutes = nil }},
		{name: "no HTTPRoutes", want: "NotAllowedByListeners", do: func(f *gatewayFixture) { f.g.Spec.Listeners[0].Protocol = gatewayv1.TLSProtocolType }},
		{name: "another host", want: "NoMatchingListenerHostname", do: func(f *gatewayFixture) {
			f.g.Spec.Listeners[0].Hostname = new(gatewayv1.Hostname("*.shop.acme.example"))
		}},
		{name: "labels decide", do: func(f *gatewayFixture) {
			f.g.Spec.Listeners[0].AllowedRoutes.Namespaces.From = new(gatewayv1.NamespacesFromSelector)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newGatewayFixture()
			tt.do(f)
			got := ""
			for _, u := range UnattachedRoutes(f.s, f.g) {
				got += u.Reason
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOrphanOf(t *testing.T) {
	t.Parallel()
	class := func(name, controller, accepted string) *gatewayv1.GatewayClass {
		c := &gatewayv1.GatewayClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: gatewayv1.GatewayClassSpec{ControllerName: gatewayv1.GatewayController(controller)}}
		if accepted != "" {
			c.Status.Conditions = []metav1.Condition{{Type: "Accepted", Status: metav1.ConditionStatus(accepted)}}
		}
		return c
	}
	for _, tt := range []struct {
		name    string
		classes facts.Value[[]*gatewayv1.GatewayClass]
		address bool
		class   string
		want    bool
	}{
		{name: "no class of the name", classes: facts.Found([]*gatewayv1.GatewayClass{class("gke-l7-rilb", GatewayController, "True")}), class: "gke-l7-rlib", want: true},
		{name: "classes weren't read", classes: facts.Unknown[[]*gatewayv1.GatewayClass](errDenied), class: "gke-l7-rlib"},
		{name: "it has an address", classes: facts.Found([]*gatewayv1.GatewayClass(nil)), class: "gke-l7-rlib", address: true},
		{name: "another's, accepted", classes: facts.Found([]*gatewayv1.GatewayClass{class("istio", "istio.io/gateway-controller", "True")}), class: "istio"},
		{name: "another's, without a word", classes: facts.Found([]*gatewayv1.GatewayClass{class("istio", "istio.io/gateway-controller", "")}), class: "istio"},
		{name: "another's, accepted by nobody", classes: facts.Found([]*gatewayv1.GatewayClass{class("istio", "istio.io/gateway-controller", "Unknown")}), class: "istio", want: true},
		{name: "GKE's layer-4 classes", classes: facts.Found([]*gatewayv1.GatewayClass(nil)), class: "gke-passthrough-lb-external-managed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newGatewayFixture()
			f.s.GatewayClasses, f.g.Spec.GatewayClassName = tt.classes, gatewayv1.ObjectName(tt.class)
			f.g.Status.Addresses, f.g.Status.Conditions = nil, nil
			if tt.address {
				f.g.Status.Addresses = []gatewayv1.GatewayStatusAddress{{Value: "203.0.113.1"}}
			}
			if _, ok := OrphanOf(f.s, f.g); ok != tt.want {
				t.Errorf("orphan: %v, want %v", ok, tt.want)
			}
		})
	}
}
