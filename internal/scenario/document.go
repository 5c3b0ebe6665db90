package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// A document is one resource as JSON, merged from the files that lie on top of
// each other. A document is never modified: laying a file on it makes another,
// so trees can share them.
type document struct {
	// key tells documents of a tree apart.
	key  string
	slot slot
	// id is set for Kubernetes objects.
	id   identity
	body []byte
	// sources are the texts the body was merged from, topmost last.
	sources []source
	// built is what the body decoded to; nil before or when it didn't.
	built   any
	checked bool
}

// A source is one text that a document was made from.
type source struct {
	member *member
	// start is the line of the member at which the text starts, from 1.
	start int
	// marks index the text; only complaints need them.
	marks func() marks
	// layer is what the text belongs to; two texts of one layer don't merge.
	layer *layer
}

func known(index marks) func() marks { return func() marks { return index } }

func (s source) at(line int) Place {
	if line <= 0 {
		return s.member.at(s.start)
	}
	return s.member.at(s.start + line - 1)
}

// place finds the line of a key: in the topmost text that has it, else that of
// the closest key around it.
func (d *document) place(path string) Place {
	for path != "" {
		for _, s := range slices.Backward(d.sources) {
			if line, ok := s.marks().lineOf(path); ok && line > 0 {
				return s.at(line)
			}
		}
		path = parentPath(path)
	}
	return d.sources[len(d.sources)-1].at(0)
}

// readJSON reads a member that is one JSON document.
func (l *ledger) readJSON(m *member, on *layer) (*document, bool) {
	index, err := scanJSON(m.data)
	if err != nil {
		l.unreadable(source{member: m, start: 1}, err)
		return nil, false
	}
	return &document{body: bytes.Clone(m.data), sources: []source{{member: m, start: 1, marks: known(index), layer: on}}}, true
}

// readYAML reads the text of one YAML document that starts at a line of m.
func (l *ledger) readYAML(m *member, text []byte, start int, on *layer) (*document, bool) {
	body, err := scanYAML(text)
	if err != nil {
		l.unreadable(source{member: m, start: start}, err)
		return nil, false
	}
	index := sync.OnceValue(func() marks { return indexYAML(text) })
	return &document{body: body, sources: []source{{member: m, start: start, marks: index, layer: on}}}, true
}

// readSingle reads a member that is one YAML document.
func (l *ledger) readSingle(m *member) (*document, bool) {
	if !oneDocument(m.data) {
		l.errorf(m.at(0), "", "holds several YAML documents; one is expected")
		return nil, false
	}
	return l.readYAML(m, m.data, 1, nil)
}

// oneDocument tells that a member is a single YAML document, as all are but
// manifests.
func oneDocument(data []byte) bool {
	n := 0
	for _, text := range splitYAML(data) {
		if len(bytes.TrimSpace(text)) > 0 {
			n++
		}
	}
	return n <= 1
}

func (l *ledger) unreadable(s source, err error) {
	if bad, ok := errors.AsType[*textError](err); ok {
		l.errorf(s.at(bad.line), bad.key, "%s", bad.text)
		return
	}
	l.errorf(s.at(0), "", "%v", err)
}

// on lays d on top of base: objects merge as RFC 7396 says, anything else
// replaces. Without base the nulls go, as if it lay on an empty object.
func (d *document) on(base *document) (*document, error) {
	merged := *d
	if !isObject(d.body) {
		return &merged, nil
	}
	under := []byte("{}")
	if base != nil && isObject(base.body) {
		under = base.body
		merged.sources = append(slices.Clip(base.sources), d.sources...)
	}
	body, err := jsonpatch.MergePatch(under, d.body)
	if err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	merged.body = body
	return &merged, nil
}

func isObject(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) }
func isArray(body []byte) bool  { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) }

// without returns the JSON text less one key or element.
func without(body []byte, steps []any) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(cut(v, steps))
}

func cut(v any, steps []any) any {
	if len(steps) == 0 {
		return v
	}
	switch in := v.(type) {
	case map[string]any:
		key, _ := steps[0].(string)
		if len(steps) == 1 {
			delete(in, key)
		} else if below, ok := in[key]; ok {
			in[key] = cut(below, steps[1:])
		}
	case []any:
		if i, ok := steps[0].(int); ok && i < len(in) {
			if len(steps) == 1 {
				return append(in[:i], in[i+1:]...)
			}
			in[i] = cut(in[i], steps[1:])
		}
	}
	return v
}
