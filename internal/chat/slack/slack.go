// Package slack sends messages to Slack with the vendor's client. It is the thin
// end of chat: Render decides what is said, this package posts it, updates it and
// tells which errors are worth another try. It stands behind service, which knows
// it as its Notifier.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"plumbline/internal/chat"
	"plumbline/internal/incident"
)

// A Config says where messages go and how they look.
type Config struct {
	// Token is a bot token (xoxb-…) with the scope chat:write.
	Token string
	// Channel is a name or an ID.
	Channel string
	// APIURL replaces Slack's own, for a look-alike.
	APIURL string
	// HTTPClient is used where it is given; otherwise one with a 10 s time limit.
	HTTPClient *http.Client
	Log        *slog.Logger
	Look       chat.Options
}

// A Notifier posts to one channel. It is safe for concurrent use.
type Notifier struct {
	client  *slack.Client
	channel string
	look    chat.Options
	log     *slog.Logger
	// wait is how a refused reply waits for its second try.
	wait func(ctx context.Context, d time.Duration) error
}

// New checks the configuration; it calls nobody.
func New(c Config) (*Notifier, error) {
	var wrong []error
	if c.Token == "" {
		wrong = append(wrong, errors.New("no bot token"))
	}
	if c.Channel == "" {
		wrong = append(wrong, errors.New("no channel"))
	}
	if c.Log == nil {
		wrong = append(wrong, errors.New("no logger"))
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("setting up Slack: %w", errors.Join(wrong...))
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	options := []slack.Option{slack.OptionHTTPClient(c.HTTPClient)}
	if c.APIURL != "" {
		options = append(options, slack.OptionAPIURL(strings.TrimSuffix(c.APIURL, "/")+"/"))
	}
	return &Notifier{client: slack.New(c.Token, options...), channel: c.Channel, look: c.Look, log: c.Log, wait: sleep}, nil
}

// Notify says a notice: a new message with its thread, or, where the incident has
// one, an update of it and one reply. A message that would look as before is left
// alone. The error is a *PermanentError or a *RetryableError.
func (n *Notifier) Notify(ctx context.Context, notice incident.Notice) (incident.Posted, error) {
	m := chat.Render(notice, n.look)
	digest, err := m.Digest()
	if err != nil {
		return incident.Posted{}, &PermanentError{Err: err}
	}
	before := notice.Incident.Posted
	if before == nil {
		return n.post(ctx, m, digest)
	}
	if before.Digest == digest {
		return *before, nil
	}
	after := incident.Posted{Channel: before.Channel, TS: before.TS, Digest: digest}
	err = n.update(ctx, *before, m)
	if code(err) == "message_not_found" {
		n.log.WarnContext(ctx, "message to update was deleted", slog.String("channel", before.Channel), slog.String("ts", before.TS))
		if notice.Reason == incident.Resolved {
			return after, nil
		}
		return n.post(ctx, m, digest)
	}
	if err != nil {
		return *before, classify(fmt.Errorf("updating message %s in channel %s: %w", before.TS, before.Channel, err))
	}
	n.reply(ctx, after, news(notice, m))
	return after, nil
}

// news is the one reply that goes with an update.
func news(notice incident.Notice, m chat.Message) []chat.Reply {
	if notice.Reason == incident.Resolved {
		return m.Thread
	}
	return []chat.Reply{{Text: m.Text}}
}

func (n *Notifier) post(ctx context.Context, m chat.Message, digest string) (incident.Posted, error) {
	channel, ts, err := n.send(ctx, m.Text, chat.Short(m), m.Blocks, func(body slack.MsgOption) (string, string, error) {
		return n.client.PostMessageContext(ctx, n.channel, body, slack.MsgOptionMetadata(m.Metadata), quiet())
	})
	if err != nil {
		return incident.Posted{}, classify(fmt.Errorf("posting to channel %s: %w", n.channel, err))
	}
	posted := incident.Posted{Channel: channel, TS: ts, Digest: digest}
	n.reply(ctx, posted, m.Thread)
	return posted, nil
}

func (n *Notifier) update(ctx context.Context, at incident.Posted, m chat.Message) error {
	_, _, err := n.send(ctx, m.Text, chat.Short(m), m.Blocks, func(body slack.MsgOption) (string, string, error) {
		channel, ts, _, err := n.client.UpdateMessageContext(ctx, at.Channel, at.TS, body, slack.MsgOptionMetadata(m.Metadata), quiet())
		return channel, ts, err
	})
	return err
}

// reply adds to the thread. The alert is out by then: a reply that fails is logged,
// since failing the whole would post the alert again.
func (n *Notifier) reply(ctx context.Context, at incident.Posted, replies []chat.Reply) {
	for i, r := range replies {
		try := func() error {
			_, _, err := n.send(ctx, r.Text, chat.ShortReply(r), r.Blocks, func(body slack.MsgOption) (string, string, error) {
				return n.client.PostMessageContext(ctx, at.Channel, body, slack.MsgOptionTS(at.TS), quiet())
			})
			return err
		}
		err := try()
		var limited *slack.RateLimitedError
		if errors.As(err, &limited) && n.wait(ctx, limited.RetryAfter) == nil {
			err = try()
		}
		if err != nil {
			n.log.WarnContext(ctx, "thread incomplete", slog.String("channel", at.Channel), slog.String("ts", at.TS),
				slog.Int("replies_missing", len(replies)-i), slog.String("error", err.Error()))
			return
		}
	}
}

// send tries with blocks, and once as plain text where Slack refuses the blocks: an
// alert is never lost to formatting (chat-message.md, Rules).
func (n *Notifier) send(ctx context.Context, text, plain string, blocks []slack.Block, do func(body slack.MsgOption) (channel, ts string, err error)) (string, string, error) {
	channel, ts, err := do(slack.MsgOptionCompose(slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...)))
	if !formatting[code(err)] {
		return channel, ts, err
	}
	n.log.ErrorContext(ctx, "blocks refused, sending plain text", slog.String("error", details(err)), slog.String("text", text))
	return do(slack.MsgOptionCompose(slack.MsgOptionText(plain, false), slack.MsgOptionBlocks()))
}

// quiet lets Slack make no previews, links or mentions of its own.
func quiet() slack.MsgOption {
	return slack.MsgOptionCompose(
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(), slack.MsgOptionParse(false), slack.MsgOptionLinkNames(false),
	)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
