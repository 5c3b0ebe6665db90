package fakecloud

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
	"plumbline/internal/service"
)

const (
	shopCluster = "projects/acme-prod/locations/us-central1/clusters/web"
	computeURL  = "https://www.googleapis.com/compute/v1/projects/acme-prod/"
	webBackend  = "k8s1-1a2b3c4d-shop-web-80-5f6e7d8c"
)

// ingressSnapshot is an Ingress shop/web in front of n Services.
func ingressSnapshot(n int) *facts.Snapshot {
	s := &facts.Snapshot{Now: time.Date(2026, 11, 20, 14, 5, 0, 0, time.UTC), ClusterName: shopCluster, Project: "acme-prod"}
	s.NetworkProject, s.NetworkName = "acme-prod", "prod"
	s.Cluster = facts.Found(&container.Cluster{Name: "web"})
	s.Targets = []facts.Target{{Ref: facts.Ref{Cluster: shopCluster, Kind: facts.KindIngress, Namespace: "shop", Name: "web"}, Sure: true}}
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{
		"kubernetes.io/ingress.class": "gce", "kubernetes.io/ingress.global-static-ip-name": "shop-ip",
		"networking.gke.io/v1beta1.FrontendConfig": "front", "networking.gke.io/managed-certificates": "cert-a, cert-b",
	}}}
	var services []*corev1.Service
	var backends []*computepb.BackendService
	var deployments []*appsv1.Deployment
	for i := range n {
		name, bs := "web", webBackend
		if i > 0 {
			name, bs = fmt.Sprintf("web-%d", i), fmt.Sprintf("k8s1-1a2b3c4d-shop-web-%d-80-5f6e7d8c", i)
		}
		port := networkingv1.ServiceBackendPort{Number: 80}
		ing.Spec.Rules = append(ing.Spec.Rules, networkingv1.IngressRule{Host: name + ".acme.example", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: port}}}},
		}}})
		services = append(services, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Annotations: map[string]string{"cloud.google.com/backend-config": `{"default":"check"}`, "cloud.google.com/neg": `{"ingress":true}`}},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
		})
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
		d.Spec.Template.Labels = map[string]string{"app": name}
		deployments = append(deployments, d)
		backends = append(backends, &computepb.BackendService{
			Name: &bs, SelfLink: new(computeURL + "global/backendServices/" + bs), HealthChecks: []string{computeURL + "global/healthChecks/" + bs},
			Description: new(`{"kubernetes.io/service-name":"shop/` + name + `","kubernetes.io/service-port":"&ServiceBackendPort{Name:,Number:80,}"}`),
			Backends:    []*computepb.Backend{{Group: new(computeURL + "zones/us-central1-a/networkEndpointGroups/" + bs)}},
		})
	}
	s.Ingresses, s.Services, s.Pods = facts.Found([]*networkingv1.Ingress{ing}), facts.Found(services), facts.Found([]*corev1.Pod{})
	s.Deployments, s.BackendServices = facts.Found(deployments), facts.Found(backends)
	s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{{Id: new(uint64(77)), SelfLink: new(computeURL + "zones/us-central1-a/networkEndpointGroups/" + webBackend)}})
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{
		SelfLink: new(computeURL + "global/forwardingRules/k8s2-fr-web"), IPAddress: new("198.51.100.20"), Description: new(`{"kubernetes.io/ingress-name":"shop/web"}`),
	}})
	s.TargetHTTPSProxies = facts.Found([]*computepb.TargetHttpsProxy{{
		SelfLink: new(computeURL + "global/targetHttpsProxies/k8s2-ts-web"), UrlMap: new(computeURL + "global/urlMaps/k8s2-um-web"),
		SslCertificates: []string{computeURL + "global/sslCertificates/mcrt-1"}, Description: new(`{"kubernetes.io/ingress-name":"shop/web"}`),
	}})
	return s
}

// audited is an audit entry as far as a filter looks at it.
func audited(service, method, resource, cluster string) map[string]any {
	var e map[string]any
	text := fmt.Sprintf(`{"logName":"projects/acme-prod/logs/cloudaudit.googleapis.com%%2Factivity","timestamp":"2026-11-02T10:00:00Z","resource":{"type":"x","labels":{"cluster_name":%q}},
		"protoPayload":{"serviceName":%q,"methodName":%q,"resourceName":%q}}`, cluster, service, method, resource)
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		panic(err)
	}
	return e
}

func TestADiagnosisAsksForTheChangesOfItsPath(t *testing.T) {
	t.Parallel()
	const k8s, compute, gke = "k8s.io", "compute.googleapis.com", "container.googleapis.com"
	const ns, global = "/namespaces/shop/", "projects/acme-prod/global/"
	filter := service.Plan{}.LogFilter(ingressSnapshot(1))
	matches, err := compileFilter(filter)
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	for name, tc := range map[string]struct {
		service, method, resource, cluster string
		want                               bool
	}{
		"the cluster":                    {gke, "google.container.v1.ClusterManager.UpdateCluster", shopCluster, "web", true},
		"another cluster":                {gke, "google.container.v1.ClusterManager.UpdateCluster", shopCluster + "2", "web2", false},
		"the Ingress":                    {k8s, "io.k8s.networking.v1.ingresses.patch", "networking.k8s.io/v1" + ns + "ingresses/web", "web", true},
		"its status":                     {k8s, "io.k8s.networking.v1.ingresses.status.patch", "networking.k8s.io/v1" + ns + "ingresses/web/status", "web", false},
		"an Ingress of another cluster":  {k8s, "io.k8s.networking.v1.ingresses.patch", "networking.k8s.io/v1" + ns + "ingresses/web", "web2", false},
		"the Service":                    {k8s, "io.k8s.core.v1.services.update", "core/v1" + ns + "services/web", "web", true},
		"another Service":                {k8s, "io.k8s.core.v1.services.update", "core/v1" + ns + "services/web2", "web", false},
		"the Deployment":                 {k8s, "io.k8s.apps.v1.deployments.patch", "apps/v1" + ns + "deployments/web", "web", true},
		"its scale":                      {k8s, "io.k8s.apps.v1.deployments.scale.update", "apps/v1" + ns + "deployments/web/scale", "web", true},
		"the BackendConfig":              {k8s, "com.google.cloud.v1.backendconfigs.update", "cloud.google.com/v1" + ns + "backendconfigs/check", "web", true},
		"the FrontendConfig":             {k8s, "io.gke.networking.v1beta1.frontendconfigs.update", "networking.gke.io/v1beta1" + ns + "frontendconfigs/front", "web", true},
		"the second ManagedCertificate":  {k8s, "io.gke.networking.v1.managedcertificates.create", "networking.gke.io/v1" + ns + "managedcertificates/cert-b", "web", true},
		"the backend service":            {compute, "v1.compute.backendServices.patch", global + "backendServices/" + webBackend, "", true},
		"the beta API":                   {compute, "beta.compute.backendServices.patch", global + "backendServices/" + webBackend, "", true},
		"another backend service":        {compute, "v1.compute.backendServices.patch", global + "backendServices/other", "", false},
		"the health check":               {compute, "v1.compute.healthChecks.update", global + "healthChecks/" + webBackend, "", true},
		"the NEG's deletion":             {compute, "v1.compute.networkEndpointGroups.delete", "projects/acme-prod/zones/us-central1-a/networkEndpointGroups/" + webBackend, "", true},
		"the NEG's endpoints":            {compute, "v1.compute.networkEndpointGroups.detachNetworkEndpoints", "projects/acme-prod/zones/us-central1-a/networkEndpointGroups/" + webBackend, "", false},
		"the URL map":                    {compute, "v1.compute.urlMaps.patch", global + "urlMaps/k8s2-um-web", "", true},
		"the proxy":                      {compute, "v1.compute.targetHttpsProxies.setSslCertificates", global + "targetHttpsProxies/k8s2-ts-web", "", true},
		"the certificate":                {compute, "v1.compute.sslCertificates.delete", global + "sslCertificates/mcrt-1", "", true},
		"the forwarding rule":            {compute, "v1.compute.globalForwardingRules.delete", global + "forwardingRules/k8s2-fr-web", "", true},
		"the address":                    {compute, "v1.compute.globalAddresses.delete", global + "addresses/shop-ip", "", true},
		"any firewall rule":              {compute, "v1.compute.firewalls.delete", global + "firewalls/whatever", "", true},
		"any network firewall policy":    {compute, "v1.compute.networkFirewallPolicies.addRule", global + "firewallPolicies/base", "", true},
		"any regional firewall policy":   {compute, "beta.compute.regionNetworkFirewallPolicies.patchRule", "projects/acme-prod/regions/us-central1/firewallPolicies/base", "", true},
		"a method that sounds alike":     {compute, "v1.compute.myfirewalls.delete", global + "myfirewalls/whatever", "", false},
		"a VM":                           {compute, "v1.compute.instances.delete", "projects/acme-prod/zones/us-central1-a/instances/vm", "", false},
		"the same name of another sort":  {compute, "v1.compute.images.delete", global + "images/" + webBackend, "", false},
		"the same object of another API": {"dns.googleapis.com", "dns.changes.create", global + "backendServices/" + webBackend, "", false},
	} {
		if got := matches(audited(tc.service, tc.method, tc.resource, tc.cluster)); got != tc.want {
			t.Errorf("%s: found %v, want %v", name, got, tc.want)
		}
	}
	if !matches(map[string]any{
		"logName": "projects/acme-prod/logs/compute.googleapis.com%2Fhealthchecks", "timestamp": "2026-11-20T14:00:00Z",
		"resource": map[string]any{"type": "gce_network_endpoint_group", "labels": map[string]any{"network_endpoint_group_id": "77"}},
	}) {
		t.Error("the health check's entries aren't found")
	}
}

func TestNetworkPoliciesAreAskedForWhereTheyAreEnforced(t *testing.T) {
	t.Parallel()
	for enforced, want := range map[bool]bool{true: true, false: false} {
		s := ingressSnapshot(1)
		s.Cluster = facts.Found(&container.Cluster{Name: "web", NetworkPolicy: &container.NetworkPolicy{Enabled: enforced}})
		matches, err := compileFilter(service.Plan{}.LogFilter(s))
		if err != nil {
			t.Fatal(err)
		}
		entry := audited("k8s.io", "io.k8s.networking.v1.networkpolicies.create", "networking.k8s.io/v1/namespaces/shop/networkpolicies/deny", "web")
		if got := matches(entry); got != want {
			t.Errorf("enforced %v: found %v", enforced, got)
		}
		if matches(audited("k8s.io", "io.k8s.networking.v1.networkpolicies.create", "networking.k8s.io/v1/namespaces/other/networkpolicies/deny", "web")) {
			t.Error("a policy of another namespace is found")
		}
	}
}

func TestTheLogOfAHostProjectIsNotAsked(t *testing.T) {
	t.Parallel()
	s := ingressSnapshot(1)
	s.NetworkProject = "acme-host"
	matches, err := compileFilter(service.Plan{}.LogFilter(s))
	if err != nil {
		t.Fatal(err)
	}
	if matches(audited("compute.googleapis.com", "v1.compute.firewalls.delete", "projects/acme-prod/global/firewalls/whatever", "")) {
		t.Error("the rules of a project that doesn't have the network are asked for")
	}
}

func TestAFilterOfAnySizeIsAccepted(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 40, 400} {
		s := ingressSnapshot(n)
		ingresses, _ := s.Ingresses.Get()
		ingresses[0].Annotations["ingress.kubernetes.io/url-map"] = strings.Repeat("k8s2-um-", 200)
		filter := service.Plan{}.LogFilter(s)
		if len(filter) > 19_800 {
			t.Errorf("%d Services: %d characters", n, len(filter))
		}
		matches, err := compileFilter(filter)
		if err != nil {
			t.Fatalf("%d Services: %v", n, err)
		}
		if n > 0 && !matches(audited("compute.googleapis.com", "v1.compute.healthChecks.update", "projects/acme-prod/global/healthChecks/"+webBackend, "")) {
			t.Errorf("%d Services: the first one's health check isn't asked for", n)
		}
	}
}

func TestOutsideClustersOnlyComputeIsAsked(t *testing.T) {
	t.Parallel()
	s := ingressSnapshot(1)
	s.ClusterName, s.Cluster = "", facts.Absent[*container.Cluster]()
	s.Targets = []facts.Target{{Ref: facts.Ref{Project: "acme-prod", Scope: "global", Kind: facts.KindBackendService, Name: webBackend}, Sure: true}}
	matches, err := compileFilter(service.Plan{}.LogFilter(s))
	if err != nil {
		t.Fatal(err)
	}
	for method, resource := range map[string]string{
		"v1.compute.healthChecks.update": "projects/acme-prod/global/healthChecks/" + webBackend, "v1.compute.firewalls.patch": "projects/acme-prod/global/firewalls/x",
	} {
		if !matches(audited("compute.googleapis.com", method, resource, "")) {
			t.Errorf("%s isn't found", method)
		}
	}
	if matches(audited("container.googleapis.com", "google.container.v1.ClusterManager.UpdateCluster", shopCluster, "web")) {
		t.Error("a cluster is asked for")
	}
}

// requested is a request's entry as far as a filter looks at it.
func requested(at, urlMap, details string, status int) map[string]any {
	var e map[string]any
	text := fmt.Sprintf(`{"logName":"projects/acme-prod/logs/requests","timestamp":%q,"resource":{"type":"http_load_balancer","labels":{"url_map_name":%q}},
		"httpRequest":{"status":%d},"jsonPayload":{"statusDetails":%q}}`, at, urlMap, status, details)
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		panic(err)
	}
	return e
}

// TestADiagnosisAsksForWhatWentWrong: errors of the last hour, what the load balancer
// answered itself for a day, and successes only where their share decides.
func TestADiagnosisAsksForWhatWentWrong(t *testing.T) {
	t.Parallel()
	const own, byApp, timeout = "k8s2-um-web", "response_sent_by_backend", "backend_timeout"
	s := ingressSnapshot(1)
	ingresses, _ := s.Ingresses.Get()
	ingresses[0].Annotations["ingress.kubernetes.io/url-map"] = own
	matches := func() func(map[string]any) bool {
		m, err := compileFilter(service.Plan{}.LogFilter(s))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, tc := range map[string]struct {
		entry map[string]any
		want  bool
	}{
		"a 404":                          {requested("2026-11-20T13:30:00Z", own, byApp, 404), true},
		"an old 404":                     {requested("2026-11-20T12:30:00Z", own, byApp, 404), false},
		"a 404 of another load balancer": {requested("2026-11-20T13:30:00Z", "other", byApp, 404), false},
		"an old timeout":                 {requested("2026-11-20T03:30:00Z", own, timeout, 502), true},
		"the app's own 500, hours ago":   {requested("2026-11-20T03:30:00Z", own, byApp, 500), false},
		"a websocket that was cut":       {requested("2026-11-20T13:30:00Z", own, timeout, 101), true},
		"a success":                      {requested("2026-11-20T14:04:00Z", own, byApp, 200), false},
		"a timeout of days ago":          {requested("2026-11-18T03:30:00Z", own, timeout, 502), false},
		"another sort of entry":          {audited("run.googleapis.com", "x", "y", ""), false},
	} {
		if got := matches()(tc.entry); got != tc.want {
			t.Errorf("%s: found %t, want %t", name, got, tc.want)
		}
	}
	services, _ := s.BackendServices.Get()
	services[0].SecurityPolicy = new(computeURL + "global/securityPolicies/edge")
	if !matches()(requested("2026-11-20T14:04:00Z", own, byApp, 200)) || matches()(requested("2026-11-20T13:30:00Z", own, byApp, 200)) {
		t.Error("with a security policy, the successes of the last minutes are to be found, and no others")
	}
}

func TestWithoutATargetNothingIsAsked(t *testing.T) {
	t.Parallel()
	if filter := (service.Plan{}).LogFilter(&facts.Snapshot{Project: "acme-prod", Now: time.Date(2026, 11, 20, 14, 5, 0, 0, time.UTC)}); filter != "" {
		t.Error(filter)
	}
}
