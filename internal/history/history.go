// Package history makes of log entries what a person wants to know of them: who
// changed which field of which object from what to what, with which tool, and which
// of these changes can have caused what is broken now. It stands between signal and
// those who tell people, and is pure. A change that fits is a suspect, never a
// proof.
package history

import (
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

// Window is how far back a change can be and still be a suspect: as far as the log
// query of a diagnosis reaches.
const Window = 30 * 24 * time.Hour

// A Change is one write that took effect: the entries of one operation are one
// Change.
type Change struct {
	// By is who did it; empty where the log doesn't say. Controller is set for GKE's
	// own controllers.
	By         string
	Controller bool
	Caller     signal.CallerKind
	// At is when it was asked for; an operation may take effect minutes later.
	At     time.Time
	Method string
	Object facts.Ref
	// Created and Deleted are about the object itself.
	Created, Deleted bool
	// Fields are those that changed, ordered by path; none where the object was
	// created or deleted.
	Fields []Field
	// Untold: the log doesn't tell which fields changed, since the write sent the whole
	// object and none before it is known, or since the entry has no body.
	Untold bool
	// Entry is the insertId of the entry that tells it.
	Entry string

	// before and after are what is known of the object around the write.
	before, after state
}

// Action is what was done to the object: created, deleted or changed.
func (c Change) Action() string {
	switch {
	case c.Created:
		return "created"
	case c.Deleted:
		return "deleted"
	}
	return "changed"
}

// A Field is one field that changed.
type Field struct {
	// Path is that of signal.Writes.
	Path string
	// From and To are nil where the log doesn't tell, where there was no value, or
	// where it may be a secret: the value of an environment variable.
	From, To *string
	// Removed: the field is gone.
	Removed bool
}

// maxValue is the length up to which a value is told; a longer one says nothing to a
// reader.
const maxValue = 120
