package engine

import (
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/history"
	"plumbline/internal/path"
)

// A Verdict is the outcome of a diagnosis in one word (scenario-format.md).
type Verdict string

// The verdicts, strongest first.
const (
	RootCause   Verdict = "root-cause"
	Unexplained Verdict = "unexplained"
	Pending     Verdict = "pending"
	Healthy     Verdict = "healthy"
	NotOurs     Verdict = "not-ours"
)

// A Diagnosis is what was found out about one target.
type Diagnosis struct {
	// Target is zero when the signal led to nothing of ours.
	Target facts.Ref
	// Asked is what the signal named, before it was found out what that is.
	Asked   facts.Ref
	At      time.Time
	Verdict Verdict
	// Gone: Target surely isn't there or isn't ours, so nothing can be wrong with it.
	Gone bool
	// HealthyOn are the Services whose endpoints were all seen, with some HEALTHY and
	// none failing.
	HealthyOn []facts.Ref
	// Reason explains a verdict that has no root cause: why it isn't ours, what it is
	// waiting for.
	Reason   string
	Symptoms []cause.Symptom
	// Open are the symptoms that no root cause explains and whose grace is over: there
	// may be some beside a root cause.
	Open []cause.Symptom
	// Roots are the root causes, in the contract's order.
	Roots []cause.Finding
	Notes []Note
	// RuledOut lists the causes that were checked and refuted, in the catalogue's
	// order: first those that would explain a symptom, then the rest.
	RuledOut []RuledOut
	Gaps     []Gap
	// Path has the hops of a request to Target, each with its state; empty where Target
	// isn't served by GKE.
	Path path.Path
	// Suspects are the changes that can have caused what is Open, shortest lead time
	// first; HistoryRead tells whether the log could be looked at, so that none means
	// that there are none.
	Suspects    []history.Suspect
	HistoryRead bool
	// Checked are further facts a person would look at next, for an unexplained
	// verdict.
	Checked []cause.Evidence
}

// A Note is worth saying and is no root cause.
type Note struct {
	ID      cause.ID
	Subject facts.Ref
	Says    string
	// Command is what ends it; empty where nothing needs to.
	Command string
}

// A RuledOut is a cause that the facts refute.
type RuledOut struct {
	ID      cause.ID
	Because string
	// FixedBy is the change that may have ended it; nil when the log tells of none.
	FixedBy *cause.Change

	// explains is what the cause would explain.
	explains []cause.ID
}

// A Gap is something that couldn't be read, and the causes that it hides.
type Gap struct {
	Needs string
	Err   string
	Hides []cause.ID
}

// FixOf is the change that may have ended a cause that this Diagnosis refutes; nil
// when none is known.
func (d Diagnosis) FixOf(id cause.ID) *cause.Change {
	for _, r := range d.RuledOut {
		if r.ID == id {
			return r.FixedBy
		}
	}
	return nil
}

// Leftover is the Diagnosis of what stays unexplained, beside root causes or without
// any; ok is false when everything is explained or still within its grace.
func (d Diagnosis) Leftover() (rest Diagnosis, ok bool) {
	if len(d.Open) == 0 {
		return Diagnosis{}, false
	}
	rest = d
	rest.Verdict, rest.Roots, rest.Symptoms = Unexplained, nil, d.Open
	return rest, true
}
