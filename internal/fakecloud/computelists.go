package fakecloud

import (
	"encoding/json"
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// aggregate answers an aggregated list: one page of resources under their
// scopes, and a warning for every scope that has nothing on this page.
func (c *Cloud) aggregate(st *state, q computeRequest) (any, *googleError) {
	p := st.projects[q.project]
	known, _ := collectionNamed(q.collection)
	unreachable := slices.DeleteFunc(c.unreachable(st), func(scope string) bool { return !known.lies(scope) || !p.scopes[scope] })
	var rows []computeResource
	for _, r := range p.resources[q.collection] {
		if known.lies(r.scope) && !slices.Contains(unreachable, r.scope) {
			rows = append(rows, r)
		}
	}
	from, to, next, problem := q.page(st, len(rows))
	if problem != nil {
		return nil, problem
	}
	items := map[string]map[string]any{}
	for _, scope := range p.sortedScopes() {
		if known.lies(scope) && !slices.Contains(unreachable, scope) {
			items[scope] = map[string]any{"warning": nothingOnPage(scope)}
		}
	}
	for _, r := range rows[from:to] {
		bodies, _ := items[r.scope][q.collection].([]json.RawMessage)
		items[r.scope] = map[string]any{q.collection: append(bodies, r.body)}
	}
	answer := map[string]any{
		"kind":     "compute#" + singular(q.collection) + "AggregatedList",
		"id":       "projects/" + q.project + "/aggregated/" + q.collection,
		"selfLink": selfLink("projects/" + q.project + "/aggregated/" + q.collection),
		"items":    items,
	}
	if len(unreachable) > 0 {
		answer["unreachables"] = unreachable
	}
	if next != "" {
		answer["nextPageToken"] = next
	}
	return answer, nil
}

// unreachable lists the scopes that don't answer. An aggregated list succeeds all
// the same: a failure as a whole is what the world's `fail` is for.
func (c *Cloud) unreachable(st *state) []string {
	scopes := slices.Concat(c.options.Unreachable, st.world.Unreachable)
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

func nothingOnPage(scope string) map[string]any {
	return map[string]any{
		"code":    "NO_RESULTS_ON_PAGE",
		"message": "There are no results for scope '" + scope + "' on this page.",
		"data":    []map[string]string{{"key": "scope", "value": scope}},
	}
}

// listScope answers a list of one scope.
func (c *Cloud) listScope(st *state, q computeRequest) (any, *googleError) {
	var bodies []json.RawMessage
	for _, r := range st.projects[q.project].resources[q.collection] {
		if r.scope == q.scope {
			bodies = append(bodies, r.body)
		}
	}
	from, to, next, problem := q.page(st, len(bodies))
	if problem != nil {
		return nil, problem
	}
	path := "projects/" + q.project + "/" + q.scope + "/" + q.collection
	answer := map[string]any{"kind": "compute#" + singular(q.collection) + "List", "id": path, "selfLink": selfLink(path)}
	if to > from {
		answer["items"] = bodies[from:to]
	}
	if next != "" {
		answer["nextPageToken"] = next
	}
	return answer, nil
}

// absolute turns a Compute URL, full or partial, into projects/P/….
func absolute(projectID, ref string) string {
	path := facts.RelativePath(ref)
	if strings.HasPrefix(path, "projects/") {
		return path
	}
	return "projects/" + projectID + "/" + path
}

func selfLink(path string) string { return "https://www.googleapis.com/compute/v1/" + path }

// singular is a collection's name for one resource: targetHttpProxies →
// targetHttpProxy.
func singular(collection string) string {
	if stem, ok := strings.CutSuffix(collection, "ies"); ok {
		return stem + "y"
	}
	if stem, ok := strings.CutSuffix(collection, "sses"); ok {
		return stem + "ss"
	}
	return strings.TrimSuffix(collection, "s")
}
