package fakecloud

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/scenario"
)

// Which lists there are is that of cloud.google.com/go/compute/apiv1: a collection
// without AggregatedList there has none here.
func TestCollectionsLieWhereComputeHasThem(t *testing.T) {
	t.Parallel()
	const aggregated, global, region, zone = "aggregated", "global", "regions/us-central1", "zones/us-central1-a"
	tests := map[string]map[string]string{
		"addresses":             {aggregated: "addresses", global: "globalAddresses", region: "addresses"},
		"backendBuckets":        {aggregated: "backendBuckets", global: "backendBuckets", region: "regionBackendBuckets"},
		"backendServices":       {aggregated: "backendServices", global: "backendServices", region: "regionBackendServices"},
		"firewallPolicies":      {aggregated: "firewallPolicies", global: "firewallPolicies", region: "regionFirewallPolicies"},
		"firewalls":             {global: "firewalls"},
		"forwardingRules":       {aggregated: "forwardingRules", global: "globalForwardingRules", region: "forwardingRules"},
		"healthChecks":          {aggregated: "healthChecks", global: "healthChecks", region: "regionHealthChecks"},
		"httpHealthChecks":      {global: "httpHealthChecks"},
		"instanceGroups":        {aggregated: "instanceGroups", region: "instanceGroups", zone: "instanceGroups"},
		"instances":             {aggregated: "instances", zone: "instances"},
		"networkEndpointGroups": {aggregated: "networkEndpointGroups", global: "globalNetworkEndpointGroups", region: "regionNetworkEndpointGroups", zone: "networkEndpointGroups"},
		"networks":              {global: "networks"},
		"routes":                {global: "routes"},
		"securityPolicies":      {aggregated: "securityPolicies", global: "securityPolicies", region: "regionSecurityPolicies"},
		"sslCertificates":       {aggregated: "sslCertificates", global: "sslCertificates", region: "regionSslCertificates"},
		"sslPolicies":           {aggregated: "sslPolicies", global: "sslPolicies", region: "regionSslPolicies"},
		"subnetworks":           {aggregated: "subnetworks", region: "subnetworks"},
		"targetHttpProxies":     {aggregated: "targetHttpProxies", global: "targetHttpProxies", region: "regionTargetHttpProxies"},
		"targetHttpsProxies":    {aggregated: "targetHttpsProxies", global: "targetHttpsProxies", region: "regionTargetHttpsProxies"},
		"targetPools":           {aggregated: "targetPools", region: "targetPools"},
		"targetSslProxies":      {global: "targetSslProxies"},
		"targetTcpProxies":      {aggregated: "targetTcpProxies", global: "targetTcpProxies", region: "regionTargetTcpProxies"},
		"urlMaps":               {aggregated: "urlMaps", global: "urlMaps", region: "regionUrlMaps"},
	}
	w := &scenario.World{Project: "p", Compute: map[string]json.RawMessage{}}
	for collection, scopes := range tests {
		for scope := range scopes {
			if scope != aggregated {
				w.Compute["projects/p/"+scope+"/"+collection+"/n"] = json.RawMessage(`{"name":"` + scope + " " + collection + `"}`)
			}
		}
	}
	c := start(t, w, Options{})
	for collection, scopes := range tests {
		for _, scope := range []string{aggregated, global, region, zone} {
			answer, body := get(t, http.DefaultClient, c.HTTP()+"/compute/v1/projects/p/"+scope+"/"+collection, nil)
			last := c.Requests()[len(c.Requests())-1]
			want, there := scopes[scope]
			if !there {
				if answer.StatusCode != http.StatusNotFound || last.Permission != "" {
					t.Errorf("%s %s: %d, although Compute has no such list", scope, collection, answer.StatusCode)
				}
				continue
			}
			if answer.StatusCode != http.StatusOK || last.Permission != "compute."+want+".list" {
				t.Errorf("%s %s: %d needs %s", scope, collection, answer.StatusCode, last.Permission)
			}
			if diff := cmp.Diff(len(scopes)-1, strings.Count(body, `"name":`)); scope == aggregated && diff != "" {
				t.Errorf("%s of every scope: %s\n%s", collection, diff, body)
			}
			if scope == aggregated {
				continue
			}
			if _, body := get(t, http.DefaultClient, c.HTTP()+"/compute/v1/projects/p/"+scope+"/"+collection+"/n", nil); body != `{"name":"`+scope+" "+collection+`"}` {
				t.Errorf("%s %s: %s", scope, collection, body)
			}
		}
	}
}
