package functions

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// messagePublished is the type of Pub/Sub's CloudEvents.
const messagePublished = "google.cloud.pubsub.topic.v1.messagePublished"

// maxBody is above what Pub/Sub can deliver: 10 MB of data, in base64.
const maxBody = 16 << 20

// A Message is one Pub/Sub message.
type Message struct {
	ID         string
	Data       []byte
	Attributes map[string]string
}

// A BodyError says that a request carries no Pub/Sub message that can be read:
// trying again won't help.
type BodyError struct{ Err error }

func (e *BodyError) Error() string { return fmt.Sprintf("reading the Pub/Sub message: %v", e.Err) }

// Unwrap returns the decoder's error.
func (e *BodyError) Unwrap() error { return e.Err }

// pushed is the body of a push, of a binary CloudEvent, and the data of a
// structured one (gcp-facts.md §1.3).
type pushed struct {
	Message *struct {
		// Data stays text here, so that broken base64 doesn't hide the message's ID.
		Data       string            `json:"data"`
		MessageID  string            `json:"messageId"`
		Attributes map[string]string `json:"attributes"`
	} `json:"message"`
}

// Decode reads the message of a CloudEvent `google.cloud.pubsub.topic.v1.messagePublished`,
// binary or structured, or of a plain wrapped push. An error is a *BodyError, or
// the connection's own. The Message has what could be read in any case.
func Decode(w http.ResponseWriter, r *http.Request) (Message, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return Message{}, &BodyError{err}
	case err != nil:
		return Message{}, fmt.Errorf("reading the delivery: %w", err)
	}
	eventType := r.Header.Get("Ce-Type")
	if structured(r) {
		var event struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		if err = json.Unmarshal(body, &event); err != nil {
			return Message{}, &BodyError{err}
		}
		body, eventType = event.Data, event.Type
	}
	if eventType != "" && eventType != messagePublished {
		return Message{}, &BodyError{fmt.Errorf("a CloudEvent of type %q; want %s", eventType, messagePublished)}
	}
	var p pushed
	if err = json.Unmarshal(body, &p); err != nil {
		return Message{}, &BodyError{err}
	}
	if p.Message == nil {
		return Message{}, &BodyError{errors.New("no field `message`; an unwrapped push can't be told from other requests")}
	}
	m := Message{ID: p.Message.MessageID, Attributes: p.Message.Attributes}
	if m.Data, err = base64.StdEncoding.DecodeString(p.Message.Data); err != nil {
		return m, &BodyError{err}
	}
	return m, nil
}

func structured(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && strings.HasPrefix(kind, "application/cloudevents")
}
