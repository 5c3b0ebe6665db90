package gcp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/option"

	"plumbline/internal/collect/gcp"
	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

const project = "shop-prod"

func serve(t *testing.T, h http.HandlerFunc) *gcp.Reader {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	opts := []option.ClientOption{option.WithEndpoint(server.URL), option.WithHTTPClient(server.Client())}
	r, err := gcp.New(t.Context(), gcp.Config{Compute: opts, Container: opts, CertificateManager: opts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func answer(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, code int, reason, details string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"error":{"code":%d,"message":"no","errors":[{"reason":%q}],"details":[%s]}}`, code, reason, details)
}

func wantGap(t *testing.T, err error, needs facts.Kind, status string) {
	t.Helper()
	var failed *facts.Error
	if !errors.As(err, &failed) {
		t.Fatalf("error = %v, want a *facts.Error", err)
	}
	if failed.Needs != string(needs) || failed.Status != status {
		t.Errorf("gap = %s: %s, want %s: %s", failed.Needs, failed.Status, needs, status)
	}
}

func TestAggregatedListJoinsPagesAndScopes(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		q := req.URL.Query()
		if req.URL.Path != "/compute/v1/projects/shop-prod/aggregated/backendServices" || q.Get("maxResults") != "500" || q.Get("returnPartialSuccess") != "true" {
			t.Errorf("asked %s", req.URL)
		}
		switch q.Get("pageToken") {
		case "":
			answer(w, `{"nextPageToken":"two","items":{"global":{"backendServices":[{"name":"a","id":"18446744073709551615"}]},
				"regions/us-east1":{"warning":{"code":"NO_RESULTS_ON_PAGE"}}}}`)
		case "two":
			answer(w, `{"nextPageToken":"three","items":{"regions/us-east1":{"backendServices":[{"name":"b","unheardOf":1}]}}}`)
		case "three":
			answer(w, `{"items":{"global":{"backendServices":[{"name":"c"}]}}}`)
		}
	})
	var count meter.Meter
	found, ok := r.BackendServices(meter.Chain(meter.With(t.Context(), &count)), project).Get()
	if !ok || len(found) != 3 || found[0].GetId() != 18446744073709551615 || found[2].GetName() != "c" {
		t.Fatalf("backend services = %v, %v", found, ok)
	}
	if count.Calls() != 3 || count.Rounds() != 3 {
		t.Errorf("calls, rounds = %d, %d, want 3, 3", count.Calls(), count.Rounds())
	}
}

func TestDeadlineReachesTheWire(t *testing.T) {
	r := serve(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	wantGap(t, r.NEGs(ctx, project).Err(), facts.NEGs, "timeout")
	wantGap(t, r.Firewalls(ctx, project).Err(), facts.Firewalls, "timeout")
	wantGap(t, r.Cluster(ctx, "projects/p/locations/l/clusters/c").Err(), facts.Cluster, "timeout")
}

func TestHealthAsksForTheGroup(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		const want = `{"group":"https://compute.googleapis.com/compute/v1/projects/shop-prod/zones/z/networkEndpointGroups/n"}`
		if strings.ReplaceAll(string(body), " ", "") != want {
			t.Errorf("body = %s, want %s", body, want)
		}
		switch req.URL.Path {
		case "/compute/v1/projects/shop-prod/global/backendServices/b/getHealth":
			answer(w, `{"healthStatus":[{"healthState":"UNHEALTHY","ipAddress":"10.8.0.7","port":8080}]}`)
		case "/compute/v1/projects/shop-prod/regions/us-east1/backendServices/b/getHealth":
			answer(w, `{}`)
		default:
			t.Errorf("asked %s", req.URL)
		}
	})
	const group = "projects/shop-prod/zones/z/networkEndpointGroups/n"
	health, ok := r.Health(t.Context(), facts.BackendGroup{BackendService: "projects/shop-prod/global/backendServices/b", Group: group}).Get()
	if !ok || len(health) != 1 || health[0].GetHealthState() != "UNHEALTHY" || health[0].GetPort() != 8080 {
		t.Errorf("health = %v, %v", health, ok)
	}
	health, ok = r.Health(t.Context(), facts.BackendGroup{BackendService: "projects/shop-prod/regions/us-east1/backendServices/b", Group: group}).Get()
	if !ok || len(health) != 0 {
		t.Errorf("regional health = %v, %v, want none, found", health, ok)
	}
}

func TestEndpointsAskForTheirHealth(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if string(body) != `{"healthStatus":"SHOW"}` || req.URL.Path != "/compute/v1/projects/shop-prod/zones/z/networkEndpointGroups/n/listNetworkEndpoints" {
			t.Errorf("asked %s with %s", req.URL, body)
		}
		next := ""
		if req.URL.Query().Get("pageToken") == "" {
			next = "two"
		}
		answer(w, fmt.Sprintf(`{"nextPageToken":%q,"items":[{"networkEndpoint":{"ipAddress":"10.8.0.7","port":8080},"healths":[{"healthState":"UNHEALTHY"}]}]}`, next))
	})
	found, ok := r.Endpoints(t.Context(), "projects/shop-prod/zones/z/networkEndpointGroups/n").Get()
	if !ok || len(found) != 2 || found[1].GetHealths()[0].GetHealthState() != "UNHEALTHY" {
		t.Errorf("endpoints = %v, %v", found, ok)
	}
	if err := r.Endpoints(t.Context(), "projects/shop-prod/regions/r/networkEndpointGroups/n").Err(); err == nil {
		t.Error("a regional group has no endpoints to list")
	}
}
