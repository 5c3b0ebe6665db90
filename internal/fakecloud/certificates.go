package fakecloud

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The pages of Certificate Manager: 50 where nothing is asked for, and never more
// than 1000 (certificatemanager/v1 says so for map entries).
const (
	certificatePage    = 50
	maxCertificatePage = 1000
)

// certificateCall understands certificatemanager/v1: maps, their entries and
// certificates, one of them or those of a location. Nil is another path.
func (c *Cloud) certificateCall(st *state, path string, r *http.Request) *call {
	p := strings.Split(path, "/")
	if r.Method != http.MethodGet || len(p) < 5 || len(p) > 8 || p[0] != "projects" || p[2] != "locations" || slices.Contains(p, "") {
		return nil
	}
	collection, resource := p[4], ""
	switch {
	case len(p) < 7 && collection == "certificateMaps":
		resource = "certmaps"
	case len(p) < 7 && collection == "certificates":
		resource = "certs"
	case len(p) >= 7 && collection == "certificateMaps" && p[6] == "certificateMapEntries":
		collection, resource = p[6], "certmapentries"
	default:
		return nil
	}
	understood := &call{permission: "certificatemanager." + resource + ".list", resource: strings.Join(p[:len(p)-1], "/"), refused: certificateRefusal}
	if len(p)%2 == 1 {
		understood.answer = func() (any, *googleError) { return st.listCertificates(path, collection, r.URL.Query()) }
		return understood
	}
	understood.permission = "certificatemanager." + resource + ".get"
	understood.resource = path
	understood.answer = func() (any, *googleError) {
		if body, ok := st.world.Certificates[path]; ok {
			return body, nil
		}
		return nil, noCertificate(st, path)
	}
	return understood
}

// listCertificates answers one page of what lies right under a parent.
func (st *state) listCertificates(path, collection string, query url.Values) (any, *googleError) {
	parent := strings.TrimSuffix(path, "/"+collection)
	if _, exists := st.world.Certificates[parent]; collection == "certificateMapEntries" && !exists {
		return nil, noCertificate(st, parent)
	}
	if st.projects[strings.Split(path, "/")[1]] == nil {
		return nil, noCertificate(st, path)
	}
	var bodies []json.RawMessage
	for _, name := range slices.Sorted(maps.Keys(st.world.Certificates)) {
		if rest, ok := strings.CutPrefix(name, path+"/"); ok && !strings.Contains(rest, "/") {
			bodies = append(bodies, st.world.Certificates[name])
		}
	}
	from, to, next, problem := st.certificatePage(path, query, len(bodies))
	if problem != nil {
		return nil, problem
	}
	answer := map[string]any{}
	if to > from {
		answer[collection] = bodies[from:to]
	}
	if next != "" {
		answer["nextPageToken"] = next
	}
	return answer, nil
}

func (st *state) certificatePage(path string, query url.Values, n int) (from, to int, next string, problem *googleError) {
	for _, unserved := range []string{"filter", "orderBy"} {
		if v := query.Get(unserved); v != "" {
			return 0, 0, "", invalidArgument("The fake doesn't serve the parameter %s: %q", unserved, v)
		}
	}
	size := certificatePage
	if v := query.Get("pageSize"); v != "" {
		asked, err := strconv.Atoi(v)
		if err != nil || asked < 0 {
			return 0, 0, "", invalidArgument("The page size %q is invalid.", v)
		}
		if asked > 0 {
			size = min(asked, maxCertificatePage)
		}
	}
	prefix, offset := fmt.Sprintf("%d/%s/", st.generation, path), 0
	if v := query.Get("pageToken"); v != "" {
		rest, ok := openToken(v, prefix)
		if !ok {
			return 0, 0, "", invalidArgument("The page token is invalid.")
		}
		offset = rest
	}
	if from, to, next = pageOf(n, offset, size); next != "" {
		next = sealToken(prefix, next)
	}
	return from, to, next, nil
}

func invalidArgument(format string, args ...any) *googleError {
	return &googleError{code: http.StatusBadRequest, reason: "badRequest", canonical: "INVALID_ARGUMENT", message: fmt.Sprintf(format, args...)}
}

// noCertificate is the answer for what isn't there. A project that isn't there
// can't be told from one that may not be seen.
func noCertificate(st *state, name string) *googleError {
	if id := strings.Split(name, "/")[1]; st.projects[id] == nil {
		return &googleError{code: http.StatusForbidden, reason: "forbidden", canonical: "PERMISSION_DENIED", message: fmt.Sprintf("Permission denied on resource project %s.", id)}
	}
	return &googleError{code: http.StatusNotFound, reason: "notFound", canonical: "NOT_FOUND", message: fmt.Sprintf("Resource '%s' was not found", name)}
}

// certificateRefusal is how Certificate Manager says no.
func certificateRefusal(r *refusal, permission, resource string) *googleError {
	e := containerRefusal(r, permission, resource)
	if r.denied {
		e.message = fmt.Sprintf("Permission '%s' denied on resource '//certificatemanager.googleapis.com/%s' (or it may not exist).", permission, resource)
	}
	return e
}
