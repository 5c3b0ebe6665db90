package gcp

import (
	"errors"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// errIncomplete is a list that says it lacks something, and not where.
var errIncomplete = errors.New("an incomplete list")

// missing collects what a list says that it lacks. A list without a scope is known
// elsewhere (facts.FoundPartly); one that lacks something somewhere is unknown.
type missing struct {
	scopes  []string
	unnamed bool
}

// A partialError names the scopes that did not answer: zones/Z, regions/R, global.
// A region that doesn't answer stands for itself: the API names the zones that it
// couldn't ask beside it, and facts.Value.Lacks takes a region's zones as missing
// with it.
type partialError struct{ scopes []string }

func (e partialError) Error() string { return "no answer from " + strings.Join(e.scopes, ", ") }

// page notes what an answer of a list says as a whole: `unreachables`, or a warning.
func (m *missing) page(answer any) {
	if p, ok := answer.(interface{ GetUnreachables() []string }); ok {
		m.add(p.GetUnreachables()...)
	}
	if p, ok := answer.(interface{ GetWarning() *computepb.Warning }); ok && lacking(p.GetWarning()) && len(m.scopes) == 0 {
		m.unnamed = true
	}
}

// add notes places by their URL, relative path, or the bare name of a location.
func (m *missing) add(places ...string) {
	for _, place := range places {
		m.scopes = append(m.scopes, scopeName(place))
	}
}

// err is nil when nothing is missing.
func (m *missing) err() error {
	switch {
	case m.unnamed:
		return errIncomplete
	case len(m.scopes) == 0:
		return nil
	}
	return partialError{slices.Compact(slices.Sorted(slices.Values(m.scopes)))}
}

// lacking tells the warnings that mean missing items from those that don't, such as
// NO_RESULTS_ON_PAGE.
func lacking(w *computepb.Warning) bool {
	switch w.GetCode() {
	case computepb.Warning_UNREACHABLE.String(), computepb.Warning_PARTIAL_SUCCESS.String(), computepb.Warning_LIST_OVERHEAD_QUOTA_EXCEED.String():
		return true
	}
	return false
}

// scopeName is a location in the words of an aggregated list. Certificate Manager
// writes projects/P/locations/L, GKE the name alone: a region's ends in its number,
// a zone's in a letter.
func scopeName(place string) string {
	scope := facts.ScopePath(place)
	name, ok := strings.CutPrefix(scope, "locations/")
	switch {
	case !ok && strings.Contains(scope, "/"), name == "", name == "global":
		return strings.TrimPrefix(scope, "locations/")
	case name[len(name)-1] >= '0' && name[len(name)-1] <= '9':
		return "regions/" + name
	}
	return "zones/" + name
}

// list is the Value of a list that was read to its end; err may say what it lacks.
func list[T any](s subject, found []T, err error) facts.Value[[]T] {
	if partial, ok := errors.AsType[partialError](err); ok {
		return facts.FoundPartly(found, s.failure(err), partial.scopes...)
	}
	return read(s, found, err)
}
