package glbc

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/facts"
)

// A gatewayFixture is Gateway edge/public with one HTTPS listener for all namespaces,
// and HTTPRoute shop/storefront to Service shop/web, all in order; rows break it.
type gatewayFixture struct {
	s   *facts.Snapshot
	g   *gatewayv1.Gateway
	r   *gatewayv1.HTTPRoute
	svc *corev1.Service
	bs  *computepb.BackendService
	neg *computepb.NetworkEndpointGroup
	m   *computepb.UrlMap
}

func newGatewayFixture() *gatewayFixture {
	f := &gatewayFixture{
		s: &facts.Snapshot{ClusterName: "projects/shop-prod/locations/europe-west1/clusters/main", Project: "shop-prod"},
		g: &gatewayv1.Gateway{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "public", Annotations: map[string]string{"networking.gke.io/url-maps": "/projects/1/global/urlMaps/gkegw1-m86x-edge-public-1"}},
			Spec: gatewayv1.GatewaySpec{
				GatewayClassName: "gke-l7-global-external-managed",
				Listeners: []gatewayv1.Listener{{
					Name: "https", Port: 443, Protocol: gatewayv1.HTTPSProtocolType,
					AllowedRoutes: &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: new(gatewayv1.NamespacesFromAll)}},
				}},
			},
		},
		r: &gatewayv1.HTTPRoute{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "storefront"},
			Spec: gatewayv1.HTTPRouteSpec{
				CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{{Namespace: new(gatewayv1.Namespace("edge")), Name: "public"}}},
				Hostnames:       []gatewayv1.Hostname{"shop.acme.example"},
				Rules:           []gatewayv1.HTTPRouteRule{{BackendRefs: []gatewayv1.HTTPBackendRef{backendRef("", "web", 80)}}},
			},
		},
		svc: &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
		},
		bs: backendServiceAt("gkegw1-m86x-shop-web-80-1", "neg-web"),
		neg: &computepb.NetworkEndpointGroup{
			Name: new("neg-web"), SelfLink: new(computeV1 + "zones/europe-west1-b/networkEndpointGroups/neg-web"),
			Description: new(`{"cluster-uid":"` + testKubeUID + `","namespace":"shop","service-name":"web","port":"80"}`),
		},
	}
	f.m = urlMapAt("gkegw1-m86x-edge-public-1", f.bs)
	s := f.s
	s.ClusterUID = facts.Found(testKubeUID)
	s.GatewayClasses = facts.Found([]*gatewayv1.GatewayClass(nil))
	s.Gateways = facts.Found([]*gatewayv1.Gateway{f.g})
	s.HTTPRoutes = facts.Found([]*gatewayv1.HTTPRoute{f.r})
	s.ReferenceGrants = facts.Found([]*gatewayv1beta1.ReferenceGrant(nil))
	s.HealthCheckPolicies = facts.Found([]*facts.HealthCheckPolicy(nil))
	s.Services = facts.Found([]*corev1.Service{f.svc})
	s.BackendServices = facts.Found([]*computepb.BackendService{f.bs})
	s.HealthChecks = facts.Found([]*computepb.HealthCheck(nil))
	s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{f.neg})
	s.URLMaps = facts.Found([]*computepb.UrlMap{f.m})
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule(nil))
	s.TargetHTTPProxies = facts.Found([]*computepb.TargetHttpProxy(nil))
	s.TargetHTTPSProxies = facts.Found([]*computepb.TargetHttpsProxy(nil))
	return f
}

func backendServiceAt(name, neg string) *computepb.BackendService {
	return &computepb.BackendService{
		Name: new(name), SelfLink: new(computeV1 + "global/backendServices/" + name),
		Backends: []*computepb.Backend{{Group: new(computeV1 + "zones/europe-west1-b/networkEndpointGroups/" + neg)}},
	}
}

func urlMapAt(name string, bs *computepb.BackendService) *computepb.UrlMap {
	return &computepb.UrlMap{Name: new(name), SelfLink: new(computeV1 + "global/urlMaps/" + name), DefaultService: new(bs.GetSelfLink())}
}

func backendRef(namespace, name string, port int32) gatewayv1.HTTPBackendRef {
	var ref gatewayv1.HTTPBackendRef
	ref.Name, ref.Port = gatewayv1.ObjectName(name), new(port)
	if namespace != "" {
		ref.Namespace = new(gatewayv1.Namespace(namespace))
	}
	return ref
}

// judge writes what a controller says of the route's only parentRef.
func (f *gatewayFixture) judge(controller string, status metav1.ConditionStatus, generation int64) {
	f.r.Status.Parents = append(f.r.Status.Parents, gatewayv1.RouteParentStatus{
		ControllerName: gatewayv1.GatewayController(controller), ParentRef: f.r.Spec.ParentRefs[0],
		Conditions: []metav1.Condition{{Type: "Accepted", Status: status, ObservedGeneration: generation}},
	})
}

func (f *gatewayFixture) addBackendService(name string) {
	all, _ := f.s.BackendServices.Get()
	f.s.BackendServices = facts.Found(append(slices.Clone(all), backendServiceAt(name, "neg-web")))
}

func (f *gatewayFixture) grant(in, from, service string) {
	g := &gatewayv1beta1.ReferenceGrant{ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: "g"}}
	g.Spec.From = []gatewayv1.ReferenceGrantFrom{{Group: gatewayv1.GroupName, Kind: "HTTPRoute", Namespace: gatewayv1.Namespace(from)}}
	to := gatewayv1.ReferenceGrantTo{Kind: "Service"}
	if service != "" {
		to.Name = new(gatewayv1.ObjectName(service))
	}
	g.Spec.To = []gatewayv1.ReferenceGrantTo{to}
	f.s.ReferenceGrants = facts.Found([]*gatewayv1beta1.ReferenceGrant{g})
}
