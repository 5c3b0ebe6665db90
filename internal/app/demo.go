package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	sdk "github.com/slack-go/slack"

	"plumbline/internal/chat"
	"plumbline/internal/chat/slack"
	"plumbline/internal/config"
	"plumbline/internal/fakecloud"
	fakeslack "plumbline/internal/fakecloud/slack"
	"plumbline/internal/scenario"
)

// demoScenarios are the two incidents that the project began with.
var demoScenarios = []string{
	"scenarios/control/http-load-balancing-disabled.txtar",
	"scenarios/health/redirect-to-https.txtar",
}

// A Demo is the whole product on one machine: a fake cloud, an in-process Pub/Sub, a
// Slack look-alike, and between them the real function with the vendors' clients.
type Demo struct {
	// app is the current incident's: each has a world and a store of its own, or the
	// second would resolve the first.
	app       *App
	log       *slog.Logger
	notify    *slack.Notifier
	scenarios []*scenario.Scenario
	now       *clock
	cloud     *fakecloud.Cloud
	slack     *fakeslack.Server
	topic     *topic
}

// NewDemo starts everything but the function, whose Handler the Demo is.
func NewDemo(ctx context.Context, files fs.FS, log *slog.Logger) (*Demo, error) {
	d := &Demo{now: &clock{}, log: log}
	for _, path := range demoScenarios {
		s, _, err := scenario.LoadFS(files, path, scenario.Options{Worlds: files})
		if err != nil {
			return nil, fmt.Errorf("loading the demo: %w", err)
		}
		d.scenarios = append(d.scenarios, s)
	}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Demo) start(ctx context.Context) (err error) {
	d.now.set(d.scenarios[0].Now)
	if d.cloud, err = fakecloud.Start(d.scenarios[0].World, fakecloud.Options{Now: d.scenarios[0].Now}); err != nil {
		return fmt.Errorf("starting the fake cloud: %w", err)
	}
	if d.slack, err = fakeslack.Start(fakeslack.Config{Now: d.now.read}); err != nil {
		return err
	}
	d.slack.ShowAt(http.HandlerFunc(d.page))
	if d.topic, err = newTopic(ctx); err != nil {
		return err
	}
	d.notify, err = slack.New(slack.Config{
		Token: fakeslack.DefaultToken, Channel: fakeslack.DefaultChannel, APIURL: d.slack.APIURL(), Log: d.log, Look: chat.Options{PagesURL: config.DefaultPagesURL},
	})
	return err
}

// Handle is the current incident's service.
func (d *Demo) Handle(ctx context.Context, entry []byte) error {
	return d.app.Service.Handle(ctx, entry)
}

// enter puts the cloud, the clock and a fresh service into a scenario's world.
func (d *Demo) enter(ctx context.Context, s *scenario.Scenario) error {
	d.cloud.SetWorld(s.World)
	d.now.set(s.Now)
	if d.app != nil {
		if err := d.app.Close(); err != nil {
			return err
		}
	}
	var err error
	d.app, err = New(ctx, Fake(d.cloud), Options{Probe: s.Probe, Notify: d.notify, Now: d.now.read, Log: d.log})
	return err
}

// Play publishes the log entries of each incident, and waits until the function,
// which takes pushes at the URL, has acknowledged them.
func (d *Demo) Play(ctx context.Context, pushURL string, w io.Writer) error {
	for _, s := range d.scenarios {
		if err := d.enter(ctx, s); err != nil {
			return fmt.Errorf("entering %q: %w", s.Title, err)
		}
		if _, err := fmt.Fprintf(w, "Publishing %s: %s\n", entries(len(s.Trigger)), s.Title); err != nil {
			return fmt.Errorf("writing to the terminal: %w", err)
		}
		if err := d.topic.deliver(ctx, s.Trigger, pushURL); err != nil {
			return fmt.Errorf("playing %q: %w", s.Title, err)
		}
	}
	return nil
}

func entries(n int) string {
	if n == 1 {
		return "1 log entry"
	}
	return fmt.Sprintf("%d log entries", n)
}

// PageURL is the page that shows the messages, for as long as the Demo runs.
func (d *Demo) PageURL() string { return d.slack.URL + "/" }

// Messages are what the Slack look-alike got, as a person reads it.
func (d *Demo) Messages() ([]string, error) {
	var texts []string
	for _, m := range d.slack.Messages() {
		shown := chat.Message{Text: m.Text}
		var err error
		if shown.Blocks, err = blocks(m.Blocks); err != nil {
			return nil, err
		}
		for _, r := range m.Replies {
			reply := chat.Reply{Text: r.Text}
			if reply.Blocks, err = blocks(r.Blocks); err != nil {
				return nil, err
			}
			shown.Thread = append(shown.Thread, reply)
		}
		texts = append(texts, strings.TrimRight(chat.Plain(shown), "\n"))
	}
	return texts, nil
}

func blocks(raw json.RawMessage) ([]sdk.Block, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var b sdk.Blocks
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("reading a posted message: %w", err)
	}
	return b.BlockSet, nil
}

func (d *Demo) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := chat.HTML(w, fakeslack.DefaultChannel, posts(d.slack.Messages())); err != nil {
		http.Error(w, "the page can't be shown: "+err.Error(), http.StatusInternalServerError)
	}
}

func posts(messages []fakeslack.Message) []chat.Post {
	list := make([]chat.Post, 0, len(messages))
	for _, m := range messages {
		list = append(list, chat.Post{At: m.At, Text: m.Text, Blocks: m.Blocks, Edited: len(m.Edits) > 0, Replies: posts(m.Replies)})
	}
	return list
}

// Close stops everything that was started.
func (d *Demo) Close() error {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Close())
	}
	if d.topic != nil {
		errs = append(errs, d.topic.close())
	}
	if d.slack != nil {
		errs = append(errs, d.slack.Close())
	}
	if d.cloud != nil {
		d.cloud.Close()
	}
	return errors.Join(errs...)
}

// A clock stands still until it is set.
type clock struct{ at atomicTime }

func (c *clock) set(t time.Time) { c.at.store(t) }

func (c *clock) read() time.Time { return c.at.load() }
