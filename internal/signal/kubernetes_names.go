package signal

import (
	"strings"

	"plumbline/internal/facts"
)

// A methodCall is a Kubernetes method name in its parts: reversed group, version,
// plural, perhaps a subresource, and verb, as in
// io.k8s.networking.v1.ingresses.patch (gcp-facts.md §2.2).
type methodCall struct{ plural, subresource, verb string }

func splitMethod(method string) (methodCall, bool) {
	p := strings.Split(method, ".")
	verb := len(p) - 1
	for i := verb - 2; i > 0 && i >= verb-3; i-- {
		if !isVersion(p[i]) {
			continue
		}
		c := methodCall{plural: p[i+1], verb: p[verb]}
		if i+2 < verb {
			c.subresource = p[i+2]
		}
		return c, c.plural != ""
	}
	return methodCall{}, false
}

// isVersion reports v1, v2beta1 and the like.
func isVersion(segment string) bool {
	return len(segment) > 1 && segment[0] == 'v' && segment[1] >= '1' && segment[1] <= '9'
}

// matters reports a write to something that a person means: not what components
// tell each other all the time, and of the subresources only those that change
// what runs.
func (c methodCall) matters() bool {
	switch c.verb {
	case "create", "update", "patch", "delete", "deletecollection":
	default:
		return false
	}
	switch c.subresource {
	case "", "scale", "eviction":
	default:
		return false
	}
	switch c.plural {
	case "leases", "endpoints", "endpointslices", "events", "bindings", "controllerrevisions", "certificatesigningrequests",
		"tokenreviews", "subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews":
		return false
	}
	return true
}

// An objectName is a Kubernetes resourceName in its parts.
type objectName struct{ group, namespace, name string }

// splitResource takes group/version[/namespaces/NS]/PLURAL[/NAME[/SUBRESOURCE]]
// apart; false when it is of another plural.
func splitResource(resource, plural string) (objectName, bool) {
	p := strings.Split(resource, "/")
	if len(p) < 3 {
		return objectName{}, false
	}
	o := objectName{group: p[0]}
	p = p[2:]
	if p[0] == "namespaces" && plural != "namespaces" {
		if len(p) < 3 {
			return objectName{}, false
		}
		o.namespace, p = p[1], p[2:]
	}
	if len(p) > 1 {
		o.name = p[1]
	}
	return o, p[0] == plural
}

// kindOf is the Kind of the collections that we know; empty for the others, and
// false for a collection that only shares the name: Istio has Gateways too.
func kindOf(group, plural string) (kind string, ok bool) {
	home := ""
	switch plural {
	case "services":
		home, kind = "core", facts.KindService
	case "pods":
		home, kind = "core", facts.KindPod
	case "configmaps":
		home, kind = "core", facts.KindConfigMap
	case "secrets":
		home, kind = "core", "Secret"
	case "deployments":
		home, kind = "apps", facts.KindDeployment
	case "statefulsets":
		home, kind = "apps", "StatefulSet"
	case "ingresses":
		home, kind = "networking.k8s.io", facts.KindIngress
	case "networkpolicies":
		home, kind = "networking.k8s.io", facts.KindNetworkPolicy
	case "peerauthentications":
		home, kind = "security.istio.io", facts.KindPeerAuthentication
	case "gateways":
		home, kind = "gateway.networking.k8s.io", facts.KindGateway
	case "httproutes":
		home, kind = "gateway.networking.k8s.io", facts.KindHTTPRoute
	case "referencegrants":
		home, kind = "gateway.networking.k8s.io", facts.KindReferenceGrant
	case "backendconfigs":
		home, kind = "cloud.google.com", facts.KindBackendConfig
	case "frontendconfigs":
		home, kind = "networking.gke.io", facts.KindFrontendConfig
	case "managedcertificates":
		home, kind = "networking.gke.io", facts.KindManagedCertificate
	case "healthcheckpolicies":
		home, kind = "networking.gke.io", facts.KindHealthCheckPolicy
	case "gcpbackendpolicies":
		home, kind = "networking.gke.io", facts.KindGCPBackendPolicy
	default:
		return "", true
	}
	isOldHome := group == "extensions" && (plural == "ingresses" || plural == "deployments" || plural == "networkpolicies")
	return kind, group == home || isOldHome
}

// isObjectKind reports that kind is of the object written, not of the message that
// wrote it.
func isObjectKind(kind string) bool {
	switch kind {
	case "", "Patch", "DeleteOptions", "Status", "Scale", "Eviction":
		return false
	}
	return !strings.HasSuffix(kind, "List") && areNames(kind)
}
