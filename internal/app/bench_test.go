package app

import (
	"log/slog"
	"testing"
	"time"

	"plumbline/internal/fakecloud"
	"plumbline/internal/meter"
	"plumbline/internal/scenario"
)

// BenchmarkHandle takes one log entry from bytes to a posted message, over the wire
// against a fake cloud in the same process.
func BenchmarkHandle(b *testing.B) {
	for _, path := range demoScenarios {
		b.Run(name("../../testdata/"+path), func(b *testing.B) {
			s, _, err := scenario.Load("../../testdata/"+path, scenario.Options{})
			if err != nil {
				b.Fatal(err)
			}
			cloud, err := fakecloud.Start(s.World, fakecloud.Options{Now: s.Now})
			if err != nil {
				b.Fatal(err)
			}
			defer cloud.Close()
			a, err := New(b.Context(), Fake(cloud), Options{Probe: true, Notify: silent{}, Now: func() time.Time { return s.Now }, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			defer a.Close() //nolint:errcheck // nothing was written
			var calls, rounds int
			b.ReportAllocs()
			for b.Loop() {
				count := &meter.Meter{}
				if err := a.Service.Handle(meter.With(b.Context(), count), s.Trigger[0]); err != nil {
					b.Fatal(err)
				}
				calls, rounds = count.Calls(), count.Rounds()
			}
			b.ReportMetric(float64(calls), "calls/op")
			b.ReportMetric(float64(rounds), "rounds/op")
		})
	}
}
