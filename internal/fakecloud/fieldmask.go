package fakecloud

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A mask is a partial response as Google's REST APIs have it: which fields of an
// object are answered. Nil answers all of it. `*` stands for every field.
type mask map[string]mask

// parseMask reads `fields`: names joined by commas, a/b for a field below another,
// a(b,c) for several (developers.google.com, “Partial response”).
func parseMask(text string) (mask, error) {
	rest, m, err := parseFields(text)
	if err == nil && rest != "" {
		err = fmt.Errorf("%q is left over", rest)
	}
	return m, err
}

func parseFields(text string) (rest string, m mask, err error) {
	m = mask{}
	for {
		if text, err = m.parseField(text); err != nil {
			return "", nil, err
		}
		if !strings.HasPrefix(text, ",") {
			return text, m, nil
		}
		text = text[1:]
	}
}

// parseField reads one field with what is below it, and returns what follows.
func (m mask) parseField(text string) (rest string, err error) {
	end := strings.IndexAny(text, ",/()")
	if end < 0 {
		end = len(text)
	}
	name := text[:end]
	if name == "" {
		return "", fmt.Errorf("a name is missing at %q", text)
	}
	rest = text[end:]
	switch {
	case strings.HasPrefix(rest, "/"):
		below := mask{}
		if rest, err = below.parseField(rest[1:]); err != nil {
			return "", err
		}
		m.add(name, below)
	case strings.HasPrefix(rest, "("):
		var below mask
		if rest, below, err = parseFields(rest[1:]); err != nil {
			return "", err
		}
		if !strings.HasPrefix(rest, ")") {
			return "", fmt.Errorf("a closing parenthesis is missing at %q", rest)
		}
		rest = rest[1:]
		m.add(name, below)
	default:
		m.add(name, nil)
	}
	return rest, nil
}

// add joins what two mentions of a field ask for.
func (m mask) add(name string, below mask) {
	have, ok := m[name]
	switch {
	case !ok:
		m[name] = below
	case have == nil:
	case below == nil:
		m[name] = nil
	default:
		for k, v := range below {
			have.add(k, v)
		}
	}
}

// apply keeps the fields of an answer that the mask names.
func (m mask) apply(answer any) (any, error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var whole any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	return m.of(whole), nil
}

func (m mask) of(value any) any {
	if m == nil {
		return value
	}
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.of(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, field := range v {
			below, named := m[key]
			if !named {
				below, named = m["*"]
			}
			if named {
				out[key] = below.of(field)
			}
		}
		return out
	}
	return value
}
