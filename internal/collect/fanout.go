package collect

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

// parallel is how many requests a round has under way at once.
const parallel = 24

// A fanout is one round: reads that don't wait for each other.
type fanout struct {
	timeout time.Duration
	group   errgroup.Group
	joins   []func()
}

// round begins a round, which waits for all before it; its reads get the context.
func (c *Collector) round(ctx context.Context) (*fanout, context.Context) {
	f := &fanout{timeout: c.timeout}
	f.group.SetLimit(parallel)
	return f, meter.Stage(ctx)
}

// do starts a read; its requests are one chain.
func (f *fanout) do(ctx context.Context, read func(ctx context.Context)) {
	f.group.Go(func() error {
		chain, cancel := context.WithTimeout(meter.Chain(ctx), f.timeout)
		defer cancel()
		read(chain)
		return nil
	})
}

// wait ends the round.
func (f *fanout) wait() {
	_ = f.group.Wait() // reads keep their errors as Values
	for _, join := range f.joins {
		join()
	}
}

// read starts one read whose Value goes to dst.
func read[T any](ctx context.Context, f *fanout, l *ledger, dst *facts.Value[T], from func(ctx context.Context) facts.Value[T]) {
	f.do(ctx, func(ctx context.Context) {
		*dst = from(ctx)
		l.note(dst.Err())
	})
}

// spread starts one read for each namespace and joins them in dst, with what an
// earlier round put there: the list of all is only known when every part is.
func spread[T any](ctx context.Context, f *fanout, l *ledger, dst *facts.Value[[]T], namespaces []string, from func(ctx context.Context, namespace string) facts.Value[[]T]) {
	parts := make([]facts.Value[[]T], len(namespaces))
	for i, namespace := range namespaces {
		read(ctx, f, l, &parts[i], func(ctx context.Context) facts.Value[[]T] { return from(ctx, namespace) })
	}
	f.joins = append(f.joins, func() {
		if before := *dst; !errors.Is(before.Err(), facts.ErrNotRead) {
			parts = append(parts, before)
		}
		*dst = joined(parts)
	})
}

func joined[T any](parts []facts.Value[[]T]) facts.Value[[]T] {
	var whole []T
	anything := false
	for _, part := range parts {
		items, _ := part.Get()
		if part.Err() != nil {
			return part
		}
		whole = append(whole, items...)
		anything = anything || !part.IsAbsent()
	}
	if !anything {
		return facts.Absent[[]T]()
	}
	return facts.Found(whole)
}

// gather starts one read for each key and puts the Values into dst.
func gather[K comparable, T any](ctx context.Context, f *fanout, l *ledger, dst *map[K]facts.Value[T], keys []K, from func(ctx context.Context, key K) facts.Value[T]) {
	parts := make([]facts.Value[T], len(keys))
	for i, key := range keys {
		read(ctx, f, l, &parts[i], func(ctx context.Context) facts.Value[T] { return from(ctx, key) })
	}
	f.joins = append(f.joins, func() {
		if *dst == nil {
			*dst = make(map[K]facts.Value[T], len(keys))
		}
		for i, key := range keys {
			(*dst)[key] = parts[i]
		}
	})
}
