package path_test

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

func gateway(name string) facts.Ref {
	return facts.Ref{Cluster: mainCluster, Kind: facts.KindGateway, Namespace: "edge", Name: name}
}

func (f *fixture) public() *gatewayv1.Gateway {
	return first(f, f.s.Gateways, func(g *gatewayv1.Gateway) bool { return g.Name == "public" })
}

// class adds a GatewayClass named istio.
func (f *fixture) class(controller gatewayv1.GatewayController) {
	c := &gatewayv1.GatewayClass{}
	c.Name, c.Spec.ControllerName = "istio", controller
	all, _ := f.s.GatewayClasses.Get()
	f.s.GatewayClasses = facts.Found(append(all, c))
}

func TestGateway(t *testing.T) {
	route := func(f *fixture) *gatewayv1.HTTPRoute {
		return first(f, f.s.HTTPRoutes, func(r *gatewayv1.HTTPRoute) bool { return r.Namespace == "shop" })
	}
	addHost := func(f *fixture) {
		route(f).Spec.Hostnames = append(route(f).Spec.Hostnames, "new.acme.example")
		f.dns("new.acme.example", facts.DNSRecords{A: addresses([]string{"203.0.113.61"})})
	}
	entry := func(f *fixture) *certificatemanager.CertificateMapEntry {
		return first(f, f.s.CertificateEntries, func(*certificatemanager.CertificateMapEntry) bool { return true })
	}
	public, partners := gateway("public"), gateway("partners")
	rows := []row{
		{name: "its routes' hosts are at its address", target: public, station: path.DNS, want: path.OK},
		{
			name: "it has no address", target: public, station: path.Address, want: path.Broken, says: "not provisioned",
			do: func(f *fixture) { f.public().Status.Addresses = nil },
		},
		{
			name: "it has no address yet", target: public, station: path.Address, want: path.Unknown,
			do: func(f *fixture) {
				f.public().Status.Addresses = nil
				f.public().CreationTimestamp = metav1.NewTime(f.s.Now.Add(-time.Minute))
			},
		},
		{
			name: "no forwarding rule has its address", target: public, station: path.ForwardingRule, want: path.Broken,
			do: func(f *fixture) {
				without(&f.s.ForwardingRules, func(r *computepb.ForwardingRule) bool { return r.GetIPAddress() == "203.0.113.61" })
			},
		},
		{
			name: "a host of a route isn't in the map", target: public, station: path.URLMap, want: path.Broken, says: "new.acme.example is not in the URL map", differs: "hostRules",
			do: addHost,
		},
		{
			name: "a host of a new route isn't in the map yet", target: public, station: path.URLMap, want: path.OK,
			do: func(f *fixture) { addHost(f); route(f).CreationTimestamp = metav1.NewTime(f.s.Now.Add(-time.Minute)) },
		},
		{
			name: "a listener's host, for a route without any", target: public, station: path.URLMap, want: path.Broken, says: "*.other.example is not in the URL map",
			do: func(f *fixture) {
				addHost(f)
				for i := range f.public().Spec.Listeners {
					f.public().Spec.Listeners[i].Hostname = new(gatewayv1.Hostname("*.other.example"))
				}
			},
		},
		{
			name: "a route that the Gateway doesn't accept", target: public, station: path.URLMap, want: path.OK,
			do: func(f *fixture) {
				addHost(f)
				for i := range route(f).Status.Parents {
					for k := range route(f).Status.Parents[i].Conditions {
						route(f).Status.Parents[i].Conditions[k].Status = metav1.ConditionFalse
					}
				}
			},
		},
		{
			name: "routes couldn't be read", target: public, station: path.URLMap, want: path.Unknown,
			do: func(f *fixture) { f.s.HTTPRoutes = facts.Unknown[[]*gatewayv1.HTTPRoute](errScope) },
		},
		{
			name: "a class of somebody else", target: public, station: path.BackendService, want: path.NotApplicable, says: "no load balancer of GKE's",
			do: func(f *fixture) {
				f.public().Spec.GatewayClassName = "istio"
				f.class("istio.io/gateway-controller")
			},
		},
		{
			name: "a class that nothing is known of", target: public, station: path.ForwardingRule, want: path.Unknown,
			do: func(f *fixture) {
				f.public().Spec.GatewayClassName, f.public().Finalizers = "ours", nil
				f.s.GatewayClasses = facts.Unknown[[]*gatewayv1.GatewayClass](errScope)
				without(&f.s.ForwardingRules, func(r *computepb.ForwardingRule) bool { return r.GetIPAddress() == "203.0.113.61" })
			},
		},
		{
			name: "a route to a namespace that doesn't let it", target: public, station: path.URLMap, want: path.Broken, says: "no ReferenceGrant lets HTTPRoute/shop/storefront lead to Service pay/pay", differs: "backendRefs",
			do: func(f *fixture) {
				empty(&f.s.ReferenceGrants)
				ref := &route(f).Spec.Rules[0].BackendRefs[0]
				ref.Namespace, ref.Name = new(gatewayv1.Namespace("pay")), "pay"
			},
		},
		{
			name: "a check that was edited by hand", target: public, station: path.HealthCheck, want: path.OK, differs: "checkIntervalSec",
			do: func(f *fixture) {
				first(f, f.s.HealthChecks, has[*computepb.HealthCheck]("-shop-web-")).CheckIntervalSec = new(int32(60))
			},
		},
		{
			name: "a URL map that the controller made is gone", target: public, station: path.URLMap, want: path.Broken, says: "isn't there", differs: "annotations",
			do: func(f *fixture) {
				m := f.public().Annotations["networking.gke.io/url-maps"]
				without(&f.s.URLMaps, func(u *computepb.UrlMap) bool { return strings.Contains(m, u.GetName()) })
			},
		},
		{
			name: "a Service behind it is gone", target: public, station: path.Service, want: path.Broken, says: "Service shop/web doesn't exist",
			do: func(f *fixture) { without(&f.s.Services, func(s *corev1.Service) bool { return s.Name == "web" }) },
		},
		{name: "a certificate map for its hosts", target: partners, station: path.Proxy, want: path.OK},
		{
			name: "a certificate map without the host", target: partners, station: path.Proxy, want: path.Broken, says: "has no entry for",
			do: func(f *fixture) { entry(f).Hostname, entry(f).Matcher = "other.example", "" },
		},
		{
			name: "a certificate map with an entry for all", target: partners, station: path.Proxy, want: path.OK,
			do: func(f *fixture) { entry(f).Hostname, entry(f).Matcher = "", "PRIMARY" },
		},
		{
			name: "a certificate map with a wildcard", target: partners, station: path.Proxy, want: path.OK,
			do: func(f *fixture) { entry(f).Hostname = "*.acme.example" },
		},
		{
			name: "a certificate of the map that failed", target: partners, station: path.Proxy, want: path.Broken, says: "FAILED",
			do: func(f *fixture) {
				c := first(f, f.s.Certificates, func(*certificatemanager.Certificate) bool { return true })
				c.Managed = &certificatemanager.ManagedCertificate{State: "FAILED"}
			},
		},
		{
			name: "the map's entries couldn't be read", target: partners, station: path.Proxy, want: path.Unknown,
			do: func(f *fixture) { f.s = f.s.Without(facts.CertificateEntries) },
		},
		{
			name: "one Service behind it fails", target: public, station: path.HealthCheck, want: path.Broken, says: "pay: 1 of 2 HEALTHY",
			do: func(f *fixture) {
				bs := first(f, f.s.BackendServices, has[*computepb.BackendService]("-pay-pay-"))
				list, _ := f.s.Health[glbc.GroupsOf(bs)[0]].Get()
				list[0].HealthState = new("UNHEALTHY")
			},
		},
	}
	for i := range rows {
		rows[i].world = "gateway"
	}
	run(t, rows)
}
