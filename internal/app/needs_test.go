package app

import (
	"slices"
	"testing"

	"plumbline/internal/causes"
	"plumbline/internal/facts"
)

// TestEveryNeedOfACauseIsRead: a cause whose needs no diagnosis reads could never be
// found, and would hide behind no gap either.
func TestEveryNeedOfACauseIsRead(t *testing.T) {
	wholeOnly(t)
	read := map[string]bool{}
	for _, s := range scenarios(t) {
		if s.Timeline != nil {
			continue
		}
		for _, permission := range collectOnce(t, s).asked {
			read[permission] = true
		}
	}
	for _, c := range causes.All() {
		for _, need := range c.Needs {
			// A look-up in DNS needs no permission.
			if need != facts.DNS && !read[string(need)] {
				t.Errorf("%s needs %s, which no scenario reads", c.ID, need)
			}
		}
	}
	var unread []facts.Kind
	for _, k := range facts.Kinds {
		if k != facts.DNS && !read[string(k)] {
			unread = append(unread, k)
		}
	}
	// These are wished for by what no scenario has yet.
	allowed := []facts.Kind{facts.Operations, facts.ProjectQuotas, facts.RegionQuotas, facts.ReplicaSets}
	if extra := slices.DeleteFunc(unread, func(k facts.Kind) bool { return slices.Contains(allowed, k) }); len(extra) > 0 {
		t.Errorf("no scenario reads %v", extra)
	}
}
