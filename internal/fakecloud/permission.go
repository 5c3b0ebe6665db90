package fakecloud

import (
	"net/http"
	"slices"
	"strings"

	"plumbline/internal/scenario"
)

// The permissions of calls that aren't computed from a collection or resource.
const (
	clustersGet     = "container.clusters.get"
	clustersList    = "container.clusters.list"
	clustersConnect = "container.clusters.connect"
	podsProxy       = "container.pods.proxy"
	operationsGet   = "container.operations.get"
	operationsList  = "container.operations.list"
	logEntriesList  = "logging.logEntries.list"
	projectsGet     = "compute.projects.get"
	regionsGet      = "compute.regions.get"
	regionFirewalls = "compute.networks.getRegionEffectiveFirewalls"
)

// computePermission names what a Compute call needs (gcp-facts.md §7). Scope is
// `aggregated`, `global`, `regions/R` or `zones/Z`; verb is get, list or a custom
// method.
func computePermission(scope, collection, verb string) string {
	switch verb {
	case "getHealth", "listNetworkEndpoints":
		verb = "get"
	case "getRegionEffectiveFirewalls":
		return regionFirewalls
	}
	name := collection
	switch {
	case scope == "global":
		switch collection {
		case "addresses", "forwardingRules", "networkEndpointGroups":
			name = "global" + upperFirst(collection)
		}
	case strings.HasPrefix(scope, "regions/"):
		switch collection {
		case "backendBuckets", "backendServices", "firewallPolicies", "healthChecks", "networkEndpointGroups", "securityPolicies", "sslCertificates", "sslPolicies",
			"targetHttpProxies", "targetHttpsProxies", "targetTcpProxies", "urlMaps":
			name = "region" + upperFirst(collection)
		}
	}
	return "compute." + name + "." + verb
}

// kubePermission names what a read of a Kubernetes resource needs: list and get
// are one (scenario-format.md), and CRDs that GKE's IAM doesn't know share
// thirdPartyObjects.
func kubePermission(r *resource) string {
	return "container." + r.iam() + ".list"
}

func (r *resource) iam() string {
	if r.builtin {
		return r.camel
	}
	switch r.plural {
	case "backendconfigs":
		return "backendConfigs"
	case "frontendconfigs":
		return "frontendConfigs"
	case "managedcertificates":
		return "managedCertificates"
	case "updateinfos":
		return "updateInfos"
	case "volumesnapshots":
		return "volumeSnapshots"
	}
	return "thirdPartyObjects"
}

// writePermission names what a write by this HTTP method would need.
func (r *resource) writePermission(method string) string {
	verb := "update"
	switch method {
	case http.MethodPost:
		verb = "create"
	case http.MethodDelete:
		verb = "delete"
	}
	return "container." + r.iam() + "." + verb
}

// A refusal is why the world doesn't let a call through.
type refusal struct {
	// status is the HTTP status; 403 with denied is a missing permission.
	status int
	denied bool
}

// refuse looks a permission up in the world's deny and fail; nil lets it through.
func refuse(w *scenario.World, permission string) *refusal {
	if permission == "" {
		return nil
	}
	if slices.ContainsFunc(w.Deny, func(p string) bool { return strings.EqualFold(p, permission) }) {
		return &refusal{status: http.StatusForbidden, denied: true}
	}
	for p, status := range w.Fail {
		if strings.EqualFold(p, permission) {
			return &refusal{status: status}
		}
	}
	return nil
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
