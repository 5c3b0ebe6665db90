package signal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A field is one key that a parser wants from a JSON object, and where its value
// goes: a *json.RawMessage, *string, *int or *bool. A missing key and null leave
// it as it is, which is how proto3 JSON writes false, 0 and "".
type field struct {
	key  string
	into any
}

// fields reads the wanted keys of the object raw, which is valid JSON or empty;
// what names it in errors. Keys match exactly and unknown ones are passed over,
// but a wanted key given twice is an error: encoding/json would take the last
// one, or LOGNAME for logName, and another reader another.
func fields(raw json.RawMessage, what string, want ...field) error {
	if isNull(raw) {
		return nil
	}
	if raw[0] != '{' {
		return fmt.Errorf("%s is %s, not an object", what, typeName(raw))
	}
	var seen uint64
	for i := skipSpace(raw, 1); raw[i] != '}'; {
		end := skipValue(raw, i)
		key := raw[i:end]
		i = skipSpace(raw, skipSpace(raw, end)+1)
		end = skipValue(raw, i)
		for n, f := range want {
			if !isKey(key, f.key) {
				continue
			}
			if seen&(1<<n) != 0 {
				return fmt.Errorf("%s: %s is given twice", what, f.key)
			}
			seen |= 1 << n
			if err := assign(f.into, raw[i:end:end]); err != nil {
				return fmt.Errorf("%s: %s %w", what, f.key, err)
			}
		}
		i = skipSpace(raw, end)
		if raw[i] == ',' {
			i = skipSpace(raw, i+1)
		}
	}
	return nil
}

// isNull reports that there is no value: nothing there, or null.
func isNull(raw json.RawMessage) bool { return len(raw) == 0 || raw[0] == 'n' }

// isKey compares a key in its quotes with a plain one.
func isKey(quoted json.RawMessage, key string) bool {
	if len(quoted) == len(key)+2 {
		return string(quoted[1:len(quoted)-1]) == key
	}
	if len(quoted) < len(key)+2 || bytes.IndexByte(quoted, '\\') < 0 {
		return false
	}
	var s string
	return json.Unmarshal(quoted, &s) == nil && s == key
}

func assign(into any, raw json.RawMessage) error {
	if isNull(raw) {
		return nil
	}
	var err error
	switch into := into.(type) {
	case *json.RawMessage:
		*into = raw
	case *string:
		*into, err = text(raw)
	case *int:
		*into, err = integer(raw)
	case *bool:
		*into, err = boolean(raw)
	default:
		err = fmt.Errorf("has no reader for %T", into)
	}
	return err
}

func text(raw json.RawMessage) (string, error) {
	if raw[0] != '"' {
		return "", fmt.Errorf("is %s, not a string", typeName(raw))
	}
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// integer reads a number, or a string of one: proto3 JSON quotes 64 bits.
func integer(raw json.RawMessage) (int, error) {
	f, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return 0, fmt.Errorf("is %s, not an integer of 32 bits", typeName(raw))
	}
	return int(f), nil
}

func boolean(raw json.RawMessage) (bool, error) {
	switch string(raw) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("is %s, not true or false", typeName(raw))
}

// typeName says of which type a value is.
func typeName(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\n' || raw[i] == '\r') {
		i++
	}
	return i
}

// skipValue is the index after the value that starts at i. In broken JSON it is
// at most len(raw).
func skipValue(raw []byte, i int) int {
	for depth := 0; i < len(raw); {
		switch raw[i] {
		case '"':
			i = skipString(raw, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
		default:
			i = skipLiteral(raw, i)
		}
		if depth <= 0 {
			break
		}
	}
	return i
}

func skipString(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

func skipLiteral(raw []byte, i int) int {
	for ; i < len(raw); i++ {
		switch raw[i] {
		case ',', ':', '}', ']', ' ', '\t', '\n', '\r', '"', '{', '[':
			return i
		}
	}
	return i
}
