package fakecloud

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/scenario"
)

const argoProxy = "/api/v1/namespaces/argocd/pods/argocd-server-0:8080/proxy"

func TestPodSeesTheAPIServersHostAndForwardedHeaders(t *testing.T) {
	c := start(t, shop(t), Options{})
	client, base := plainClient(t, c, mainCluster)
	answer, body := get(t, client, base+argoProxy+"/plain/x?full=1", http.Header{"User-Agent": {"GoogleHC/1.0"}})
	if answer.StatusCode != http.StatusOK || body != "fine" || answer.Header.Get("X-App") != "argocd" {
		t.Fatalf("answer: %d %s", answer.StatusCode, body)
	}
	got := c.PodRequests()
	if len(got) != 1 {
		t.Fatalf("the pod received %d requests", len(got))
	}
	r := got[0]
	if r.Pod != "argocd/argocd-server-0" || r.Port != 8080 || r.Scheme != "http" || r.Method != "GET" || r.URI != "/plain/x?full=1" {
		t.Errorf("request: %+v", r)
	}
	if "https://"+r.Host != base {
		t.Errorf("Host is %q, the API server's is %q", r.Host, base)
	}
	if r.Header.Get("X-Forwarded-For") != "127.0.0.1" || r.Header.Get("X-Forwarded-Uri") != argoProxy+"/plain/x" || r.Header.Get("User-Agent") != "GoogleHC/1.0" {
		t.Errorf("headers: %v", r.Header)
	}
	if _, sent := r.Header["Authorization"]; sent {
		t.Error("the pod received the token")
	}
	if p := c.Requests()[len(c.Requests())-1].Permission; p != "container.pods.proxy" {
		t.Errorf("permission %s", p)
	}
}

func TestLocationComesBackUnderTheProxysPrefix(t *testing.T) {
	c := start(t, shop(t), Options{})
	client, base := plainClient(t, c, mainCluster)
	answer, _ := get(t, client, base+argoProxy+"/healthz", nil)
	if answer.StatusCode != http.StatusTemporaryRedirect || answer.Header.Get("Location") != base+argoProxy+"/healthz" {
		t.Errorf("answer: %d, Location %q", answer.StatusCode, answer.Header.Get("Location"))
	}
}

// The rows of responses.yaml can't name the pod's address, which stands for the
// Host; so the pod is a server of this test, behind the same handler.
func TestLocationThatNamesThePodLosesItsScheme(t *testing.T) {
	pod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://10.8.0.7:8080/healthz", http.StatusTemporaryRedirect)
	}))
	defer pod.Close()
	transport := podTransport(func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, pod.Listener.Addr().String())
	})
	defer transport.CloseIdleConnections()
	api := httptest.NewServer(podProxy(&url.URL{Host: "10.8.0.7:8080", Path: "/healthz"}, transport))
	defer api.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	answer, _ := get(t, client, api.URL+argoProxy+"/healthz", nil)
	if got := answer.Header.Get("Location"); got != argoProxy+"/healthz" {
		t.Errorf("Location is %q", got)
	}
}

func TestFailedConnectionIsAStatusOfTheAPIServer(t *testing.T) {
	c := start(t, shop(t), Options{})
	client, base := plainClient(t, c, mainCluster)
	for name, row := range map[string]struct{ pod, says string }{
		"nobody listens":          {"web-1:1234", "error trying to reach service: dial tcp 10.8.0.11:1234: connect: connection refused"},
		"refused":                 {"web-1:9003", "error trying to reach service: dial tcp 10.8.0.11:9003: connect: connection refused"},
		"no row for the path":     {"web-1:80", "dial tcp 10.8.0.11:80: connect: connection refused"},
		"reset":                   {"web-1:9001", "connection reset by peer"},
		"reset, TLS":              {"https:web-1:9001", "connection reset by peer"},
		"a broken handshake":      {"https:web-1:9002", "remote error: tls"},
		"a client certificate":    {"https:web-1:9004", "certificate required"},
		"TLS to a plain port":     {"https:web-1:80", "first record does not look like a TLS handshake"},
		"HTTP to some other port": {"web-1:6379", "EOF"},
		"TLS to some other port":  {"https:web-1:6379", "remote error: tls"},
	} {
		answer, body := get(t, client, base+"/api/v1/namespaces/shop/pods/"+row.pod+"/proxy/elsewhere", nil)
		var s metav1.Status
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Errorf("%s: %v in %s", name, err, body)
			continue
		}
		if answer.StatusCode != http.StatusServiceUnavailable || s.Kind != "Status" || s.APIVersion != "v1" || s.Reason != metav1.StatusReasonServiceUnavailable ||
			s.Code != 503 || !strings.Contains(s.Message, row.says) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, body)
		}
	}
}

func TestPodsProxySchemePortAndPath(t *testing.T) {
	c := start(t, shop(t), Options{})
	client, base := plainClient(t, c, mainCluster)
	pods := base + "/api/v1/namespaces/shop/pods/"
	for name, row := range map[string]struct {
		url  string
		code int
		says string
	}{
		"https":                        {base + "/api/v1/namespaces/argocd/pods/https:argocd-server-0:8080/proxy/healthz", 200, "ok"},
		"https, another pod":           {pods + "https:web-2:8443/proxy/", 204, ""},
		"HTTP to a TLS port":           {pods + "web-2:8443/proxy/", 400, "Client sent an HTTP request to an HTTPS server"},
		"HTTP to mutual TLS":           {pods + "web-2:9004/proxy/", 400, "Client sent an HTTP request to an HTTPS server"},
		"HTTP to a broken TLS port":    {pods + "web-2:9002/proxy/", 400, "Client sent an HTTP request to an HTTPS server"},
		"the first declared port":      {pods + "web-1/proxy/healthz", 404, ""},
		"no trailing slash":            {pods + "web-1:80/proxy", 301, ""},
		"a port without number":        {pods + "web-1:web/proxy/", 500, "InternalError"},
		"no such pod":                  {pods + "gone:80/proxy/", 404, `pods \"gone\" not found`},
		"a pod without address":        {pods + "pending-1:80/proxy/", 400, "address not allowed"},
		"a scheme that isn't one":      {pods + "ftp:web-1:80/proxy/", 400, "invalid pod request"},
		"logs, which it may not read":  {pods + "web-1/log", 403, "container.pods.getLogs"},
		"a subresource nobody asks of": {pods + "web-1/exec", 404, "404 page not found"},
	} {
		answer, body := get(t, client, row.url, nil)
		if answer.StatusCode != row.code || !strings.Contains(body, row.says) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, body)
		}
	}
	answer, _ := get(t, client, pods+"web-1:80/proxy/", http.Header{"Host": {"shop.acme.example"}})
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the Host of the row: %d", answer.StatusCode)
	}
}

func TestPodThatNeverAnswersIsHeldUntilTheClientLeaves(t *testing.T) {
	c := start(t, shop(t), Options{})
	client, base := plainClient(t, c, mainCluster)
	for _, pod := range []string{"web-1:9000", "https:web-1:9000"} {
		ctx, cancel := context.WithCancel(t.Context())
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cancel() }})
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/namespaces/shop/pods/"+pod+"/proxy/", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", pod, err)
		}
	}
}

func TestPodsProxyDenied(t *testing.T) {
	w := shop(t)
	w.Deny = []string{"container.pods.proxy"}
	c := start(t, w, Options{})
	client, base := plainClient(t, c, mainCluster)
	answer, body := get(t, client, base+argoProxy+"/healthz", nil)
	want := `pods \"argocd-server-0:8080\" is forbidden: User \"plumbline@shop-prod.iam.gserviceaccount.com\" cannot get resource \"pods/proxy\" in API group \"\" in the namespace \"argocd\": requires one of [\"container.pods.proxy\"] permission(s).`
	if answer.StatusCode != http.StatusForbidden || !strings.Contains(body, want) {
		t.Errorf("denied: %d %s", answer.StatusCode, body)
	}
	if n := len(c.PodRequests()); n != 0 {
		t.Errorf("the pod received %d requests", n)
	}
}

func TestFirstResponseThatMatchesAnswers(t *testing.T) {
	rows := []scenario.Response{
		{Pod: "shop/web-*", Port: 80, Path: "/a*", Status: 200},
		{Pod: "shop/*", Port: 80, Path: "/a/b", Status: 201},
		{Pod: "shop/*", Port: 80, Scheme: "https", Status: 202},
		{Pod: "shop/*", Port: 80, Path: "/v?/*/z", Status: 203},
		{Pod: "shop/*", Port: 81, Scheme: "https", Path: "/only", Status: 204},
	}
	for _, row := range []struct {
		q      podQuestion
		status int
		speaks string
	}{
		{podQuestion{pod: "shop/web-1", port: 80, scheme: "http", path: "/a/b"}, 200, "http"},
		{podQuestion{pod: "shop/api-1", port: 80, scheme: "http", path: "/a/b"}, 201, "http"},
		{podQuestion{pod: "shop/api-1", port: 80, scheme: "https", path: "/a/b"}, 202, "https"},
		{podQuestion{pod: "shop/api-1", port: 80, scheme: "http", path: "/v1/x/y/z"}, 203, "http"},
		{podQuestion{pod: "shop/api-1", port: 80, scheme: "http", path: "/other"}, 0, "https"},
		{podQuestion{pod: "shop/api-1", port: 81, scheme: "https", path: "/other"}, 0, ""},
		{podQuestion{pod: "shop/api-1", port: 81, scheme: "http", path: "/other"}, 0, "https"},
		{podQuestion{pod: "blog/api-1", port: 80, scheme: "http", path: "/a"}, 0, ""},
	} {
		found, speaks := row.q.answer(rows)
		status := 0
		if found != nil {
			status = found.Status
		}
		if status != row.status || speaks != row.speaks {
			t.Errorf("%+v: %d %q, want %d %q", row.q, status, speaks, row.status, row.speaks)
		}
	}
	if got := location("https://10.8.0.7:8080/x?y=1", "lb.acme.example:444"); got != "https://lb.acme.example:444/x?y=1" {
		t.Errorf("location %s", got)
	}
	if got := location("https://login.acme.example/x", "lb.acme.example"); got != "https://login.acme.example/x" {
		t.Errorf("location %s", got)
	}
	if !glob("", "/x") || glob("/a", "/a/b") {
		t.Error("an empty glob matches everything, one without star itself only")
	}
}
