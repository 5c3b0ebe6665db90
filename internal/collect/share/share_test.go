package share_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/collect/share"
	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

var (
	start    = time.Date(2021, 9, 28, 0, 36, 18, 0, time.UTC)
	services = share.Key{Project: "shop-prod", Kind: facts.BackendServices}
)

// A clock stands until it is moved.
type clock struct{ nanos atomic.Int64 }

func (c *clock) Now() time.Time       { return start.Add(time.Duration(c.nanos.Load())) }
func (c *clock) move(d time.Duration) { c.nanos.Add(int64(d)) }

func open(t *testing.T, c share.Config) (*share.Cache, *clock) {
	t.Helper()
	k := &clock{}
	c.Now = k.Now
	cache, err := share.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return cache, k
}

// A source counts how often it is read; every read finds its number.
type source struct{ reads atomic.Int32 }

func (s *source) read(context.Context) facts.Value[int] { return facts.Found(int(s.reads.Add(1))) }

func want(t *testing.T, v facts.Value[int], n int) {
	t.Helper()
	if got, ok := v.Get(); !ok || got != n {
		t.Errorf("got %d, %t (%v), want %d", got, ok, v.Err(), n)
	}
}

func TestAKnownValueAnswersUntilItIsOld(t *testing.T) {
	t.Parallel()
	cache, clock := open(t, share.Config{})
	var s source
	do := func() facts.Value[int] { return share.Do(t.Context(), cache, services, time.Time{}, s.read) }
	want(t, do(), 1)
	clock.move(share.DefaultTTL - 1)
	want(t, do(), 1)
	clock.move(1)
	want(t, do(), 2)
}

func TestAbsentIsKeptAndWhatIsNotKnownIsNot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value facts.Value[int]
		reads int32
	}{
		"found":   {facts.Found(1), 1},
		"absent":  {facts.Absent[int](), 1},
		"unknown": {facts.Unknown[int](errors.New("403")), 3},
		"partial": {facts.FoundPartly(1, errors.New("no answer"), "zones/us-east1-b"), 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache, _ := open(t, share.Config{})
			var reads atomic.Int32
			for range 3 {
				got := share.Do(t.Context(), cache, services, time.Time{}, func(context.Context) facts.Value[int] { reads.Add(1); return test.value })
				if got.Known() != test.value.Known() || got.IsAbsent() != test.value.IsAbsent() || !errors.Is(got.Err(), test.value.Err()) {
					t.Errorf("got %v", got)
				}
			}
			if reads.Load() != test.reads {
				t.Errorf("%d reads, want %d", reads.Load(), test.reads)
			}
		})
	}
}

func TestEveryKeyIsReadByItself(t *testing.T) {
	t.Parallel()
	cache, _ := open(t, share.Config{})
	var s source
	for i, k := range []share.Key{
		services,
		{Project: "shop-test", Kind: facts.BackendServices},
		{Project: "shop-prod", Kind: facts.RegionQuotas, Of: "us-east1"},
		{Project: "shop-prod", Kind: facts.RegionQuotas, Of: "us-west1"},
	} {
		want(t, share.Do(t.Context(), cache, k, time.Time{}, s.read), i+1)
	}
}

func TestAMomentThatTheReadMustFollow(t *testing.T) {
	t.Parallel()
	cache, clock := open(t, share.Config{})
	var s source
	do := func(notBefore time.Time) facts.Value[int] {
		return share.Do(t.Context(), cache, services, notBefore, s.read)
	}
	want(t, do(time.Time{}), 1)
	want(t, do(start.Add(-time.Second)), 1) // what happened before the read
	want(t, do(start), 2)                   // at the same time: it may have been missed
	clock.move(time.Second)
	again := clock.Now()
	clock.move(time.Millisecond)
	want(t, do(again), 3)
	want(t, do(again), 3) // the same diagnosis shares
	want(t, do(time.Time{}), 3)
}

// A gate is a read that waits to be let through.
type gate struct {
	began chan context.Context
	value chan facts.Value[int]
}

func newGate() *gate {
	return &gate{began: make(chan context.Context, 10), value: make(chan facts.Value[int])}
}

func (g *gate) read(ctx context.Context) facts.Value[int] {
	g.began <- ctx
	select {
	case v := <-g.value:
		return v
	case <-ctx.Done():
		return facts.Unknown[int](ctx.Err())
	}
}

func async(ctx context.Context, cache *share.Cache, notBefore time.Time, read func(context.Context) facts.Value[int]) <-chan facts.Value[int] {
	out := make(chan facts.Value[int], 1)
	go func() { out <- share.Do(ctx, cache, services, notBefore, read) }()
	return out
}

func TestReadsAtTheSameTimeAreOne(t *testing.T) {
	t.Parallel()
	cache, _ := open(t, share.Config{TTL: -1})
	g := newGate()
	var first, other meter.Meter
	read := func(ctx context.Context) facts.Value[int] { meter.Sent(ctx); return g.read(ctx) }
	a := async(meter.Chain(meter.With(t.Context(), &first)), cache, time.Time{}, read)
	<-g.began
	var rest []<-chan facts.Value[int]
	for range 5 {
		rest = append(rest, async(meter.Chain(meter.With(t.Context(), &other)), cache, time.Time{}, read))
	}
	waiting(t, cache, 6)
	g.value <- facts.Found(7)
	want(t, <-a, 7)
	for _, b := range rest {
		want(t, <-b, 7)
	}
	if first.Calls() != 1 || other.Calls() != 0 {
		t.Errorf("calls = %d and %d, want 1 and 0", first.Calls(), other.Calls())
	}
	next := async(t.Context(), cache, time.Time{}, g.read) // nothing is kept
	<-g.began
	g.value <- facts.Found(8)
	want(t, <-next, 8)
}

func waiting(t *testing.T, cache *share.Cache, n int) {
	t.Helper()
	for cache.Waiting(services) != n {
		if t.Context().Err() != nil {
			t.Fatal("the test is over")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestWhoAsksAgainDoesNotJoinAReadThatBeganBefore(t *testing.T) {
	t.Parallel()
	cache, clock := open(t, share.Config{})
	before, after := newGate(), newGate()
	a := async(t.Context(), cache, time.Time{}, before.read)
	<-before.began
	clock.move(time.Second)
	again := clock.Now()
	clock.move(time.Millisecond)
	b := async(t.Context(), cache, again, after.read)
	<-after.began
	c := async(t.Context(), cache, time.Time{}, before.read) // joins the newer one
	waiting(t, cache, 2)
	after.value <- facts.Found(2)
	want(t, <-b, 2)
	want(t, <-c, 2)
	before.value <- facts.Found(1)
	want(t, <-a, 1)
	var s source
	want(t, share.Do(t.Context(), cache, services, time.Time{}, s.read), 2) // the older answer didn't replace the newer
}

func TestAReadThatFailsDoesNotBringTheOldAnswerBack(t *testing.T) {
	t.Parallel()
	cache, clock := open(t, share.Config{})
	var s source
	want(t, share.Do(t.Context(), cache, services, time.Time{}, s.read), 1)
	clock.move(time.Second)
	share.Do(t.Context(), cache, services, clock.Now(), func(context.Context) facts.Value[int] { return facts.Unknown[int](errors.New("403")) })
	want(t, share.Do(t.Context(), cache, services, time.Time{}, s.read), 2)
}

func TestWhoeverLeavesEndsTheReadOnlyForHimself(t *testing.T) {
	t.Parallel()
	cache, _ := open(t, share.Config{})
	g := newGate()
	first, leave := context.WithCancel(t.Context())
	a := async(first, cache, time.Time{}, g.read)
	flying := <-g.began
	b := async(t.Context(), cache, time.Time{}, g.read)
	waiting(t, cache, 2)
	leave()
	canceled(t, <-a)
	if flying.Err() != nil {
		t.Error("the read ended with the one who began it")
	}
	g.value <- facts.Found(7)
	want(t, <-b, 7)
}

func TestTheReadEndsWithTheLastWhoWaits(t *testing.T) {
	t.Parallel()
	cache, _ := open(t, share.Config{})
	g := newGate()
	ctx, leave := context.WithCancel(t.Context())
	a, b := async(ctx, cache, time.Time{}, g.read), async(ctx, cache, time.Time{}, g.read)
	flying := <-g.began
	waiting(t, cache, 2)
	leave()
	canceled(t, <-a)
	canceled(t, <-b)
	<-flying.Done()
	var s source
	want(t, share.Do(t.Context(), cache, services, time.Time{}, s.read), 1) // a new read, not the one that was ended
	canceled(t, share.Do(ctx, cache, services, time.Time{}, s.read))
}

func canceled(t *testing.T, v facts.Value[int]) {
	t.Helper()
	var failed *facts.Error
	if !errors.As(v.Err(), &failed) || failed.Needs != string(facts.BackendServices) || failed.Status != "canceled" {
		t.Errorf("error = %v, want canceled", v.Err())
	}
}

func TestTheTimeoutBoundsARead(t *testing.T) {
	t.Parallel()
	cache, _ := open(t, share.Config{Timeout: time.Millisecond})
	got := share.Do(t.Context(), cache, services, time.Time{}, newGate().read)
	if !errors.Is(got.Err(), context.DeadlineExceeded) {
		t.Errorf("error = %v", got.Err())
	}
}

func TestAKeyOfAnotherTypeProvesNothing(t *testing.T) {
	t.Parallel()
	cache, _ := open(t, share.Config{})
	g := newGate()
	a := async(t.Context(), cache, time.Time{}, g.read)
	<-g.began
	text := make(chan facts.Value[string], 1)
	go func() {
		text <- share.Do(t.Context(), cache, services, time.Time{}, func(context.Context) facts.Value[string] { return facts.Found("x") })
	}()
	waiting(t, cache, 2)
	g.value <- facts.Found(1)
	want(t, <-a, 1)
	if got := <-text; got.Known() || got.Err() == nil {
		t.Errorf("got %v", got)
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	cache, clock := open(t, share.Config{Projects: 2, PerProject: 3, TTL: time.Hour})
	var s source
	add := func(project string, of int) {
		clock.move(time.Second)
		share.Do(t.Context(), cache, share.Key{Project: project, Kind: facts.RegionQuotas, Of: fmt.Sprint(of)}, time.Time{}, s.read)
	}
	for i := range 5 {
		add("a", i)
	}
	add("b", 0)
	check(t, cache, []string{"a 2", "a 3", "a 4", "b 0"})
	add("a", 5)
	add("c", 0) // b's newest is older than a's
	check(t, cache, []string{"a 3", "a 4", "a 5", "c 0"})
	clock.move(time.Hour)
	add("d", 0) // what is too old goes
	check(t, cache, []string{"d 0"})
}

func check(t *testing.T, cache *share.Cache, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, cache.Kept()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	cache, clock := open(t, share.Config{Projects: 2, PerProject: 2})
	var all sync.WaitGroup
	for i := range 400 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%7 == 0 {
				cancel()
			}
			if i%5 == 0 {
				clock.move(time.Second)
			}
			var notBefore time.Time
			if i%3 == 0 {
				notBefore = clock.Now()
			}
			k := share.Key{Project: fmt.Sprint(i % 4), Kind: facts.RegionQuotas, Of: fmt.Sprint(i % 3)}
			got := share.Do(ctx, cache, k, notBefore, func(context.Context) facts.Value[string] { return facts.Found(k.String()) })
			if text, ok := got.Get(); ok && text != k.String() {
				t.Errorf("%s was told of %s", k, text)
			}
			if i%7 != 0 && !got.Known() {
				t.Errorf("%s: %v", k, got.Err())
			}
		})
	}
	all.Wait()
}

func TestTheClockIsRequired(t *testing.T) {
	t.Parallel()
	if _, err := share.New(share.Config{}); err == nil {
		t.Error("a Cache without a clock")
	}
}
