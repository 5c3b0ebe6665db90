package logs

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestBackOffGrowsWithEachRefusalAndEndsWithAnAnswer(t *testing.T) {
	t.Parallel()
	now := time.Date(2021, 9, 28, 0, 36, 18, 0, time.UTC)
	b := &budget{now: func() time.Time { return now }, perMinute: 30, jitter: func() float64 { return 0.5 }, accounts: map[string]*account{}}
	waits := func() time.Duration {
		var e early
		if err := b.take("p"); !errors.As(err, &e) {
			return 0
		}
		return e.wait
	}
	for _, want := range []time.Duration{7500, 15000, 30000, 60000, 120000, 225000, 225000} {
		b.exhausted("p", 0)
		b.exhausted("p", time.Hour) // was under way beside the first
		b.answered("p")             // as was this
		if got := waits(); got != want*time.Millisecond {
			t.Errorf("wait = %s, want %s", got, want*time.Millisecond)
		}
		now = now.Add(want * time.Millisecond)
		if got := waits(); got != 0 {
			t.Errorf("still %s to wait", got)
		}
	}
	b.answered("p")
	b.exhausted("p", 0)
	if got := waits(); got != 7500*time.Millisecond {
		t.Errorf("after an answer: wait = %s", got)
	}
	now = now.Add(time.Hour)
	b.exhausted("p", 100*time.Hour)
	if got := waits(); got != time.Hour {
		t.Errorf("a server that asks for days: wait = %s", got)
	}
}

func TestAccountsWithNothingToRememberAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Date(2021, 9, 28, 0, 36, 18, 0, time.UTC)
	b := &budget{now: func() time.Time { return now }, perMinute: 1, jitter: func() float64 { return 0 }, accounts: map[string]*account{}}
	for i := range manyAccounts {
		if err := b.take(fmt.Sprint("p", i)); err != nil {
			t.Fatal(err)
		}
	}
	b.exhausted("p0", time.Hour)
	now = now.Add(10 * time.Minute)
	if err := b.take("new"); err != nil {
		t.Fatal(err)
	}
	if len(b.accounts) != 2 || b.accounts["p0"] == nil {
		t.Errorf("%d accounts left, want those of p0 and of the new project", len(b.accounts))
	}
}
