package chat

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// lookedBack is how far the log query of a diagnosis reaches, as the message says
// it.
const lookedBack = "30 days"

// changed says who changed what before it broke, or what was looked at in vain, or
// why nobody could look.
func (w writer) changed(f cause.Finding) string {
	switch {
	case f.Change == nil && len(f.Suspects) > 0:
		return "perhaps: " + w.nearest(f.Suspects)
	case f.Change == nil:
		return w.noChange(home(f))
	}
	line := w.change(*f.Change, f.Subject)
	if lead := f.Since.Sub(f.Change.At); !f.Since.IsZero() && !f.Change.At.IsZero() && lead > 0 {
		line += " (" + span(lead) + " before the first failure)"
	}
	return line
}

func (w writer) noChange(subject facts.Ref) string {
	for _, g := range w.notice.Diagnosis.Gaps {
		if g.Needs == string(facts.Logs) {
			return "unknown: could not read " + say(gap(g), maxShort)
		}
	}
	where := ""
	if p := subject.ProjectOf(); p != "" {
		where = " of " + say(p, maxName)
	}
	return "no change found in " + lookedBack + " (looked at the audit log" + where + ")"
}

// change is what, from which value to which, by whom, when; the what is linked to
// the log entry.
func (w writer) change(c cause.Change, subject facts.Ref) string {
	what := say(or(c.What, c.Method), 120)
	if c.Entry != "" {
		what = w.link(what, cause.EntryLink(subject.ProjectOf(), c.Entry, c.At), rootLink)
	}
	parts := []string{what + values(c), "by " + by(c)}
	if !c.At.IsZero() {
		parts = append(parts, w.when(c.At))
	}
	return strings.Join(parts, ", ")
}

// values are the old and the new one, as far as the log tells them.
func values(c cause.Change) string {
	switch {
	case c.Removed && c.From != nil:
		return " " + quoted(*c.From) + " → removed"
	case c.Removed:
		return " removed"
	case c.From != nil && c.To != nil:
		return fmt.Sprintf(" %s → %s", quoted(*c.From), quoted(*c.To))
	case c.To != nil:
		return " set to " + quoted(*c.To)
	}
	return ""
}

// quoted tells an empty or blank value from none.
func quoted(value string) string { return `"` + say(value, maxName) + `"` }

// by names the person and the tool, or says that it was a controller.
func by(c cause.Change) string {
	who := somebody(c.By, c.Controller)
	if word := c.Caller.Word(); word != "" && !c.Controller {
		who += " with " + word
	}
	return who
}

func somebody(by string, controller bool) string {
	switch {
	case by == "":
		return "somebody the log doesn't name"
	case controller:
		return "a controller, not a person (" + say(by, 100) + ")"
	}
	return say(by, 100)
}
