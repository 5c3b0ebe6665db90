package facts

import "errors"

// A Value is something that was looked for: found, proved absent, or unknown
// because looking failed or was never asked for. The zero Value is unknown. An
// unknown neither proves nor disproves anything; it becomes a named gap
// (architecture.md §1.3).
type Value[T any] struct {
	v     T
	state state
	err   error
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

// Absent is the Value of something that was looked for, successfully, and isn't
// there.
func Absent[T any]() Value[T] { return Value[T]{state: absent} }

// Unknown is the Value of something that couldn't be read; err says why.
func Unknown[T any](err error) Value[T] { return Value[T]{err: err} }

// Get returns what was found; the bool is false for absent and unknown.
func (v Value[T]) Get() (T, bool) { return v.v, v.state == found }

// IsAbsent reports that it was looked for and isn't there.
func (v Value[T]) IsAbsent() bool { return v.state == absent }

// Known reports that looking succeeded: found or absent.
func (v Value[T]) Known() bool { return v.state != unknown }

// Err says why the Value is unknown; nil for found and absent.
func (v Value[T]) Err() error {
	switch {
	case v.state != unknown:
		return nil
	case v.err == nil:
		return ErrNotRead
	}
	return v.err
}
