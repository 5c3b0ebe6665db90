package scenario

import "encoding/json"

// begins sets what the scenario starts from: a target or entries.
func (l *loader) begins(s *Scenario, h *header, t *tree, timeline bool, p parts) {
	name := h.Trigger
	if name == "" {
		name = "trigger.jsonl"
	}
	entries, found := t.entries[name]
	if m := p.entries[name]; m != nil {
		entries, found = readEntries(m), true
	}
	switch {
	case s.Target != nil:
		if p.root.holds(roleEntries) {
			l.warnf(h.doc.place("target"), "target", "target is given, so %s starts nothing: its entries are history only", name)
		}
	case h.Trigger != "" && !found:
		l.errorf(h.doc.place("trigger"), "trigger", "trigger names %q, which isn't here", h.Trigger)
	case !found && !timeline:
		l.errorf(h.doc.sources[0].at(1), "trigger", "neither trigger nor target: give trigger.jsonl with the log entries that arrive, or target for a manual run")
	case found && len(entries) == 0:
		l.errorf(h.doc.sources[0].at(1), "trigger", "%s has no entry", name)
	default:
		s.Trigger = entries
	}
}

func (y layer) holds(r role) bool {
	for _, f := range y.files {
		if f.slot.role == r {
			return true
		}
	}
	return false
}

// worlds builds the world, that of after/, and those of the timeline.
func (l *loader) worlds(s *Scenario, h *header, t *tree, timeline *timelineFile, p parts) {
	like := &World{Deny: h.Deny, Fail: h.Fail, Unavailable: h.Unavailable, Unreachable: h.Unreachable}
	var arrived []logLine
	if timeline == nil {
		arrived = t.arrived()
	}
	s.World = l.behaving(l.world(t, s.Project, arrived), like)
	l.checkUnavailable(h, s.World)
	switch {
	case len(p.after.files)+len(p.after.removes) > 0:
		after := t.clone()
		l.lay(after, p.after)
		s.After = l.behaving(l.world(after, s.Project, after.arrived()), like)
		s.AfterTrigger = s.Trigger
		if s.Target == nil && p.after.holds(roleEntries) {
			s.AfterTrigger = after.entries[p.after.path(roleEntries)]
		}
	case h.ExpectAfter != nil:
		l.errorf(h.doc.place("expectAfter"), "expectAfter", "expectAfter is given, but there is no after/")
	}
	if timeline != nil {
		s.Timeline = l.timeline(s, timeline, t, p)
	}
}

func (y layer) path(r role) string {
	for _, f := range y.files {
		if f.slot.role == r {
			return f.slot.path
		}
	}
	return ""
}

// behaving makes a world's APIs behave like another's: what is denied stays
// denied after the fix.
func (l *loader) behaving(w, like *World) *World {
	b := like.Clone()
	w.Deny, w.Fail, w.Unavailable, w.Unreachable = b.Deny, b.Fail, b.Unavailable, b.Unreachable
	return w
}

// arrived are the trigger's entries that Logging could have held.
func (t *tree) arrived() []logLine {
	var out []logLine
	for _, name := range sortedKeys(t.entries) {
		out = append(out, delivered(t.entries[name])...)
	}
	return out
}

// checkUnavailable finds control planes of no cluster.
func (l *loader) checkUnavailable(h *header, w *World) {
	short := map[string]bool{}
	for name := range w.Clusters {
		short["kubernetes/"+shortName(name)] = true
	}
	for i, plane := range h.Unavailable {
		if !short[plane] {
			key := indexPath("unavailable", i)
			l.warnf(h.doc.place(key), key, "the world has no cluster for %s", plane)
		}
	}
}

// wants keeps the goldens.
func (l *loader) wants(s *Scenario, a *archive) {
	if m := a.member("want.txt"); m != nil {
		s.WantText = m.data
	}
	if m := a.member("want.slack.json"); m != nil {
		s.WantSlack = m.data
		if !json.Valid(m.data) {
			l.errorf(m.at(0), "", "not JSON")
		}
	}
}
