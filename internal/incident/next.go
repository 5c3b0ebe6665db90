package incident

import (
	"slices"
	"strings"
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
	merged.Affected, merged.On = union(prev.Affected, next.Affected), union(prev.On, next.On)
	if prev.Pending != "" && now.After(prev.Lease) {
		merged.Lease = now.Add(p.Lease)
		return merged, prev.Pending
	}
	return merged, Quiet
}

// Resolve decides whether a Diagnosis shows that an open incident is over. What
// suffered and is gone no longer counts; when nothing is left, it is over.
func Resolve(prev Incident, d engine.Diagnosis, p Policy, now time.Time) (Incident, Reason) {
	if prev.Pending == Resolved && now.After(prev.Lease) {
		prev.Lease = now.Add(p.Lease)
		return prev, Resolved
	}
	if !prev.ResolvedAt.IsZero() {
		return prev, Quiet
	}
	next := prev
	if d.Gone {
		next.Affected = slices.DeleteFunc(slices.Clone(prev.Affected), func(r facts.Ref) bool { return r == d.Target })
	}
	if !over(next, d) {
		return next, Quiet
	}
	next.SeenAt, next.ResolvedAt = now, now
	if prev.Posted == nil {
		next.Pending = ""
		return next, Quiet
	}
	next.Pending, next.Lease = Resolved, now.Add(p.Lease)
	return next, Resolved
}

// over: a Diagnosis ends an incident that it can speak about as a whole, and only
// with facts that could be read. One of the cluster's own ends when the cause is
// refuted; one of some Services when all of these serve; any other when its own
// target, or all that suffered, is well.
func over(i Incident, d engine.Diagnosis) bool {
	for _, r := range d.Roots {
		if KeyOf(r) == i.Key {
			return false
		}
	}
	if d.Gone {
		return len(i.Affected) == 0
	}
	if hidden(i, d) {
		return false
	}
	refuted := slices.ContainsFunc(d.RuledOut, func(r engine.RuledOut) bool { return r.ID == i.Cause })
	switch {
	case i.Subject.Kind == facts.KindCluster:
		return refuted || d.Target == i.Subject && (d.Verdict == engine.Healthy || d.Verdict == engine.NotOurs)
	case len(i.On) > 0:
		return !slices.ContainsFunc(i.On, func(r facts.Ref) bool { return !slices.Contains(d.HealthyOn, r) })
	case d.Asked == i.Subject && d.Target != i.Subject:
		// What the signal named couldn't be joined before, and now it could.
		return true
	}
	whole := d.Target == i.Subject || d.Target.Kind == facts.KindCluster || !slices.ContainsFunc(i.Affected, func(r facts.Ref) bool { return r != d.Target })
	return whole && (refuted || d.Verdict == engine.Healthy)
}

// hidden: a read failed that the incident's cause is seen by.
func hidden(i Incident, d engine.Diagnosis) bool {
	for _, g := range d.Gaps {
		if slices.Contains(g.Hides, i.Cause) {
			return true
		}
		if i.Cause.Layer() == "symptom" && slices.Contains(shows[i.Cause], facts.Kind(g.Needs)) || strings.HasPrefix(g.Needs, "kubernetes/") {
			return true
		}
	}
	return false
}

// shows are the reads that a symptom is seen by.
var shows = map[cause.ID][]facts.Kind{
	cause.IngressNotProvisioned: {facts.Ingresses, facts.ThirdPartyObjects, facts.IngressClasses},
	cause.ChangeNotApplied:      {facts.Ingresses, facts.Events},
	cause.BackendUnhealthy:      {facts.Ingresses, facts.Services, facts.BackendServices, facts.BackendHealth, facts.RegionBackendHealth},
	cause.PodsNotReadyInNEG:     {facts.Ingresses, facts.Services, facts.BackendServices, facts.BackendHealth, facts.Pods, facts.Events},
}

func fresh(d engine.Diagnosis, f *cause.Finding, now time.Time) Incident {
	if f != nil {
		return Incident{Key: KeyOf(*f), Cause: f.Cause, Subject: f.Subject, On: f.On, Affected: f.Affected, Headline: f.Headline, SeenAt: now}
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

// Said is the incident after a notice was posted. What was decided meanwhile stays
// pending; one that ended while its opening was being posted has its end to say.
func (i Incident) Said(reason Reason, p Posted, now time.Time) Incident {
	i.ToldAt, i.Posted = now, &p
	if i.Pending == reason {
		i.Pending, i.Lease = "", time.Time{}
	}
	if reason == Opened && !i.ResolvedAt.IsZero() && i.Pending == "" {
		i.Pending, i.Lease = Resolved, time.Time{}
	}
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
