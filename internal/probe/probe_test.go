package probe_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/meter"
	"plumbline/internal/probe"
	"plumbline/internal/scenario"
)

const (
	clusterName = "projects/shop-prod/locations/asia-northeast1/clusters/main"
	host        = "gke-1.asia-northeast1.gke.goog"
)

func now() time.Time { return time.Date(2021, 9, 28, 0, 36, 18, 0, time.UTC) }

func world(t *testing.T) *scenario.World {
	t.Helper()
	pod := &unstructured.Unstructured{}
	text := `{apiVersion: v1, kind: Pod, metadata: {name: argocd-server-0, namespace: argocd}, spec: {containers: [{name: a, ports: [{containerPort: 8080}]}]}, status: {phase: Running, podIP: 10.8.0.7, podIPs: [{ip: 10.8.0.7}]}}`
	if err := yaml.Unmarshal([]byte(text), &pod.Object); err != nil {
		t.Fatal(err)
	}
	to := func(location string) map[string]string { return map[string]string{"Location": location} }
	const p = "argocd/argocd-server-0"
	return &scenario.World{
		Project: "shop-prod",
		Clusters: map[string]*container.Cluster{clusterName: {
			Name: "main", Location: "asia-northeast1", Endpoint: "192.0.2.10",
			ControlPlaneEndpointsConfig: &container.ControlPlaneEndpointsConfig{
				DnsEndpointConfig: &container.DNSEndpointConfig{Endpoint: host, AllowExternalTraffic: true},
			},
		}},
		Kubernetes: map[string][]*unstructured.Unstructured{"main": {pod}},
		Responses: []scenario.Response{
			{Pod: p, Port: 8080, Scheme: "http", Path: "/healthz", Status: 307, Headers: to("https://10.8.0.7:8080/healthz")},
			{Pod: p, Port: 8080, Scheme: "http", Path: "/login", Status: 302, Headers: to("/auth?next=%2F")},
			{Pod: p, Port: 8080, Scheme: "http", Path: "/away", Status: 301, Headers: to("https://shop.acme.example/")},
			{Pod: p, Port: 8080, Scheme: "http", Path: "/ready/", Status: 200, Body: "ok"},
			{Pod: p, Port: 8080, Scheme: "http", Path: "/down", Status: 503, Body: `{"status":"DOWN"}`},
			{Pod: p, Port: 8443, Scheme: "https", Status: 200},
			{Pod: p, Port: 9001, Error: "reset"},
		},
	}
}

func start(t *testing.T, w *scenario.World) (*fakecloud.Cloud, *probe.Prober) {
	t.Helper()
	cloud, err := fakecloud.Start(w, fakecloud.Options{Now: now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	wire := &http.Transport{DialContext: cloud.DialContext, TLSClientConfig: &tls.Config{RootCAs: cloud.RootCAs(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(wire.CloseIdleConnections)
	return cloud, prober(&http.Client{Transport: meter.Transport(bearer{wire})}, "https://"+host)
}

func prober(client *http.Client, base string) *probe.Prober {
	return probe.New(func(cluster string) (probe.Access, bool) {
		u, err := url.Parse(base)
		return probe.Access{Client: client, Base: u}, err == nil && cluster == clusterName
	})
}

type bearer struct{ base http.RoundTripper }

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer ya29.shop")
	return b.base.RoundTrip(req)
}

func ask(port int32, scheme, path string) facts.ProbeRequest {
	return facts.ProbeRequest{Namespace: "argocd", Pod: "argocd-server-0", Port: port, Scheme: scheme, Path: path}
}

func TestAnswersOfTheApp(t *testing.T) {
	cloud, p := start(t, world(t))
	want := map[facts.ProbeRequest]facts.ProbeAnswer{
		ask(8080, "http", "/healthz"): {Status: 307, Location: "https://" + host + "/healthz"},
		ask(8080, "http", "/login"):   {Status: 302, Location: "/auth?next=%2F"},
		ask(8080, "http", "/away"):    {Status: 301, Location: "https://shop.acme.example/"},
		ask(8080, "http", "/ready/"):  {Status: 200},
		ask(8080, "http", "/down"):    {Status: 503},
		ask(8443, "https", "/"):       {Status: 200},
	}
	var requests []facts.ProbeRequest
	for r, a := range want {
		a.HostSent, a.At = host, now()
		want[r] = a
		requests = append(requests, r, r) // asked twice, sent once
	}
	var count meter.Meter
	answers := p.Probe(meter.Stage(meter.With(t.Context(), &count)), clusterName, requests, now())
	got := map[facts.ProbeRequest]facts.ProbeAnswer{}
	for r, v := range answers {
		a, ok := v.Get()
		if !ok {
			t.Errorf("%v: %v", r, v.Err())
		}
		got[r] = a
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if count.Calls() != len(want) || count.Rounds() != 1 {
		t.Errorf("calls, rounds = %d, %d, want %d, 1", count.Calls(), count.Rounds(), len(want))
	}
	for _, r := range cloud.PodRequests() {
		if agent := r.Header.Get("User-Agent"); agent != "GoogleHC/1.0" || r.Host != host {
			t.Errorf("the pod saw %s from %s", r.Host, agent)
		}
	}
}

func TestAPodThatCannotBeConnectedToIsUnreachable(t *testing.T) {
	_, p := start(t, world(t))
	for port, reason := range map[int32]string{9001: "", 7: "refused"} {
		r := ask(port, "http", "/")
		a, ok := p.Probe(t.Context(), clusterName, []facts.ProbeRequest{r}, now())[r].Get()
		if !ok || a.Status != 0 || a.Unreachable == "" || !strings.Contains(a.Unreachable, reason) {
			t.Errorf("port %d: %+v, %v", port, a, ok)
		}
	}
}

func TestWhatTheAPIServerRefusesIsUnknown(t *testing.T) {
	denied, gone, away := world(t), ask(8080, "http", "/"), world(t)
	denied.Deny = []string{"container.pods.proxy"}
	gone.Pod = "argocd-server-1"
	away.Unavailable = []string{"kubernetes/main"}
	for name, tt := range map[string]struct {
		world         *scenario.World
		request       facts.ProbeRequest
		needs, status string
	}{
		"denied":       {denied, ask(8080, "http", "/healthz"), "container.pods.proxy", "403 PERMISSION_DENIED"},
		"pod is gone":  {world(t), gone, "container.pods.proxy", "404 Not Found"},
		"out of reach": {away, ask(8080, "http", "/healthz"), "kubernetes/main", "no connection"},
	} {
		t.Run(name, func(t *testing.T) {
			_, p := start(t, tt.world)
			v := p.Probe(t.Context(), clusterName, []facts.ProbeRequest{tt.request}, now())[tt.request]
			wantGap(t, v.Err(), tt.needs, tt.status)
		})
	}
}

func TestAClusterThatWasNotRead(t *testing.T) {
	r := ask(8080, "http", "/")
	v := prober(http.DefaultClient, "https://"+host).Probe(t.Context(), "projects/p/locations/l/clusters/other", []facts.ProbeRequest{r}, now())[r]
	wantGap(t, v.Err(), "kubernetes/other", "no way in")
}

func TestAPodThatDoesNotAnswerInTime(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	defer silent.Client().CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r := ask(8080, "http", "/")
	a, ok := prober(silent.Client(), silent.URL).Probe(ctx, clusterName, []facts.ProbeRequest{r}, now())[r].Get()
	if !ok || a.Unreachable != "no answer in time" {
		t.Errorf("answer = %+v, %v", a, ok)
	}
}

func wantGap(t *testing.T, err error, needs, status string) {
	t.Helper()
	var failed *facts.Error
	if !errors.As(err, &failed) {
		t.Fatalf("error = %v, want a *facts.Error", err)
	}
	if failed.Needs != needs || failed.Status != status {
		t.Errorf("gap = %s: %s, want %s: %s", failed.Needs, failed.Status, needs, status)
	}
}
