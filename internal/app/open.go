package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"plumbline/internal/chat"
	"plumbline/internal/chat/slack"
	"plumbline/internal/config"
	"plumbline/internal/fakecloud"
	"plumbline/internal/scenario"
	"plumbline/internal/service"
)

// Open makes the App that a Config describes: against Google's cloud, or against a
// fake one that serves a scenario's world when that is given. Messages go to Slack,
// or to stdout where no token is set.
func Open(ctx context.Context, cfg config.Config, world *scenario.Scenario, stdout io.Writer, log *slog.Logger) (*App, error) {
	notify, err := notifier(cfg, stdout, log)
	if err != nil {
		return nil, err
	}
	o := Options{Probe: cfg.Probe, CallTimeout: cfg.CallTimeout, Notify: notify, Now: time.Now, Log: log}
	if world == nil {
		return New(ctx, Google(), o)
	}
	cloud, err := fakecloud.Start(world.World, fakecloud.Options{Now: world.Now})
	if err != nil {
		return nil, fmt.Errorf("starting the fake cloud: %w", err)
	}
	log.InfoContext(ctx, "serving a fake cloud", slog.String("url", cloud.HTTP()), slog.String("address", cloud.HTTP()+fakecloud.AddressPath))
	began := time.Now()
	o.Probe = o.Probe || world.Probe
	o.Now = func() time.Time { return world.Now.Add(time.Since(began)) }
	a, err := New(ctx, Fake(cloud), o)
	if err != nil {
		cloud.Close()
		return nil, err
	}
	a.fake = cloud
	return a, nil
}

func notifier(cfg config.Config, stdout io.Writer, log *slog.Logger) (service.Notifier, error) {
	if cfg.SlackToken == "" {
		return &Terminal{W: stdout, PagesURL: cfg.PagesURL}, nil
	}
	return slack.New(slack.Config{
		Token: cfg.SlackToken, Channel: cfg.SlackChannel, APIURL: cfg.SlackAPIURL, Log: log, Look: chat.Options{PagesURL: cfg.PagesURL},
	})
}
