package functions

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const published = `{"insertId":"1f3kq9"}`

// binary is a CloudEvent's body in binary mode; a plain push has the same one
// without the event's headers (gcp-facts.md §1.3).
const binary = `{
  "message": {
    "attributes": {"logging.googleapis.com/timestamp": "2026-11-20T10:15:30.123456789Z"},
    "data": "eyJpbnNlcnRJZCI6IjFmM2txOSJ9",
    "messageId": "3103425958877813",
    "message_id": "3103425958877813",
    "publishTime": "2026-11-20T10:15:31.004Z",
    "publish_time": "2026-11-20T10:15:31.004Z"
  },
  "subscription": "projects/shop-prod/subscriptions/eventarc-europe-west1-plumbline-sub-123",
  "deliveryAttempt": 2
}`

const structuredBody = `{"specversion":"1.0","type":"google.cloud.pubsub.topic.v1.messagePublished",
 "source":"//pubsub.googleapis.com/projects/shop-prod/topics/log-entries","id":"3103425958877813",
 "time":"2026-11-20T10:15:31.004Z","datacontenttype":"application/json",
 "data":{"subscription":"projects/shop-prod/subscriptions/plumbline",
  "message":{"attributes":{"logging.googleapis.com/timestamp":"2026-11-20T10:15:30.123456789Z"},
             "data":"eyJpbnNlcnRJZCI6IjFmM2txOSJ9","messageId":"3103425958877813",
             "publishTime":"2026-11-20T10:15:31.004Z","orderingKey":"shop"}}}`

func eventHeaders() map[string]string {
	return map[string]string{
		"Content-Type": "application/json", "ce-specversion": "1.0", "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
		"ce-source": "//pubsub.googleapis.com/projects/shop-prod/topics/log-entries", "ce-id": "3103425958877813", "ce-time": "2026-11-20T10:15:31.004Z",
	}
}

func delivery(t *testing.T, body string, headers map[string]string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	return r
}

func TestDecodeReadsAllThreeShapes(t *testing.T) {
	want := Message{
		ID: "3103425958877813", Data: []byte(published),
		Attributes: map[string]string{"logging.googleapis.com/timestamp": "2026-11-20T10:15:30.123456789Z"},
	}
	for _, tt := range []struct {
		name, body string
		headers    map[string]string
	}{
		{"binary CloudEvent", binary, eventHeaders()},
		{"structured CloudEvent", structuredBody, map[string]string{"Content-Type": "application/cloudevents+json; charset=utf-8"}},
		{"plain push", binary, map[string]string{"Content-Type": "application/json"}},
		{"plain push without content type", binary, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(httptest.NewRecorder(), delivery(t, tt.body, tt.headers))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeSaysThatABodyIsNoMessage(t *testing.T) {
	for _, tt := range []struct {
		name, body, contentType, id string
	}{
		{"empty", "", "application/json", ""},
		{"cut off", binary[:120], "application/json", ""},
		{"an unwrapped push", published, "application/json", ""},
		{"a null message", `{"message":null}`, "application/json", ""},
		{"another type of field", `{"message":"text"}`, "application/json", ""},
		{"a structured event cut off", structuredBody[:200], "application/cloudevents+json", ""},
		{"a structured event without data", `{"specversion":"1.0","id":"1"}`, "application/cloudevents+json", ""},
		{"wrong base64", `{"message":{"messageId":"77","data":"{\"insertId\":\"x\"}"}}`, "application/json", "77"},
		{"URL-safe base64 without padding", `{"message":{"messageId":"78","data":"_-8"}}`, "application/json", "78"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(httptest.NewRecorder(), delivery(t, tt.body, map[string]string{"Content-Type": tt.contentType}))
			var bad *BodyError
			if !errors.As(err, &bad) {
				t.Fatalf("error %v, want a *BodyError", err)
			}
			if errors.Unwrap(bad) == nil || !strings.HasPrefix(err.Error(), "reading the Pub/Sub message: ") {
				t.Errorf("the error %q doesn't say what was being done, or hides the decoder's", err)
			}
			if got.ID != tt.id {
				t.Errorf("message ID %q, want %q", got.ID, tt.id)
			}
		})
	}
}

func TestDecodeTakesAMessageWithoutData(t *testing.T) {
	got, err := Decode(httptest.NewRecorder(), delivery(t, `{"message":{"messageId":"79","attributes":{"kind":"tick"}}}`, nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Message{ID: "79", Data: []byte{}, Attributes: map[string]string{"kind": "tick"}}, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestDecodeEndsAtTheLimit(t *testing.T) {
	head, tail := `{"message":{"messageId":"80","data":"`, `"}}`
	room := maxBody - len(head) - len(tail)
	room -= room % 4
	largest := head + strings.Repeat("A", room) + tail
	got, err := Decode(httptest.NewRecorder(), delivery(t, largest, nil))
	if err != nil {
		t.Fatalf("%d bytes: %v", len(largest), err)
	}
	if want := base64.StdEncoding.DecodedLen(room); len(got.Data) != want {
		t.Errorf("%d bytes of data, want %d", len(got.Data), want)
	}
	_, err = Decode(httptest.NewRecorder(), delivery(t, largest+strings.Repeat(" ", maxBody), nil))
	var bad *BodyError
	var tooLarge *http.MaxBytesError
	if !errors.As(err, &bad) || !errors.As(err, &tooLarge) {
		t.Errorf("error %v, want a *BodyError that wraps *http.MaxBytesError", err)
	}
}

// A broken connection is worth another delivery, so it isn't the body's fault.
func TestDecodeTellsABrokenConnectionFromABrokenBody(t *testing.T) {
	r := delivery(t, "", nil)
	r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
	_, err := Decode(httptest.NewRecorder(), r)
	var bad *BodyError
	if err == nil || errors.As(err, &bad) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want the connection's own", err)
	}
}
