package history

import (
	"maps"
	"slices"
	"strings"

	"plumbline/internal/signal"
)

// A state is what is known of an object's fields at one time.
type state struct {
	values map[string]string
	// gone are the fields that are known to be absent.
	gone map[string]bool
	// complete: what values lacks, the object lacks.
	complete bool
}

// at is a field's value; told is false where it isn't known whether there is one.
func (s state) at(path string) (value *string, told bool) {
	if v, ok := s.values[path]; ok {
		return &v, true
	}
	return nil, s.complete || s.gone[path]
}

// under are the known fields at a path or below it.
func (s state) under(path string) []string {
	var list []string
	for p := range s.values {
		if within(p, path) {
			list = append(list, p)
		}
	}
	return list
}

// within: path is prefix, or a field of it.
func within(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// with is the state after a patch that names fields.
func (s state) with(named map[string]*string) state {
	next := state{values: map[string]string{}, gone: maps.Clone(s.gone), complete: s.complete}
	if next.gone == nil {
		next.gone = map[string]bool{}
	}
	maps.Copy(next.values, s.values)
	for path, value := range named {
		if value != nil {
			next.values[path] = *value
			delete(next.gone, path)
			continue
		}
		for _, p := range s.under(path) {
			delete(next.values, p)
		}
		next.gone[path] = true
	}
	return next
}

// compare fills in what changed and what is known afterwards.
func (c *Change) compare(w write) {
	switch {
	case c.Deleted:
		return
	case !w.begun:
		c.Untold = !c.Created
		return
	case w.writes.After != nil:
		c.after = state{values: w.writes.After, complete: w.writes.Complete}
	default:
		c.after = c.before.with(w.writes.Named)
	}
	switch {
	case c.Created:
		return
	case w.writes.Named == nil && (w.writes.After == nil || !c.before.complete):
		c.Untold = true
		return
	}
	for _, path := range c.touched(w) {
		c.note(path, w.writes)
	}
	c.Untold = w.writes.Whole && len(c.Fields) == 0 && !c.before.complete
	slices.SortFunc(c.Fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	c.Fields = slices.CompactFunc(c.Fields, func(a, b Field) bool { return a.Path == b.Path })
}

// touched are the fields that a write may have changed: of an update, and of one
// whose request isn't told, all that were there before or are there now; of another,
// what it names, and what was below a field that it takes away.
func (c *Change) touched(w write) []string {
	if w.writes.Named == nil || w.entry.Change.Verb == "update" && w.writes.Whole {
		return append(slices.Collect(maps.Keys(c.before.values)), slices.Collect(maps.Keys(c.after.values))...)
	}
	var list []string
	for path, value := range w.writes.Named {
		_, there := c.after.values[path]
		element := strings.IndexByte(path, '[')
		switch {
		case value == nil:
			list = append(append(list, path), c.before.under(path)...)
		case !there && element > 0 && w.writes.Complete: // of a list, by index
			list = append(append(list, c.before.under(path[:element])...), c.after.under(path[:element])...)
		default:
			list = append(list, path)
		}
	}
	return list
}

// note adds a field, unless it is known to be as before. Of a write of the whole
// object a field counts only where the value before is known.
func (c *Change) note(path string, w signal.Writes) {
	from, told := c.before.at(path)
	to, _ := c.after.at(path)
	if named := w.Named[path]; to == nil && named != nil && !w.Whole {
		to = named
	}
	switch {
	case told && same(from, to):
		return
	case !told && (w.Whole || w.Named == nil || isKey(path, to)):
		return
	}
	c.Fields = append(c.Fields, Field{Path: path, From: shown(path, from), To: shown(path, to), Removed: to == nil})
}

// isKey: the field only says which element of a list is meant.
func isKey(path string, value *string) bool {
	end := strings.LastIndexByte(path, ']')
	begin := strings.LastIndexByte(path, '[')
	return value != nil && begin >= 0 && end > begin && path[begin+1:end] == *value && strings.HasPrefix(path[end+1:], ".") &&
		!strings.Contains(path[end+2:], ".")
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// shown is a value that may be told.
func shown(path string, value *string) *string {
	if value == nil || len(*value) > maxValue || strings.Contains(path, ".env[") {
		return nil
	}
	return value
}
