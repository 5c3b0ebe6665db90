package service_test

import (
	"errors"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/service"
)

const computeURL = "https://www.googleapis.com/compute/v1/projects/p/"

// shared is Service shop/web behind Ingress shop/front and Gateway shop/gw: one NEG,
// two backend services, each with its own health check.
func shared(ingressLogs, gatewayLogs bool) *facts.Snapshot {
	neg := computeURL + "zones/l-b/networkEndpointGroups/neg-web"
	backendService := func(name, description string) *computepb.BackendService {
		return &computepb.BackendService{
			Name: new(name), SelfLink: new(computeURL + "global/backendServices/" + name), Description: new(description),
			Backends:     []*computepb.Backend{{Group: new(neg)}},
			HealthChecks: []string{computeURL + "global/healthChecks/" + name},
		}
	}
	check := func(name string, logs bool) *computepb.HealthCheck {
		return &computepb.HealthCheck{Name: new(name), SelfLink: new(computeURL + "global/healthChecks/" + name), LogConfig: &computepb.HealthCheckLogConfig{Enable: new(logs)}}
	}
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "front"}}
	ing.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	g := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "gw"}}
	g.Spec.GatewayClassName = "gke-l7-global-external-managed"
	g.Spec.Listeners = []gatewayv1.Listener{{Name: "http", Port: 80, Protocol: gatewayv1.HTTPProtocolType}}
	route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "r"}}
	route.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: "gw"}}
	var ref gatewayv1.HTTPBackendRef
	ref.Name, ref.Port = "web", new(int32(80))
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{{BackendRefs: []gatewayv1.HTTPBackendRef{ref}}}

	s := &facts.Snapshot{ClusterName: clusterName, Project: "p"}
	s.ClusterUID = facts.Found("uid")
	s.Ingresses = facts.Found([]*networkingv1.Ingress{ing})
	s.Gateways = facts.Found([]*gatewayv1.Gateway{g})
	s.HTTPRoutes = facts.Found([]*gatewayv1.HTTPRoute{route})
	s.Services = facts.Found([]*corev1.Service{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}})
	s.BackendServices = facts.Found([]*computepb.BackendService{
		backendService("k8s1-a-shop-web-80-b", `{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"80"}`),
		backendService("gkegw1-abcd-shop-web-80-e", ""),
	})
	s.HealthChecks = facts.Found([]*computepb.HealthCheck{check("k8s1-a-shop-web-80-b", ingressLogs), check("gkegw1-abcd-shop-web-80-e", gatewayLogs)})
	s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{{
		Id: new(uint64(7)), Name: new("neg-web"), SelfLink: new(neg), Description: new(`{"cluster-uid":"uid","namespace":"shop","service-name":"web","port":"80"}`),
	}})
	s.URLMaps = facts.Found([]*computepb.UrlMap{{Name: new("gkegw1-abcd-shop-gw-f"), SelfLink: new(computeURL + "global/urlMaps/gkegw1-abcd-shop-gw-f")}})
	return s
}

func TestWhatLeadsToAGateway(t *testing.T) {
	t.Parallel()
	neg := facts.Ref{Project: "p", Scope: "zones/l-b", Kind: facts.KindNEG, ID: "7"}
	web := facts.Ref{Cluster: clusterName, Kind: facts.KindService, Namespace: "shop", Name: "web"}
	for _, tt := range []struct {
		name  string
		s     *facts.Snapshot
		do    func(s *facts.Snapshot)
		asked facts.Ref
		// want is the name of what it leads to; sure that nothing does.
		want string
		sure bool
	}{
		{name: "a NEG's entry, and only the Gateway's check logs", s: shared(false, true), asked: neg, want: "gw", sure: true},
		{name: "a NEG's entry, and only the Ingress's check logs", s: shared(true, false), asked: neg, want: "front", sure: true},
		{name: "a NEG's entry, and both log", s: shared(true, true), asked: neg, want: "front", sure: true},
		{name: "the Gateway's backend service", s: shared(true, true), asked: facts.Ref{Project: "p", Scope: "global", Kind: facts.KindBackendService, Name: "gkegw1-abcd-shop-web-80-e"}, want: "gw", sure: true},
		{name: "the Gateway's health check", s: shared(true, true), asked: facts.Ref{Project: "p", Scope: "global", Kind: facts.KindHealthCheck, Name: "gkegw1-abcd-shop-web-80-e"}, want: "gw", sure: true},
		{name: "a Service of both", s: shared(true, true), asked: web, want: "front", sure: true},
		{name: "a Service of the Gateway only", s: shared(true, true), asked: web, do: func(s *facts.Snapshot) {
			s.Ingresses = facts.Found([]*networkingv1.Ingress(nil))
		}, want: "gw", sure: true},
		{name: "a Service of nobody", s: shared(true, true), asked: facts.Ref{Cluster: clusterName, Kind: facts.KindService, Namespace: "shop", Name: "other"}, sure: true},
		{name: "a Service of nobody known, and routes weren't read", s: shared(true, true), asked: facts.Ref{Cluster: clusterName, Kind: facts.KindService, Namespace: "shop", Name: "other"}, do: func(s *facts.Snapshot) {
			s.HTTPRoutes = facts.Unknown[[]*gatewayv1.HTTPRoute](errors.New("403"))
		}},
		{name: "routes weren't read, and the project has no Gateway's load balancer", s: shared(true, true), asked: facts.Ref{Cluster: clusterName, Kind: facts.KindService, Namespace: "shop", Name: "other"}, do: func(s *facts.Snapshot) {
			s.HTTPRoutes, s.URLMaps = facts.Unknown[[]*gatewayv1.HTTPRoute](errors.New("403")), facts.Found([]*computepb.UrlMap(nil))
		}, sure: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.do != nil {
				tt.do(tt.s)
			}
			got := service.Plan{}.Resolve(tt.s, []facts.Ref{tt.asked})[0]
			if got.Ref.Name != tt.want || got.Sure != tt.sure {
				t.Errorf("%s, sure %v: %s", got.Ref, got.Sure, got.Reason)
			}
		})
	}
}
