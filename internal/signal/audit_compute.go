package signal

import (
	"fmt"
	"strings"

	"plumbline/internal/facts"
)

// readComputeAudit reads what Compute tells of a write (gcp-facts.md §2.3). What
// it was done to is in method and resource name; the resource labels hold numbers
// under untidy types.
func readComputeAudit(e *entry, a *audit) (s Signal, quiet string, err error) {
	if a.method == "" || a.resource == "" {
		return s, "", errNoIdentity
	}
	p := strings.Split(a.method, ".")
	if len(p) != 4 || p[0] != "v1" && p[0] != "beta" && p[0] != "alpha" || p[1] != "compute" || isRead(p[3]) {
		return s, "", fmt.Errorf("%w: method %s", ErrIgnored, a.method)
	}
	collection := unscoped(p[2])
	kind, triggers := computeKind(collection)
	if kind == "" || p[2] == "firewallPolicies" { // that one is of an organisation
		return s, "", fmt.Errorf("%w: method %s", ErrIgnored, a.method)
	}
	if err = a.readChange(e); err != nil {
		return s, "", err
	}
	target, ok := computeObject(a.resource, collection, kind)
	if !ok {
		return s, "", fmt.Errorf("resource name %q doesn't fit method %s", a.resource, a.method)
	}
	switch {
	case !triggers:
		quiet = "a write to " + collection
	case p[3] == "attachNetworkEndpoints", p[3] == "detachNetworkEndpoints":
		quiet = "the daily work of the NEG controller"
	default:
		quiet = a.noTrigger()
	}
	return a.signal(ResourceChanged, target), quiet, nil
}

func isRead(verb string) bool {
	for _, prefix := range []string{"get", "list", "aggregatedList", "testIamPermissions", "validate"} {
		if strings.HasPrefix(verb, prefix) {
			return true
		}
	}
	return false
}

// unscoped is the collection as resource names have it: methods write
// regionBackendServices, globalAddresses and networkFirewallPolicies.
func unscoped(collection string) string {
	for _, prefix := range []string{"region", "global", "network"} {
		rest, ok := strings.CutPrefix(collection, prefix)
		if ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' && collection != "networkEndpointGroups" {
			collection = strings.ToLower(rest[:1]) + rest[1:]
		}
	}
	return collection
}

// computeKind is the Kind of a collection that is on the path of a request, and
// whether a write to it is a trigger; empty for the others.
func computeKind(collection string) (kind string, triggers bool) {
	switch collection {
	case "backendServices":
		return facts.KindBackendService, true
	case "healthChecks":
		return facts.KindHealthCheck, true
	case "networkEndpointGroups":
		return facts.KindNEG, true
	case "instanceGroups":
		return facts.KindInstanceGroup, true
	case "firewalls":
		return facts.KindFirewallRule, true
	case "urlMaps":
		return facts.KindURLMap, true
	case "forwardingRules":
		return facts.KindForwardingRule, true
	case "targetHttpProxies":
		return facts.KindTargetHTTPProxy, true
	case "targetHttpsProxies":
		return facts.KindTargetHTTPSProxy, true
	case "sslCertificates":
		return facts.KindCertificate, true
	case "addresses":
		return facts.KindAddress, true
	case "targetSslProxies":
		return facts.KindTargetSSLProxy, false
	case "targetTcpProxies":
		return facts.KindTargetTCPProxy, false
	case "sslPolicies":
		return facts.KindSSLPolicy, false
	case "securityPolicies":
		return facts.KindSecurityPolicy, false
	case "firewallPolicies":
		return facts.KindFirewallPolicy, false
	case "subnetworks":
		return facts.KindSubnetwork, false
	case "routes":
		return "Route", false
	}
	return "", false
}

// computeObject reads projects/P/{global|regions/R|zones/Z}/COLLECTION/NAME; false
// when it is of another collection, or nothing like that.
func computeObject(resource, collection, kind string) (facts.Ref, bool) {
	p := strings.Split(resource, "/")
	ref := facts.Ref{Kind: kind}
	switch {
	case len(p) == 5 && p[2] == "global":
		ref.Scope, p = "global", append(p[:2:2], p[3:]...)
	case len(p) == 6 && (p[2] == "regions" || p[2] == "zones") && areNames(p[3]):
		ref.Scope, p = p[2]+"/"+p[3], append(p[:2:2], p[4:]...)
	default:
		return facts.Ref{}, false
	}
	ref.Project, ref.Name = p[1], p[3]
	return ref, p[0] == "projects" && unscoped(p[2]) == collection && areNames(ref.Project, ref.Name)
}
