package logs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	ltype "google.golang.org/genproto/googleapis/logging/type"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"plumbline/internal/collect/logs"
	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

type server struct {
	loggingpb.UnimplementedLoggingServiceV2Server
	list func(*loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error)
	sent atomic.Int32
}

func (s *server) ListLogEntries(_ context.Context, req *loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
	s.sent.Add(1)
	return s.list(req)
}

func serve(t *testing.T, s *server) *logs.Reader {
	t.Helper()
	return serveWithin(t, s, logs.Config{Now: func() time.Time { return now }})
}

func serveWithin(t *testing.T, s *server, c logs.Config) *logs.Reader {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	loggingpb.RegisterLoggingServiceV2Server(g, s)
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	c.Options = []option.ClientOption{
		option.WithEndpoint(listener.Addr().String()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
	r, err := logs.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

var now = time.Date(2021, 9, 28, 0, 36, 18, 0, time.UTC)

const auditEntry = `{"insertId":"a1","logName":"projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2021-09-27T23:41:02.125Z",
	"receiveTimestamp":"2021-09-27T23:41:03Z","severity":"NOTICE","resource":{"type":"gke_cluster","labels":{"cluster_name":"main"}},"labels":{"k":"v"},
	"operation":{"id":"op-1","producer":"container.googleapis.com","first":true},"spanId":"0001",
	"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","methodName":"google.container.v1.ClusterManager.UpdateCluster",
		"authenticationInfo":{"principalEmail":"dana@acme.example"},"request":{"update":{"desiredAddonsConfig":{"httpLoadBalancing":{"disabled":true}}}}}}`

const healthEntry = `{"insertId":"h1","logName":"projects/shop-prod/logs/compute.googleapis.com%2Fhealthchecks","timestamp":"2021-09-27T23:40:00Z","severity":"INFO",
	"resource":{"type":"gce_network_endpoint_group","labels":{"network_endpoint_group_id":"6143528791234567890","zone":"us-east1-b"}},
	"jsonPayload":{"healthCheckProbeResult":{"healthState":"UNHEALTHY","targetPort":8080}}}`

func TestEntriesComeBackAsASinkPublishesThem(t *testing.T) {
	entry := &loggingpb.LogEntry{}
	if err := protojson.Unmarshal([]byte(auditEntry), entry); err != nil {
		t.Fatal(err)
	}
	health := &loggingpb.LogEntry{}
	if err := protojson.Unmarshal([]byte(healthEntry), health); err != nil {
		t.Fatal(err)
	}
	s := &server{list: func(req *loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
		want := `(log_id("x") OR severity>=ERROR) AND timestamp >= "2021-08-29T00:36:18Z" AND timestamp <= "2021-09-28T00:36:18Z"`
		if req.GetFilter() != want || req.GetOrderBy() != "timestamp desc" || req.GetPageSize() != 500 || !cmp.Equal(req.GetResourceNames(), []string{"projects/shop-prod"}) {
			t.Errorf("asked %v", req)
		}
		return &loggingpb.ListLogEntriesResponse{Entries: []*loggingpb.LogEntry{entry, health}}, nil
	}}
	var count meter.Meter
	entries, ok := serve(t, s).Query(meter.Chain(meter.With(t.Context(), &count)), "shop-prod", `log_id("x") OR severity>=ERROR`, now).Get()
	if !ok || len(entries) != 2 {
		t.Fatalf("entries = %s, %v", entries, ok)
	}
	for i, sent := range []string{auditEntry, healthEntry} {
		var got, want map[string]any
		if err := errors.Join(json.Unmarshal(entries[i], &got), json.Unmarshal([]byte(sent), &want)); err != nil {
			t.Fatal(err)
		}
		delete(want, "receiveTimestamp") // the client drops it, and no parser reads it
		delete(want, "spanId")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if count.Calls() != 1 || count.Rounds() != 1 {
		t.Errorf("calls, rounds = %d, %d, want 1, 1", count.Calls(), count.Rounds())
	}
}

func TestAtMostTwoPages(t *testing.T) {
	s := &server{list: func(req *loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
		page, _ := strconv.Atoi(req.GetPageToken())
		return &loggingpb.ListLogEntriesResponse{
			NextPageToken: strconv.Itoa(page + 1),
			Entries:       []*loggingpb.LogEntry{{InsertId: fmt.Sprint(page, "a"), Timestamp: timestamppb.New(now)}, {InsertId: fmt.Sprint(page, "b"), Timestamp: timestamppb.New(now)}},
		}, nil
	}}
	entries, _ := serve(t, s).Query(t.Context(), "shop-prod", "x", now).Get()
	if len(entries) != 4 || s.sent.Load() != 2 {
		t.Errorf("%d entries of %d pages, want 4 of 2", len(entries), s.sent.Load())
	}
}

// TestRequestsLeaveRoom: the second page is asked for without requests where the first
// has some, from its oldest entry on, and no URL that isn't one loses the page.
func TestRequestsLeaveRoom(t *testing.T) {
	oldest := now.Add(-time.Second)
	s := &server{list: func(req *loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
		if !strings.Contains(req.GetFilter(), `NOT log_id("requests")`) {
			return &loggingpb.ListLogEntriesResponse{NextPageToken: "1", Entries: []*loggingpb.LogEntry{
				{InsertId: "r1", Timestamp: timestamppb.New(now), HttpRequest: &ltype.HttpRequest{
					RequestUrl: "https://shop.acme.example/cart?a=b", Status: 502, UserAgent: "curl/8.9.1", Latency: durationpb.New(30001 * time.Millisecond),
				}},
				{InsertId: "r2", Timestamp: timestamppb.New(oldest), HttpRequest: &ltype.HttpRequest{RequestUrl: "https://shop.acme.example/%zz"}},
			}}, nil
		}
		if !strings.HasSuffix(req.GetFilter(), `timestamp <= "2021-09-28T00:36:17Z"`) || req.GetPageToken() != "" {
			t.Errorf("asked %v", req)
		}
		return &loggingpb.ListLogEntriesResponse{NextPageToken: "2", Entries: []*loggingpb.LogEntry{{InsertId: "a1", Timestamp: timestamppb.New(oldest)}}}, nil
	}}
	entries, _ := serve(t, s).Query(t.Context(), "shop-prod", "x", now).Get()
	if len(entries) != 3 || s.sent.Load() != 2 {
		t.Fatalf("%d entries of %d pages, want 3 of 2", len(entries), s.sent.Load())
	}
	want := `{"httpRequest":{"latency":"30.001s","requestUrl":"https://shop.acme.example/cart?a=b","status":502,"userAgent":"curl/8.9.1"},"insertId":"r1","logName":"","timestamp":"2021-09-28T00:36:18Z"}`
	if string(entries[0]) != want {
		t.Errorf("the request came as %s, want %s", entries[0], want)
	}
}

func TestNoFailureIsSentTwice(t *testing.T) {
	for code, want := range map[codes.Code]string{
		codes.Unavailable:       "503 UNAVAILABLE",
		codes.Internal:          "500 INTERNAL",
		codes.DeadlineExceeded:  "timeout",
		codes.PermissionDenied:  "403 PERMISSION_DENIED",
		codes.ResourceExhausted: "429 RESOURCE_EXHAUSTED",
		codes.InvalidArgument:   "400 INVALID_ARGUMENT",
	} {
		s := &server{list: func(*loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
			return nil, status.Error(code, "no")
		}}
		err := serve(t, s).Query(t.Context(), "shop-prod", "x", now).Err()
		var failed *facts.Error
		if !errors.As(err, &failed) || failed.Needs != "logging.logEntries.list" || failed.Status != want {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
		if got := s.sent.Load(); got != 1 {
			t.Errorf("%s: %d requests, want 1", code, got)
		}
	}
}
