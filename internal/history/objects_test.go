package history_test

import (
	"fmt"
	"slices"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/history"
)

const computeURL = "https://www.googleapis.com/compute/v1/projects/acme-prod/"

// names are the objects as Scope/Kind/namespace/name.
func names(list []history.Object) []string {
	out := make([]string, 0, len(list))
	for _, o := range list {
		name := o.Ref.String()
		if o.Ref.Scope != "" {
			name = o.Ref.Scope + " " + name
		}
		for _, e := range o.Except {
			name += " but " + e.Name
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func backendService(name string, groups ...string) *computepb.BackendService {
	bs := &computepb.BackendService{Name: &name, SelfLink: new(computeURL + "global/backendServices/" + name), HealthChecks: []string{computeURL + "global/healthChecks/" + name}}
	for _, g := range groups {
		bs.Backends = append(bs.Backends, &computepb.Backend{Group: new(computeURL + g)})
	}
	return bs
}

func empty() *facts.Snapshot {
	s := &facts.Snapshot{ClusterName: cluster, Project: project}
	s.Cluster = facts.Found(&container.Cluster{Name: "web"})
	s.NetworkProject, s.NetworkName = project, "prod"
	return s
}

func rule(name, network, direction string) *computepb.Firewall {
	return &computepb.Firewall{Name: &name, Network: new(computeURL + "global/networks/" + network), Direction: &direction}
}

func shopService(name string, annotations map[string]string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Annotations: annotations},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
}

// shopPod is a pod of a Deployment or StatefulSet.
func shopPod(app, owner string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: app + "-1", Labels: map[string]string{"app": app, "pod-template-hash": "6d8f"}}}
	p.OwnerReferences = []metav1.OwnerReference{{Kind: owner, Name: app}}
	if owner == "ReplicaSet" {
		p.OwnerReferences[0].Name = app + "-6d8f"
	}
	return p
}

func shopIngress(annotations map[string]string, services ...string) *networkingv1.Ingress {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: annotations}}
	for _, name := range services {
		ing.Spec.Rules = append(ing.Spec.Rules, networkingv1.IngressRule{IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}}}}},
		}}})
	}
	return ing
}

func TestThePathOfAnIngress(t *testing.T) {
	t.Parallel()
	s := empty()
	ing := shopIngress(map[string]string{
		"kubernetes.io/ingress.class": "gce", "ingress.gcp.kubernetes.io/pre-shared-cert": "shop-cert",
		"ingress.kubernetes.io/backends": `{"k8s1-1a2b3c4d-shop-gone-80-00000000":"UNHEALTHY"}`, "ingress.kubernetes.io/url-map": "k8s2-um-gone",
	}, "web", "db", "off")
	s.Ingresses = facts.Found([]*networkingv1.Ingress{ing, {ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "web"}}})
	s.Services = facts.Found([]*corev1.Service{shopService("web", map[string]string{"cloud.google.com/backend-config": `{"ports":{"80":"check"}}`}), shopService("db", nil), shopService("off", nil)})
	s.Pods = facts.Found([]*corev1.Pod{shopPod("web", "ReplicaSet"), shopPod("db", "StatefulSet"), shopPod("job", "Job")})
	off, other := &appsv1.Deployment{}, &appsv1.Deployment{}
	off.Namespace, off.Name, off.Spec.Template.Labels = "shop", "off", map[string]string{"app": "off"}
	other.Namespace, other.Name, other.Spec.Template.Labels = "shop", "other", map[string]string{"app": "other"}
	s.Deployments = facts.Found([]*appsv1.Deployment{off, other})
	s.Firewalls = facts.Found([]*computepb.Firewall{rule("in", "prod", "INGRESS"), rule("out", "prod", "EGRESS"), rule("elsewhere", "dev", "INGRESS")})
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{
		{SelfLink: new(computeURL + "global/forwardingRules/fr"), IPAddress: new("198.51.100.20"), Description: new(`{"kubernetes.io/ingress-name":"shop/web"}`)},
		{SelfLink: new(computeURL + "global/forwardingRules/of-another"), Description: new(`{"kubernetes.io/ingress-name":"shop/web2"}`)},
	})
	s.Addresses = facts.Found([]*computepb.Address{{SelfLink: new(computeURL + "global/addresses/reserved"), Address: new("198.51.100.20")}, {SelfLink: new(computeURL + "global/addresses/free")}})
	want := []string{
		"BackendConfig/shop/check", "Cluster/web", "Deployment/shop/off", "Deployment/shop/web", "FirewallPolicy/", "FirewallRule/ but out but elsewhere", "Ingress/shop/web",
		"Service/kube-system/default-http-backend", "Service/shop/db", "Service/shop/off", "Service/shop/web", "StatefulSet/shop/db",
		"global Address/reserved", "global BackendService/k8s1-1a2b3c4d-shop-gone-80-00000000", "global Certificate/shop-cert", "global ForwardingRule/fr",
		"global HealthCheck/k8s1-1a2b3c4d-shop-gone-80-00000000", "global URLMap/k8s2-um-gone",
	}
	if diff := cmp.Diff(want, names(history.OnPath(s, inCluster(facts.KindIngress, "web")))); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestWhatAnInternalIngressNamesLiesInItsRegion(t *testing.T) {
	t.Parallel()
	s := empty()
	s.Ingresses = facts.Found([]*networkingv1.Ingress{shopIngress(map[string]string{"kubernetes.io/ingress.class": "gce-internal", "kubernetes.io/ingress.regional-static-ip-name": "ip"})})
	for region, want := range map[string]bool{"us-central1": true, "": false} {
		s.Region = region
		got := slices.Contains(names(history.OnPath(s, inCluster(facts.KindIngress, "web"))), "regions/us-central1 Address/ip")
		if got != want {
			t.Errorf("region %q: found %v", region, got)
		}
	}
}

func TestOnlyOneBackendIsBehindABackend(t *testing.T) {
	t.Parallel()
	s := empty()
	s.Services = facts.Found([]*corev1.Service{shopService("web", nil), shopService("db", nil)})
	s.Cluster = facts.Absent[*container.Cluster]()
	b := glbc.Backend{
		Namespace: "shop", Service: "web", Object: facts.Found(shopService("web", nil)),
		BackendService: facts.Found(backendService("be", "zones/us-central1-a/instanceGroups/k8s-ig", "zones/us-central1-a/networkEndpointGroups/neg")),
	}
	want := []string{
		"Cluster/web", "FirewallPolicy/", "FirewallRule/", "NetworkPolicy/shop/", "Service/shop/web", "global BackendService/be", "global HealthCheck/be",
		"zones/us-central1-a InstanceGroup/k8s-ig", "zones/us-central1-a NetworkEndpointGroup/neg",
	}
	if diff := cmp.Diff(want, names(history.Behind(s, b))); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestThePathOfAGateway(t *testing.T) {
	t.Parallel()
	s := empty()
	s.ClusterUID = facts.Found("uid-1")
	route := func(name, gateway, backend string) *gatewayv1.HTTPRoute {
		r := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
		r.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: gatewayv1.ObjectName(gateway)}}
		ref := gatewayv1.HTTPBackendRef{}
		ref.Name = gatewayv1.ObjectName(backend)
		r.Spec.Rules = []gatewayv1.HTTPRouteRule{{BackendRefs: []gatewayv1.HTTPBackendRef{ref}}}
		return r
	}
	s.HTTPRoutes = facts.Found([]*gatewayv1.HTTPRoute{route("shop", "edge", "web"), route("other", "internal", "db")})
	s.Services = facts.Found([]*corev1.Service{shopService("web", nil), shopService("db", nil)})
	s.Pods = facts.Found([]*corev1.Pod{shopPod("web", "ReplicaSet")})
	neg := func(id int, uid string) *computepb.NetworkEndpointGroup {
		return &computepb.NetworkEndpointGroup{
			SelfLink:    new(fmt.Sprintf("%szones/us-central1-a/networkEndpointGroups/neg-%d", computeURL, id)),
			Description: new(`{"cluster-uid":"` + uid + `","namespace":"shop","service-name":"web","port":"80"}`),
		}
	}
	s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{neg(1, "uid-1"), neg(2, "uid-of-another-cluster")})
	s.BackendServices = facts.Found([]*computepb.BackendService{
		backendService("gkegw1-1", "zones/us-central1-a/networkEndpointGroups/neg-1"), backendService("gkegw1-2", "zones/us-central1-a/networkEndpointGroups/neg-2"),
	})
	want := []string{
		"Cluster/web", "Deployment/shop/web", "FirewallPolicy/", "FirewallRule/", "GCPBackendPolicy/shop/", "Gateway/shop/edge", "HTTPRoute/shop/shop", "HealthCheckPolicy/shop/",
		"Service/shop/web", "global BackendService/gkegw1-1", "global HealthCheck/gkegw1-1", "zones/us-central1-a NetworkEndpointGroup/neg-1",
	}
	if diff := cmp.Diff(want, names(history.OnPath(s, inCluster(facts.KindGateway, "edge")))); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestThePathOutsideClusters(t *testing.T) {
	t.Parallel()
	s := empty()
	s.ClusterName, s.Cluster, s.NetworkProject = "", facts.Absent[*container.Cluster](), ""
	ssl, web := backendService("ssl", "zones/us-central1-a/instanceGroups/vms"), backendService("web")
	s.BackendServices = facts.Found([]*computepb.BackendService{ssl, web})
	s.TargetSSLProxies = facts.Found([]*computepb.TargetSslProxy{{
		SelfLink: new(computeURL + "global/targetSslProxies/sp"), Service: ssl.SelfLink, SslCertificates: []string{computeURL + "global/sslCertificates/cert"},
	}})
	s.URLMaps = facts.Found([]*computepb.UrlMap{{SelfLink: new(computeURL + "global/urlMaps/um"), DefaultService: web.SelfLink}})
	s.TargetHTTPSProxies = facts.Found([]*computepb.TargetHttpsProxy{{SelfLink: new(computeURL + "global/targetHttpsProxies/hp"), UrlMap: new(computeURL + "global/urlMaps/um"), SslCertificates: []string{computeURL + "global/sslCertificates/cert"}}})
	s.TargetHTTPProxies = facts.Found([]*computepb.TargetHttpProxy{{SelfLink: new(computeURL + "global/targetHttpProxies/pp"), UrlMap: new(computeURL + "global/urlMaps/um")}})
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{
		{SelfLink: new(computeURL + "global/forwardingRules/ssl"), Target: new(computeURL + "global/targetSslProxies/sp")},
		{SelfLink: new(computeURL + "global/forwardingRules/web"), Target: new("projects/acme-prod/global/targetHttpsProxies/hp")},
	})
	for _, tc := range []struct {
		kind, name string
		want       []string
	}{
		{facts.KindBackendService, "ssl", []string{
			"FirewallPolicy/", "FirewallRule/", "global BackendService/ssl", "global Certificate/cert", "global ForwardingRule/ssl", "global HealthCheck/ssl", "global TargetSSLProxy/sp",
			"zones/us-central1-a InstanceGroup/vms",
		}},
		{facts.KindBackendService, "web", []string{
			"FirewallPolicy/", "FirewallRule/", "global BackendService/web", "global Certificate/cert", "global ForwardingRule/web", "global HealthCheck/web",
			"global TargetHTTPProxy/pp", "global TargetHTTPSProxy/hp", "global URLMap/um",
		}},
		{facts.KindCertificate, "cert", []string{
			"global Certificate/cert", "global ForwardingRule/ssl", "global ForwardingRule/web", "global TargetHTTPSProxy/hp", "global TargetSSLProxy/sp",
		}},
		{facts.KindCertificate, "unused", []string{"global Certificate/unused"}},
	} {
		if diff := cmp.Diff(tc.want, names(history.OnPath(s, inProject(tc.kind, tc.name)))); diff != "" {
			t.Errorf("objects of %s %s (-want +got):\n%s", tc.kind, tc.name, diff)
		}
	}
}

func TestOfNothingReadThereIsNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{facts.KindIngress, facts.KindGateway, facts.KindBackendService, facts.KindCertificate, facts.KindCluster, facts.KindPod} {
		for _, o := range history.OnPath(&facts.Snapshot{}, facts.Ref{Kind: kind, Name: "x"}) {
			if o.Ref.Kind != kind {
				t.Errorf("%s leads to %s", kind, o.Ref)
			}
		}
	}
	if list := history.Behind(&facts.Snapshot{}, glbc.Backend{}); len(list) != 0 {
		t.Errorf("no backend leads to %v", names(list))
	}
}
