// Package chat writes the message that a person reads at 3 a.m.: cause first, then
// proof, who changed what, and the fix (chat-message.md). It stands after
// incident, which decides that something is said, and before chat/slack, which
// sends it. Rendering is pure: a Notice comes in, blocks within Slack's limits go
// out, and every value that came from outside is cleaned, redacted and escaped on
// the way.
package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/slack-go/slack"

	"plumbline/internal/incident"
)

// MetadataEvent is the event type of the metadata that every root message carries,
// so that a message that was perhaps posted can be found again (architecture.md
// §4.2).
const MetadataEvent = "plumbline_incident"

// Options say how messages look where they are read.
type Options struct {
	// PagesURL is where the causes' pages are, without a slash at the end; a cause is
	// not linked where it is empty.
	PagesURL string
	// Actions adds the buttons; without somebody who answers them they stay off.
	Actions bool
}

// A Message is what is said about one incident: the root message, and what goes
// into its thread. All text in it is Slack's mrkdwn, already escaped.
type Message struct {
	// Text is the fallback: push notification, screen reader, search.
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
	// Thread holds the replies that go with the root, in order.
	Thread   []Reply             `json:"thread,omitempty"`
	Metadata slack.SlackMetadata `json:"metadata"`
}

// A Reply is one message in the thread.
type Reply struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
}

// Render writes the message of a notice.
func Render(n incident.Notice, o Options) Message {
	w := writer{notice: n, options: o}
	var m Message
	switch {
	case n.Reason == incident.Resolved:
		m = w.resolved()
	case n.Finding != nil:
		m = w.broken(*n.Finding)
	default:
		m = w.unexplained()
	}
	m.Metadata = slack.SlackMetadata{
		EventType:    MetadataEvent,
		EventPayload: map[string]any{"key": string(n.Incident.Key), "generation": n.Incident.Generation},
	}
	return m
}

// Digest identifies the root message's body: two messages with the same one look
// the same in the channel.
func (m Message) Digest() (string, error) {
	body, err := json.Marshal(struct {
		Text   string
		Blocks []slack.Block
	}{m.Text, m.Blocks})
	if err != nil {
		return "", fmt.Errorf("hashing the message %q: %w", m.Text, err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// A writer renders one notice.
type writer struct {
	notice  incident.Notice
	options Options
}

func (w writer) message(r root, thread []Reply) Message {
	r.fit()
	return Message{Text: r.text, Blocks: r.blocks(), Thread: thread}
}
