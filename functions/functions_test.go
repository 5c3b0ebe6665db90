package functions

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"plumbline/internal/service"
	"plumbline/internal/signal"
)

// handler is a service that a test plays.
type handler func(ctx context.Context, entry []byte) error

func (h handler) Handle(ctx context.Context, entry []byte) error { return h(ctx, entry) }

// A function is a Diagnoser behind a real HTTP server, and what it logs.
type function struct {
	url  string
	logs *bytes.Buffer
}

func serve(t *testing.T, s Handler) function {
	t.Helper()
	f := function{logs: &bytes.Buffer{}}
	d := &Diagnoser{Service: s, Deadline: time.Minute, Log: slog.New(slog.NewJSONHandler(f.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	server := httptest.NewUnstartedServer(http.HandlerFunc(d.ServeHTTP))
	// The server tells of a panic; that belongs to no test's output.
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// deliver returns the status that Pub/Sub would see.
func (f function) deliver(t *testing.T, body string) int {
	t.Helper()
	status, err := f.post(t, body)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func (f function) post(t *testing.T, body string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// logged are the records of a level.
func (f function) logged(t *testing.T, level slog.Level) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(f.logs.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("reading the log line %q: %v", line, err)
		}
		if record["level"] == level.String() {
			all = append(all, record)
		}
	}
	return all
}

// oneError is the only error record; there must be exactly one.
func (f function) oneError(t *testing.T) map[string]any {
	t.Helper()
	all := f.logged(t, slog.LevelError)
	if len(all) != 1 {
		t.Fatalf("%d error records, want one:\n%s", len(all), f.logs)
	}
	return all[0]
}

func push(entry string) string {
	return fmt.Sprintf(`{"message":{"messageId":"3103425958877813","data":%q}}`, base64.StdEncoding.EncodeToString([]byte(entry)))
}

func TestStatusFollowsTheOutcome(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		status int
		level  slog.Level
	}{
		{"handled", nil, http.StatusNoContent, 0},
		{"not ours", fmt.Errorf("%w: audit of sqladmin", signal.ErrIgnored), http.StatusNoContent, slog.LevelDebug},
		{"can't be parsed", service.Unparsable("1f3kq9", errors.New("it has no resource")), http.StatusNoContent, slog.LevelError},
		{"nothing readable", &service.CollectError{Err: errors.New("503")}, http.StatusInternalServerError, slog.LevelWarn},
		{"deadline", context.DeadlineExceeded, http.StatusInternalServerError, slog.LevelWarn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []byte
			f := serve(t, handler(func(_ context.Context, entry []byte) error {
				got = entry
				return tt.err
			}))
			if status := f.deliver(t, push(published)); status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			if string(got) != published {
				t.Errorf("the service got %q, want %q", got, published)
			}
			if tt.err == nil {
				if f.logs.Len() > 0 {
					t.Errorf("a handled delivery logs:\n%s", f.logs)
				}
				return
			}
			records := f.logged(t, tt.level)
			if len(records) != 1 || strings.Count(f.logs.String(), "\n") != 1 {
				t.Fatalf("want one record, at level %s:\n%s", tt.level, f.logs)
			}
			if records[0]["message_id"] != "3103425958877813" {
				t.Errorf("message_id %v", records[0]["message_id"])
			}
		})
	}
}

func TestAnErrorsTextStaysInTheLog(t *testing.T) {
	d := &Diagnoser{
		Service:  handler(func(context.Context, []byte) error { return errors.New("reading clusters of shop-prod: 503") }),
		Deadline: time.Minute, Log: slog.New(slog.DiscardHandler),
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, delivery(t, push(published), nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "shop-prod") {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}

func TestBodiesThatAreNoMessageAreAcknowledged(t *testing.T) {
	for _, tt := range []struct{ name, body, id string }{
		{"wrong base64", `{"message":{"messageId":"77","data":"%%%"}}`, "77"},
		{"truncated JSON", binary[:200], ""},
		{"no message", published, ""},
		{"more than Pub/Sub delivers", `{"message":{"data":"` + strings.Repeat("A", maxBody+1-20), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, handler(func(context.Context, []byte) error {
				t.Error("the service was called")
				return nil
			}))
			if status := f.deliver(t, tt.body); status != http.StatusNoContent {
				t.Errorf("status %d, want 204", status)
			}
			record := f.oneError(t)
			if record["message_id"] != tt.id {
				t.Errorf("message_id %v, want %q", record["message_id"], tt.id)
			}
			if text, _ := record["error"].(string); text == "" || len(text) > 500 {
				t.Errorf("the record's error is %q", text)
			}
		})
	}
}

// An entry that can't be parsed is told of once, with its insertId, by the real
// service: nothing is collected for it.
func TestAnUnparsableEntryIsLoggedWithItsInsertID(t *testing.T) {
	const health = `{"insertId":"o5c4o6sdjxpiad","logName":"projects/shop-prod/logs/compute.googleapis.com%2Fhealthchecks",`
	for _, tt := range []struct{ name, entry, id string }{
		{"cut off", health + `"jsonPayload":{"healthCheckProbeResult":{"healthState":"UNHEAL`, "o5c4o6sdjxpiad"},
		{"without identity", health + `"resource":{"type":"gce_network_endpoint_group"},"jsonPayload":{"healthCheckProbeResult":{}}}`, "o5c4o6sdjxpiad"},
		{"no JSON", "sweep please", ""},
		{"empty", "", ""},
		{"another sort of JSON", `["insertId"]`, ""},
		{"not UTF-8", "{\"insertId\":\"\xff\xfe", ""},
		{"deep", strings.Repeat("[", 200_000), ""},
		{"more than an entry can have", `{"insertId":"1gx2","textPayload":"` + strings.Repeat("x", 2<<20) + `"}`, "1gx2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, &service.Service{})
			if status := f.deliver(t, push(tt.entry)); status != http.StatusNoContent {
				t.Errorf("status %d, want 204", status)
			}
			record := f.oneError(t)
			if record["insert_id"] != tt.id {
				t.Errorf("insert_id %v, want %q", record["insert_id"], tt.id)
			}
			if text, _ := record["error"].(string); len(text) > 500 {
				t.Errorf("the record's error has %d characters", len(text))
			}
		})
	}
}

// 300 kB are within what an audit entry may have: it reaches the service whole.
func TestALargeEntryIsHandled(t *testing.T) {
	entry := `{"insertId":"1f3kq9","textPayload":"` + strings.Repeat("x", 300_000) + `"}`
	var got string
	f := serve(t, handler(func(_ context.Context, e []byte) error {
		got = string(e)
		return nil
	}))
	if status := f.deliver(t, push(entry)); status != http.StatusNoContent {
		t.Errorf("status %d, want 204", status)
	}
	if got != entry {
		t.Errorf("the service got %d bytes that differ from the %d published", len(got), len(entry))
	}
	if f.logs.Len() > 0 {
		t.Errorf("it logs:\n%s", f.logs)
	}
}

func TestOnlyPostDelivers(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		d := &Diagnoser{Service: handler(func(context.Context, []byte) error {
			t.Error("the service was called")
			return nil
		}), Deadline: time.Minute, Log: slog.New(slog.DiscardHandler)}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(push(published))))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: status %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestTheDeadlineIsTheConfigured(t *testing.T) {
	for _, limit := range []time.Duration{time.Minute, time.Hour} {
		began := time.Now()
		d := &Diagnoser{Service: handler(func(ctx context.Context, _ []byte) error {
			until, ok := ctx.Deadline()
			if !ok || until.Before(began.Add(limit)) || until.After(time.Now().Add(limit)) {
				t.Errorf("the service has until %s, want %s from %s", until, limit, began)
			}
			return nil
		}), Deadline: limit, Log: slog.New(slog.DiscardHandler)}
		d.ServeHTTP(httptest.NewRecorder(), delivery(t, push(published), nil))
	}
}

// A panic, which would be our mistake, doesn't acknowledge the message and doesn't
// end the server.
func TestAPanicIsNoAcknowledgement(t *testing.T) {
	calls := 0
	f := serve(t, handler(func(context.Context, []byte) error {
		if calls++; calls == 1 {
			panic("a mistake of ours")
		}
		return nil
	}))
	if status, err := f.post(t, push(published)); err == nil && status/100 == 2 {
		t.Errorf("status %d after a panic", status)
	}
	if status := f.deliver(t, push(published)); status != http.StatusNoContent {
		t.Errorf("status %d after the panic's delivery, want 204", status)
	}
}
