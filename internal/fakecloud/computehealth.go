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
	answer := map[string]any{"kind": "compute#backendServiceGroupHealth"}
	for key, health := range st.world.Health[q.path()] {
		if facts.ScopePath(key) == facts.ScopePath(group) && len(health) > 0 {
			answer["healthStatus"] = health
		}
	}
	return answer, nil
}

// networkEndpoints answers listNetworkEndpoints. Health states come only when
// they are asked for with healthStatus SHOW.
func networkEndpoints(st *state, q computeRequest, body io.Reader) (any, *googleError) {
	if _, ok := st.projects[q.project].find(q.scope, q.collection, q.name); !ok {
		return nil, notFound(q.path())
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
