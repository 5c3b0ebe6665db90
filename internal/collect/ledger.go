package collect

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"plumbline/internal/facts"
)

// A ledger keeps what could not be read, and whether anything could. It may be
// used by several goroutines.
type ledger struct {
	mu    sync.Mutex
	gaps  map[string]*facts.Error
	found bool
}

// note records the outcome of a read; nil is a success.
func (l *ledger) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.found = true
		return
	}
	var failed *facts.Error
	if !errors.As(err, &failed) {
		return
	}
	if l.gaps == nil {
		l.gaps = map[string]*facts.Error{}
	}
	// Several reads can lack the same: the one that is kept must not depend on which
	// was faster.
	if old, ok := l.gaps[failed.Needs]; !ok || failed.Status < old.Status {
		l.gaps[failed.Needs] = failed
	}
}

// gaps joins ledgers: every lack once, in the order of facts.Kinds; a control plane
// out of reach comes where the Kubernetes reads begin.
func gaps(ledgers ...*ledger) []facts.Gap {
	all := &ledger{}
	for _, l := range ledgers {
		for _, failed := range l.failures() {
			all.note(failed)
		}
	}
	var out []facts.Gap
	for _, failed := range all.failures() {
		out = append(out, facts.Gap{Needs: failed.Needs, Err: failed.Status})
	}
	return out
}

// failures are the kept errors in the order of facts.Kinds.
func (l *ledger) failures() []*facts.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*facts.Error
	for _, failed := range l.gaps {
		out = append(out, failed)
	}
	slices.SortFunc(out, func(a, b *facts.Error) int {
		if d := place(a.Needs) - place(b.Needs); d != 0 {
			return d
		}
		return strings.Compare(a.Needs, b.Needs)
	})
	return out
}

// place orders needs: even numbers are Kinds, odd ones lie between.
func place(needs string) int {
	kind := facts.Kind(needs)
	if strings.HasPrefix(needs, string(facts.DNS)+"/") {
		kind = facts.DNS
	}
	if i := slices.Index(facts.Kinds, kind); i >= 0 {
		return 2 * i
	}
	return 2*slices.Index(facts.Kinds, facts.Ingresses) - 1
}
