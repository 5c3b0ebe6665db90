// Package meter counts what a diagnosis costs: calls, the API requests that were
// sent, and rounds, the longest chain of requests each of which waited for the
// one before (scenario-format.md, `timing`). It is bookkeeping only: the context
// carries who is counted where, the transports of the collector and of the probe
// report every request, and no clock is involved, so the same work always counts
// the same.
package meter

import (
	"context"
	"sync"
)

// A Meter adds up one diagnosis. The zero Meter is ready to use; it may be used
// by several goroutines.
type Meter struct {
	mu     sync.Mutex
	calls  int
	rounds int
}

// Calls is how many requests were sent so far.
func (m *Meter) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// Rounds is the length of the longest chain so far.
func (m *Meter) Rounds() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rounds
}

// A chain is a sequence of requests: each further one is one deeper. Requests of
// one chain may come from any goroutine, one at a time or not; each counts.
type chain struct {
	meter *Meter
	depth int
}

type (
	stageKey struct{}
	chainKey struct{}
)

// A stage is a fan-out: its chains all begin at base.
type stage struct {
	meter *Meter
	base  int
}

// With returns a context whose requests are counted by m.
func With(ctx context.Context, m *Meter) context.Context {
	return context.WithValue(ctx, stageKey{}, stage{meter: m})
}

// From is the Meter that With put into the context; nil when there is none.
func From(ctx context.Context) *Meter {
	s, _ := ctx.Value(stageKey{}).(stage)
	return s.meter
}

// Stage begins a fan-out that waits for everything sent so far: its chains start
// at the depth that was reached. Call it when the stage before is over, and before
// the first request of this one.
func Stage(ctx context.Context) context.Context {
	s, ok := ctx.Value(stageKey{}).(stage)
	if !ok {
		return ctx
	}
	ctx = context.WithValue(ctx, chainKey{}, (*chain)(nil))
	return context.WithValue(ctx, stageKey{}, stage{meter: s.meter, base: s.meter.Rounds()})
}

// Chain begins a chain in the stage of ctx: what is sent with the context that it
// returns waits for one another, as the pages of a list do.
func Chain(ctx context.Context) context.Context {
	s, ok := ctx.Value(stageKey{}).(stage)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, chainKey{}, &chain{meter: s.meter, depth: s.base})
}

// Sent reports one request. Transports call it; a context without Meter is not
// counted, and one without chain counts as a chain of its own.
func Sent(ctx context.Context) {
	c, _ := ctx.Value(chainKey{}).(*chain)
	if c == nil {
		s, metered := ctx.Value(stageKey{}).(stage)
		if !metered {
			return
		}
		c = &chain{meter: s.meter, depth: s.base}
	}
	c.meter.mu.Lock()
	defer c.meter.mu.Unlock()
	c.depth++
	c.meter.calls++
	c.meter.rounds = max(c.meter.rounds, c.depth)
}
