package scenario

import "strings"

// A layer is what lies on top of what is below: a world's files, a scenario's,
// those of after/, one patch of a timeline.
type layer struct {
	files   []placed
	removes []removal
}

// A placed file is a member and where the format puts it.
type placed struct {
	member *member
	slot   slot
}

// A removal is one line of `remove:`.
type removal struct {
	path  string
	place Place
}

// The parts of an archive, by what they lie on.
type parts struct {
	root, after layer
	// patches by the name that the timeline calls them.
	patches map[string]layer
	// entries are the files that a timeline delivers.
	entries map[string]*member
}

// split sorts the members of an archive. trigger is the name of its entries,
// timeline nil where it has none.
func (l *loader) split(a *archive, trigger string, timeline *timelineFile) parts {
	p := parts{patches: map[string]layer{}, entries: map[string]*member{}}
	for _, m := range a.members {
		if timeline.delivers(m.path) {
			p.entries[m.path] = m
			continue
		}
		if rest, ok := strings.CutPrefix(m.path, "after/"); ok {
			l.assign(&p.after, m, rest, trigger, "after/")
			continue
		}
		if name, rest, ok := timeline.patchOf(m.path); ok {
			patch := p.patches[name]
			l.assign(&patch, m, rest, "", "a patch")
			p.patches[name] = patch
			continue
		}
		l.assign(&p.root, m, m.path, trigger, "")
	}
	return p
}

// assign puts a member into a layer. within names the folder where fewer files are
// allowed; empty is the scenario itself.
func (l *loader) assign(on *layer, m *member, path, trigger, within string) {
	s, err := slotOf(path)
	if path == trigger {
		s, err = slot{role: roleEntries, path: path}, nil
	}
	if err != nil {
		l.errorf(m.at(0), "", "%v", err)
		return
	}
	switch {
	case within == "":
	case s.role == roleHeader:
		on.removes = append(on.removes, l.readRemoves(m)...)
		return
	case s.role == roleWant, s.role == roleTimeline, s.role == roleEntries && trigger == "":
		l.errorf(m.at(0), "", "unknown file: %s holds no %s", within, path)
		return
	}
	on.files = append(on.files, placed{member: m, slot: s})
}

// readRemoves reads the scenario.yaml of after/ or of a patch, which may only
// say what is gone.
func (l *loader) readRemoves(m *member) []removal {
	d, ok := l.readSingle(m)
	if !ok {
		return nil
	}
	var only struct {
		Remove []string `json:"remove"`
	}
	if _, ok := l.strict(d, "scenario.yaml of after/ or a patch, where only `remove` has a meaning", false, intoStruct(func() any {
		only.Remove = nil
		return &only
	})); !ok {
		return nil
	}
	return removals(d, only.Remove)
}

func removals(d *document, paths []string) []removal {
	var out []removal
	for i, path := range paths {
		out = append(out, removal{path: path, place: d.place(indexPath("remove", i))})
	}
	return out
}
