package glbc

import (
	"fmt"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/facts"
)

func TestGatewayBackends(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(f *gatewayFixture)
		// want are "namespace/service:port backend-service" of each; refused those of
		// refs that no ReferenceGrant allows.
		want, refused []string
		unsure        bool
	}{
		{name: "in order", do: func(*gatewayFixture) {}, want: []string{"shop/web:80 gkegw1-m86x-shop-web-80-1"}},
		{name: "a Service port twice is one backend", do: func(f *gatewayFixture) {
			f.r.Spec.Rules = append(f.r.Spec.Rules, f.r.Spec.Rules[0])
		}, want: []string{"shop/web:80 gkegw1-m86x-shop-web-80-1"}},
		{name: "a ref without weight gets no requests", do: func(f *gatewayFixture) { f.r.Spec.Rules[0].BackendRefs[0].Weight = new(int32(0)) }},
		{name: "a ServiceImport is in other clusters", do: func(f *gatewayFixture) {
			f.r.Spec.Rules[0].BackendRefs[0].Kind, f.r.Spec.Rules[0].BackendRefs[0].Group = new(gatewayv1.Kind("ServiceImport")), new(gatewayv1.Group("net.gke.io"))
		}, unsure: true},
		{name: "another namespace without a ReferenceGrant", do: func(f *gatewayFixture) {
			f.r.Spec.Rules[0].BackendRefs[0] = backendRef("pay", "pay", 8080)
		}, refused: []string{"pay/pay:8080"}},
		{name: "a ReferenceGrant in the wrong namespace", do: func(f *gatewayFixture) {
			f.r.Spec.Rules[0].BackendRefs[0] = backendRef("pay", "pay", 8080)
			f.grant("shop", "shop", "")
		}, refused: []string{"pay/pay:8080"}},
		{name: "a ReferenceGrant for another namespace's routes", do: func(f *gatewayFixture) {
			f.r.Spec.Rules[0].BackendRefs[0] = backendRef("pay", "pay", 8080)
			f.grant("pay", "edge", "")
		}, refused: []string{"pay/pay:8080"}},
		{name: "a ReferenceGrant for another Service", do: func(f *gatewayFixture) {
			f.r.Spec.Rules[0].BackendRefs[0] = backendRef("pay", "pay", 8080)
			f.grant("pay", "shop", "orders")
		}, refused: []string{"pay/pay:8080"}},
		{name: "a ReferenceGrant for all Services", do: func(f *gatewayFixture) {
			f.r.Spec.Rules[0].BackendRefs[0] = backendRef("pay", "pay", 8080)
			f.grant("pay", "shop", "")
		}, want: []string{"pay/pay:8080 absent"}},
		{name: "ReferenceGrants weren't read", do: func(f *gatewayFixture) {
			f.r.Spec.Rules[0].BackendRefs[0] = backendRef("pay", "pay", 8080)
			f.s.ReferenceGrants = facts.Unknown[[]*gatewayv1beta1.ReferenceGrant](errDenied)
		}, want: []string{"pay/pay:8080 absent"}},
		{name: "two Gateways share the Service, each with its own backend service", do: func(f *gatewayFixture) {
			f.addBackendService("gkegw1-m86x-shop-web-80-2")
		}, want: []string{"shop/web:80 gkegw1-m86x-shop-web-80-1"}},
		{name: "another Gateway has built for the Service, this one not yet", do: func(f *gatewayFixture) {
			f.m.DefaultService = new(computeV1 + "global/backendServices/gkegw1-m86x-edge-gw-serve404-80-1")
		}, want: []string{"shop/web:80 absent"}},
		{name: "two Gateways, and nothing is written on this one", do: func(f *gatewayFixture) {
			f.g.Annotations = nil
			f.addBackendService("gkegw1-m86x-shop-web-80-2")
		}, want: []string{"shop/web:80 unknown"}},
		{name: "nothing is written, and there is only one", do: func(f *gatewayFixture) { f.g.Annotations = nil }, want: []string{"shop/web:80 gkegw1-m86x-shop-web-80-1"}},
		{name: "no URL map was read, the annotation names the backend service", do: func(f *gatewayFixture) {
			f.addBackendService("gkegw1-m86x-shop-web-80-2")
			f.s.URLMaps = facts.Unknown[[]*computepb.UrlMap](errDenied)
			f.g.Annotations["networking.gke.io/backend-services"] = "/projects/1/global/backendServices/gkegw1-m86x-shop-web-80-2, /projects/1/global/backendServices/x"
		}, want: []string{"shop/web:80 gkegw1-m86x-shop-web-80-2"}},
		{name: "the Ingress's backend service of the same NEG isn't the Gateway's", do: func(f *gatewayFixture) {
			f.g.Annotations = nil
			f.s.BackendServices = facts.Found([]*computepb.BackendService{backendServiceAt("k8s1-8c2e5d01-shop-web-80-1", "neg-web")})
		}, want: []string{"shop/web:80 absent"}},
		{name: "the NEG is another cluster's", do: func(f *gatewayFixture) {
			f.neg.Description = new(strings.Replace(f.neg.GetDescription(), testKubeUID, "another", 1))
		}, want: []string{"shop/web:80 absent"}},
		{name: "the NEG is another port's", do: func(f *gatewayFixture) {
			f.neg.Description = new(strings.Replace(f.neg.GetDescription(), `"80"`, `"8080"`, 1))
		}, want: []string{"shop/web:80 absent"}},
		{name: "NEGs weren't read", do: func(f *gatewayFixture) { f.s.NEGs = facts.Unknown[[]*computepb.NetworkEndpointGroup](errDenied) }, want: []string{"shop/web:80 unknown"}},
		{name: "backend services weren't read", do: func(f *gatewayFixture) { f.s.BackendServices = facts.Unknown[[]*computepb.BackendService](errDenied) }, want: []string{"shop/web:80 unknown"}},
		{name: "a region of backend services didn't answer, the Gateway is global", do: func(f *gatewayFixture) {
			f.s.BackendServices = facts.FoundPartly([]*computepb.BackendService(nil), errDenied, "regions/asia-east1")
		}, want: []string{"shop/web:80 absent"}},
		{name: "the Gateway's own region didn't answer", do: func(f *gatewayFixture) {
			f.g.Spec.GatewayClassName = "gke-l7-rilb"
			f.s.BackendServices = facts.FoundPartly([]*computepb.BackendService{f.bs}, errDenied, "regions/europe-west1")
		}, want: []string{"shop/web:80 unknown"}},
		{name: "no NEG is attached yet: the name tells", do: func(f *gatewayFixture) { f.bs.Backends = nil }, want: []string{"shop/web:80 gkegw1-m86x-shop-web-80-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newGatewayFixture()
			tt.do(f)
			routing := RoutingOf(f.s, f.g)
			var got, refused []string
			for _, b := range routing.Backends {
				state := "unknown"
				if bs, ok := b.BackendService.Get(); ok {
					state = bs.GetName()
				} else if b.BackendService.IsAbsent() {
					state = "absent"
				}
				got = append(got, b.Namespace+"/"+b.Service+":"+fmt.Sprint(b.Port.Number)+" "+state)
				if !b.Gateway {
					t.Error("not marked as a Gateway's")
				}
			}
			for _, r := range routing.Refused {
				refused = append(refused, r.Namespace+"/"+r.Service+":"+fmt.Sprint(r.Port))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.refused, refused); diff != "" {
				t.Error(diff)
			}
			if (routing.Err != nil) != tt.unsure {
				t.Errorf("err %v", routing.Err)
			}
		})
	}
}

func TestAnIngressDoesNotTakeAGatewaysBackendService(t *testing.T) {
	t.Parallel()
	f := newFixture()
	gw := newGatewayFixture()
	f.s.NEGs, f.s.BackendServices = gw.s.NEGs, gw.s.BackendServices
	if b := Backends(f.s, f.ing)[0]; !b.BackendService.IsAbsent() {
		t.Errorf("the Ingress's is %v", b.BackendService)
	}
}
