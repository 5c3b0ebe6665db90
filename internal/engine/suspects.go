package engine

import (
	"cmp"
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/history"
)

// fullHistory is what the log query holds at most: as many entries may have left out
// the older ones, so that finding none proves nothing.
const fullHistory = 1000

// accuse looks for the changes that can have caused what no root cause explains, and
// what a root cause stands for whose change isn't known: of that, changes of the
// object that must change.
func (d *Diagnosis) accuse(c cause.Case) {
	entries, read := c.Facts.History.Get()
	d.HistoryRead = read && len(entries) < fullHistory
	changes := history.Of(c.Entries())
	if len(changes) == 0 {
		return
	}
	for _, s := range d.Open {
		d.Suspects = merged(d.Suspects, suspectsOf(c, changes, s))
	}
	for i := range d.Roots {
		f := &d.Roots[i]
		if f.Change != nil {
			continue
		}
		for _, s := range c.Symptoms {
			if !slices.Contains(f.Explains, s.ID) || !covers(*f, s.Objects) {
				continue
			}
			own := slices.DeleteFunc(suspectsOf(c, changes, s), func(h history.Suspect) bool { return !stands(f.Subject, h.Object) || h.Controller })
			f.Suspects = merged(f.Suspects, own)
		}
	}
}

// suspectsOf are the changes on the dependency path of one symptom.
func suspectsOf(c cause.Case, changes []history.Change, s cause.Symptom) []history.Suspect {
	since := s.Since
	switch s.ID {
	case cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing:
		var objects []history.Object
		for _, b := range c.Backends() {
			if slices.Contains(s.Objects, b.Ref(c.Facts.ClusterName)) {
				objects = append(objects, history.Behind(c.Facts, b)...)
			}
		}
		return history.Suspects(changes, history.On(history.Health, objects), since)
	case cause.IngressNotProvisioned, cause.AddressMissing:
		// It never was, or isn't any more: the beginning isn't the object's creation.
		since = time.Time{}
		fallthrough
	case cause.ChangeNotApplied:
		return history.Suspects(changes, history.On(history.Provisioning, history.OnPath(c.Facts, c.Target)), since)
	case cause.CertificateNotActive:
		return history.Suspects(changes, history.On(history.Certificate, history.OnPath(c.Facts, c.Target)), since)
	}
	return nil
}

// merged adds the suspects of another symptom, each change once, with the shorter
// lead time; nearest first.
func merged(have, more []history.Suspect) []history.Suspect {
	for _, s := range more {
		i := slices.IndexFunc(have, func(h history.Suspect) bool { return h.Entry == s.Entry && h.Object == s.Object && h.At.Equal(s.At) })
		switch {
		case i < 0:
			have = append(have, s)
		case s.Dated && (!have[i].Dated || s.Lead < have[i].Lead):
			have[i] = s
		}
	}
	slices.SortStableFunc(have, func(a, b history.Suspect) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Object.String(), b.Object.String()))
	})
	return have
}

// stands: a change of an object is one of what must change. A backend service stands
// for its health check as well: outside clusters there is no other sign of the app.
func stands(subject, object facts.Ref) bool {
	return object == subject || subject.Kind == facts.KindBackendService && subject.Project == object.Project && object.Kind == facts.KindHealthCheck
}
