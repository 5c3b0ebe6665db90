package fakecloud

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A call is one REST request, understood: what it needs and how it is answered.
type call struct {
	permission string
	// resource is what a refusal names.
	resource string
	refused  func(r *refusal, permission, resource string) *googleError
	answer   func() (any, *googleError)
}

// unserved refuses a request for anything but JSON (another format, enums as
// numbers), and a parameter that no API has.
func unserved(query url.Values) *googleError {
	for _, name := range []string{"alt", "$alt"} {
		if v := query.Get(name); v != "" && v != "json" {
			return invalid(name, v, "The fake serves JSON only.")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(parameters(), name) {
			return invalidArgument("Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. Field '%s' could not be found in request message.", name, name)
		}
	}
	return nil
}

// partial cuts an answer down to the fields that the request asks for.
func partial(query url.Values, answer any) (any, *googleError) {
	for _, name := range []string{"fields", "$fields"} {
		v := query.Get(name)
		if v == "" {
			continue
		}
		m, err := parseMask(v)
		if err != nil {
			return nil, invalid(name, v, "Invalid field selection: "+err.Error())
		}
		if answer, err = m.apply(answer); err != nil {
			return nil, invalid(name, v, err.Error())
		}
	}
	return answer, nil
}

// parameters are those of the APIs that are served, and of every Google API.
func parameters() []string {
	return []string{
		"$.xgafv", "$alt", "$fields", "access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp",
		"filter", "includeAllScopes", "maxResults", "network", "orderBy", "pageSize", "pageToken", "returnPartialSuccess", "serviceProjectNumber",
	}
}

// serveREST answers the REST APIs; each has its own paths on one address.
func (c *Cloud) serveREST(w http.ResponseWriter, r *http.Request) {
	st := c.state.Load()
	var understood *call
	if path, ok := strings.CutPrefix(r.URL.Path, "/compute/v1/"); ok {
		understood = c.computeCall(st, path, r)
	} else if path, ok := strings.CutPrefix(r.URL.Path, "/v1/"); ok {
		if understood = c.containerCall(st, path, r); understood == nil {
			understood = c.certificateCall(st, path, r)
		}
	}
	if understood == nil {
		c.recordHTTP(r, "")
		http.NotFound(w, r)
		return
	}
	c.recordHTTP(r, understood.permission)
	if !c.delay(r.Context().Done()) {
		return
	}
	if no := refuse(st.world, understood.permission); no != nil {
		understood.refused(no, understood.permission, understood.resource).write(w)
		return
	}
	if problem := unserved(r.URL.Query()); problem != nil {
		problem.write(w)
		return
	}
	answer, problem := understood.answer()
	if problem == nil {
		answer, problem = partial(r.URL.Query(), answer)
	}
	if problem != nil {
		problem.write(w)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}
