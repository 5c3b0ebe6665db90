package kubetest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// plain is an object as JSON says it.
func plain(t *testing.T, object any) map[string]any {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// lacks tells what is in want and not in got, as the path to it; empty if nothing
// is. Fields that got has besides don't matter; lists must have the same length.
func lacks(want, got any) string {
	switch want := want.(type) {
	case nil:
		return ""
	case map[string]any:
		fields, _ := got.(map[string]any)
		for name, value := range want {
			// What is empty is as good as missing.
			if reflect.DeepEqual(value, map[string]any{}) && fields[name] == nil {
				continue
			}
			if l := lacks(value, fields[name]); l != "" {
				return "." + name + l
			}
		}
		return ""
	case []any:
		items, _ := got.([]any)
		if len(items) != len(want) {
			return fmt.Sprintf(" has %d items, want %d", len(items), len(want))
		}
		for i, value := range want {
			if l := lacks(value, items[i]); l != "" {
				return fmt.Sprintf("[%d]%s", i, l)
			}
		}
		return ""
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf(" is %v, want %v", got, want)
	}
	return ""
}

// remove takes a field out of an object, in every item where the path meets a list.
func remove(fields any, path []string) {
	switch fields := fields.(type) {
	case []any:
		for _, item := range fields {
			remove(item, path)
		}
	case map[string]any:
		if len(path) == 1 {
			delete(fields, path[0])
			return
		}
		remove(fields[path[0]], path[1:])
	}
}

func TestLacksFindsWhatIsMissing(t *testing.T) {
	tests := map[string]struct{ want, got, lacks string }{
		"the same":             {`{"a":{"b":1}}`, `{"a":{"b":1}}`, ""},
		"more":                 {`{"a":{"b":1}}`, `{"a":{"b":1,"c":2},"d":3}`, ""},
		"another value":        {`{"a":{"b":1}}`, `{"a":{"b":2}}`, ".a.b is 2, want 1"},
		"a missing field":      {`{"a":{"b":1}}`, `{"a":{}}`, ".a.b is <nil>, want 1"},
		"a missing object":     {`{"a":{"b":1}}`, `{}`, ".a.b is <nil>, want 1"},
		"an empty object":      {`{"a":{}}`, `{}`, ""},
		"a longer list":        {`{"a":[1]}`, `{"a":[1,2]}`, ".a has 2 items, want 1"},
		"a missing list":       {`{"a":[1]}`, `{}`, ".a has 0 items, want 1"},
		"another item":         {`{"a":[1,{"b":"x"}]}`, `{"a":[1,{"b":"y"}]}`, ".a[1].b is y, want x"},
		"an object for a text": {`{"a":"x"}`, `{"a":{"b":1}}`, ".a is map[b:1], want x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := lacks(plain(t, json.RawMessage(tt.want)), plain(t, json.RawMessage(tt.got))); got != tt.lacks {
				t.Errorf("lacks %q, want %q", got, tt.lacks)
			}
		})
	}
}
