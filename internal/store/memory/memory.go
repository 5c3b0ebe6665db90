// Package memory is the Store of the demo, of tests and of a server without a disk:
// it forgets when the process ends.
package memory

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"plumbline/internal/incident"
)

// A Store keeps incidents in memory. The zero Store is ready to use.
type Store struct {
	mu        sync.Mutex
	incidents map[incident.Key]incident.Incident
}

// Update reads, changes and writes one incident under the lock.
func (s *Store) Update(_ context.Context, key incident.Key, f func(prev *incident.Incident) (incident.Incident, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var prev *incident.Incident
	if have, ok := s.incidents[key]; ok {
		have.Affected = slices.Clone(have.Affected)
		prev = &have
	}
	next, err := f(prev)
	if err != nil {
		return err
	}
	if s.incidents == nil {
		s.incidents = map[incident.Key]incident.Incident{}
	}
	s.incidents[key] = next
	return nil
}

// Open lists, by key, the incidents that aren't resolved or whose resolution isn't
// said yet.
func (s *Store) Open(context.Context) iter.Seq2[incident.Incident, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	var open []incident.Incident
	for _, i := range s.incidents {
		if i.ResolvedAt.IsZero() || i.Pending == incident.Resolved {
			i.Affected = slices.Clone(i.Affected)
			open = append(open, i)
		}
	}
	slices.SortFunc(open, func(a, b incident.Incident) int { return strings.Compare(string(a.Key), string(b.Key)) })
	return func(yield func(incident.Incident, error) bool) {
		for _, i := range open {
			if !yield(i, nil) {
				return
			}
		}
	}
}
