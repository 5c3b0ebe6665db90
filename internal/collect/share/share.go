// Package share lets identical reads answer together: those that are under way at the
// same time, within a diagnosis or across several, and those that come shortly after.
// What diagnoses share they must not modify, as nobody may modify a Snapshot.
//
// Share what a project has as a whole: lists, the network and what applies to it,
// quotas. Health, endpoints, Kubernetes and logs answer for the moment in which they
// are asked.
package share

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"plumbline/internal/collect/refusal"
	"plumbline/internal/facts"
)

// Defaults of a Config.
const (
	DefaultTTL        = 20 * time.Second
	DefaultTimeout    = 10 * time.Second
	DefaultProjects   = 16
	DefaultPerProject = 64
)

// A Config bounds what is kept. A field that is 0 has its default.
type Config struct {
	// Now is the clock by which reads begin and get old; required. It should be that of
	// the moments given to Do.
	Now func() time.Time
	// TTL is how long after its beginning a read may answer; negative keeps nothing.
	TTL time.Duration
	// Timeout is how long a read may take, whoever waits for it.
	Timeout time.Duration
	// Projects is of how many projects something is kept, PerProject how much of each.
	Projects, PerProject int
}

// A Key names a read: of which project, under which permission, and of what where the
// permission has several: a region, a network, a certificate map.
type Key struct {
	Project string
	Kind    facts.Kind
	Of      string
}

// A Cache has the reads that are under way, and the last ones that succeeded. It may
// be used by several goroutines.
type Cache struct {
	config Config

	mu      sync.Mutex
	flights map[Key]*flight
	kept    *kept
}

// New makes an empty Cache.
func New(c Config) (*Cache, error) {
	if c.Now == nil {
		return nil, errors.New("preparing shared reads: Config.Now is missing")
	}
	c.TTL = orDefault(c.TTL, DefaultTTL)
	c.Timeout = orDefault(c.Timeout, DefaultTimeout)
	c.Projects = orDefault(c.Projects, DefaultProjects)
	c.PerProject = orDefault(c.PerProject, DefaultPerProject)
	return &Cache{config: c, flights: map[Key]*flight{}, kept: newKept(c)}, nil
}

func orDefault[T int | time.Duration](v, instead T) T {
	if v == 0 {
		return instead
	}
	return v
}

// A flight is one read under way.
type flight struct {
	began  time.Time
	cancel context.CancelFunc
	// waiting counts who wants the answer; without anybody the read is ended.
	waiting int
	// done is closed when value, a facts.Value[T], is there.
	done  chan struct{}
	value any
}

// Do is the Value of a read: kept, or of one under way, or read now. Neither of the
// first two answers when it didn't begin after notBefore; the zero time takes any. It
// waits until ctx ends, which leaves the Value unknown and goes on for others that
// wait. The read gets the values of the first context, so that its requests count
// there and nowhere else, but neither deadline nor end: Config.Timeout bounds it.
//
// Only a Value that is known as a whole, found or absent, is kept. All calls with one
// Key must read the same type.
func Do[T any](ctx context.Context, c *Cache, k Key, notBefore time.Time, read func(context.Context) facts.Value[T]) facts.Value[T] {
	if err := ctx.Err(); err != nil {
		return gaveUp[T](k, err)
	}
	c.mu.Lock()
	if v, ok := c.kept.get(k, notBefore).(facts.Value[T]); ok {
		c.mu.Unlock()
		return v
	}
	f := c.flights[k]
	if f == nil || !f.began.After(notBefore) {
		f = begin(ctx, c, k, read)
	}
	f.waiting++
	c.mu.Unlock()

	select {
	case <-f.done:
		if v, ok := f.value.(facts.Value[T]); ok {
			return v
		}
		return facts.Unknown[T](&facts.Error{Needs: string(k.Kind), Status: "no answer", Err: fmt.Errorf("reading %s: it is shared with reads of %T", k, f.value)})
	case <-ctx.Done():
		c.leave(k, f)
		return gaveUp[T](k, ctx.Err())
	}
}

// begin starts a read, and ends what was kept of its key: whoever comes now waits for
// the newer one. The caller holds the lock.
func begin[T any](ctx context.Context, c *Cache, k Key, read func(context.Context) facts.Value[T]) *flight {
	flying, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout)
	f := &flight{began: c.config.Now(), cancel: cancel, done: make(chan struct{})}
	c.flights[k] = f
	c.kept.drop(k)
	go func() {
		defer cancel()
		v := read(flying)
		c.land(k, f, v, v.Known())
	}()
	return f
}

// land keeps a Value if it is known and nobody began to read the same since, and hands
// it to those who wait: when they go on, nothing of the read is under way any more.
func (c *Cache) land(k Key, f *flight, value any, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(f.done)
	f.value = value
	if c.flights[k] != f {
		return
	}
	delete(c.flights, k)
	if known {
		c.kept.put(k, f.began, value)
	}
}

// leave ends a read that nobody waits for any more: a function has no afterwards.
func (c *Cache) leave(k Key, f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	f.cancel()
	if c.flights[k] == f {
		delete(c.flights, k)
	}
}

func gaveUp[T any](k Key, err error) facts.Value[T] {
	return facts.Unknown[T](&facts.Error{Needs: string(k.Kind), Status: refusal.Connection(err), Err: fmt.Errorf("waiting for %s: %w", k, err)})
}

// String is the key for an error.
func (k Key) String() string {
	text := string(k.Kind) + " of " + k.Project
	if k.Of != "" {
		text += ", " + k.Of
	}
	return text
}
