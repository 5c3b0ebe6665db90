package app

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"plumbline/internal/fakecloud"
	"plumbline/internal/meter"
	"plumbline/internal/scenario"
	"plumbline/testdata"
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
			a, err := New(b.Context(), Fake(cloud), Options{Probe: true, ShareFor: -1, Notify: silent{}, Now: func() time.Time { return s.Now }, Log: slog.New(slog.DiscardHandler)})
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

// BenchmarkLatency diagnoses with every answer of the cloud 100 ms late, as
// `replay --latency 100ms` does: one backend service, and three in three zones. A tool
// that reads one thing after the other would take as many times 100 ms as there are
// calls.
func BenchmarkLatency(b *testing.B) {
	const latency = 100 * time.Millisecond
	for _, path := range []string{"healthy/external-neg.storefront", "healthy/three-backends-three-zones", "health/redirect-to-https"} {
		b.Run(path, func(b *testing.B) {
			s, _, err := scenario.Load("../../testdata/scenarios/"+path+".txtar", scenario.Options{Worlds: testdata.FS})
			if err != nil {
				b.Fatal(err)
			}
			var out Replay
			var total int64
			for b.Loop() {
				if out, err = Run(b.Context(), s, latency); err != nil || len(out.Differences) > 0 {
					b.Fatal(errors.Join(err), out.Differences)
				}
				total += out.Timing.ElapsedMS
			}
			b.ReportMetric(float64(out.Timing.Calls), "calls")
			b.ReportMetric(float64(out.Timing.Rounds), "rounds")
			b.ReportMetric(float64(total)/float64(b.N), "ms/diagnosis")
		})
	}
}
