package cause

import (
	"fmt"
	"strings"
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A Blocker is a cause that consists in one sort of fault of an Ingress's objects:
// something that GLBC refuses, so that its sync ends there and nothing of the Ingress is
// applied (ingress-controller.md §0.2, §0.3).
type Blocker struct {
	Code glbc.Code
	// Where narrows Code to some of its faults; nil takes all.
	Where func(glbc.Fault) bool
	// Tell says what one fault is: Headline, Summary, Fix, and whatever else differs from
	// the default. Evidence that it gives comes first. A Finding without Headline is none.
	Tell func(Case, glbc.Fault) Finding
	// RuledOut is said where the Ingress isn't synced and this is surely not why.
	RuledOut string
}

// Check is the Check of a Cause. A fault that the objects show is proven. One that they
// can't decide is likely where the controller complains of it, else undecided: that is
// a gap's work to tell.
func (b Blocker) Check(c Case) Outcome {
	t := c.Translation()
	var out Outcome
	for _, f := range t.Faults {
		if b.is(f) {
			out.find(c, f, Proven, b.Tell(c, f))
		}
	}
	sure := t.Class.Served
	for _, f := range t.Undecided {
		if !b.is(f) {
			continue
		}
		sure = false
		if _, _, told := c.Complaint(f.Message); told {
			out.find(c, f, Likely, b.Tell(c, f))
			continue
		}
		out.Undecided = undecided(f)
	}
	if sure && len(out.Findings) == 0 && (c.Has(IngressNotProvisioned) || c.Has(ChangeNotApplied)) {
		out.RuledOut = b.RuledOut
	}
	return out
}

// undecided says what a fault hangs on that can't be told.
func undecided(f glbc.Fault) string {
	what := f.Names
	if what.IsZero() {
		what = f.On
	}
	return "whether " + what.String() + " holds the Ingress back (" + string(f.Code) + "): " + f.Err.Error()
}

func (b Blocker) is(f glbc.Fault) bool { return f.Code == b.Code && (b.Where == nil || b.Where(f)) }

// find adds a finding with what all faults share filled in.
func (o *Outcome) find(c Case, f glbc.Fault, confidence Confidence, told Finding) {
	if told.Headline == "" {
		return
	}
	told.Confidence = confidence
	if told.Subject.IsZero() {
		told.Subject = f.On
	}
	if told.Severity == 0 {
		told.Severity = Blocked
	}
	if len(told.Affected) == 0 {
		told.Affected = []facts.Ref{c.Target}
	}
	if ing, ok := c.Ingress(); ok && told.Hosts == nil {
		told.Hosts = glbc.Hosts(ing)
	}
	if told.Impact == "" {
		told.Impact = c.heldBack(f)
	}
	complaint, at, ok := c.Complaint(f.Message)
	if ok {
		told.Evidence = append(told.Evidence, complaint)
	}
	if told.Since.IsZero() {
		if told.Since = at.Began; c.Has(IngressNotProvisioned) {
			told.Since = c.since(IngressNotProvisioned)
		}
	}
	if told.Explains == nil && c.isAboutAnother(f) {
		told.Explains = []ID{}
	}
	o.Findings = append(o.Findings, told)
}

func (c Case) since(symptom ID) (at time.Time) {
	for _, s := range c.Symptoms {
		if s.ID == symptom {
			return s.Since
		}
	}
	return at
}

// isAboutAnother: the controller complains, and of nothing that this fault says. Such a
// fault is real and comes later; what the controller complains of has another cause.
func (c Case) isAboutAnother(f glbc.Fault) bool {
	for _, e := range c.ControllerErrors() {
		// Compute has several words for it (ingress-controller.md §1.5).
		if f.Code == glbc.StaticIPInUse && (mentions(e.Message, "in use") || mentions(e.Message, "being used")) {
			return false
		}
		translating := f.Stage == glbc.StageTranslate && e.Reason == "Translate"
		if translating || mentions(e.Message, f.Message) || mentions(e.Message, f.On.Name) || mentions(e.Message, f.Names.Name) {
			return false
		}
	}
	return len(c.ControllerErrors()) > 0
}

func mentions(message, text string) bool { return text != "" && strings.Contains(message, text) }

// heldBack is what a fault keeps from happening, with how many others do the same.
func (c Case) heldBack(f glbc.Fault) string {
	text := "no change to this Ingress takes effect: hosts, paths and certificates wait with it"
	if c.Has(IngressNotProvisioned) {
		text = "this Ingress gets no load balancer, its other hosts and paths wait with it"
	}
	others := 0
	for _, other := range c.Translation().Faults {
		if !other.Warning && other != f {
			others++
		}
	}
	switch {
	case others == 1:
		text += "; one more fault holds it back, so fixing this one alone isn't enough"
	case others > 1:
		text += fmt.Sprintf("; %d more faults hold it back, so fixing this one alone isn't enough", others)
	}
	return text
}

// Effect ends a headline: what a refused Ingress comes to.
func (c Case) Effect() string {
	if c.Has(IngressNotProvisioned) {
		return "so GKE builds no load balancer for this Ingress"
	}
	return "so GKE no longer updates this Ingress"
}
