package gateway

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// applyPolicy is a HealthCheckPolicy of one HTTP path as a command applies it.
func applyPolicy(namespace, service, kind, path string) string {
	return fmt.Sprintf(`echo '{"apiVersion":"networking.gke.io/v1","kind":"HealthCheckPolicy","metadata":{"name":"%s","namespace":"%s"},"spec":{"default":{"config":{"type":"%s","%sHealthCheck":{"requestPath":"%s"}}},"targetRef":{"group":"","kind":"Service","name":"%s"}}}' | kubectl apply -f -`,
		service, namespace, kind, strings.ToLower(kind), path, service)
}

// policyPatch is the same for those who keep their manifests in Git.
func policyPatch(namespace, service, kind, path string) cause.Patch {
	return cause.Patch{
		File: facts.KindHealthCheckPolicy + " " + namespace + "/" + service,
		YAML: fmt.Sprintf("apiVersion: networking.gke.io/v1\nkind: HealthCheckPolicy\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  default:\n    config:\n      type: %s\n      %sHealthCheck:\n        requestPath: %s\n  targetRef:\n    group: \"\"\n    kind: Service\n    name: %s\n",
			service, namespace, kind, strings.ToLower(kind), path, service),
	}
}

const neverFromProbe = "editing the readiness probe does not help: a Gateway's check is never taken from it"
