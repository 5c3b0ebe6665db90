package fakecloud

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	"google.golang.org/api/option"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

func fetched(t *testing.T, c *Cloud) Address {
	t.Helper()
	a, err := Fetch(t.Context(), c.HTTP()+"/")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFetchTellsWhereEverythingIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)
	c := start(t, shop(t), Options{Now: now})
	a := fetched(t, c)
	want := Address{
		HTTP: c.HTTP(), Logging: c.Logging(), DNS: c.DNS(), KubernetesProxy: c.HTTP(), RootCAs: string(c.pki.public.pem()),
		Token: "token-of-the-fake", Now: now, Project: "shop-prod",
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	if pool, err := a.RootPool(); err != nil || !pool.Equal(c.RootCAs()) {
		t.Errorf("authorities: %v", err)
	}
	if n := len(c.Requests()); n != 0 {
		t.Errorf("%d requests of an API", n)
	}
}

func TestFetchSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{"": "404 Not Found", "no": "reading where the fake cloud's services are"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body == "" {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(body))
		}))
		_, err := Fetch(t.Context(), server.URL)
		server.Close()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := (Address{RootCAs: "x"}).RootPool(); err == nil {
		t.Error("a pool of nothing")
	}
}

// Another process has the Address and nothing else.
func TestAnotherProcessReachesControlPlanes(t *testing.T) {
	t.Parallel()
	c := start(t, shop(t), Options{})
	a := fetched(t, c)
	gke, err := container.NewService(t.Context(), option.WithEndpoint(a.HTTP), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := gke.Projects.Locations.Clusters.Get(mainCluster).Do()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := base64.StdEncoding.DecodeString(cluster.MasterAuth.ClusterCaCertificate)
	if err != nil {
		t.Fatal(err)
	}
	viaProxy := func(*http.Request) (*url.URL, error) { return url.Parse(a.KubernetesProxy) }
	for name, config := range map[string]*rest.Config{
		"by the proxy":  {Proxy: viaProxy},
		"by the dialer": {Proxy: noProxy, Dial: a.DialContext},
	} {
		config.Host, config.BearerToken, config.QPS = "https://"+cluster.Endpoint, a.Token, -1
		config.TLSClientConfig = rest.TLSClientConfig{CAData: ca}
		kube, configured := dynamic.NewForConfig(config)
		if configured != nil {
			t.Fatal(configured)
		}
		pods, listed := kube.Resource(podsGVR()).Namespace("shop").List(t.Context(), metav1.ListOptions{})
		if listed != nil || len(pods.Items) != 3 {
			t.Errorf("%s: %v", name, listed)
		}
	}
	pool, err := a.RootPool()
	if err != nil {
		t.Fatal(err)
	}
	byName := &http.Client{Transport: &http.Transport{DialContext: a.DialContext, TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	if answer, body := get(t, byName, "https://"+edgeDNS+"/api/v1/pods", http.Header{"Authorization": {"Bearer " + a.Token}}); answer.StatusCode != http.StatusOK {
		t.Errorf("the DNS endpoint: %d %s", answer.StatusCode, body)
	}
}

func TestTheProxyReachesControlPlanesOnly(t *testing.T) {
	t.Parallel()
	w := shop(t)
	w.Unavailable = []string{"kubernetes/edge"}
	c := start(t, w, Options{})
	a := fetched(t, c)
	for _, addr := range []string{"203.0.113.9:443", edgeDNS + ":443", "198.51.100.77:443", strings.TrimPrefix(c.HTTP(), "http://"), "127.0.0.1:80"} {
		conn, err := a.DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		if _, ok := errors.AsType[*net.OpError](err); !ok || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestCloseEndsTunnels(t *testing.T) {
	t.Parallel()
	c := start(t, shop(t), Options{})
	conn, err := fetched(t, c).DialContext(t.Context(), "tcp", "203.0.113.9:443")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	c.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the tunnel outlives the cloud")
	}
}

func TestListenOnAGivenAddress(t *testing.T) {
	t.Parallel()
	first := start(t, shop(t), Options{})
	taken := strings.TrimPrefix(first.HTTP(), "http://")
	if second, err := Start(shop(t), Options{Listen: taken}); err == nil {
		second.Close()
		t.Fatal("two clouds listen on one address")
	}
	first.Close()
	again := start(t, shop(t), Options{Listen: taken})
	if again.HTTP() != "http://"+taken {
		t.Errorf("listens at %s, not %s", again.HTTP(), taken)
	}
}
