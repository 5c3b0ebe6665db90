package scenario

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Timeline is what happens to a world, step by step, and what is said.
type Timeline struct {
	Steps []Step
}

// A Step is one moment of a timeline.
type Step struct {
	// At counts from the scenario's Now.
	At time.Duration
	// Patch names folders of the archive, laid like after/, or single files in
	// such folders, that lie on top of the world from this step on.
	Patch []string
	// Deliver is tick, sweep, click, or the .jsonl file whose entries arrive.
	Deliver string
	// Say is opened, folded, …, quiet; empty is not checked.
	Say string
	// Entries are those of Deliver, byte for byte.
	Entries []json.RawMessage
	// World is that of this step, to be cloned before it is modified; see At.
	World *World
}

// At is the world once a step's patches, and all before, are on it; it is the
// caller's to modify. Its Logs hold the entries delivered so far, this step's included.
func (s *Scenario) At(step int) (*World, error) {
	if s.Timeline == nil {
		return nil, fmt.Errorf("%s has no timeline", s.Path)
	}
	if step < 0 || step >= len(s.Timeline.Steps) {
		return nil, fmt.Errorf("%s has no step %d: its timeline has %d", s.Path, step, len(s.Timeline.Steps))
	}
	return s.Timeline.Steps[step].World.Clone(), nil
}

// A timelineFile is timeline.yaml as it is written: `steps:` or the list alone.
type timelineFile struct {
	doc   *document
	steps []stepLine
	// under is the path of the list in the document.
	under string
}

type stepLine struct {
	At      string   `json:"at"`
	Patch   []string `json:"patch"`
	Deliver string   `json:"deliver"`
	Say     string   `json:"say"`
}

func (l *loader) readTimeline(m *member) *timelineFile {
	d, ok := l.readSingle(m)
	if !ok {
		return nil
	}
	t := &timelineFile{doc: d}
	var outer struct {
		Steps []stepLine `json:"steps"`
	}
	into := func() any { outer.Steps = nil; return &outer }
	if isArray(d.body) {
		into = func() any { outer.Steps = nil; return &outer.Steps }
	} else {
		t.under = "steps"
	}
	if _, ok := l.strict(d, "timeline.yaml", false, intoStruct(into)); !ok {
		return nil
	}
	t.steps = outer.Steps
	for i, s := range t.steps {
		for j, name := range s.Patch {
			t.steps[i].Patch[j] = strings.TrimSuffix(name, "/")
		}
	}
	if len(t.steps) == 0 {
		l.errorf(d.place(t.under), t.under, "timeline without steps")
	}
	return t
}

// isFile tells that a step delivers entries rather than a signal of its own.
func (s stepLine) isFile() bool { return strings.HasSuffix(s.Deliver, ".jsonl") }

func (t *timelineFile) delivers(path string) bool {
	return t != nil && slices.ContainsFunc(t.steps, func(s stepLine) bool { return s.Deliver == path && s.isFile() })
}

// patchOf finds the patch that a member belongs to, the most exact name first,
// and the member's path in it.
func (t *timelineFile) patchOf(path string) (name, rest string, ok bool) {
	if t == nil {
		return "", "", false
	}
	for _, s := range t.steps {
		for _, patch := range s.Patch {
			if patch == path {
				return patch, afterFolder(path), true
			}
			if in, found := strings.CutPrefix(path, patch+"/"); found && len(patch) > len(name) {
				name, rest, ok = patch, in, true
			}
		}
	}
	return name, rest, ok
}

// afterFolder drops the folders of a patch's file that the format doesn't know.
func afterFolder(path string) string {
	for rest := path; ; {
		_, in, ok := strings.Cut(rest, "/")
		if !ok {
			return path
		}
		if _, err := slotOf(in); err == nil {
			return in
		}
		rest = in
	}
}

// timeline checks the steps and builds the world of each.
func (l *loader) timeline(s *Scenario, t *timelineFile, base *tree, p parts) *Timeline {
	out := &Timeline{}
	now := base.clone()
	var arrived []logLine
	for i, line := range t.steps {
		step := Step{At: l.stepAt(t, i, s.Now), Patch: line.Patch, Deliver: line.Deliver, Say: line.Say}
		if i > 0 && step.At < out.Steps[i-1].At {
			l.errorf(t.place(i, "at"), t.key(i, "at"), "at is %q, which is before the step above", line.At)
		}
		for j, name := range line.Patch {
			patch, ok := p.patches[name]
			if !ok {
				key := indexPath("patch", j)
				l.errorf(t.place(i, key), t.key(i, key), "patch %q names no folder and no file here", name)
			}
			l.lay(now, patch)
		}
		step.Entries = l.deliver(t, i, p)
		arrived = append(arrived, delivered(step.Entries)...)
		step.World = l.behaving(l.world(now, s.Project, arrived), s.World)
		out.Steps = append(out.Steps, step)
	}
	return out
}

func (t *timelineFile) key(step int, key string) string {
	return keyPath(indexPath(t.under, step), key)
}
func (t *timelineFile) place(step int, key string) Place { return t.doc.place(t.key(step, key)) }

func (l *loader) deliver(t *timelineFile, i int, p parts) []json.RawMessage {
	s := t.steps[i]
	if !s.isFile() {
		if s.Deliver != "" {
			l.oneOf(t.doc, t.key(i, "deliver"), s.Deliver, "tick", "sweep", "click", "a .jsonl file")
		}
		return nil
	}
	m, ok := p.entries[s.Deliver]
	if !ok {
		l.errorf(t.place(i, "deliver"), t.key(i, "deliver"), "deliver names %q, which isn't here", s.Deliver)
		return nil
	}
	return readEntries(m)
}

// stepAt reads an offset like 2m, or a moment.
func (l *loader) stepAt(t *timelineFile, i int, now time.Time) time.Duration {
	at := t.steps[i].At
	if moment, err := time.Parse(time.RFC3339Nano, at); err == nil {
		at = moment.Sub(now).String()
	}
	offset, err := time.ParseDuration(strings.TrimPrefix(at, "+"))
	if err != nil || offset < 0 {
		l.errorf(t.place(i, "at"), t.key(i, "at"), "at is %q; an offset from now like 2m, or a moment not before it, is expected", t.steps[i].At)
		return 0
	}
	return offset
}
