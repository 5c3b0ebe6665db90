package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// broken is the message of an open incident whose root cause is known.
func (w writer) broken(f cause.Finding) Message {
	look := looks[f.Severity]
	r := root{
		text:     say(who(f.Affected, f.Subject)+" "+look.word+": "+f.Headline, maxSentence),
		headline: look.emoji + " *" + w.page(say(f.Headline, maxSentence), w.id(f)) + "* (" + capitalised(f.Confidence.String()) + ")",
		context:  w.context(place(f.Affected, f.Subject), home(f), f.Since, w.id(f)),
		why:      labelled("Why", say(f.Summary, 300)),
		changed:  labelled("Changed", w.changed(f)),
		fix:      labelled("Fix", w.fix(kept(f))),
		impact:   labelled("Impact", impact(f)),
		ruledOut: labelled("Ruled out", w.ruledOut(4)),
		gaps:     labelled("Could not read", w.gaps(f.Change == nil)),
		actions:  w.actions(),
	}
	if len(f.Contract) > 0 {
		r.why = joinLines(r.why, contract(f.Contract))
	} else {
		r.facts = w.numbered(f.Evidence, 3)
	}
	if r.why == "" && len(r.facts) > 0 {
		r.why = "*Why*"
	}
	return w.message(r, w.thread(f))
}

// home is what says in which cluster, or project, a reader is: a firewall rule is in
// none, but those who suffer are.
func home(f cause.Finding) facts.Ref {
	if f.Subject.Cluster == "" && len(f.Affected) > 0 && f.Affected[0].Cluster != "" {
		return f.Affected[0]
	}
	return f.Subject
}

// looks are the state's emoji and word by severity.
var looks = map[cause.Severity]struct{ emoji, word string }{
	cause.Outage:   {"🔴", "down"},
	cause.Degraded: {"🟠", "degraded"},
	cause.Blocked:  {"🟡", "blocked"},
	cause.Latent:   {"🔵", "at risk"},
	0:              {"⚪", "in trouble"},
}

func (w writer) id(f cause.Finding) cause.ID {
	if f.Cause != "" {
		return f.Cause
	}
	return w.notice.Incident.Cause
}

func since(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

// context is the line below the headline: where, since when, which cause, which
// occurrence of it.
func (w writer) context(at string, subject facts.Ref, since time.Time, id cause.ID) string {
	project, _, cluster := facts.ClusterParts(subject.Cluster)
	parts := []string{say(cluster, maxName), say(or(project, subject.Project), maxName), say(at, maxName)}
	if since.IsZero() {
		parts = append(parts, "since before "+w.when(w.notice.At))
	} else {
		parts = append(parts, "since "+w.when(since))
	}
	parts = append(parts, say(string(id), maxName), fmt.Sprintf("#%d", max(1, w.notice.Incident.Generation)))
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(parts, " · ")
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// place is the one object that a reader looks for: the only sufferer, else what
// must change; a cluster is named already.
func place(affected []facts.Ref, subject facts.Ref) string {
	switch {
	case len(affected) == 1:
		return titled(affected[0])
	case subject.Kind == facts.KindCluster:
		return ""
	}
	return titled(subject)
}

// titled is an object by name, of Compute with its kind and region: outside clusters
// the name alone says little.
func titled(r facts.Ref) string {
	if r.Cluster != "" || r.Namespace != "" {
		return name(r)
	}
	title := kindWord(r.Kind) + " " + name(r)
	if where, ok := strings.CutPrefix(r.Scope, "regions/"); ok {
		title += " in " + told(where)
	}
	return title
}

// who suffers, in the words of a push notification.
func who(affected []facts.Ref, subject facts.Ref) string {
	switch len(affected) {
	case 0:
		return titled(subject)
	case 1:
		return titled(affected[0])
	}
	return fmt.Sprintf("%s and %d more", name(affected[0]), len(affected)-1)
}

// name is an object as people call it: namespace/name.
func name(r facts.Ref) string {
	n := told(or(r.Name, r.ID))
	if r.Namespace == "" {
		return n
	}
	return told(r.Namespace) + "/" + n
}

// impact says what suffers: the share, and the objects and hosts that the context
// line doesn't name.
func impact(f cause.Finding) string {
	parts := []string{sentence(say(f.Impact, maxSentence))}
	if len(f.Affected) > 1 {
		names := make([]string, len(f.Affected))
		for i, r := range f.Affected {
			names[i] = name(r)
		}
		parts = append(parts, "Affected: "+atMost(names, 3)+".")
	}
	if len(f.Hosts) > 0 {
		parts = append(parts, plural("Host", len(f.Hosts))+": "+atMost(f.Hosts, 3)+".")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// atMost says the first few and counts the rest.
func atMost(names []string, n int) string {
	if len(names) <= n {
		n = len(names)
	}
	shown := make([]string, n)
	for i := range shown {
		shown[i] = say(names[i], maxShort)
	}
	if rest := len(names) - n; rest > 0 {
		return strings.Join(shown, ", ") + fmt.Sprintf(" and %d more", rest)
	}
	return strings.Join(shown, ", ")
}
