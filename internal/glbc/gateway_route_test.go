package glbc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

func TestRoutesOf(t *testing.T) {
	t.Parallel()
	listener := func(f *gatewayFixture) *gatewayv1.Listener { return &f.g.Spec.Listeners[0] }
	for _, tt := range []struct {
		name string
		do   func(f *gatewayFixture)
		// want are "listeners: hosts" of each route, unsure what err says.
		want   []string
		unsure string
	}{
		{name: "a route without status is attached by the rules", do: func(*gatewayFixture) {}, want: []string{"https: shop.acme.example"}},
		{name: "a parentRef to the listener's section", do: func(f *gatewayFixture) {
			f.r.Spec.ParentRefs[0].SectionName = new(gatewayv1.SectionName("https"))
		}, want: []string{"https: shop.acme.example"}},
		{name: "a parentRef to a section that isn't there", do: func(f *gatewayFixture) {
			f.r.Spec.ParentRefs[0].SectionName = new(gatewayv1.SectionName("http"))
		}},
		{name: "a parentRef to another port", do: func(f *gatewayFixture) { f.r.Spec.ParentRefs[0].Port = new(gatewayv1.PortNumber(80)) }},
		{name: "a parentRef without namespace means the route's own", do: func(f *gatewayFixture) { f.r.Spec.ParentRefs[0].Namespace = nil }},
		{name: "a parentRef to a Service of the same name, for a mesh", do: func(f *gatewayFixture) {
			f.r.Spec.ParentRefs[0].Group, f.r.Spec.ParentRefs[0].Kind = new(gatewayv1.Group("")), new(gatewayv1.Kind("Service"))
		}},
		{name: "a listener for routes of its own namespace", do: func(f *gatewayFixture) { listener(f).AllowedRoutes = nil }},
		{name: "a listener that chooses namespaces by labels", do: func(f *gatewayFixture) {
			listener(f).AllowedRoutes.Namespaces.From = new(gatewayv1.NamespacesFromSelector)
		}, unsure: "by labels"},
		{name: "labels, and the controller accepted the route", do: func(f *gatewayFixture) {
			listener(f).AllowedRoutes.Namespaces.From = new(gatewayv1.NamespacesFromSelector)
			f.judge(GatewayController, metav1.ConditionTrue, 0)
		}, want: []string{"https: shop.acme.example"}},
		{name: "a listener for another kind of route", do: func(f *gatewayFixture) {
			listener(f).AllowedRoutes.Kinds = []gatewayv1.RouteGroupKind{{Kind: "GRPCRoute"}}
		}},
		{name: "a TLS listener takes no HTTPRoute", do: func(f *gatewayFixture) { listener(f).Protocol = gatewayv1.TLSProtocolType }},
		{name: "the controller refused the route", do: func(f *gatewayFixture) { f.judge(GatewayController, metav1.ConditionFalse, 0) }},
		{name: "the controller refused an older generation", do: func(f *gatewayFixture) {
			f.r.Generation = 2
			f.judge(GatewayController, metav1.ConditionFalse, 1)
		}, want: []string{"https: shop.acme.example"}},
		{name: "another controller refused the route", do: func(f *gatewayFixture) { f.judge("istio.io/gateway-controller", metav1.ConditionFalse, 0) }, want: []string{"https: shop.acme.example"}},
		{name: "accepted, and no listener takes it any more", do: func(f *gatewayFixture) {
			f.judge(GatewayController, metav1.ConditionTrue, 0)
			listener(f).Hostname = new(gatewayv1.Hostname("pay.acme.example"))
		}, unsure: "no listener"},
		{name: "a wildcard listener narrows to the route's host", do: func(f *gatewayFixture) { listener(f).Hostname = new(gatewayv1.Hostname("*.acme.example")) }, want: []string{"https: shop.acme.example"}},
		{name: "a wildcard doesn't stand for its own domain", do: func(f *gatewayFixture) { listener(f).Hostname = new(gatewayv1.Hostname("*.shop.acme.example")) }},
		{name: "a wildcard is of whole labels", do: func(f *gatewayFixture) { listener(f).Hostname = new(gatewayv1.Hostname("*.cme.example")) }},
		{name: "a wildcard route narrows to the listener's host", do: func(f *gatewayFixture) {
			listener(f).Hostname, f.r.Spec.Hostnames = new(gatewayv1.Hostname("a.b.acme.example")), []gatewayv1.Hostname{"*.acme.example"}
		}, want: []string{"https: a.b.acme.example"}},
		{name: "of two wildcards the narrower", do: func(f *gatewayFixture) {
			listener(f).Hostname, f.r.Spec.Hostnames = new(gatewayv1.Hostname("*.acme.example")), []gatewayv1.Hostname{"*.eu.acme.example"}
		}, want: []string{"https: *.eu.acme.example"}},
		{name: "a route without hosts has the listener's", do: func(f *gatewayFixture) {
			listener(f).Hostname, f.r.Spec.Hostnames = new(gatewayv1.Hostname("shop.acme.example")), nil
		}, want: []string{"https: shop.acme.example"}},
		{name: "neither has hosts", do: func(f *gatewayFixture) { f.r.Spec.Hostnames = nil }, want: []string{"https: "}},
		{name: "routes weren't read", do: func(f *gatewayFixture) { f.s.HTTPRoutes = facts.Unknown[[]*gatewayv1.HTTPRoute](errDenied) }, unsure: "403"},
		{name: "the CRD isn't installed", do: func(f *gatewayFixture) { f.s.HTTPRoutes = facts.Absent[[]*gatewayv1.HTTPRoute]() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newGatewayFixture()
			tt.do(f)
			routes, err := RoutesOf(f.s, f.g)
			var got []string
			for _, r := range routes {
				got = append(got, strings.Join(r.Listeners, " ")+": "+strings.Join(r.Hosts, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if (err != nil) != (tt.unsure != "") || err != nil && !strings.Contains(err.Error(), tt.unsure) {
				t.Errorf("err %v, want %q", err, tt.unsure)
			}
		})
	}
}
