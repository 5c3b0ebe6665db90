package facts

import (
	"errors"
	"slices"
	"strings"
)

// A Value is something that was looked for: found, proved absent, or unknown
// because looking failed or was never asked for. The zero Value is unknown. An
// unknown neither proves nor disproves anything; it becomes a named gap
// (architecture.md §1.3).
//
// A list may be found in part: some scopes (zones/Z, regions/R) didn't answer. Get
// returns what did; Known is false, since what isn't among it may be in a scope that
// is missing; Lacks tells for one scope.
type Value[T any] struct {
	v     T
	state state
	err   error
	lacks []string
}

type state uint8

const (
	unknown state = iota
	found
	absent
)

// ErrNotRead is the error of a Value that nobody asked for.
var ErrNotRead = errors.New("not read")

// Found is the Value of something that was read.
func Found[T any](v T) Value[T] { return Value[T]{v: v, state: found} }

// FoundPartly is the Value of a list that lacks these scopes; err says why.
func FoundPartly[T any](v T, err error, scopes ...string) Value[T] {
	return Value[T]{v: v, state: found, err: err, lacks: scopes}
}

// Absent is the Value of something that was looked for, successfully, and isn't
// there.
func Absent[T any]() Value[T] { return Value[T]{state: absent} }

// Unknown is the Value of something that couldn't be read; err says why.
func Unknown[T any](err error) Value[T] { return Value[T]{err: err} }

// Get returns what was found, if only in part; the bool is false for absent and
// unknown.
func (v Value[T]) Get() (T, bool) { return v.v, v.state == found }

// IsAbsent reports that it was looked for and isn't there.
func (v Value[T]) IsAbsent() bool { return v.state == absent }

// Known reports that looking succeeded: found as a whole, or absent.
func (v Value[T]) Known() bool { return v.state != unknown && len(v.lacks) == 0 }

// Lacks reports that what lies in a scope isn't known: nothing is, or the scope
// didn't answer. The scope is zones/Z, regions/R or global. A region that didn't
// answer may mean its zones as well: they lack with it.
func (v Value[T]) Lacks(scope string) bool {
	if v.state == unknown || slices.Contains(v.lacks, scope) {
		return true
	}
	zone, ok := strings.CutPrefix(scope, "zones/")
	end := strings.LastIndex(zone, "-")
	return ok && end > 0 && slices.Contains(v.lacks, "regions/"+zone[:end])
}

// Err says why the Value isn't Known; nil when it is.
func (v Value[T]) Err() error {
	switch {
	case v.Known():
		return nil
	case v.err == nil:
		return ErrNotRead
	}
	return v.err
}
