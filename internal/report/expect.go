package report

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/engine"
	"plumbline/internal/scenario"
)

var strength = []engine.Verdict{engine.RootCause, engine.Unexplained, engine.Pending, engine.Healthy, engine.NotOurs}

// Verdict is the strongest verdict of all reports (scenario-format.md).
func Verdict(reports []Report) string {
	for _, v := range strength {
		if slices.ContainsFunc(reports, func(r Report) bool { return r.Verdict == string(v) }) {
			return string(v)
		}
	}
	return string(engine.NotOurs)
}

// RootCauses are the distinct root causes of all reports, in order of appearance.
func RootCauses(reports []Report) []RootCause {
	var all []RootCause
	for _, r := range reports {
		for _, c := range r.RootCauses {
			if !slices.ContainsFunc(all, func(have RootCause) bool { return have.ID == c.ID && have.Subject == c.Subject }) {
				all = append(all, c)
			}
		}
	}
	return all
}

// Differences says how the reports differ from what was expected, a line each;
// nothing when every expectation holds.
func Differences(reports []Report, e *scenario.Expect) []string {
	if e == nil {
		return nil
	}
	var diff []string
	want := func(key, got, wanted string) {
		if wanted != "" && got != wanted {
			diff = append(diff, fmt.Sprintf("%s: got %s, want %s", key, orNone(got), wanted))
		}
	}
	causes := RootCauses(reports)
	ids := make([]string, 0, len(causes))
	for _, c := range causes {
		ids = append(ids, c.ID)
	}
	want("verdict", Verdict(reports), e.Verdict)
	if e.RootCauses != nil && !slices.Equal(ids, *e.RootCauses) {
		diff = append(diff, fmt.Sprintf("rootCauses: got [%s], want [%s]", strings.Join(ids, ", "), strings.Join(*e.RootCauses, ", ")))
	}
	var first RootCause
	confidence, by := "", ""
	if len(causes) > 0 {
		first, confidence = causes[0], causes[0].Confidence.String()
		if first.Change != nil {
			by = first.Change.By
		}
	}
	want("confidence", confidence, e.Confidence)
	want("subject", first.Subject, e.Subject)
	want("changedBy", by, e.ChangedBy)
	for _, id := range e.Not {
		if slices.Contains(ids, id) {
			diff = append(diff, "not: "+id+" is among the root causes")
		}
	}
	diff = append(diff, missingNotes(reports, e.Notes)...)
	return append(diff, missingGaps(reports, e.Gaps)...)
}

func missingNotes(reports []Report, wanted []string) (diff []string) {
	var ids []string
	for _, r := range reports {
		for _, n := range r.Notes {
			ids = append(ids, n.ID)
		}
	}
	for i, w := range wanted {
		switch {
		case !slices.Contains(ids, w):
			diff = append(diff, fmt.Sprintf("notes: got [%s], want %s among them", strings.Join(ids, ", "), w))
		case i == 0 && ids[0] != w:
			diff = append(diff, fmt.Sprintf("notes: the first is %s, want %s", ids[0], w))
		}
	}
	return diff
}

func missingGaps(reports []Report, wanted []string) (diff []string) {
	var named []string
	for _, r := range reports {
		for _, g := range r.Gaps {
			named = append(named, g.Needs)
		}
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(named, func(n string) bool { return strings.HasPrefix(n, w) }) {
			diff = append(diff, fmt.Sprintf("gaps: %s isn't named, got [%s]", w, strings.Join(named, ", ")))
		}
	}
	return diff
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
