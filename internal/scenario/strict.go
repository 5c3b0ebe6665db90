package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	sigsjson "sigs.k8s.io/json"
)

// A fault is a key that the vendor's type doesn't have or can't hold.
type fault struct {
	// path is that of the key; empty when the whole text is to blame.
	path    string
	unknown bool
	text    string
}

// A decode tells what is wrong with a JSON text, and keeps what it decoded.
type decode func(body []byte) []fault

// strict decodes the document. Unknown keys are errors, or with lenient warnings
// and dropped; the body without them is returned. typ is the vendor's type, for people.
func (l *ledger) strict(d *document, typ string, lenient bool, dec decode) ([]byte, bool) {
	body := d.body
	for {
		faults := dec(body)
		if len(faults) == 0 {
			return body, true
		}
		if !lenient || !allUnknown(faults) {
			for _, f := range faults {
				l.errorf(d.place(f.path), f.path, "%s", f.says(typ))
			}
			return nil, false
		}
		f := faults[0]
		index, err := scanJSON(body)
		if err != nil || index.steps(f.path) == nil {
			l.errorf(d.place(f.path), f.path, "%s", f.says(typ))
			return nil, false
		}
		l.warnf(d.place(f.path), f.path, "%s, dropped", f.says(typ))
		if body, err = without(body, index.steps(f.path)); err != nil {
			l.errorf(d.place(f.path), f.path, "dropping %s: %v", f.path, err)
			return nil, false
		}
	}
}

func allUnknown(faults []fault) bool {
	for _, f := range faults {
		if !f.unknown {
			return false
		}
	}
	return true
}

func (f fault) says(typ string) string {
	if f.unknown {
		key := f.path[strings.LastIndexByte(f.path, '.')+1:]
		if f.text != "" {
			key = f.text
		}
		return fmt.Sprintf("unknown field %q (%s isn't in %s)", key, f.path, typ)
	}
	if f.path == "" {
		return fmt.Sprintf("%s (as %s)", f.text, typ)
	}
	return fmt.Sprintf("field %q of %s: %s", f.path, typ, f.text)
}

// intoStruct decodes into a Go struct with json tags: container/v1, Kubernetes,
// and the project's own files.
func intoStruct(into func() any) decode {
	return func(body []byte) []fault {
		unknown, err := sigsjson.UnmarshalStrict(body, into())
		if err != nil {
			return []fault{structFault(body, into, err)}
		}
		var faults []fault
		for _, u := range unknown {
			path := ""
			if field, ok := errors.AsType[sigsjson.FieldError](u); ok {
				path = field.FieldPath()
			}
			faults = append(faults, fault{path: path, unknown: true, text: lastKey(body, path)})
		}
		return faults
	}
}

// lastKey is the key at the end of a path, which may itself have dots.
func lastKey(body []byte, path string) string {
	index, err := scanJSON(body)
	if err != nil {
		return ""
	}
	steps := index.steps(path)
	if len(steps) == 0 {
		return ""
	}
	key, _ := steps[len(steps)-1].(string)
	return key
}

func structFault(body []byte, into func() any, err error) fault {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		f := fault{text: fmt.Sprintf("a %s doesn't fit, it is %s", mismatch.Value, mismatch.Type)}
		if index, scanErr := scanJSON(body); scanErr == nil {
			f.path = index.at(int(mismatch.Offset) - 1)
		}
		return f
	}
	return fault{path: culprit(body, into, err), text: err.Error()}
}

// culprit finds the key behind an error without position (a time, a quantity):
// the one without which the error goes away.
func culprit(body []byte, into func() any, err error) string {
	index, scanErr := scanJSON(body)
	if scanErr != nil {
		return ""
	}
	for _, k := range slices.Backward(index) {
		rest, cutErr := without(body, k.steps)
		if cutErr != nil {
			continue
		}
		if _, again := sigsjson.UnmarshalStrict(rest, into()); again == nil || again.Error() != err.Error() {
			return k.path
		}
	}
	return ""
}

// protoPlace is how protojson says where; the text around it varies on purpose.
var protoPlace = regexp.MustCompile(`\(line \d+:(\d+)\): (.*)$`)

var protoUnknown = regexp.MustCompile(`^unknown field (".*")$`)

// intoMessage decodes a REST answer into a protocol buffer message: Compute and
// Logging. It finds one fault at a time.
func intoMessage(into proto.Message) decode {
	return func(body []byte) []fault {
		var line bytes.Buffer
		if err := json.Compact(&line, body); err != nil {
			return []fault{{text: err.Error()}}
		}
		err := protojson.Unmarshal(line.Bytes(), into)
		if err == nil {
			return nil
		}
		m := protoPlace.FindStringSubmatch(err.Error())
		if m == nil {
			return []fault{{text: strings.TrimPrefix(err.Error(), "proto: ")}}
		}
		column, _ := strconv.Atoi(m[1])
		f := fault{text: m[2]}
		if index, scanErr := scanJSON(line.Bytes()); scanErr == nil {
			f.path = index.at(byteOffset(line.Bytes(), column))
		}
		if u := protoUnknown.FindStringSubmatch(m[2]); u != nil {
			f.unknown = true
			f.text, _ = strconv.Unquote(u[1])
		}
		return []fault{f}
	}
}

// byteOffset turns protojson's column, in characters from 1, into bytes from 0.
func byteOffset(line []byte, column int) int {
	n := 1
	for i := range string(line) {
		if n == column {
			return i
		}
		n++
	}
	return len(line)
}

// wrapped decodes an array as the field of a message, which is how the APIs
// return it; paths stay those of the array.
func wrapped(field string, into proto.Message) decode {
	inner := intoMessage(into)
	return func(body []byte) []fault {
		faults := inner(fmt.Appendf(nil, `{%q:%s}`, field, body))
		for i := range faults {
			faults[i].path = strings.TrimPrefix(faults[i].path, field)
		}
		return faults
	}
}
