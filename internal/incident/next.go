package incident

import (
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
)

// A Policy holds the periods that the decisions depend on.
type Policy struct {
	// Lease is how long a claim to say something holds.
	Lease time.Duration
}

// KeyOf is the key of a root cause.
func KeyOf(f cause.Finding) Key { return Key(string(f.Cause) + "|" + refKey(f.Subject)) }

// KeyOfSymptom is the key of a symptom that nothing explains.
func KeyOfSymptom(s cause.Symptom, target facts.Ref) Key {
	return Key(string(s.ID) + "|" + refKey(target))
}

func refKey(r facts.Ref) string {
	if r.Cluster != "" {
		return r.Cluster + "|" + r.String()
	}
	return r.Project + "|" + r.Scope + "|" + r.String()
}

// Next decides what follows from one root cause of a Diagnosis, or from its
// unexplained symptom when f is nil; prev is what the store knows of the key, nil
// when it knows nothing. It does nothing itself.
func Next(prev *Incident, d engine.Diagnosis, f *cause.Finding, p Policy, now time.Time) (Incident, Reason) {
	next := fresh(d, f, now)
	if prev == nil {
		return open(next, 1, p, now), Opened
	}
	if !prev.ResolvedAt.IsZero() {
		return open(next, prev.Generation+1, p, now), Opened
	}
	merged := *prev
	merged.SeenAt = now
	merged.Affected = union(prev.Affected, next.Affected)
	if prev.Pending != "" && now.After(prev.Lease) {
		merged.Lease = now.Add(p.Lease)
		return merged, prev.Pending
	}
	return merged, Quiet
}

// Resolve decides whether a Diagnosis shows that an open incident is over: its
// cause was refuted by facts that could be read, or its target is healthy and no
// gap hides the cause. An unexplained incident is over when its target is healthy.
func Resolve(prev Incident, d engine.Diagnosis, p Policy, now time.Time) (Incident, Reason) {
	if prev.Pending == Resolved && now.After(prev.Lease) {
		prev.Lease = now.Add(p.Lease)
		return prev, Resolved
	}
	if !prev.ResolvedAt.IsZero() || !over(prev, d) {
		return prev, Quiet
	}
	next := prev
	next.SeenAt, next.ResolvedAt = now, now
	if prev.Posted == nil {
		next.Pending = ""
		return next, Quiet
	}
	next.Pending, next.Lease = Resolved, now.Add(p.Lease)
	return next, Resolved
}

func over(prev Incident, d engine.Diagnosis) bool {
	for _, r := range d.Roots {
		if KeyOf(r) == prev.Key {
			return false
		}
	}
	for _, g := range d.Gaps {
		if slices.Contains(g.Hides, prev.Cause) {
			return false
		}
	}
	if slices.ContainsFunc(d.RuledOut, func(r engine.RuledOut) bool { return r.ID == prev.Cause }) {
		return true
	}
	return d.Verdict == engine.Healthy || d.Verdict == engine.NotOurs && len(d.Gaps) == 0
}

func fresh(d engine.Diagnosis, f *cause.Finding, now time.Time) Incident {
	if f != nil {
		return Incident{Key: KeyOf(*f), Cause: f.Cause, Subject: f.Subject, Affected: f.Affected, Headline: f.Headline, SeenAt: now}
	}
	s := Leading(d.Symptoms)
	return Incident{Key: KeyOfSymptom(s, d.Target), Cause: s.ID, Subject: d.Target, Affected: []facts.Ref{d.Target}, Headline: s.Says, SeenAt: now}
}

func open(next Incident, generation int, p Policy, now time.Time) Incident {
	next.OpenedAt, next.Generation = now, generation
	next.Pending, next.Lease = Opened, now.Add(p.Lease)
	return next
}

func union(a, b []facts.Ref) []facts.Ref {
	out := slices.Clone(a)
	for _, r := range b {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// Said is the incident after its pending notice was posted.
func (i Incident) Said(p Posted, now time.Time) Incident {
	i.Pending, i.Lease, i.ToldAt, i.Posted = "", time.Time{}, now, &p
	return i
}

// Unsaid is the incident after posting failed: still pending, and free to be
// claimed.
func (i Incident) Unsaid() Incident {
	i.Lease = time.Time{}
	return i
}

// Leading is the symptom that an unexplained incident is about: the first that
// isn't still within its grace.
func Leading(symptoms []cause.Symptom) cause.Symptom {
	for _, s := range symptoms {
		if s.Pending == "" {
			return s
		}
	}
	return symptoms[0]
}

// Notices are what a Diagnosis calls for when nothing was said before: one for each
// root cause, or one for what is unexplained.
func Notices(d engine.Diagnosis, now time.Time) []Notice {
	var list []Notice
	add := func(d engine.Diagnosis, f *cause.Finding) {
		next, reason := Next(nil, d, f, Policy{}, now)
		list = append(list, Notice{Reason: reason, Incident: next, Diagnosis: d, Finding: f, At: now})
	}
	for i := range d.Roots {
		add(d, &d.Roots[i])
	}
	if rest, ok := d.Leftover(); ok {
		add(rest, nil)
	}
	return list
}
