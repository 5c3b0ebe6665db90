package service_test

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/service"
)

// TestARequestWithoutBackendLeadsToWhatHasTheURLMap: also one that the default backend
// got, which no rule names.
func TestARequestWithoutBackendLeadsToWhatHasTheURLMap(t *testing.T) {
	t.Parallel()
	s := shared(false, false)
	ingresses, _ := s.Ingresses.Get()
	ingresses[0].Annotations = map[string]string{"ingress.kubernetes.io/url-map": "k8s2-um-front"}
	ingresses[0].Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "203.0.113.28"}}
	maps, _ := s.URLMaps.Get()
	fallback := computeURL + "global/backendServices/k8s1-a-kube-system-default-http-backend-80-c"
	maps = append(maps, &computepb.UrlMap{Name: new("k8s2-um-front"), SelfLink: new(computeURL + "global/urlMaps/k8s2-um-front"), DefaultService: new(fallback)})
	s.URLMaps = facts.Found(maps)
	services, _ := s.BackendServices.Get()
	s.BackendServices = facts.Found(append(services, &computepb.BackendService{
		Name: new(facts.LastSegment(fallback)), SelfLink: new(fallback), Description: new(`{"kubernetes.io/service-name":"kube-system/default-http-backend","kubernetes.io/service-port":"http"}`),
	}))
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{
		Name: new("k8s2-fr-front"), SelfLink: new(computeURL + "global/forwardingRules/k8s2-fr-front"), IPAddress: new("203.0.113.28"), PortRange: new("80-80"),
		Description: new(`{"kubernetes.io/ingress-name":"shop/front"}`), Target: new(computeURL + "global/targetHttpProxies/k8s2-tp-front"),
	}})
	s.TargetHTTPProxies = facts.Found([]*computepb.TargetHttpProxy{{
		Name: new("k8s2-tp-front"), SelfLink: new(computeURL + "global/targetHttpProxies/k8s2-tp-front"), UrlMap: new(computeURL + "global/urlMaps/k8s2-um-front"), Description: new(`{"kubernetes.io/ingress-name":"shop/front"}`),
	}})
	front := facts.Ref{Cluster: clusterName, Kind: facts.KindIngress, Namespace: "shop", Name: "front"}
	for name, tc := range map[string]struct{ asked, want facts.Ref }{
		"the URL map":         {facts.Ref{Project: "p", Scope: "global", Kind: facts.KindURLMap, Name: "k8s2-um-front"}, front},
		"the default backend": {facts.Ref{Project: "p", Scope: "global", Kind: facts.KindBackendService, Name: facts.LastSegment(fallback)}, front},
		"somebody's URL map":  {facts.Ref{Project: "p", Scope: "global", Kind: facts.KindURLMap, Name: "web"}, facts.Ref{}},
	} {
		if got := (service.Plan{}).Resolve(s, []facts.Ref{tc.asked})[0]; got.Ref != tc.want {
			t.Errorf("%s leads to %v (%s), want %v", name, got.Ref, got.Reason, tc.want)
		}
	}
}
