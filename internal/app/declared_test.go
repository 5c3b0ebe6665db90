package app

import (
	"fmt"
	"slices"
	"testing"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// TestACauseNeedsWhatItSays: whatever a cause doesn't declare to need is taken away, and
// it finds the same. What a role is generated from is then enough.
func TestACauseNeedsWhatItSays(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Timeline != nil || s.Expect == nil || (s.Expect.RootCauses == nil || len(*s.Expect.RootCauses) == 0) && len(s.Expect.Notes) == 0 {
			continue
		}
		t.Run(name(s.Path), func(t *testing.T) {
			t.Parallel()
			c := collectOnce(t, s)
			watched := *c.service
			watched.Causes = slices.Clone(watched.Causes)
			for i := range watched.Causes {
				watched.Causes[i].Check = needing(t, watched.Causes[i])
			}
			watched.Judge(c.snapshots, c.signals)
		})
	}
}

// needing compares what a cause finds with what it finds in the facts that it needs.
func needing(t *testing.T, ca cause.Cause) func(cause.Case) cause.Outcome {
	t.Helper()
	return func(c cause.Case) cause.Outcome {
		whole := ca.Check(c)
		if len(whole.Findings) == 0 {
			return whole
		}
		for _, f := range whole.Findings {
			for _, id := range f.Explains {
				if !slices.Contains(ca.Explains, id) {
					t.Errorf("%s explains %s here, and doesn't say so in its Explains", ca.ID, id)
				}
			}
		}
		found := foundBy(whole)
		less := c
		for _, k := range facts.Kinds {
			if !slices.Contains(ca.Needs, k) && !slices.Contains(basics, k) {
				less.Facts = less.Facts.Without(k)
			}
		}
		if got := foundBy(ca.Check(less.Prepared())); !slices.Equal(got, found) {
			t.Errorf("%s finds %q, and in what it says it needs %q%s", ca.ID, found, got, lacking(ca, c, found))
		}
		return whole
	}
}

// lacking names a read without which alone a cause finds something else.
func lacking(ca cause.Cause, c cause.Case, found []string) string {
	for _, k := range facts.Kinds {
		one := c
		one.Facts = c.Facts.Without(k)
		if !slices.Contains(ca.Needs, k) && !slices.Equal(foundBy(ca.Check(one.Prepared())), found) {
			return fmt.Sprintf("; it also needs %s", k)
		}
	}
	return ""
}

func foundBy(out cause.Outcome) (list []string) {
	for _, f := range out.Findings {
		list = append(list, f.Confidence.String()+" on "+f.Subject.String())
	}
	return list
}
