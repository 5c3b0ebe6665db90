package path

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// A judgement collects what is seen at one station: the worst of it decides.
type judgement struct {
	station     Station
	seen        []observation
	objects     []facts.Ref
	differences []Difference
	// summary says what was seen where all is in order; empty leaves it to seen.
	summary string
}

type observation struct {
	state State
	says  string
}

// severity orders the states: what is broken hides what is unknown, and that what is
// in order.
var severity = []State{Broken, Unknown, OK, NotApplicable}

func (j *judgement) ok(says string) { j.seen = append(j.seen, observation{OK, says}) }
func (j *judgement) notApplicable(says string) {
	j.seen = append(j.seen, observation{NotApplicable, says})
}
func (j *judgement) unknown(f string, a ...any) { j.add(Unknown, f, a...) }
func (j *judgement) broken(f string, a ...any)  { j.add(Broken, f, a...) }

func (j *judgement) add(state State, format string, args ...any) {
	j.seen = append(j.seen, observation{state, fmt.Sprintf(format, args...)})
}

// unread is unknown, for the reason that a Value gives.
func (j *judgement) unread(what string, err error) {
	if err == nil {
		err = facts.ErrNotRead
	}
	j.unknown("%s: %s", what, err.Error())
}

func (j *judgement) on(refs ...facts.Ref) {
	for _, r := range refs {
		if !r.IsZero() && !slices.Contains(j.objects, r) {
			j.objects = append(j.objects, r)
		}
	}
}

func (j *judgement) differs(object facts.Ref, field, want, have string) {
	d := Difference{Object: object, Field: field, Want: want, Have: have}
	if !slices.Contains(j.differences, d) {
		j.differences = append(j.differences, d)
	}
}

// state is the worst seen; NotApplicable where there was nothing to judge.
func (j *judgement) state() State {
	for _, s := range severity {
		if slices.ContainsFunc(j.seen, func(o observation) bool { return o.state == s }) {
			return s
		}
	}
	return NotApplicable
}

// maxSaid bounds what a hop says of objects alike.
const maxSaid = 3

func (j *judgement) hop() Hop {
	h := Hop{Station: j.station, State: j.state(), Objects: j.objects, Differences: j.differences}
	if h.State == OK && j.summary != "" {
		h.Says = j.summary
		return h
	}
	var said []string
	for _, o := range j.seen {
		if o.state == h.State && o.says != "" && !slices.Contains(said, o.says) {
			said = append(said, o.says)
		}
	}
	if more := len(said) - maxSaid; more > 0 {
		said = append(said[:maxSaid], fmt.Sprintf("and %d more", more))
	}
	h.Says = strings.Join(said, "; ")
	return h
}
