package fakecloud

import (
	"encoding/json"
	"net/http"
	"strings"
)

// quotaCall understands a get of a project or of a region, where the quotas are.
// Nil is another path.
func (c *Cloud) quotaCall(st *state, path string, r *http.Request) *call {
	p := strings.Split(path, "/")
	if r.Method != http.MethodGet || p[0] != "projects" || (len(p) != 2 && (len(p) != 4 || p[2] != "regions")) {
		return nil
	}
	understood := &call{permission: projectsGet, resource: path, refused: computeRefusal}
	if len(p) == 4 {
		understood.permission = regionsGet
	}
	understood.answer = func() (any, *googleError) {
		owner := st.projects[p[1]]
		switch {
		case owner == nil:
			return nil, notFound("projects/" + p[1])
		case len(p) == 4 && !owner.scopes["regions/"+p[3]]:
			return nil, notFound(path)
		}
		return st.place(path)
	}
	return understood
}

// place is the fixture of a project or region. Quotas that it doesn't give aren't made
// up: a scenario's event may say that one is used up, and a roomy one would refute it.
func (st *state) place(path string) (any, *googleError) {
	fields := map[string]any{}
	if body, ok := st.world.Compute[path]; ok {
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, invalid("project", path, "The fixture is not an object: "+err.Error())
		}
	}
	p := strings.Split(path, "/")
	said := map[string]any{"name": p[len(p)-1], "selfLink": selfLink(path), "kind": "compute#project"}
	if len(p) == 4 {
		said["kind"], said["status"] = "compute#region", "UP"
	}
	for key, value := range said {
		if _, ok := fields[key]; !ok {
			fields[key] = value
		}
	}
	return fields, nil
}
