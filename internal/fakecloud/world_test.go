package fakecloud

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"google.golang.org/api/container/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"plumbline/internal/scenario"
)

const (
	mainCluster = "projects/shop-prod/locations/asia-northeast1/clusters/main"
	edgeCluster = "projects/shop-prod/locations/us-central1-a/clusters/edge"
	edgeDNS     = "f00d.us-central1-a.gke.example"
	webNEG      = "projects/shop-prod/zones/asia-northeast1-a/networkEndpointGroups/k8s1-web"
	webService  = "projects/shop-prod/global/backendServices/k8s1-web"
)

// shop is a world of two clusters: main has everything, edge a DNS endpoint.
func shop(t *testing.T) *scenario.World {
	t.Helper()
	return &scenario.World{
		Project: "shop-prod",
		Clusters: map[string]*container.Cluster{
			mainCluster: {
				Status: "RUNNING", Locations: []string{"asia-northeast1-a", "asia-northeast1-b"},
				AddonsConfig: &container.AddonsConfig{HttpLoadBalancing: &container.HttpLoadBalancing{}},
			},
			edgeCluster: {
				Name: "edge", Location: "us-central1-a", Endpoint: "203.0.113.9",
				PrivateClusterConfig: &container.PrivateClusterConfig{PrivateEndpoint: "10.9.0.2"},
				ControlPlaneEndpointsConfig: &container.ControlPlaneEndpointsConfig{
					DnsEndpointConfig: &container.DNSEndpointConfig{Endpoint: edgeDNS, AllowExternalTraffic: true},
				},
			},
		},
		Compute: map[string]json.RawMessage{
			webService: json.RawMessage(`{"kind":"compute#backendService","id":"11","name":"k8s1-web","backends":[
				{"group":"https://www.googleapis.com/compute/v1/` + webNEG + `"},
				{"group":"https://www.googleapis.com/compute/v1/projects/shop-prod/zones/asia-northeast1-b/networkEndpointGroups/k8s1-web"}]}`),
			"projects/shop-prod/regions/asia-northeast1/backendServices/internal": json.RawMessage(`{"name":"internal","backends":[{"group":"projects/shop-prod/zones/asia-northeast1-a/instanceGroups/k8s-ig"}]}`),
			webNEG: json.RawMessage(`{"name":"k8s1-web","id":"21","size":3}`),
			"projects/shop-prod/zones/asia-northeast1-b/networkEndpointGroups/k8s1-web": json.RawMessage(`{"name":"k8s1-web","id":"22","size":1}`),
			"projects/shop-prod/zones/asia-northeast1-a/networkEndpointGroups/k8s1-api": json.RawMessage(`{"name":"k8s1-api","id":"23"}`),
			"projects/shop-prod/global/firewalls/k8s-fw-l7":                             json.RawMessage(`{"name":"k8s-fw-l7","network":"https://www.googleapis.com/compute/v1/projects/shop-prod/global/networks/default"}`),
			"projects/shop-prod/global/firewalls/elsewhere":                             json.RawMessage(`{"name":"elsewhere","network":"projects/shop-prod/global/networks/other"}`),
			"projects/shop-prod/global/networks/default":                                json.RawMessage(`{"name":"default"}`),
			"projects/shop-prod/global/networks/strict":                                 json.RawMessage(`{"name":"strict"}`),
		},
		Health: map[string]map[string]json.RawMessage{
			webService: {"zones/asia-northeast1-a/networkEndpointGroups/k8s1-web": json.RawMessage(`[{"healthState":"UNHEALTHY","ipAddress":"10.8.0.7","port":8080}]`)},
			"projects/shop-prod/regions/asia-northeast1/backendServices/internal": {"zones/asia-northeast1-a/instanceGroups/k8s-ig": json.RawMessage(`[{"healthState":"HEALTHY"}]`)},
		},
		Endpoints: map[string]json.RawMessage{
			webNEG: json.RawMessage(`[
				{"networkEndpoint":{"ipAddress":"10.8.0.7","port":8080},"healths":[{"healthState":"UNHEALTHY"}]},
				{"networkEndpoint":{"ipAddress":"10.8.0.8","port":8080},"healths":[{"healthState":"HEALTHY"}]},
				{"networkEndpoint":{"ipAddress":"10.8.0.9","port":8080}}]`),
		},
		EffectiveFirewalls: map[string]json.RawMessage{"projects/shop-prod/global/networks/strict": json.RawMessage(`{"firewallPolicys":[{"name":"deny-all","type":"HIERARCHY"}]}`)},
		Kubernetes:         map[string][]*unstructured.Unstructured{"main": manifests(t)},
		Logs:               shopLogs(),
		Responses: []scenario.Response{
			{Pod: "argocd/argocd-server-*", Port: 8080, Scheme: "http", Path: "/plain*", Status: 200, Body: "fine", Headers: map[string]string{"X-App": "argocd"}},
			{Pod: "argocd/argocd-server-*", Port: 8080, Scheme: "http", Path: "*", Status: 307, Headers: map[string]string{"Location": "https://10.8.0.7:8080/healthz"}},
			{Pod: "argocd/argocd-server-*", Port: 8080, Scheme: "https", Status: 200, Body: "ok"},
			{Pod: "shop/web-*", Port: 8443, Scheme: "https", Path: "*", Host: "", Status: 204},
			{Pod: "shop/web-*", Port: 9000, Error: "timeout"},
			{Pod: "shop/web-*", Port: 9001, Error: "reset"},
			{Pod: "shop/web-*", Port: 9002, Error: "tls"},
			{Pod: "shop/web-*", Port: 9003, Error: "refused"},
			{Pod: "shop/web-*", Port: 9004, Error: "certificate"},
			{Pod: "shop/web-*", Port: 6379, Scheme: "tcp"},
			{Pod: "shop/web-*", Port: 80, Scheme: "http", Host: "shop.acme.example", Status: 200},
			{Pod: "shop/web-*", Port: 80, Scheme: "http", Path: "/healthz", Status: 404},
		},
	}
}

func manifests(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for _, text := range []string{
		`{apiVersion: v1, kind: Namespace, metadata: {name: shop}}`,
		`{apiVersion: v1, kind: Pod, metadata: {name: web-2, namespace: shop, labels: {app: web}}, status: {phase: Running, podIP: 10.8.0.12, podIPs: [{ip: 10.8.0.12}]}}`,
		`{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop, resourceVersion: "77", labels: {app: web}}, spec: {containers: [{name: a}, {name: b, ports: [{containerPort: 80}]}]}, status: {phase: Running, podIPs: [{ip: 10.8.0.11}]}}`,
		`{apiVersion: v1, kind: Pod, metadata: {name: pending-1, namespace: shop, labels: {app: api}}, status: {phase: Pending}}`,
		`{apiVersion: v1, kind: Pod, metadata: {name: argocd-server-0, namespace: argocd, labels: {app: argocd}}, status: {phase: Running, podIPs: [{ip: 10.8.0.7}]}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: shop}, data: {token: c2VjcmV0}}`,
		`{apiVersion: v1, kind: Event, metadata: {name: web-1.a, namespace: shop}, involvedObject: {kind: Pod, name: web-1, namespace: shop}, reason: LoadBalancerNegTimeout, type: Normal}`,
		`{apiVersion: v1, kind: Event, metadata: {name: web-2.a, namespace: shop}, involvedObject: {kind: Pod, name: web-2, namespace: shop}, reason: Started, type: Normal}`,
		`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: argocd, namespace: argocd}}`,
		`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: closed, namespace: shop}}`,
		`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge, namespace: shop}}`,
		`{apiVersion: cloud.google.com/v1, kind: BackendConfig, metadata: {name: web, namespace: shop}}`,
		`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: meshes.acme.example}, spec: {group: acme.example, scope: Namespaced, names: {kind: Mesh, plural: meshes}, versions: [{name: v1, served: true}, {name: v1alpha1, served: false}]}}`,
	} {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	return objects
}

func start(t *testing.T, w *scenario.World, o Options) *Cloud {
	t.Helper()
	c, err := Start(w, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func containerClient(t *testing.T, c *Cloud) *container.Service {
	t.Helper()
	s, err := container.NewService(t.Context(), option.WithEndpoint(c.HTTP()), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// kubeConfig reaches a cluster as Plumbline does: the IP endpoint and the pinned
// authority that the GKE API names.
func kubeConfig(t *testing.T, c *Cloud, cluster string) *rest.Config {
	t.Helper()
	got, err := containerClient(t, c).Projects.Locations.Clusters.Get(cluster).Do()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := base64.StdEncoding.DecodeString(got.MasterAuth.ClusterCaCertificate)
	if err != nil {
		t.Fatal(err)
	}
	return &rest.Config{
		Host: "https://" + got.Endpoint, BearerToken: "ya29.token", TLSClientConfig: rest.TLSClientConfig{CAData: ca},
		Dial: c.DialContext, Proxy: noProxy, QPS: -1,
	}
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

func kubeClient(t *testing.T, c *Cloud) dynamic.Interface {
	t.Helper()
	client, err := dynamic.NewForConfig(kubeConfig(t, c, mainCluster))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// plainClient is an HTTP client of a cluster that follows no redirect.
func plainClient(t *testing.T, c *Cloud, cluster string) (client *http.Client, base string) {
	t.Helper()
	config := kubeConfig(t, c, cluster)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(client.CloseIdleConnections)
	return client, config.Host
}

func dnsClient(c *Cloud) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: c.DialContext, TLSClientConfig: &tls.Config{RootCAs: c.RootCAs()}, DisableKeepAlives: true}}
}

// A reply is an answer whose body was read.
type reply struct {
	StatusCode int
	Header     http.Header
}

func get(t *testing.T, client *http.Client, address string, header http.Header) (reply, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header}, string(body)
}

// wantGoogleError checks code, reason and message of a Google error.
func wantGoogleError(t *testing.T, err error, code int, reason, message string) {
	t.Helper()
	e, ok := errors.AsType[*googleapi.Error](err)
	if !ok {
		t.Fatalf("error is %T %v, want *googleapi.Error", err, err)
	}
	if e.Code != code || len(e.Errors) != 1 || e.Errors[0].Reason != reason || e.Message != message {
		t.Errorf("error is %d %+v %q, want %d %s %q", e.Code, e.Errors, e.Message, code, reason, message)
	}
}

func permissions(c *Cloud) []string {
	var all []string
	for _, r := range c.Requests() {
		if !slices.Contains(all, r.Permission) {
			all = append(all, r.Permission)
		}
	}
	return all
}
