package fakecloud

import (
	"fmt"
	"strings"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A fieldType is how a field's values compare.
type fieldType int

const (
	// free is a value inside a payload or a label, of whatever type it has.
	free fieldType = iota
	textual
	numeric
	boolean
	severityName
	moment
	duration
	// object can only be asked whether it is there.
	object
)

// A filterField is a path of LogEntry. One that LogEntry defines has its default
// value where an entry lacks it; one inside a payload or a map is missing then,
// and every comparison with it fails.
type filterField struct {
	path      []string
	kind      fieldType
	defaulted bool
}

// resolveField checks a path against LogEntry's own definition, by proto JSON
// names. A field that can't exist is an error, as in the real service.
func resolveField(path []string) (filterField, string) {
	field := filterField{path: path, kind: object}
	message := (&loggingpb.LogEntry{}).ProtoReflect().Descriptor()
	for i, segment := range path {
		d := message.Fields().ByJSONName(segment)
		if d == nil {
			return field, fmt.Sprintf("there is no field %q in a log entry", strings.Join(path[:i+1], "."))
		}
		last := i == len(path)-1
		if d.IsMap() {
			if last {
				return field, ""
			}
			field.kind = free
			if len(path) > i+2 {
				return field, fmt.Sprintf("%q is a map of text", segment)
			}
			return field, ""
		}
		if d.Kind() != protoreflect.MessageKind {
			field.kind, field.defaulted = scalarType(d), !d.IsList()
			if !last {
				return field, fmt.Sprintf("%q has no fields", strings.Join(path[:i+1], "."))
			}
			return field, ""
		}
		switch d.Message().FullName() {
		case "google.protobuf.Struct", "google.protobuf.Any":
			if !last {
				field.kind = free
			}
			return field, ""
		case "google.protobuf.Timestamp":
			field.kind = moment
		case "google.protobuf.Duration":
			field.kind = duration
		default:
			message = d.Message()
			continue
		}
		if !last {
			return field, fmt.Sprintf("%q has no fields", strings.Join(path[:i+1], "."))
		}
	}
	return field, ""
}

func scalarType(d protoreflect.FieldDescriptor) fieldType {
	if d.Enum() != nil {
		return severityName
	}
	switch d.Default().Interface().(type) {
	case string, []byte:
		return textual
	case bool:
		return boolean
	}
	return numeric
}

// values finds what an entry has at the path; a repeated field has several.
func (f filterField) values(fields map[string]any) []any {
	found := []any{fields}
	for _, segment := range f.path {
		var next []any
		for _, v := range found {
			if o, ok := v.(map[string]any); ok {
				if child, ok := o[segment]; ok {
					next = append(next, flatten(child)...)
				}
			}
		}
		found = next
	}
	if len(found) == 0 && f.defaulted {
		return []any{map[fieldType]any{textual: "", numeric: 0.0, boolean: false, severityName: "DEFAULT"}[f.kind]}
	}
	return found
}

func flatten(v any) []any {
	list, ok := v.([]any)
	if !ok {
		return []any{v}
	}
	var all []any
	for _, item := range list {
		all = append(all, flatten(item)...)
	}
	return all
}
