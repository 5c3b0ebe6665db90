package bigworld_test

import (
	"context"
	"log/slog"
	"testing"

	"plumbline/internal/app"
	"plumbline/internal/engine"
	"plumbline/internal/fakecloud"
	"plumbline/internal/fakecloud/bigworld"
	"plumbline/internal/incident"
	"plumbline/internal/signal"
)

// mute says nothing to anybody.
type mute struct{}

func (mute) Notify(context.Context, incident.Notice) (incident.Posted, error) {
	return incident.Posted{}, nil
}

func TestEveryIngressIsHealthy(t *testing.T) {
	t.Parallel()
	cloud, err := fakecloud.Start(bigworld.World(12, 4), fakecloud.Options{Now: bigworld.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	a, err := app.New(t.Context(), app.Fake(cloud), app.Options{Probe: true, Notify: mute{}, Now: bigworld.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	for _, i := range []int{0, 5, 11} {
		target := bigworld.Target(i)
		diagnoses, err := a.Service.Diagnose(t.Context(), []signal.Signal{{Kind: signal.Manual, At: bigworld.Now(), Target: target}})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range diagnoses {
			if d.Verdict != engine.Healthy || d.Target != target || len(d.Gaps) > 0 {
				t.Errorf("%v: %v: %s, gaps %v", d.Target, d.Verdict, d.Reason, d.Gaps)
			}
		}
		if len(diagnoses) != 1 {
			t.Errorf("%d diagnoses, want 1", len(diagnoses))
		}
	}
}
