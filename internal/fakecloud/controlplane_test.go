package fakecloud

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/api/container/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
)

func TestEveryEndpointHasItsCertificate(t *testing.T) {
	c := start(t, shop(t), Options{})
	edge, base := plainClient(t, c, edgeCluster)
	for _, host := range []string{"https://203.0.113.9", "https://10.9.0.2"} {
		if answer, body := get(t, edge, host+"/api/v1/pods", nil); answer.StatusCode != http.StatusOK || !strings.Contains(body, `"kind":"PodList"`) {
			t.Errorf("%s: %d %s", host, answer.StatusCode, body)
		}
	}
	if base != "https://203.0.113.9" {
		t.Errorf("the fixture's endpoint is %s", base)
	}
	token := http.Header{"Authorization": {"Bearer ya29.token"}}
	if answer, body := get(t, dnsClient(c), "https://"+edgeDNS+"/api/v1/namespaces/shop/pods", token); answer.StatusCode != http.StatusOK {
		t.Errorf("DNS endpoint: %d %s", answer.StatusCode, body)
	}
	mainClient, mainBase := plainClient(t, c, mainCluster)
	for name, wrong := range map[string]struct {
		client *http.Client
		url    string
	}{
		"another cluster's authority on an IP endpoint": {mainClient, base},
		"the public authority on an IP endpoint":        {dnsClient(c), mainBase},
		"a cluster's authority on the DNS endpoint":     {edge, "https://" + edgeDNS},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, wrong.url+"/api/v1/pods", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := wrong.client.Do(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "x509: certificate signed by unknown authority") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDialRefusesWhatIsNotThere(t *testing.T) {
	w := shop(t)
	w.Unavailable = []string{"kubernetes/main"}
	w.Clusters[edgeCluster].ControlPlaneEndpointsConfig.DnsEndpointConfig.AllowExternalTraffic = false
	c := start(t, w, Options{})
	main, err := containerClient(t, c).Projects.Locations.Clusters.Get(mainCluster).Do()
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{main.Endpoint + ":443", "203.0.113.9:80", "203.0.113.10:443"} {
		if refused := dial(t, c, addr); !errors.Is(refused, syscall.ECONNREFUSED) || refused.Error() != "dial tcp "+addr+": connect: connection refused" {
			t.Errorf("%s: %v", addr, refused)
		}
	}
	for _, addr := range []string{edgeDNS + ":443", "gone.example:443"} {
		unknown := dial(t, c, addr)
		if lookup, ok := errors.AsType[*net.DNSError](unknown); !ok || !lookup.IsNotFound {
			t.Errorf("%s: %v", addr, unknown)
		}
	}
	if dial(t, c, "no port") == nil {
		t.Error("an address without port was dialled")
	}
}

// dial returns what became of a dial; the connection itself is of no interest.
func dial(t *testing.T, c *Cloud, addr string) error {
	t.Helper()
	conn, err := c.DialContext(t.Context(), "tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err
}

func TestDNSEndpointNeedsConnect(t *testing.T) {
	w := shop(t)
	w.Deny = []string{"container.clusters.connect"}
	c := start(t, w, Options{})
	token := http.Header{"Authorization": {"Bearer ya29.token"}}
	if answer, body := get(t, dnsClient(c), "https://"+edgeDNS+"/api/v1/pods", token); answer.StatusCode != http.StatusForbidden || !strings.Contains(body, "container.clusters.connect") {
		t.Errorf("DNS endpoint: %d %s", answer.StatusCode, body)
	}
	edge, base := plainClient(t, c, edgeCluster)
	if answer, body := get(t, edge, base+"/api/v1/pods", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("IP endpoint: %d %s", answer.StatusCode, body)
	}
}

func TestSetWorldKeepsAddresses(t *testing.T) {
	c := start(t, shop(t), Options{})
	rest, logs := c.HTTP(), c.Logging()
	config := kubeConfig(t, c, mainCluster)
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	pods := client.Resource(podsGVR())
	before, err := pods.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}

	next := shop(t)
	next.Kubernetes["main"] = next.Kubernetes["main"][:3]
	next.Clusters["projects/shop-prod/locations/asia-northeast1/clusters/another"] = &container.Cluster{}
	c.SetWorld(next)
	after, err := pods.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(after.Items) != 2 || len(before.Items) != 4 || after.GetResourceVersion() == before.GetResourceVersion() {
		t.Errorf("after the swap: %v, %v", after, err)
	}
	if c.HTTP() != rest || c.Logging() != logs || kubeConfig(t, c, mainCluster).Host != config.Host {
		t.Error("an address changed")
	}
	if !slices.Equal(kubeConfig(t, c, mainCluster).CAData, config.CAData) {
		t.Error("the cluster's authority changed")
	}

	gone := shop(t)
	gone.Unavailable = []string{"kubernetes/main"}
	c.SetWorld(gone)
	if _, err := pods.List(t.Context(), metav1.ListOptions{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a control plane that went away: %v", err)
	}
	c.SetWorld(shop(t))
	if back, err := pods.List(t.Context(), metav1.ListOptions{}); err != nil || len(back.Items) != 4 {
		t.Errorf("back again: %v, %v", back, err)
	}
}

func TestMadeUpEndpointsDiffer(t *testing.T) {
	w := shop(t)
	w.Clusters = map[string]*container.Cluster{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		w.Clusters["projects/shop-prod/locations/us-central1/clusters/"+name] = &container.Cluster{}
	}
	c := start(t, w, Options{})
	list, err := containerClient(t, c).Projects.Locations.Clusters.List("projects/shop-prod/locations/-").Do()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, cluster := range list.Clusters {
		if seen[cluster.Endpoint] || !strings.HasPrefix(cluster.Endpoint, "192.0.2.") {
			t.Errorf("%s has endpoint %q", cluster.Name, cluster.Endpoint)
		}
		seen[cluster.Endpoint] = true
	}
}
