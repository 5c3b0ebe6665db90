package fakecloud

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// compare builds the test of one value; the text says what is wrong with it.
func compare(f filterField, op, text string, quoted bool) (predicate, string) {
	if op == ":" && text == "*" && !quoted {
		bare := f
		bare.defaulted = false
		return func(fields map[string]any) bool { return len(bare.values(fields)) > 0 }, ""
	}
	test, problem := testOf(f, op, text, quoted)
	if problem != "" {
		return nil, problem
	}
	return func(fields map[string]any) bool {
		return slices.ContainsFunc(f.values(fields), test)
	}, ""
}

func testOf(f filterField, op, text string, quoted bool) (func(any) bool, string) {
	switch {
	case f.kind == object:
		return nil, fmt.Sprintf("%q has fields; only :* compares it", strings.Join(f.path, "."))
	case op == "=~" || op == "!~":
		return matchTest(f, op, text, quoted)
	case op == ":" && (f.kind == textual || f.kind == free):
		return containsTest(text), ""
	case op == ":":
		op = "="
	}
	return orderTest(f, op, text)
}

func matchTest(f filterField, op, text string, quoted bool) (func(any) bool, string) {
	if f.kind != textual && f.kind != free {
		return nil, fmt.Sprintf("%s compares text only", op)
	}
	if !quoted {
		return nil, "a regular expression must be quoted"
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		return nil, err.Error()
	}
	return func(v any) bool {
		s, ok := scalarText(v)
		return ok && expression.MatchString(s) == (op == "=~")
	}, ""
}

func containsTest(text string) func(any) bool {
	needle := strings.ToLower(text)
	return func(v any) bool {
		s, ok := v.(string)
		if !ok {
			s, ok = scalarText(v)
			return ok && strings.EqualFold(s, needle)
		}
		return strings.Contains(strings.ToLower(s), needle)
	}
}

// orderTest compares by the field's type; text is compared without case.
func orderTest(f filterField, op, text string) (func(any) bool, string) {
	want, ok := measure(f.kind, text)
	if !ok {
		return nil, fmt.Sprintf("%q is not a value of %s", text, strings.Join(f.path, "."))
	}
	return func(v any) bool {
		s, ok := scalarText(v)
		if !ok {
			return false
		}
		if f.kind == free || f.kind == textual {
			a, aOK := measure(numeric, s)
			if b, bOK := measure(numeric, text); f.kind == free && aOK && bOK {
				return holds(op, compareMeasured(a, b))
			}
			return holds(op, strings.Compare(strings.ToLower(s), strings.ToLower(text)))
		}
		have, ok := measure(f.kind, s)
		return ok && holds(op, compareMeasured(have, want))
	}, ""
}

func holds(op string, order int) bool {
	switch op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	}
	return order <= 0
}

// measure turns a typed value into something that has an order.
func measure(kind fieldType, text string) (measured, bool) {
	switch kind {
	case numeric:
		n, err := strconv.ParseFloat(text, 64)
		return measured{n, 0}, err == nil
	case boolean:
		b, err := strconv.ParseBool(strings.ToLower(text))
		return measured{map[bool]float64{true: 1}[b], 0}, err == nil
	case severityName:
		n, ok := severityNumber(text)
		return measured{float64(n), 0}, ok
	case moment:
		t, ok := parseMoment(text)
		return measured{float64(t.Unix()), int64(t.Nanosecond())}, ok
	case duration:
		d, err := time.ParseDuration(text)
		return measured{d.Seconds(), 0}, err == nil
	case free, textual, object:
	}
	return measured{}, true
}

// measured is a number; nanos is apart because a float can't hold a time to the
// nanosecond.
type measured struct {
	value float64
	nanos int64
}

func compareMeasured(a, b measured) int {
	switch {
	case a.value < b.value, a.value == b.value && a.nanos < b.nanos:
		return -1
	case a == b:
		return 0
	}
	return 1
}

func severityNumber(text string) (int32, bool) {
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return int32(n), true
	}
	severity := (&loggingpb.LogEntry{}).ProtoReflect().Descriptor().Fields().ByName("severity").Enum()
	value := severity.Values().ByName(protoreflect.Name(strings.ToUpper(text)))
	if value == nil {
		return 0, false
	}
	return int32(value.Number()), true
}

func parseMoment(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

// logIDOf is what follows /logs/ in the log's name, decoded.
func logIDOf(fields map[string]any) string {
	name, _ := fields["logName"].(string)
	_, encoded, _ := strings.Cut(name, "/logs/")
	id, err := url.PathUnescape(encoded)
	if err != nil {
		return encoded
	}
	return id
}
