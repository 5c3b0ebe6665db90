// Package service holds the use cases: handle a log entry, diagnose on request,
// tell about what was found. It declares what it needs of the outside (Collector,
// Prober, Store, Notifier) and does nothing else than calling these and the pure
// packages in order: parse, collect, probe, diagnose, decide, say, record.
package service

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/incident"
	"plumbline/internal/meter"
	"plumbline/internal/signal"
)

// A Collector reads what Refs lead to: a Snapshot for each cluster. The error is
// for when nothing at all could be read.
type Collector interface {
	Collect(ctx context.Context, q facts.Question) ([]*facts.Snapshot, error)
}

// A Prober asks pods what the load balancer asks them, through their cluster's API
// server. Every request gets an answer, if only an unknown one.
type Prober interface {
	Probe(ctx context.Context, cluster string, reqs []facts.ProbeRequest, now time.Time) map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer]
}

// A Store remembers incidents.
type Store interface {
	// Update reads, changes and writes one incident as a transaction; prev is nil
	// when there is none. f may run several times and must have no effect of its
	// own.
	Update(ctx context.Context, key incident.Key, f func(prev *incident.Incident) (incident.Incident, error)) error
	// Open lists the incidents that aren't resolved, or whose resolution isn't said
	// yet.
	Open(ctx context.Context) iter.Seq2[incident.Incident, error]
}

// A Notifier says something and returns where it is. An error that wraps Permanent
// will not go away by trying again.
type Notifier interface {
	Notify(ctx context.Context, n incident.Notice) (incident.Posted, error)
}

// A Service is everything that the use cases need. Probe may be nil: then no pod is
// asked.
type Service struct {
	Causes  []cause.Cause
	Collect Collector
	Probe   Prober
	Store   Store
	Notify  Notifier
	Policy  incident.Policy
	Now     func() time.Time
	Log     *slog.Logger
}

// Handle takes one log entry from the topic to the chat. Its error is for Ack.
func (s *Service) Handle(ctx context.Context, entry []byte) error {
	sig, err := signal.Parse(entry)
	if err != nil {
		return err
	}
	diagnoses, err := s.Diagnose(ctx, []signal.Signal{sig})
	if err != nil {
		return err
	}
	return s.Tell(ctx, diagnoses)
}

// Diagnose reads once for all signals and judges what they lead to. A *CollectError
// says that nothing could be read: what comes with it are gaps only.
func (s *Service) Diagnose(ctx context.Context, signals []signal.Signal) ([]engine.Diagnosis, error) {
	snapshots, err := s.Read(ctx, signals)
	return s.Judge(snapshots, signals), err
}

// Read collects what the signals lead to, and asks the pods behind what fails. The
// error is a *CollectError; the Snapshots that come with it name the gaps.
func (s *Service) Read(ctx context.Context, signals []signal.Signal) ([]*facts.Snapshot, error) {
	snapshots, err := s.Collect.Collect(ctx, question(s.Now(), signals))
	for _, snap := range snapshots {
		s.ask(ctx, snap, signals)
	}
	if err != nil {
		return snapshots, &CollectError{Err: err}
	}
	return snapshots, nil
}

// question asks about what the signals name. A person who asks wants to know how it
// is now; a log entry, how it was when it was written or later.
func question(now time.Time, signals []signal.Signal) facts.Question {
	q := facts.Question{Now: now}
	for _, sig := range signals {
		if !slices.Contains(q.Refs, sig.Target) {
			q.Refs = append(q.Refs, sig.Target)
		}
		at := sig.At
		if sig.Kind == signal.Manual || at.After(now) {
			at = now
		}
		if at.After(q.NotBefore) {
			q.NotBefore = at
		}
	}
	return q
}

// Judge diagnoses the targets that the signals lead to, in the order of the
// signals; signals that lead to one target are one diagnosis. It is pure.
func (s *Service) Judge(snapshots []*facts.Snapshot, signals []signal.Signal) []engine.Diagnosis {
	var all []engine.Diagnosis
	var done []facts.Ref
	for _, sig := range signals {
		snapshot, target, ok := find(snapshots, sig.Target)
		if !ok || slices.Contains(done, target.Ref) && !target.Ref.IsZero() {
			continue
		}
		done = append(done, target.Ref)
		all = append(all, engine.Diagnose(s.Causes, snapshot, target, leadingTo(snapshot, target, signals), parsed(snapshot))...)
	}
	return all
}

func find(snapshots []*facts.Snapshot, asked facts.Ref) (*facts.Snapshot, facts.Target, bool) {
	for _, snap := range snapshots {
		for _, t := range snap.Targets {
			if t.Asked == asked {
				return snap, t, true
			}
		}
	}
	return nil, facts.Target{}, false
}

// leadingTo are the signals that belong to a target, whichever object they named.
func leadingTo(snap *facts.Snapshot, target facts.Target, signals []signal.Signal) []signal.Signal {
	return slices.DeleteFunc(slices.Clone(signals), func(sig signal.Signal) bool {
		return !slices.ContainsFunc(snap.Targets, func(t facts.Target) bool { return t.Asked == sig.Target && t.Ref == target.Ref })
	})
}

// ask adds the answers of the pods behind failing backends to a Snapshot.
func (s *Service) ask(ctx context.Context, snap *facts.Snapshot, signals []signal.Signal) {
	snap.Probes = map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer]{}
	if s.Probe == nil || snap.ClusterName == "" {
		return
	}
	reqs := Questions(snap, signals)
	if len(reqs) == 0 {
		return
	}
	snap.Probes = s.Probe.Probe(meter.Stage(ctx), snap.ClusterName, reqs, s.Now())
	for _, r := range reqs {
		var failed *facts.Error
		if err := snap.Probes[r].Err(); errors.As(err, &failed) && failed.Needs == string(facts.Probes) {
			snap.Gaps = append(snap.Gaps, facts.Gap{Needs: failed.Needs, Err: failed.Status})
			return
		}
	}
}

// parsed is what the log query found, as Signals; an entry that is no evidence is left
// out.
func parsed(snap *facts.Snapshot) []signal.Signal {
	entries, _ := snap.History.Get()
	var list []signal.Signal
	for _, e := range entries {
		if sig, err := signal.ParseHistory(e); err == nil {
			list = append(list, sig)
		}
	}
	return list
}
