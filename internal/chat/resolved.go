package chat

import (
	"github.com/slack-go/slack"

	"plumbline/internal/facts"
)

// resolved replaces the root message once the cause is gone: how long it took, and
// what fixed it. The thread keeps what was found, and gets one reply.
func (w writer) resolved() Message {
	i := w.notice.Incident
	end := since(i.ResolvedAt, w.notice.At)
	took := ""
	if !i.OpenedAt.IsZero() && end.After(i.OpenedAt) {
		took = " after " + span(end.Sub(i.OpenedAt))
	}
	problem := say(i.Headline, maxSentence)
	ended := w.fixedBy(i.Subject)
	r := root{
		text:     "✅ " + say(who(i.Affected, i.Subject)+" resolved"+took+": "+i.Headline, maxSentence),
		headline: "✅ *Resolved" + took + "* · was: " + w.page(problem, i.Cause),
		context:  w.context(place(i.Affected, i.Subject), i.Subject, i.OpenedAt, i.Cause),
		fix:      ended,
	}
	if !end.IsZero() && !i.OpenedAt.IsZero() {
		r.context += " · until " + w.when(end)
	}
	reply := "✅ Resolved" + took + ".\n" + ended
	return w.message(r, []Reply{{Text: "✅ Resolved" + took, Blocks: []slack.Block{section(reply)}}})
}

// fixedBy names the change that preceded the recovery; without one it says that the
// audit log has none.
func (w writer) fixedBy(subject facts.Ref) string {
	c := w.notice.FixedBy
	if c == nil {
		return labelled("Why it recovered", w.noChange(subject))
	}
	line := w.change(*c, subject)
	if lead := since(w.notice.Incident.ResolvedAt, w.notice.At).Sub(c.At); lead > 0 && !c.At.IsZero() {
		line += " (" + span(lead) + " before the recovery)"
	}
	return labelled("Fixed by", line)
}
