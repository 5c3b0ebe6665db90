package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/incident"
	"plumbline/internal/meter"
	"plumbline/internal/report"
	"plumbline/internal/scenario"
	"plumbline/internal/service"
	"plumbline/internal/signal"
)

// A Replay is what a scenario led to.
type Replay struct {
	report.Scenario
	// Notices are what would be said of the diagnoses, in their order; for a timeline,
	// what was said.
	Notices []incident.Notice
	// Diagnoses are the reports' own.
	Diagnoses []engine.Diagnosis
	// Costs are those of each diagnosis, in their order.
	Costs []Cost
	// Differences say which expectations didn't hold, a line each.
	Differences []string
}

// A Cost is what one diagnosis took: calls and rounds, and what they may depend on,
// the backend groups and pods asked.
type Cost struct{ Calls, Rounds, Groups, Probes int }

// Unreadable is the outcome of a scenario that can't be read.
func Unreadable(path string, err error) Replay {
	return Replay{Scenario: report.Scenario{Scenario: path, Error: err.Error(), Reports: []report.Report{}}}
}

// Run replays one scenario: the real clients read a fake cloud over the wire that
// serves its world, and its world after the fix. latency delays every API answer.
// The error is for a scenario that can't be run at all.
func Run(ctx context.Context, s *scenario.Scenario, latency time.Duration) (Replay, error) {
	r := Replay{Scenario: report.Scenario{Scenario: s.Path, Reports: []report.Report{}}}
	if s.Timeline != nil {
		return r, r.timeline(ctx, s, latency)
	}
	first, err := diagnose(ctx, s, s.World, latency)
	if err != nil {
		return r, err
	}
	r.add(first.diagnoses, s.Now)
	r.Timing, r.Costs = first.timing, first.costs
	r.Differences = report.Differences(r.Reports, s.Expect)
	if s.After == nil {
		return r, nil
	}
	after, err := diagnose(ctx, s, s.After, latency)
	if err != nil {
		return r, fmt.Errorf("replaying the world after the fix: %w", err)
	}
	r.Costs = append(r.Costs, after.costs...)
	expect := s.ExpectAfter
	if expect == nil {
		expect = &scenario.Expect{Verdict: string(engine.Healthy)}
	}
	for _, d := range report.Differences(reportsOf(after.diagnoses), expect) {
		r.Differences = append(r.Differences, "after: "+d)
	}
	return r, nil
}

func (r *Replay) add(diagnoses []engine.Diagnosis, now time.Time) {
	r.Diagnoses = append(r.Diagnoses, diagnoses...)
	r.Reports = append(r.Reports, reportsOf(diagnoses)...)
	for _, d := range diagnoses {
		r.Notices = append(r.Notices, incident.Notices(d, now)...)
	}
}

func reportsOf(diagnoses []engine.Diagnosis) []report.Report {
	reports := make([]report.Report, 0, len(diagnoses))
	for _, d := range diagnoses {
		reports = append(reports, report.Of(d))
	}
	return reports
}

// An outcome is what one world led to, and what that cost.
type outcome struct {
	diagnoses []engine.Diagnosis
	timing    report.Timing
	costs     []Cost
}

// diagnose runs the scenario's trigger or target against one world. Entries that
// aren't ours add one Diagnosis that says so.
func diagnose(ctx context.Context, s *scenario.Scenario, world *scenario.World, latency time.Duration) (outcome, error) {
	cloud, err := fakecloud.Start(world, fakecloud.Options{Latency: latency, Now: s.Now})
	if err != nil {
		return outcome{}, fmt.Errorf("starting the fake cloud: %w", err)
	}
	defer cloud.Close()
	a, err := New(ctx, Fake(cloud), Options{Probe: s.Probe, ShareFor: -1, Notify: silent{}, Now: func() time.Time { return s.Now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return outcome{}, err
	}
	defer a.Close() //nolint:errcheck // nothing was written
	signals := signalsOf(s)
	var out outcome
	if len(signals) > 0 {
		if out, err = a.measure(ctx, signals); err != nil {
			return out, err
		}
	}
	switch ignored := len(s.Trigger) - len(signals); {
	case s.Target != nil || ignored == 0:
	case len(signals) == 0:
		out.diagnoses = append(out.diagnoses, engine.Diagnosis{At: s.Now, Verdict: engine.NotOurs, Reason: "no entry is ours"})
	default:
		out.diagnoses = append(out.diagnoses, engine.Diagnosis{At: s.Now, Verdict: engine.NotOurs, Reason: fmt.Sprintf("%d of %d entries aren't ours", ignored, len(s.Trigger))})
	}
	return out, nil
}

// measure diagnoses the signals and counts what it takes.
func (a *App) measure(ctx context.Context, signals []signal.Signal) (outcome, error) {
	count := &meter.Meter{}
	began := time.Now()
	snapshots, err := a.Service.Read(meter.With(ctx, count), signals)
	out := outcome{
		diagnoses: a.Service.Judge(snapshots, signals),
		timing:    report.Timing{Calls: count.Calls(), Rounds: count.Rounds(), ElapsedMS: time.Since(began).Milliseconds()},
	}
	cost := Cost{Calls: count.Calls(), Rounds: count.Rounds()}
	for _, snap := range snapshots {
		cost.Groups += len(snap.Health)
		cost.Probes += len(snap.Probes)
	}
	out.costs = []Cost{cost}
	if blind := (*service.CollectError)(nil); errors.As(err, &blind) && len(out.diagnoses) > 0 {
		err = nil
	}
	return out, err
}

// signalsOf are the scenario's manual run, or its entries that are ours.
func signalsOf(s *scenario.Scenario) []signal.Signal {
	if s.Target != nil {
		return []signal.Signal{{Kind: signal.Manual, At: s.Now, Target: *s.Target}}
	}
	return parse(s.Trigger)
}

func parse(entries []json.RawMessage) []signal.Signal {
	var signals []signal.Signal
	for _, entry := range entries {
		if sig, err := signal.Parse(entry); err == nil {
			signals = append(signals, sig)
		}
	}
	return signals
}

// silent is the Notifier where nobody listens.
type silent struct{}

// Notify implements service.Notifier.
func (silent) Notify(context.Context, incident.Notice) (incident.Posted, error) {
	return incident.Posted{}, nil
}

// listener records what is said.
type listener struct{ said []incident.Notice }

// Notify implements service.Notifier.
func (l *listener) Notify(_ context.Context, n incident.Notice) (incident.Posted, error) {
	l.said = append(l.said, n)
	return incident.Posted{Channel: "C0", TS: fmt.Sprintf("%d.%06d", n.At.Unix(), len(l.said))}, nil
}

// timeline plays a scenario's steps against one running service.
func (r *Replay) timeline(ctx context.Context, s *scenario.Scenario, latency time.Duration) error {
	world, err := s.At(0)
	if err != nil {
		return err
	}
	cloud, err := fakecloud.Start(world, fakecloud.Options{Latency: latency, Now: s.Now})
	if err != nil {
		return fmt.Errorf("starting the fake cloud: %w", err)
	}
	defer cloud.Close()
	var elapsed atomic.Int64 // nanoseconds since s.Now; a read that was given up may still look
	ear := &listener{}
	clock := func() time.Time { return s.Now.Add(time.Duration(elapsed.Load())) }
	a, err := New(ctx, Fake(cloud), Options{Probe: s.Probe, ShareFor: -1, Notify: ear, Now: clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer a.Close() //nolint:errcheck // nothing was written
	for i, step := range s.Timeline.Steps {
		if world, err = s.At(i); err != nil {
			return err
		}
		cloud.SetWorld(world)
		elapsed.Store(int64(step.At))
		before := len(ear.said)
		if err := r.play(ctx, a, signalsAt(step, world)); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
		r.compare(i, step.Say, ear.said[before:])
	}
	r.Notices = ear.said
	r.Differences = append(r.Differences, report.Differences(r.Reports, s.Expect)...)
	return nil
}

// play diagnoses what arrives in one step and tells it.
func (r *Replay) play(ctx context.Context, a *App, signals []signal.Signal) error {
	if len(signals) == 0 {
		return nil
	}
	out, err := a.measure(ctx, signals)
	if err != nil {
		return err
	}
	r.Diagnoses = append(r.Diagnoses, out.diagnoses...)
	r.Reports = append(r.Reports, reportsOf(out.diagnoses)...)
	r.Costs = append(r.Costs, out.costs...)
	r.Timing.Calls += out.timing.Calls
	r.Timing.Rounds = max(r.Timing.Rounds, out.timing.Rounds)
	r.Timing.ElapsedMS += out.timing.ElapsedMS
	return a.Service.Tell(ctx, out.diagnoses)
}

// Playable says which step of a timeline this release can't play; nil when it can
// play all.
func Playable(s *scenario.Scenario) error {
	if s.Timeline == nil {
		return nil
	}
	for i, step := range s.Timeline.Steps {
		if step.Deliver == "tick" || step.Deliver == "click" {
			return fmt.Errorf("%s: timeline.yaml: step %d: deliver: %s isn't played by this release; deliver a .jsonl file or sweep", s.Path, i+1, step.Deliver)
		}
	}
	return nil
}

func signalsAt(step scenario.Step, world *scenario.World) []signal.Signal {
	if step.Deliver != "sweep" {
		return parse(step.Entries)
	}
	var signals []signal.Signal
	for _, name := range slices.Sorted(maps.Keys(world.Clusters)) {
		signals = append(signals, signal.Signal{Kind: signal.Manual, Target: facts.ClusterRef(name)})
	}
	return signals
}

func (r *Replay) compare(step int, want string, said []incident.Notice) {
	if want == "" {
		return
	}
	got := string(incident.Quiet)
	for i, n := range said {
		if i == 0 {
			got = string(n.Reason)
			continue
		}
		got += " " + string(n.Reason)
	}
	if got != want {
		r.Differences = append(r.Differences, fmt.Sprintf("step %d: said %s, want %s", step+1, got, want))
	}
}
