package scenario

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// scanYAML turns one YAML document into JSON, as kubectl does. Errors are
// *textError.
func scanYAML(data []byte) ([]byte, error) {
	body, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, yamlTextError(err)
	}
	return body, nil
}

// indexYAML indexes the lines of a document that scanYAML could read.
func indexYAML(data []byte) marks {
	var root yamlMark
	if err := yamlv2.UnmarshalStrict(data, &root); err != nil {
		return nil
	}
	return root.index("", nil, nil)
}

var (
	yamlLine  = regexp.MustCompile(`line (\d+): ([^\n]*)`)
	yamlTwice = regexp.MustCompile(`key "(.*)" already set in map`)
	yamlKey   = regexp.MustCompile(`^line (\d+): field (.*) not found in type struct \{\}$`)
	yamlOther = regexp.MustCompile(`^line (\d+): cannot unmarshal`)
)

// yamlTextError takes the line out of the library's text, which has it nowhere
// else; a text without line means the first.
func yamlTextError(err error) *textError {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	e := &textError{line: 1, text: "not YAML: " + strings.TrimPrefix(text, "yaml: ")}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		e.line, _ = strconv.Atoi(m[1])
		e.text = "not YAML: " + m[2]
	}
	if m := yamlTwice.FindStringSubmatch(text); m != nil {
		e.key = m[1]
		e.text = "key " + strconv.Quote(m[1]) + " is there twice"
	}
	return e
}

// A yamlMark is a node of a YAML document with its lines. The decoder shows
// lines only in its complaints, so UnmarshalYAML has every node decoded into an
// empty struct, and reads the complaint about each key.
type yamlMark struct {
	line  int
	keys  []yamlKeyMark
	items []*yamlMark
}

type yamlKeyMark struct {
	name  string
	line  int
	value *yamlMark
}

// UnmarshalYAML keeps the lines of the node and of all below it.
func (n *yamlMark) UnmarshalYAML(unmarshal func(any) error) error {
	if complaint, ok := errors.AsType[*yamlv2.TypeError](unmarshal(&struct{}{})); ok {
		n.note(complaint.Errors)
	}
	var below map[string]*yamlMark
	if unmarshal(&below) == nil {
		for i, k := range n.keys {
			n.keys[i].value = below[k.name]
		}
		return nil
	}
	var items []*yamlMark
	if unmarshal(&items) == nil {
		n.items = items
	}
	return nil
}

func (n *yamlMark) note(complaints []string) {
	for _, c := range complaints {
		if m := yamlKey.FindStringSubmatch(c); m != nil {
			line, _ := strconv.Atoi(m[1])
			n.keys = append(n.keys, yamlKeyMark{name: m[2], line: line})
		} else if m := yamlOther.FindStringSubmatch(c); m != nil {
			n.line, _ = strconv.Atoi(m[1])
		}
	}
	if n.line == 0 && len(n.keys) > 0 {
		n.line = n.keys[0].line
	}
}

func (n *yamlMark) index(path string, steps []any, out marks) marks {
	if n == nil {
		return out
	}
	for _, k := range n.keys {
		here, below := keyPath(path, k.name), append(slices.Clip(steps), any(k.name))
		out = append(out, mark{path: here, steps: below, line: k.line})
		out = k.value.index(here, below, out)
	}
	for i, item := range n.items {
		here, below := indexPath(path, i), append(slices.Clip(steps), any(i))
		if item != nil {
			out = append(out, mark{path: here, steps: below, line: item.line})
		}
		out = item.index(here, below, out)
	}
	return out
}
