package fakecloud

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The sizes of a page of Compute; more than the maximum is refused.
const computePage = 500

// A collection is where resources of one sort can lie, and whether Compute has
// an aggregated list of it.
type collection struct{ global, regional, zonal, aggregated bool }

func collectionNamed(name string) (collection, bool) {
	switch name {
	case "addresses", "backendBuckets", "backendServices", "firewallPolicies", "forwardingRules", "healthChecks", "securityPolicies", "sslCertificates", "sslPolicies",
		"targetHttpProxies", "targetHttpsProxies", "targetTcpProxies", "urlMaps":
		return collection{global: true, regional: true, aggregated: true}, true
	case "networkEndpointGroups":
		return collection{global: true, regional: true, zonal: true, aggregated: true}, true
	case "instanceGroups", "instanceGroupManagers":
		return collection{regional: true, zonal: true, aggregated: true}, true
	case "instances", "targetInstances":
		return collection{zonal: true, aggregated: true}, true
	case "routers", "serviceAttachments", "subnetworks", "targetPools":
		return collection{regional: true, aggregated: true}, true
	case "firewalls", "httpHealthChecks", "httpsHealthChecks", "networks", "routes", "targetGrpcProxies", "targetSslProxies":
		return collection{global: true}, true
	}
	return collection{}, false
}

func (c collection) lies(scope string) bool {
	switch {
	case scope == "global":
		return c.global
	case strings.HasPrefix(scope, "regions/"):
		return c.regional
	case strings.HasPrefix(scope, "zones/"):
		return c.zonal
	}
	return false
}

// A computeRequest is a path of compute/v1, taken apart.
type computeRequest struct {
	project, scope, collection, name, verb string
	query                                  url.Values
}

// computeCall understands compute/v1: aggregated lists, lists, gets, the custom
// methods, and a project or region itself. Nil is a path that isn't served.
func (c *Cloud) computeCall(st *state, path string, r *http.Request) *call {
	if quotas := c.quotaCall(st, path, r); quotas != nil {
		return quotas
	}
	q, ok := parseCompute(path)
	if !ok {
		return nil
	}
	q.query = r.URL.Query()
	answer := c.computeAnswer(st, q, r)
	if answer == nil {
		return nil
	}
	resource := "projects/" + q.project
	if q.name != "" {
		resource = q.path()
	}
	return &call{permission: computePermission(q.scope, q.collection, q.verb), resource: resource, refused: computeRefusal, answer: func() (any, *googleError) {
		if st.projects[q.project] == nil {
			return nil, notFound("projects/" + q.project)
		}
		if slices.Contains(c.unreachable(st), q.scope) {
			return nil, &googleError{code: http.StatusServiceUnavailable, reason: "backendError", message: q.scope + " is unreachable"}
		}
		return answer()
	}}
}

func (c *Cloud) computeAnswer(st *state, q computeRequest, r *http.Request) func() (any, *googleError) {
	switch r.Method + " " + q.verb {
	case "GET list":
		if q.scope == "aggregated" {
			return func() (any, *googleError) { return c.aggregate(st, q) }
		}
		return func() (any, *googleError) { return c.listScope(st, q) }
	case "GET get":
		return func() (any, *googleError) {
			if body, found := st.projects[q.project].find(q.scope, q.collection, q.name); found {
				return body, nil
			}
			return nil, notFound(q.path())
		}
	case "GET getEffectiveFirewalls":
		return func() (any, *googleError) { return effectiveFirewalls(st, q) }
	case "GET getRegionEffectiveFirewalls":
		return func() (any, *googleError) { return regionEffectiveFirewalls(st, q) }
	case "POST getHealth":
		return func() (any, *googleError) { return groupHealth(st, q, r.Body) }
	case "POST listNetworkEndpoints":
		return func() (any, *googleError) { return networkEndpoints(st, q, r.Body) }
	}
	return nil
}

func parseCompute(path string) (computeRequest, bool) {
	p := strings.Split(path, "/")
	if len(p) < 4 || p[0] != "projects" || slices.Contains(p, "") {
		return computeRequest{}, false
	}
	q := computeRequest{project: p[1], scope: p[2], verb: "list"}
	rest := p[3:]
	if q.scope == "regions" || q.scope == "zones" {
		q.scope, rest = p[2]+"/"+p[3], p[4:]
	}
	if len(rest) < 1 || len(rest) > 3 {
		return computeRequest{}, false
	}
	q.collection = rest[0]
	if len(rest) > 1 {
		q.name, q.verb = rest[1], "get"
	}
	known, ok := collectionNamed(q.collection)
	if !ok {
		return computeRequest{}, false
	}
	if q.scope == "aggregated" {
		return q, known.aggregated && len(rest) == 1
	}
	if q.collection == "firewallPolicies" && q.name == "getEffectiveFirewalls" && len(rest) == 2 {
		q.name, q.verb = "", "getRegionEffectiveFirewalls"
		return q, strings.HasPrefix(q.scope, "regions/")
	}
	if len(rest) == 3 {
		q.verb = rest[2]
		return q, known.lies(q.scope) && customMethod(q.collection, q.verb)
	}
	return q, known.lies(q.scope)
}

func customMethod(collection, verb string) bool {
	switch collection {
	case "backendServices":
		return verb == "getHealth"
	case "networkEndpointGroups":
		return verb == "listNetworkEndpoints"
	case "networks":
		return verb == "getEffectiveFirewalls"
	}
	return false
}

func (q computeRequest) path() string {
	return strings.Join([]string{"projects", q.project, q.scope, q.collection, q.name}, "/")
}

// page reads maxResults and pageToken. A filter or an order would need an engine
// of its own, so they are refused rather than ignored.
func (q computeRequest) page(st *state, n int) (from, to int, next string, problem *googleError) {
	for _, unserved := range []string{"filter", "orderBy"} {
		if v := q.query.Get(unserved); v != "" {
			return 0, 0, "", invalid(unserved, v, "The fake doesn't serve this parameter.")
		}
	}
	size := computePage
	if v := q.query.Get("maxResults"); v != "" {
		asked, err := strconv.Atoi(v)
		if err != nil || asked < 0 || asked > computePage {
			return 0, 0, "", invalid("maxResults", v, fmt.Sprintf("Must be between 0 and %d.", computePage))
		}
		if asked > 0 {
			size = asked
		}
	}
	prefix := fmt.Sprintf("%d/%s/", st.generation, q.path())
	offset := 0
	if v := q.query.Get("pageToken"); v != "" {
		rest, ok := openToken(v, prefix)
		if !ok {
			return 0, 0, "", invalid("pageToken", v, "The page token is not valid for this list.")
		}
		offset = rest
	}
	from, to, next = pageOf(n, offset, size)
	if next != "" {
		next = sealToken(prefix, next)
	}
	return from, to, next, nil
}
