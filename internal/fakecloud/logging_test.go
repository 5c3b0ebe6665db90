package fakecloud

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	logging "cloud.google.com/go/logging/apiv2"
	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/logging/logadmin"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/cloud/audit"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func shopLogs() []json.RawMessage {
	var lines []json.RawMessage
	for _, text := range []string{
		`{"insertId":"update-first","logName":"projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity","severity":"NOTICE","timestamp":"2021-09-27T23:40:01.092341Z",
		  "operation":{"id":"operation-1","producer":"container.googleapis.com","first":true},
		  "resource":{"type":"gke_cluster","labels":{"cluster_name":"main","location":"asia-northeast1","project_id":"shop-prod"}},
		  "protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"container.googleapis.com","methodName":"google.container.v1.ClusterManager.UpdateCluster",
		   "resourceName":"projects/shop-prod/locations/asia-northeast1/clusters/main","someFieldOfTomorrow":1,
		   "authenticationInfo":{"principalEmail":"dana@acme.example"},
		   "authorizationInfo":[{"permission":"container.clusters.get"},{"granted":true,"permission":"container.clusters.update"}],
		   "request":{"@type":"type.googleapis.com/google.container.v1alpha1.UpdateClusterRequest","update":{"desiredAddonsConfig":{"httpLoadBalancing":{"disabled":true}}}}}}`,
		`{"insertId":"ingress-create","logName":"projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity","severity":"NOTICE","timestamp":"2021-09-27T23:41:02Z",
		  "labels":{"authorization.k8s.io/decision":"allow"},
		  "resource":{"type":"k8s_cluster","labels":{"cluster_name":"main","location":"asia-northeast1","project_id":"shop-prod"}},
		  "protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"k8s.io","methodName":"io.k8s.networking.v1.ingresses.create","status":{},
		   "resourceName":"networking.k8s.io/v1/namespaces/argocd/ingresses/argocd"}}`,
		`{"insertId":"probe","logName":"projects/shop-prod/logs/compute.googleapis.com%2Fhealthchecks","severity":"INFO","timestamp":"2021-09-27T23:45:00Z",
		  "resource":{"type":"gce_network_endpoint_group","labels":{"network_endpoint_group_id":"21","zone":"asia-northeast1-a","project_id":"shop-prod"}},
		  "jsonPayload":{"healthCheckProbeResult":{"healthState":"UNHEALTHY","targetPort":8080,"probeResultText":"HTTP response: Temporary Redirect [Code: 307]"}}}`,
		`{"insertId":"request","logName":"projects/shop-prod/logs/requests","severity":"WARNING","timestamp":"2021-09-27T23:46:00Z",
		  "httpRequest":{"requestMethod":"GET","status":502,"responseSize":"447","latency":"0.101s"},"resource":{"type":"http_load_balancer"}}`,
		`{"insertId":"quiet","logName":"projects/shop-prod/logs/stdout","timestamp":"2021-09-27T23:47:00Z","textPayload":"Started","resource":{"type":"k8s_container"}}`,
		`{"insertId":"elsewhere","logName":"projects/host-prod/logs/stdout","timestamp":"2021-09-27T23:48:00Z","textPayload":"not ours","resource":{"type":"k8s_container"}}`,
		`{"insertId":"broken on purpo`,
		`{"insertId":"no log name"}`,
	} {
		lines = append(lines, json.RawMessage(text))
	}
	return lines
}

func loggingOptions(c *Cloud) []option.ClientOption {
	return []option.ClientOption{
		option.WithEndpoint(c.Logging()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
}

func logClient(t *testing.T, c *Cloud) *logging.Client {
	t.Helper()
	client, err := logging.NewClient(t.Context(), loggingOptions(c)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func listLogs(t *testing.T, c *Cloud, r *loggingpb.ListLogEntriesRequest) ([]string, error) {
	t.Helper()
	var ids []string
	for entry, err := range logClient(t, c).ListLogEntries(t.Context(), r).All() {
		if err != nil {
			return nil, err
		}
		ids = append(ids, entry.GetInsertId())
	}
	return ids, nil
}

func TestLogadminReadsHistory(t *testing.T) {
	c := start(t, shop(t), Options{})
	admin, err := logadmin.NewClient(t.Context(), "shop-prod", loggingOptions(c)...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	it := admin.Entries(t.Context(), logadmin.NewestFirst(), logadmin.PageSize(1), logadmin.Filter(
		`timestamp>="2021-09-27T00:00:00Z" AND timestamp<="2021-09-28T00:00:00Z"
		 AND log_id("cloudaudit.googleapis.com/activity") AND resource.labels.cluster_name="main"`))
	var methods []string
	for {
		entry, err := it.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		payload, ok := entry.Payload.(*audit.AuditLog)
		if !ok {
			t.Fatalf("payload is %T", entry.Payload)
		}
		methods = append(methods, payload.GetMethodName())
	}
	want := []string{"io.k8s.networking.v1.ingresses.create", "google.container.v1.ClusterManager.UpdateCluster"}
	if !slices.Equal(methods, want) {
		t.Errorf("methods %v", methods)
	}
	requests := c.Requests()
	if len(requests) != 2 || requests[0].Permission != "logging.logEntries.list" || requests[0].Path != "/google.logging.v2.LoggingServiceV2/ListLogEntries" {
		t.Errorf("requests %+v", requests)
	}
}

func TestListLogEntriesScopeAndOrder(t *testing.T) {
	c := start(t, shop(t), Options{})
	all := []string{"update-first", "ingress-create", "probe", "request", "quiet"}
	reversed := slices.Clone(all)
	slices.Reverse(reversed)
	for order, want := range map[string][]string{"": all, "timestamp": all, "timestamp asc": all, "timestamp desc": reversed} {
		got, err := listLogs(t, c, &loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/shop-prod"}, OrderBy: order, PageSize: 2})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("order %q: %v, %v", order, got, err)
		}
	}
	got, err := listLogs(t, c, &loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/shop-prod", "projects/host-prod"}})
	if err != nil || !slices.Equal(got, append(all, "elsewhere")) {
		t.Errorf("two projects: %v, %v", got, err)
	}
}

func TestListLogEntriesRefusesWhatItCannotUse(t *testing.T) {
	c := start(t, shop(t), Options{})
	ours := []string{"projects/shop-prod"}
	for name, row := range map[string]struct {
		request *loggingpb.ListLogEntriesRequest
		code    codes.Code
		says    string
	}{
		"no resource names": {&loggingpb.ListLogEntriesRequest{}, codes.InvalidArgument, "resource_names"},
		"a bare project":    {&loggingpb.ListLogEntriesRequest{ResourceNames: []string{"shop-prod"}}, codes.InvalidArgument, `"shop-prod"`},
		"another project":   {&loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/other-prod"}}, codes.NotFound, "other-prod"},
		"an organization":   {&loggingpb.ListLogEntriesRequest{ResourceNames: []string{"organizations/1"}}, codes.PermissionDenied, "organizations/1"},
		"an order":          {&loggingpb.ListLogEntriesRequest{ResourceNames: ours, OrderBy: "severity"}, codes.InvalidArgument, `"severity"`},
		"a negative page":   {&loggingpb.ListLogEntriesRequest{ResourceNames: ours, PageSize: -1}, codes.InvalidArgument, "page_size"},
		"a page token":      {&loggingpb.ListLogEntriesRequest{ResourceNames: ours, PageToken: "x"}, codes.InvalidArgument, "page_token"},
		"a filter":          {&loggingpb.ListLogEntriesRequest{ResourceNames: ours, Filter: `severity=ERROR AND redirect`}, codes.InvalidArgument, "position 20"},
		"a long filter":     {&loggingpb.ListLogEntriesRequest{ResourceNames: ours, Filter: strings.Repeat(" ", 20001)}, codes.InvalidArgument, "20001 characters"},
	} {
		_, err := listLogs(t, c, row.request)
		if status.Code(err) != row.code || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := logClient(t, c).ListLogs(t.Context(), &loggingpb.ListLogsRequest{Parent: "projects/shop-prod"}).Next()
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("another method: %v", err)
	}
}

func TestLogPageTokenBelongsToItsRequest(t *testing.T) {
	c := start(t, shop(t), Options{})
	client := logClient(t, c)
	r := &loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/shop-prod"}}
	_, token, err := client.ListLogEntries(t.Context(), r).InternalFetch(2, "")
	if err != nil || token == "" {
		t.Fatalf("token %q, %v", token, err)
	}
	other := &loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/shop-prod"}, Filter: `severity>=WARNING`}
	if _, _, err = client.ListLogEntries(t.Context(), other).InternalFetch(2, token); status.Code(err) != codes.InvalidArgument {
		t.Errorf("with another filter: %v", err)
	}
	entries, _, err := client.ListLogEntries(t.Context(), r).InternalFetch(2, token)
	if err != nil || len(entries) != 2 || entries[0].GetInsertId() != "probe" {
		t.Errorf("second page: %v, %v", entries, err)
	}
}

func TestLoggingRefusals(t *testing.T) {
	w := shop(t)
	w.Deny = []string{"logging.logEntries.list"}
	c := start(t, w, Options{})
	r := &loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/shop-prod"}}
	if _, err := listLogs(t, c, r); status.Code(err) != codes.PermissionDenied || !strings.Contains(err.Error(), "logging.logEntries.list") {
		t.Errorf("denied: %v", err)
	}
	w = shop(t)
	w.Fail = map[string]int{"logging.logEntries.list": 429}
	c.SetWorld(w)
	if _, err := listLogs(t, c, r); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("failed: %v", err)
	}
}
