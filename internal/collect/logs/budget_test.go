package logs_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"plumbline/internal/collect/logs"
	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

// A clock stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func wantStatus(t *testing.T, err error, want string) {
	t.Helper()
	var failed *facts.Error
	if !errors.As(err, &failed) || failed.Needs != "logging.logEntries.list" || failed.Status != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func empty(*loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
	return &loggingpb.ListLogEntriesResponse{}, nil
}

func TestAMinuteHasNoMoreRequestsThanTheBudget(t *testing.T) {
	t.Parallel()
	s, c := &server{list: empty}, &clock{now: now}
	r := serveWithin(t, s, logs.Config{Now: c.Now, PerMinute: 3})
	ask := func() error { return r.Query(t.Context(), "shop-prod", "x", now).Err() }
	for range 3 {
		if err := r.Query(t.Context(), "shop-prod", "x", now).Err(); err != nil {
			t.Fatal(err)
		}
		c.move(10 * time.Second)
	}
	wantStatus(t, ask(), "not asked, after 3 log queries in a minute, next try in 30 s")
	if err := r.Query(t.Context(), "shop-test", "x", now).Err(); err != nil {
		t.Errorf("another project has its own budget: %v", err)
	}
	c.move(30*time.Second - time.Nanosecond)
	wantStatus(t, ask(), "not asked, after 3 log queries in a minute, next try in 1 s")
	c.move(time.Nanosecond)
	if err := r.Query(t.Context(), "shop-prod", "x", now).Err(); err != nil {
		t.Errorf("the first request is a minute ago: %v", err)
	}
	wantStatus(t, ask(), "not asked, after 3 log queries in a minute, next try in 10 s")
	if got := s.sent.Load(); got != 5 {
		t.Errorf("%d requests, want 5", got)
	}
}

func TestARequestThatIsNotSentCostsNothing(t *testing.T) {
	t.Parallel()
	s := &server{list: empty}
	r := serveWithin(t, s, logs.Config{Now: func() time.Time { return now }, PerMinute: 1})
	var count meter.Meter
	ctx := meter.Chain(meter.With(t.Context(), &count))
	for range 3 {
		_ = r.Query(ctx, "shop-prod", "x", now)
	}
	if count.Calls() != 1 || s.sent.Load() != 1 {
		t.Errorf("calls = %d, requests = %d, want 1, 1", count.Calls(), s.sent.Load())
	}
}

func TestABudgetWithoutBoundRefusesNothing(t *testing.T) {
	t.Parallel()
	s := &server{list: empty}
	r := serveWithin(t, s, logs.Config{Now: func() time.Time { return now }, PerMinute: -1})
	for range 100 {
		if err := r.Query(t.Context(), "shop-prod", "x", now).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThePageThatWasReadStaysWhenTheNextCannotBe(t *testing.T) {
	t.Parallel()
	for want, second := range map[string]error{
		"not asked, after 1 log queries in a minute, next try in 60 s": nil,
		"503 UNAVAILABLE": status.Error(codes.Unavailable, "no"),
	} {
		s := &server{list: func(req *loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
			if req.GetPageToken() != "" {
				return nil, second
			}
			return &loggingpb.ListLogEntriesResponse{NextPageToken: "two", Entries: []*loggingpb.LogEntry{{InsertId: "a", Timestamp: timestamppb.New(now)}}}, nil
		}}
		perMinute := 10
		if second == nil {
			perMinute = 1
		}
		got := serveWithin(t, s, logs.Config{Now: func() time.Time { return now }, PerMinute: perMinute}).Query(t.Context(), "shop-prod", "x", now)
		wantStatus(t, got.Err(), want)
		if entries, ok := got.Get(); !ok || len(entries) != 1 || !got.Lacks(logs.LacksOlder) || got.Known() {
			t.Errorf("entries = %s, %t, lacks older %t", entries, ok, got.Lacks(logs.LacksOlder))
		}
	}
}

func TestAnEntryThatCannotBeReadLosesThePage(t *testing.T) {
	t.Parallel()
	s := &server{list: func(*loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
		return &loggingpb.ListLogEntriesResponse{Entries: []*loggingpb.LogEntry{{InsertId: "without a time"}}}, nil
	}}
	got := serve(t, s).Query(t.Context(), "shop-prod", "x", now)
	if _, ok := got.Get(); ok || got.Err() == nil {
		t.Errorf("found %t, error %v", ok, got.Err())
	}
}

func exhausted(t *testing.T, delay time.Duration) error {
	t.Helper()
	s := status.New(codes.ResourceExhausted, "quota exceeded")
	if delay > 0 {
		var err error
		if s, err = s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}); err != nil {
			t.Fatal(err)
		}
	}
	return s.Err()
}

func TestAProjectThatSaid429IsLeftAlone(t *testing.T) {
	t.Parallel()
	answer := exhausted(t, 42*time.Second)
	s, c := &server{}, &clock{now: now}
	s.list = func(*loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
		return &loggingpb.ListLogEntriesResponse{}, answer
	}
	r := serveWithin(t, s, logs.Config{Now: c.Now})
	wantStatus(t, r.Query(t.Context(), "shop-prod", "x", now).Err(), "429 RESOURCE_EXHAUSTED")
	wantStatus(t, r.Query(t.Context(), "shop-prod", "x", now).Err(), "429 RESOURCE_EXHAUSTED, next try in 42 s")
	c.move(40 * time.Second)
	wantStatus(t, r.Query(t.Context(), "shop-prod", "x", now).Err(), "429 RESOURCE_EXHAUSTED, next try in 2 s")
	if got := s.sent.Load(); got != 1 {
		t.Fatalf("%d requests while backing off, want 1", got)
	}
	answer = nil
	if err := r.Query(t.Context(), "shop-test", "x", now).Err(); err != nil {
		t.Errorf("another project: %v", err)
	}
	c.move(2 * time.Second)
	if err := r.Query(t.Context(), "shop-prod", "x", now).Err(); err != nil {
		t.Errorf("after the back-off: %v", err)
	}
}

func TestManyQueriesAtOnceStayWithinTheBudget(t *testing.T) {
	t.Parallel()
	s := &server{list: empty}
	r := serveWithin(t, s, logs.Config{Now: func() time.Time { return now }, PerMinute: 5})
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() { _ = r.Query(t.Context(), "shop-prod", fmt.Sprint("x", i), now) })
	}
	all.Wait()
	if got := s.sent.Load(); got != 5 {
		t.Errorf("%d requests, want 5", got)
	}
}

func TestTheClockIsRequired(t *testing.T) {
	t.Parallel()
	if _, err := logs.New(t.Context(), logs.Config{}); err == nil {
		t.Error("a budget without a clock")
	}
}
