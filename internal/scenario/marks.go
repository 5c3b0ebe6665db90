package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A mark is the position of one key or array element in a document.
type mark struct {
	// path is written a.b[0].c, as sigs.k8s.io/json writes it in its errors.
	path string
	// steps are the same as keys (string) and indexes (int), for walking.
	steps []any
	// offset is the end of what comes before, in bytes (JSON only); line counts
	// from 1.
	offset, line int
}

// marks is the index of a document in the order of its text.
type marks []mark

// lineOf is the line of the path; false when the document doesn't have it.
func (m marks) lineOf(path string) (int, bool) {
	for _, k := range m {
		if k.path == path {
			return k.line, true
		}
	}
	return 0, false
}

// at is the path of the key or element in which a byte of the JSON text lies.
func (m marks) at(offset int) string {
	i := sort.Search(len(m), func(i int) bool { return m[i].offset > offset })
	if i == 0 {
		return ""
	}
	return m[i-1].path
}

func (m marks) steps(path string) []any {
	for _, k := range m {
		if k.path == path {
			return k.steps
		}
	}
	return nil
}

// under keeps what lies in path, with paths relative to it.
func (m marks) under(path string) marks {
	var out marks
	depth := len(m.steps(path))
	for _, k := range m {
		rest, ok := strings.CutPrefix(k.path, path)
		if !ok || rest == "" || (rest[0] != '.' && rest[0] != '[') {
			continue
		}
		k.path, k.steps = strings.TrimPrefix(rest, "."), k.steps[depth:]
		out = append(out, k)
	}
	return out
}

func keyPath(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func indexPath(parent string, i int) string { return parent + "[" + strconv.Itoa(i) + "]" }

// parentPath cuts the last key or index.
func parentPath(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// A textError is a document that can't be read at all: where, and why.
type textError struct {
	line int
	key  string
	text string
}

func (e *textError) Error() string { return e.text }

// scanJSON indexes a JSON text. Errors are *textError: bad syntax, a key twice.
func scanJSON(data []byte) (marks, error) {
	var any json.RawMessage
	if err := json.Unmarshal(data, &any); err != nil {
		line := 1 + bytes.Count(bytes.TrimRight(data, "\n"), []byte("\n"))
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && int(syntax.Offset) < len(data) {
			line = lineAt(data, int(syntax.Offset)-1)
		}
		return nil, &textError{line: line, text: "not JSON: " + err.Error()}
	}
	s := jsonScanner{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	s.dec.UseNumber()
	if err := s.value("", nil, false); err != nil {
		return nil, err
	}
	return s.marks, nil
}

func lineAt(data []byte, offset int) int {
	return 1 + bytes.Count(data[:max(0, min(offset, len(data)))], []byte("\n"))
}

type jsonScanner struct {
	data  []byte
	dec   *json.Decoder
	marks marks
}

// value reads one value; element tells that it needs a mark of its own, which
// the value of a key doesn't.
func (s *jsonScanner) value(path string, steps []any, element bool) error {
	before := int(s.dec.InputOffset())
	tok, err := s.dec.Token()
	if err != nil {
		return err
	}
	if element {
		s.mark(path, steps, before)
	}
	switch tok {
	case json.Delim('{'):
		return s.object(path, steps)
	case json.Delim('['):
		return s.array(path, steps)
	}
	return nil
}

func (s *jsonScanner) mark(path string, steps []any, before int) {
	s.marks = append(s.marks, mark{path: path, steps: steps, offset: before, line: lineAt(s.data, int(s.dec.InputOffset())-1)})
}

func (s *jsonScanner) object(path string, steps []any) error {
	seen := map[string]bool{}
	for s.dec.More() {
		before := int(s.dec.InputOffset())
		tok, err := s.dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string)
		here := keyPath(path, key)
		if seen[key] {
			return &textError{line: lineAt(s.data, int(s.dec.InputOffset())-1), key: here, text: fmt.Sprintf("key %q is there twice", here)}
		}
		seen[key] = true
		below := append(slices.Clip(steps), key)
		s.mark(here, below, before)
		if err := s.value(here, below, false); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

func (s *jsonScanner) array(path string, steps []any) error {
	for i := 0; s.dec.More(); i++ {
		if err := s.value(indexPath(path, i), append(slices.Clip(steps), i), true); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}
