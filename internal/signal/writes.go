package signal

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Writes is what an audit entry tells of the fields of the object that it wrote. A
// path is dotted, `spec.ports[80].targetPort`, `metadata.annotations["cloud.google.com/neg"]`:
// elements of a list have the key by which the API server merges them, other lists
// are one value. A value is as people write it; one that isn't a scalar is JSON.
type Writes struct {
	// Named are the fields that the request names; nil is the value of one that it
	// takes away.
	Named map[string]*string
	// Whole: the request sends the whole object, so that naming a field doesn't mean
	// changing it.
	Whole bool
	// After is the object after the write; nil where the entry doesn't tell it.
	After map[string]string
	// Complete: what After lacks, the object lacks too.
	Complete bool
}

// WritesOf reads request and response of a Signal with a Change; what can't be
// decoded tells nothing.
func WritesOf(s Signal) Writes {
	switch {
	case s.Change == nil:
		return Writes{}
	case s.Kind == ClusterChanged:
		return clusterWrites(s.Change)
	case s.Kind == ResourceChanged:
		return computeWrites(s.Change)
	case s.Kind == ObjectChanged:
		return kubernetesWrites(s.Change)
	}
	return Writes{}
}

func clusterWrites(c *Change) Writes {
	w := Writes{Named: map[string]*string{}}
	for path, value := range c.Fields {
		value = strings.Trim(value, `"`)
		w.Named[path] = &value
	}
	return w
}

// A flattener walks a decoded body and notes each value under its path.
type flattener struct {
	values map[string]*string
	// keyOf is the key of a list's element, by the list's name; empty for a list that
	// is one value.
	keyOf func(list string, element map[string]any) string
	// text spells a text that isn't to be taken literally.
	text func(string) string
	// patch: null takes away, and keys with a $ are directives.
	patch bool
	depth int
}

// maxDepth is far below any setting of an object; what lies deeper is one value.
const maxDepth = 32

func (f *flattener) walk(path string, v any) {
	if f.depth++; f.depth > maxDepth {
		v = f.spell(v)
	}
	defer func() { f.depth-- }()
	switch v := v.(type) {
	case nil:
		if f.patch {
			f.values[path] = nil
		}
		return
	case map[string]any:
		if f.patch && v["$patch"] == "delete" {
			f.values[path] = nil
			return
		}
		if len(v) > 0 {
			for key, value := range v {
				if !strings.HasPrefix(key, "$") {
					f.walk(join(path, key), value)
				}
			}
			return
		}
	case []any:
		if keys := f.keys(path, v); keys != nil {
			for i, element := range v {
				f.walk(path+"["+keys[i]+"]", element)
			}
			return
		}
	}
	value := f.spell(v)
	f.values[path] = &value
}

// keys are those of a list's elements; nil unless each has its own.
func (f *flattener) keys(path string, list []any) []string {
	var keys []string
	for _, element := range list {
		m, ok := element.(map[string]any)
		if !ok {
			return nil
		}
		key := f.keyOf(path[strings.LastIndexByte(path, '.')+1:], m)
		if key == "" || slices.Contains(keys, key) {
			return nil
		}
		keys = append(keys, key)
	}
	return keys
}

// spell writes a value: a scalar plainly, anything else as JSON.
func (f *flattener) spell(v any) string {
	if s, ok := v.(string); ok {
		return f.literal(s)
	}
	text, err := json.Marshal(f.respell(v))
	if err != nil {
		return ""
	}
	return string(text)
}

func (f *flattener) respell(v any) any {
	switch v := v.(type) {
	case string:
		return f.literal(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = f.respell(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = f.respell(v[k])
		}
		return out
	}
	return v
}

func (f *flattener) literal(s string) string {
	if f.text == nil {
		return s
	}
	return f.text(s)
}

// state is what was noted, less what was taken away.
func (f *flattener) state() map[string]string {
	state := make(map[string]string, len(f.values))
	for path, value := range f.values {
		if value != nil {
			state[path] = *value
		}
	}
	return state
}

// join appends a key to a path; one that isn't a plain word is quoted.
func join(path, key string) string {
	for i := range len(key) {
		if c := key[i]; !isAlphanumeric(c) && c != '_' {
			return path + `["` + key + `"]`
		}
	}
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

// decode reads JSON with its numbers as they are written; nil for what isn't JSON.
func decode(raw []byte) any {
	if isNull(raw) {
		return nil
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}
