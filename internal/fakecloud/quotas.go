package fakecloud

import (
	"encoding/json"
	"net/http"
	"strings"
)

// roomyLimit is the limit of a quota that the world says nothing about.
const roomyLimit = 1000

// quotaMetrics are the quotas that a load balancer's resources count against, with
// the collections that are counted.
func quotaMetrics() []struct{ metric, collection string } {
	return []struct{ metric, collection string }{
		{"BACKEND_BUCKETS", "backendBuckets"},
		{"BACKEND_SERVICES", "backendServices"},
		{"FIREWALLS", "firewalls"},
		{"FORWARDING_RULES", "forwardingRules"},
		{"HEALTH_CHECKS", "healthChecks"},
		{"INSTANCES", "instances"},
		{"INSTANCE_GROUPS", "instanceGroups"},
		{"NETWORKS", "networks"},
		{"NETWORK_ENDPOINT_GROUPS", "networkEndpointGroups"},
		{"SECURITY_POLICIES", "securityPolicies"},
		{"SSL_CERTIFICATES", "sslCertificates"},
		{"SSL_POLICIES", "sslPolicies"},
		{"STATIC_ADDRESSES", "addresses"},
		{"SUBNETWORKS", "subnetworks"},
		{"TARGET_HTTPS_PROXIES", "targetHttpsProxies"},
		{"TARGET_HTTP_PROXIES", "targetHttpProxies"},
		{"TARGET_SSL_PROXIES", "targetSslProxies"},
		{"TARGET_TCP_PROXIES", "targetTcpProxies"},
		{"URL_MAPS", "urlMaps"},
	}
}

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
		return st.place(owner, path)
	}
	return understood
}

// place is the fixture of a project or region. What it doesn't say is made up:
// quotas that nothing has used up.
func (st *state) place(owner *project, path string) (any, *googleError) {
	fields := map[string]any{}
	if body, ok := st.world.Compute[path]; ok {
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, invalid("project", path, "The fixture is not an object: "+err.Error())
		}
	}
	p := strings.Split(path, "/")
	said := map[string]any{"name": p[len(p)-1], "selfLink": selfLink(path), "kind": "compute#project", "quotas": owner.quotas("global")}
	if len(p) == 4 {
		said["kind"], said["status"], said["quotas"] = "compute#region", "UP", owner.quotas("regions/"+p[3])
	}
	for key, value := range said {
		if _, ok := fields[key]; !ok {
			fields[key] = value
		}
	}
	return fields, nil
}

// quotas count a scope's resources: those of a region are the region's own and
// its zones'; global ones count against the project.
func (p *project) quotas(scope string) []map[string]any {
	var quotas []map[string]any
	region, regional := strings.CutPrefix(scope, "regions/")
	for _, m := range quotaMetrics() {
		known, _ := collectionNamed(m.collection)
		if (regional && !known.regional && !known.zonal) || (!regional && !known.global) {
			continue
		}
		used := 0
		for _, r := range p.resources[m.collection] {
			if r.scope == scope || (regional && strings.HasPrefix(r.scope, "zones/"+region+"-")) {
				used++
			}
		}
		quotas = append(quotas, map[string]any{"metric": m.metric, "limit": max(roomyLimit, 2*used), "usage": used})
	}
	return quotas
}
