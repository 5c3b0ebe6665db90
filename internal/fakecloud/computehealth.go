package fakecloud

import (
	"encoding/json"
	"errors"
	"io"
	"slices"

	"plumbline/internal/facts"
)

// The longest body that a custom method reads; the real ones are a line.
const maxBody = 1 << 20

// groupHealth answers getHealth: a known group that the fixture has no health of
// has no endpoints, or isn't probed yet.
func groupHealth(st *state, q computeRequest, body io.Reader) (any, *googleError) {
	service, ok := st.projects[q.project].find(q.scope, q.collection, q.name)
	if !ok {
		return nil, notFound(q.path())
	}
	var asked struct {
		Group string `json:"group"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxBody)).Decode(&asked); err != nil || asked.Group == "" {
		return nil, invalid("resource", "", "A JSON object with the field 'group' is required.")
	}
	var has struct {
		Backends []struct {
			Group string `json:"group"`
		} `json:"backends"`
	}
	if err := json.Unmarshal(service, &has); err != nil {
		return nil, invalid("backendService", q.name, "The fixture is not a backend service: "+err.Error())
	}
	group := absolute(q.project, asked.Group)
	backend := slices.ContainsFunc(has.Backends, func(b struct {
		Group string `json:"group"`
	},
	) bool {
		return absolute(q.project, b.Group) == group
	})
	if !backend {
		return nil, invalid("resource.group", asked.Group, "The group is not a backend of the backend service.")
	}
	if typ := st.groupType(group); notProbed(typ) {
		return nil, invalid("resource.group", asked.Group, "Health is not supported for network endpoint groups of type "+typ+".")
	}
	answer := map[string]any{"kind": "compute#backendServiceGroupHealth"}
	for key, health := range st.world.Health[q.path()] {
		if facts.ScopePath(key) == facts.ScopePath(group) && len(health) > 0 {
			answer["healthStatus"] = health
		}
	}
	return answer, nil
}

// groupType is the networkEndpointType of a group; empty for an instance group, and
// for one that the world doesn't have.
func (st *state) groupType(path string) string {
	var has struct {
		NetworkEndpointType string `json:"networkEndpointType"`
	}
	if body, ok := st.world.Compute[path]; !ok || json.Unmarshal(body, &has) != nil {
		return ""
	}
	return has.NetworkEndpointType
}

// notProbed tells the groups that stand for a service, not for endpoints: nothing
// of theirs is listed or health-checked.
func notProbed(typ string) bool { return typ == "SERVERLESS" || typ == "PRIVATE_SERVICE_CONNECT" }

// networkEndpoints answers listNetworkEndpoints. Health states come only when
// they are asked for with healthStatus SHOW.
func networkEndpoints(st *state, q computeRequest, body io.Reader) (any, *googleError) {
	if _, ok := st.projects[q.project].find(q.scope, q.collection, q.name); !ok {
		return nil, notFound(q.path())
	}
	if typ := st.groupType(q.path()); notProbed(typ) {
		return nil, invalid("networkEndpointGroup", q.name, "Network endpoint groups of type "+typ+" have no endpoints to list.")
	}
	var asked struct {
		HealthStatus string `json:"healthStatus"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxBody)).Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		return nil, invalid("resource", "", "The body is not JSON: "+err.Error())
	}
	switch asked.HealthStatus {
	case "", "SHOW", "SKIP":
	default:
		return nil, invalid("resource.healthStatus", asked.HealthStatus, "Must be SHOW or SKIP.")
	}
	var endpoints []map[string]json.RawMessage
	if fixture := st.world.Endpoints[q.path()]; len(fixture) > 0 {
		if err := json.Unmarshal(fixture, &endpoints); err != nil {
			return nil, invalid("networkEndpointGroup", q.name, "The fixture is not a list of endpoints: "+err.Error())
		}
	}
	from, to, next, problem := q.page(st, len(endpoints))
	if problem != nil {
		return nil, problem
	}
	answer := map[string]any{"kind": "compute#networkEndpointGroupsListNetworkEndpoints"}
	if to > from {
		page := endpoints[from:to]
		if asked.HealthStatus != "SHOW" {
			for _, e := range page {
				delete(e, "healths")
			}
		}
		answer["items"] = page
	}
	if next != "" {
		answer["nextPageToken"] = next
	}
	return answer, nil
}
