package logs

import (
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	// DefaultPerMinute is half of what a project may ask in a minute (gcp-facts.md §7):
	// the other half is for the people who search its logs, and for other instances,
	// which don't know of one another.
	DefaultPerMinute = 30

	window       = time.Minute
	firstBackOff = 10 * time.Second
	lastBackOff  = 5 * time.Minute
	// longestWait bounds what the API may ask for.
	longestWait = time.Hour
	// manyAccounts is when those are forgotten that have nothing to remember.
	manyAccounts = 256
)

// A budget keeps the requests to each project within what they may be in a minute,
// and stays away from one that said 429. It never waits: who is too early gets an
// error, since nothing sleeps inside a diagnosis. A bucket of tokens would let
// through up to twice its rate in some minutes; the quota counts minutes, and so does
// this.
type budget struct {
	now       func() time.Time
	perMinute int
	// jitter is in [0, 1).
	jitter func() float64

	mu       sync.Mutex
	accounts map[string]*account
}

// An account is what is remembered of one project.
type account struct {
	// spent are the times of the requests in the last minute, oldest first.
	spent []time.Time
	// refusals are the 429s since the last answer, each after the back-off of the one
	// before; until is when the back-off ends.
	refusals int
	until    time.Time
}

// An early request is one that wasn't sent.
type early struct {
	why  string
	wait time.Duration
}

func (e early) Error() string {
	return fmt.Sprintf("%s, next try in %d s", e.why, int(math.Ceil(e.wait.Seconds())))
}

// take spends one request on a project, or says why it can't be sent yet.
func (b *budget) take(project string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	a := b.account(project, now)
	if wait := a.until.Sub(now); wait > 0 {
		return early{exhausted, wait}
	}
	if b.perMinute < 0 {
		return nil
	}
	a.forget(now)
	if len(a.spent) >= b.perMinute {
		return early{fmt.Sprintf("not asked, after %d log queries in a minute", b.perMinute), a.spent[0].Add(window).Sub(now)}
	}
	a.spent = append(a.spent, now)
	return nil
}

// answered notes that a project had no objection.
func (b *budget) answered(project string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if a := b.account(project, now); !now.Before(a.until) {
		a.refusals = 0
	}
}

// exhausted notes that a project said 429, and after how long it may be asked again;
// 0 where it didn't say. Requests that were under way together count once.
func (b *budget) exhausted(project string, after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	a := b.account(project, now)
	if now.Before(a.until) {
		return
	}
	wait := firstBackOff
	for range a.refusals {
		wait = min(2*wait, lastBackOff)
	}
	a.refusals++
	wait = wait/2 + time.Duration(b.jitter()*float64(wait/2))
	a.until = now.Add(max(wait, min(after, longestWait)))
}

// account is a project's; one is made for a project that is new.
func (b *budget) account(project string, now time.Time) *account {
	if a := b.accounts[project]; a != nil {
		return a
	}
	if len(b.accounts) >= manyAccounts {
		for name, a := range b.accounts {
			if a.forget(now); len(a.spent) == 0 && a.until.Add(lastBackOff).Before(now) {
				delete(b.accounts, name)
			}
		}
	}
	a := &account{}
	b.accounts[project] = a
	return a
}

// forget drops the requests that are more than a minute old.
func (a *account) forget(now time.Time) {
	for len(a.spent) > 0 && !now.Before(a.spent[0].Add(window)) {
		a.spent = a.spent[1:]
	}
}
