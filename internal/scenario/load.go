package scenario

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Options say how to read a scenario.
type Options struct {
	// Worlds holds the worlds that come with the program, as worlds/NAME.txtar or
	// worlds/NAME/; they are used where none is found around the scenario.
	Worlds fs.FS
	// Lenient turns unknown fields of resources into warnings.
	Lenient bool
}

// Load reads the scenario at path, a txtar archive or a directory. The error
// joins an *Error for each thing wrong; warnings tell what was read past.
func Load(path string, o Options) (*Scenario, []Warning, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading scenario: %w", err)
	}
	a, err := openPath(path)
	if err != nil {
		return nil, nil, err
	}
	shelves, err := shelvesAbove(path, info.IsDir())
	if err != nil {
		return nil, nil, err
	}
	return load(a, path, shelves, o)
}

// LoadFS is Load for a scenario inside fsys, such as those built in.
func LoadFS(fsys fs.FS, path string, o Options) (*Scenario, []Warning, error) {
	info, err := fs.Stat(fsys, path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading scenario: %w", err)
	}
	a, err := openIn(fsys, path, path)
	if err != nil {
		return nil, nil, err
	}
	return load(a, path, shelvesIn(fsys, path, info.IsDir()), o)
}

// A loader reads one scenario with its world.
type loader struct {
	ledger
	options Options
	shelves []shelf
}

func load(a *archive, path string, shelves []shelf, o Options) (*Scenario, []Warning, error) {
	if o.Worlds != nil {
		shelves = append(shelves, shelf{fsys: o.Worlds, dir: "."})
	}
	l := &loader{options: o, shelves: shelves}
	s := l.scenario(a, path)
	if err := l.err(); err != nil {
		return nil, l.warnings, err
	}
	return s, l.warnings, nil
}

// scenario reads everything; what is wrong is in the ledger.
func (l *loader) scenario(a *archive, path string) *Scenario {
	m := a.member("scenario.yaml")
	if m == nil {
		l.errorf(Place{File: a.name}, "", "has no scenario.yaml")
		return nil
	}
	h, ok := l.readHeader(m)
	if !ok {
		return nil
	}
	t, below := newTree(), &header{}
	if h.World != "" {
		if t, below, ok = l.below(h, []string{a.name}); !ok {
			return nil
		}
	}
	p, timeline := l.partsOf(a, h)
	p.root.removes = removals(h.doc, h.Remove)
	l.lay(t, p.root)
	s := l.described(path, h, below, t)
	l.begins(s, h, t, a.member("timeline.yaml") != nil, p)
	l.worlds(s, h, t, timeline, p)
	l.wants(s, a)
	return s
}

// partsOf sorts the members of an archive, by its timeline if it has one.
func (l *loader) partsOf(a *archive, h *header) (parts, *timelineFile) {
	var timeline *timelineFile
	if m := a.member("timeline.yaml"); m != nil {
		timeline = l.readTimeline(m)
	}
	trigger := h.Trigger
	if trigger == "" {
		trigger = "trigger.jsonl"
	}
	return l.split(a, trigger, timeline), timeline
}

// below is the tree of the world that a header names, and that world's own
// header, whose title, now and project are defaults.
func (l *loader) below(h *header, seen []string) (*tree, *header, bool) {
	a, err := openWorld(l.shelves, h.World)
	if err != nil {
		l.errorf(h.doc.place("world"), "world", "%v", err)
		return nil, nil, false
	}
	if slices.Contains(seen, a.name) {
		l.errorf(h.doc.place("world"), "world", "world %q stands on itself", h.World)
		return nil, nil, false
	}
	own, t, under := &header{}, newTree(), &header{}
	if m := a.member("scenario.yaml"); m != nil {
		var ok bool
		if own, ok = l.readHeader(m); !ok {
			return nil, nil, false
		}
		if own.World != "" {
			if t, under, ok = l.below(own, append(seen, a.name)); !ok {
				return nil, nil, false
			}
		}
	}
	p, _ := l.partsOf(a, own)
	if own.doc != nil {
		p.root.removes = removals(own.doc, own.Remove)
	}
	l.lay(t, p.root)
	own.defaults(under)
	return t, own, true
}

// defaults takes from the world below what isn't given here.
func (h *header) defaults(below *header) {
	if h.Title == "" {
		h.Title = below.Title
	}
	if h.Project == "" {
		h.Project = below.Project
	}
	if h.now.IsZero() {
		h.now = below.now
	}
}

// described is the scenario as far as scenario.yaml tells.
func (l *loader) described(path string, h, below *header, t *tree) *Scenario {
	h.defaults(below)
	if h.now.IsZero() {
		l.errorf(h.doc.sources[0].at(1), "now", "now is missing: the moment that everything is judged at")
	}
	s := &Scenario{
		Path: path, Title: h.Title, Source: h.Source, Now: h.now, Project: h.Project,
		Probe: h.Probe == nil || *h.Probe, Expect: h.Expect, ExpectAfter: h.ExpectAfter,
	}
	if h.Target != nil {
		s.Target = h.Target.ref(s.Project)
		if s.Project == "" {
			s.Project = s.Target.ProjectOf()
		}
	}
	if s.Project == "" {
		s.Project = t.onlyProject()
	}
	if s.Target != nil && s.Target.Cluster == "" && s.Target.Project == "" {
		s.Target.Project = s.Project
	}
	return s
}
