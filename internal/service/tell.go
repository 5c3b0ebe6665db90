package service

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/incident"
)

// Tell says what the diagnoses call for: a message for each new root cause, an
// edit where one is gone. Claim in the store, say, record: a crash in between
// yields at most a duplicate, never silence.
func (s *Service) Tell(ctx context.Context, diagnoses []engine.Diagnosis) error {
	for _, d := range diagnoses {
		for _, g := range d.Gaps {
			s.Log.WarnContext(ctx, "facts unreadable", slog.String("target", d.Target.String()), slog.String("needs", g.Needs), slog.String("error", g.Err))
		}
		if err := s.tellRoots(ctx, d); err != nil {
			return err
		}
	}
	for _, d := range diagnoses {
		if err := s.tellResolved(ctx, d, diagnoses); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tellRoots(ctx context.Context, d engine.Diagnosis) error {
	for i := range d.Roots {
		f := &d.Roots[i]
		if err := s.claim(ctx, d, incident.KeyOf(*f), f); err != nil {
			return err
		}
	}
	if rest, ok := d.Leftover(); ok {
		return s.claim(ctx, rest, incident.KeyOfSymptom(incident.Leading(rest.Symptoms), d.Target), nil)
	}
	return nil
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
	for open, err := range s.Store.Open(ctx) {
		if err != nil {
			return fmt.Errorf("listing open incidents: %w", err)
		}
		if !concerns(d, open) || stillFound(all, open) {
			continue
		}
		var next incident.Incident
		reason := incident.Quiet
		err := s.Store.Update(ctx, open.Key, func(prev *incident.Incident) (incident.Incident, error) {
			if prev == nil {
				return open, nil
			}
			next, reason = incident.Resolve(*prev, d, s.Policy, s.Now())
			return next, nil
		})
		if err != nil {
			return fmt.Errorf("resolving incident %s: %w", open.Key, err)
		}
		if reason != incident.Resolved {
			continue
		}
		n := incident.Notice{Reason: reason, Incident: next, Diagnosis: d, FixedBy: d.FixOf(open.Cause), At: s.Now()}
		if err := s.say(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// concerns: the diagnosed target is the incident's subject or suffers from it.
func concerns(d engine.Diagnosis, i incident.Incident) bool {
	if d.Target.IsZero() {
		return false
	}
	if d.Target == i.Subject || d.Target.Kind == facts.KindCluster && d.Target.Cluster == i.Subject.Cluster {
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

// say notifies and records. When saying fails, the claim is given back, so that the
// redelivery says it at once.
func (s *Service) say(ctx context.Context, n incident.Notice) error {
	posted, err := s.Notify.Notify(ctx, n)
	record := func(prev *incident.Incident) (incident.Incident, error) {
		i := n.Incident
		if prev != nil {
			i = *prev
		}
		if err == nil {
			return i.Said(posted, s.Now()), nil
		}
		return i.Unsaid(), nil
	}
	if stored := s.Store.Update(ctx, n.Incident.Key, record); stored != nil && err == nil {
		return fmt.Errorf("recording incident %s: %w", n.Incident.Key, stored)
	}
	if err != nil {
		return fmt.Errorf("saying %s of incident %s: %w", n.Reason, n.Incident.Key, err)
	}
	return nil
}
