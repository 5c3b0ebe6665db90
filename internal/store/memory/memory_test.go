package memory_test

import (
	"errors"
	"testing"
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/incident"
	"plumbline/internal/store/memory"
)

func put(t *testing.T, s *memory.Store, i incident.Incident) {
	t.Helper()
	if err := s.Update(t.Context(), i.Key, func(*incident.Incident) (incident.Incident, error) { return i, nil }); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, s *memory.Store) (keys []incident.Key) {
	t.Helper()
	for i, err := range s.Open(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, i.Key)
	}
	return keys
}

func TestOpenListsWhatIsNotOver(t *testing.T) {
	var s memory.Store
	over := time.Date(2026, 11, 17, 14, 0, 0, 0, time.UTC)
	put(t, &s, incident.Incident{Key: "c", ResolvedAt: over})
	put(t, &s, incident.Incident{Key: "b", ResolvedAt: over, Pending: incident.Resolved})
	put(t, &s, incident.Incident{Key: "a"})
	if got := open(t, &s); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("open: %v", got)
	}
}

func TestUpdate(t *testing.T) {
	var s memory.Store
	put(t, &s, incident.Incident{Key: "a", Generation: 1, Affected: []facts.Ref{{Name: "x"}}})
	refused := errors.New("no")
	err := s.Update(t.Context(), "a", func(prev *incident.Incident) (incident.Incident, error) {
		prev.Generation, prev.Affected[0].Name = 7, "y"
		return *prev, refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("error %v", err)
	}
	err = s.Update(t.Context(), "a", func(prev *incident.Incident) (incident.Incident, error) {
		if prev.Generation != 1 || prev.Affected[0].Name != "x" {
			t.Errorf("a refused update left %+v", prev)
		}
		return *prev, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), "b", func(prev *incident.Incident) (incident.Incident, error) {
		if prev != nil {
			t.Errorf("an unknown key has %+v", prev)
		}
		return incident.Incident{Key: "b"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
