package history

import (
	"slices"
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/path"
)

// A Suspect is a Change that can have caused a failing fact: by its object, its
// fields and its time.
type Suspect struct {
	Change
	Station path.Station
	// Lead is the time from the change to the beginning of the failure, where Dated
	// tells that this is known.
	Lead  time.Duration
	Dated bool
}

// clockSkew is what two logs may differ by: of an object's creation, which is told to
// the second, the entry seems to come later.
const clockSkew = 2 * time.Second

// Suspects are the Changes whose object and field are on the path of what fails,
// shortest lead time first. A change after the failure began is none, nor is one
// before the Window. When the beginning isn't known, since is zero and the newest
// come first. What GKE's controllers write follows from what others write, so it
// counts only where nobody else wrote anything; the endpoints that they attach and
// detach all day never do.
func Suspects(changes []Change, failing []Dependency, since time.Time) []Suspect {
	var people, controllers []Suspect
	for _, c := range changes {
		if !inTime(c, changes, since) || c.Controller && c.Object.Kind == facts.KindNEG {
			continue
		}
		s, ok := suspect(c, failing)
		if !ok {
			continue
		}
		if !since.IsZero() {
			s.Lead, s.Dated = max(0, since.Sub(c.At)), true
		}
		if c.Controller {
			controllers = append(controllers, s)
		} else {
			people = append(people, s)
		}
	}
	list := people
	if len(list) == 0 {
		list = controllers
	}
	slices.SortStableFunc(list, func(a, b Suspect) int { return b.At.Compare(a.At) })
	return list
}

// inTime: the Change is neither after the failure began nor too old.
func inTime(c Change, all []Change, since time.Time) bool {
	end := since
	if end.IsZero() && len(all) > 0 {
		end = all[0].At
	}
	return !c.At.After(end.Add(clockSkew)) && end.Sub(c.At) <= Window
}

// suspect keeps of a Change what the failing fact depends on; ok is false where
// nothing is left.
func suspect(c Change, failing []Dependency) (s Suspect, ok bool) {
	for _, d := range failing {
		if !d.means(c.Object) {
			continue
		}
		fields := d.on(c)
		switch {
		case c.Created && !d.Created, c.Deleted && !d.Deleted, isVoid(c):
			continue
		case c.Created, c.Deleted, len(fields) > 0:
		case c.Untold && c.Object.Kind != facts.KindCluster && len(d.Fields) > 0:
		default:
			continue
		}
		s = Suspect{Change: c, Station: d.Station}
		s.Fields = fields
		return s, true
	}
	return Suspect{}, false
}
