package cause

import (
	"slices"
	"sync"

	"plumbline/internal/glbc"
	"plumbline/internal/history"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

// A memo computes once for a Case what many Checks ask for.
type memo struct {
	backends    func() []glbc.Backend
	entries     func() []signal.Signal
	changes     func() []history.Change
	translation func() glbc.Translation
	path        func() path.Path
	errors      func() []ControllerError
	requests    func() []signal.Signal
	passages    func() []Passage
}

// Prepared is the Case with a memory for what its methods compute, to be called when
// Target and Signals are set: a hundred Checks ask for the same backends. A Case
// without memory answers the same, only slower.
func (c Case) Prepared() Case {
	bare := c
	bare.memo = nil
	m := &memo{entries: sync.OnceValue(bare.entries), backends: sync.OnceValue(bare.backends)}
	c.memo = m
	m.changes, m.translation = sync.OnceValue(c.changes), sync.OnceValue(c.translation)
	m.path, m.errors = sync.OnceValue(c.path), sync.OnceValue(c.controllerErrors)
	m.requests = sync.OnceValue(c.requests)
	m.passages = sync.OnceValue(c.passages)
	return c
}

// Backends are what the target sends requests to: those of an Ingress or a Gateway, or
// the backend service that is diagnosed for itself.
func (c Case) Backends() []glbc.Backend {
	if c.memo != nil {
		return slices.Clone(c.memo.backends())
	}
	return c.backends()
}

// Entries are the signals and the history, newest first, each entry once.
func (c Case) Entries() []signal.Signal {
	if c.memo != nil {
		return slices.Clone(c.memo.entries())
	}
	return c.entries()
}

// Changes are the writes that the log tells of and that took effect, newest first.
func (c Case) Changes() []history.Change {
	if c.memo != nil {
		return slices.Clone(c.memo.changes())
	}
	return c.changes()
}

func (c Case) changes() []history.Change { return history.Of(c.Entries()) }

// Translation is what GLBC makes of the Ingress that is diagnosed; zero for another
// target and for an Ingress that surely isn't GLBC's.
func (c Case) Translation() glbc.Translation {
	if c.memo != nil {
		return c.memo.translation()
	}
	return c.translation()
}

func (c Case) translation() glbc.Translation {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return glbc.Translation{}
	}
	return glbc.Translate(c.Facts, ing)
}

// Path is the target's path, with what the log says that no list shows.
func (c Case) Path() path.Path {
	if c.memo != nil {
		return c.memo.path()
	}
	return c.path()
}

// ControllerErrors are the controller's errors on the target that still stand, newest
// first.
func (c Case) ControllerErrors() []ControllerError {
	if c.memo != nil {
		return slices.Clone(c.memo.errors())
	}
	return c.controllerErrors()
}

// Passages are what the firewall does to the packets for the target's backends; those of
// which no endpoint or no network is known are left out.
func (c Case) Passages() []Passage {
	if c.memo != nil {
		return slices.Clone(c.memo.passages())
	}
	return c.passages()
}
