package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/incident"
)

// Tell says what the diagnoses call for: a message for each new root cause, an
// edit where one is gone. Claim in the store, say, record: a crash in between
// yields at most a duplicate, never silence. What can't be said keeps nothing else
// from being said; the error joins all failures.
func (s *Service) Tell(ctx context.Context, diagnoses []engine.Diagnosis) error {
	var errs []error
	for _, d := range diagnoses {
		for _, g := range d.Gaps {
			s.Log.WarnContext(ctx, "facts unreadable", slog.String("target", d.Target.String()), slog.String("needs", g.Needs), slog.String("error", g.Err))
		}
		errs = append(errs, s.tellRoots(ctx, d))
	}
	for _, d := range diagnoses {
		errs = append(errs, s.tellResolved(ctx, d, diagnoses))
	}
	return errors.Join(errs...)
}

func (s *Service) tellRoots(ctx context.Context, d engine.Diagnosis) error {
	var errs []error
	for i := range d.Roots {
		f := &d.Roots[i]
		errs = append(errs, s.claim(ctx, d, incident.KeyOf(*f), f))
	}
	if rest, ok := d.Leftover(); ok {
		errs = append(errs, s.claim(ctx, rest, incident.KeyOfSymptom(incident.Leading(rest.Symptoms), d.Target), nil))
	}
	return errors.Join(errs...)
}

func (s *Service) claim(ctx context.Context, d engine.Diagnosis, key incident.Key, f *cause.Finding) error {
	var next incident.Incident
	var reason incident.Reason
	err := s.Store.Update(ctx, key, func(prev *incident.Incident) (incident.Incident, error) {
		next, reason = incident.Next(prev, d, f, s.Policy, s.Now())
		return next, nil
	})
	if err != nil {
		return fmt.Errorf("claiming incident %s: %w", key, err)
	}
	s.Log.InfoContext(ctx, "incident decided", slog.String("incident", string(key)), slog.String("reason", string(reason)))
	if reason == incident.Quiet {
		return nil
	}
	return s.say(ctx, incident.Notice{Reason: reason, Incident: next, Diagnosis: d, Finding: f, At: s.Now()})
}

// tellResolved looks at every open incident that a diagnosis speaks about.
func (s *Service) tellResolved(ctx context.Context, d engine.Diagnosis, all []engine.Diagnosis) error {
	var errs []error
	for open, err := range s.Store.Open(ctx) {
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("listing open incidents: %w", err))...)
		}
		if concerns(d, open) && !stillFound(all, open) {
			errs = append(errs, s.resolve(ctx, d, open.Key))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) resolve(ctx context.Context, d engine.Diagnosis, key incident.Key) error {
	var next incident.Incident
	reason := incident.Quiet
	err := s.Store.Update(ctx, key, func(prev *incident.Incident) (incident.Incident, error) {
		if prev == nil {
			return incident.Incident{}, fmt.Errorf("incident %s is gone from the store", key)
		}
		next, reason = incident.Resolve(*prev, d, s.Policy, s.Now())
		return next, nil
	})
	if err != nil {
		return fmt.Errorf("resolving incident %s: %w", key, err)
	}
	if reason != incident.Resolved {
		return nil
	}
	return s.say(ctx, incident.Notice{Reason: reason, Incident: next, Diagnosis: d, FixedBy: d.FixOf(next.Cause), At: s.Now()})
}

// concerns: the diagnosed target is the incident's subject or suffers from it.
func concerns(d engine.Diagnosis, i incident.Incident) bool {
	if d.Target.IsZero() {
		return false
	}
	if d.Target == i.Subject || d.Asked == i.Subject || d.Target.Kind == facts.KindCluster && d.Target.Cluster == i.Subject.Cluster {
		return true
	}
	return slices.Contains(i.Affected, d.Target)
}

func stillFound(all []engine.Diagnosis, i incident.Incident) bool {
	for _, d := range all {
		for _, r := range d.Roots {
			if incident.KeyOf(r) == i.Key {
				return true
			}
		}
	}
	return false
}

// recordLimit is how long recording may take once the message's own time is over.
const recordLimit = 5 * time.Second

// say notifies and records. When saying fails, the claim is given back, so that the
// redelivery says it at once; that is recorded even when the deadline is over.
func (s *Service) say(ctx context.Context, n incident.Notice) error {
	posted, err := s.Notify.Notify(ctx, n)
	outcome := func(i incident.Incident) incident.Incident { return i.Said(n.Reason, posted, s.Now()) }
	if err != nil {
		outcome = incident.Incident.Unsaid
	}
	record := func(prev *incident.Incident) (incident.Incident, error) {
		switch {
		case prev == nil:
			return outcome(n.Incident), nil
		case prev.Generation != n.Incident.Generation:
			return *prev, nil
		}
		return outcome(*prev), nil
	}
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	stored := s.Store.Update(recording, n.Incident.Key, record)
	if stored != nil {
		stored = fmt.Errorf("recording incident %s: %w", n.Incident.Key, stored)
	}
	if err != nil {
		err = fmt.Errorf("saying %s of incident %s: %w", n.Reason, n.Incident.Key, err)
	}
	return errors.Join(err, stored)
}
