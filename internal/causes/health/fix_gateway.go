package health

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

const neverFromProbe = "editing the readiness probe does not help: the check of a Gateway's backend is never taken from it"

// fixPolicy points the check of a Gateway's backend at a path that answers 200, through
// the HealthCheckPolicy of the Service.
func (b *backend) fixPolicy(a answer) cause.Fix {
	path, summary := "/PATH", "point the check at a path that answers 200 without login or redirect, by a HealthCheckPolicy: put it in place of /PATH"
	if own := b.readinessPath(); own != "" {
		path, summary = own, "point the check at "+own+" by a HealthCheckPolicy; the pods' readiness probe asks that on the same port (make sure that it answers 200 by itself)"
	}
	if a.location == "" {
		summary = "find out where the app redirects to, and " + summary
	}
	return cause.Fix{
		Summary: summary + b.policyUnread(), Caveat: neverFromProbe,
		Commands: []string{b.applyPolicy(b.check.Type, path)}, Patches: []cause.Patch{b.policyPatch(b.check.Type, path)},
	}
}

// fixAppProtocol makes load balancer and check of a Gateway's backend speak HTTPS to
// the pods.
func (b *backend) fixAppProtocol() cause.Fix {
	f := cause.Fix{
		Summary: fmt.Sprintf("let the app answer GET %s over plain HTTP with 200, exempt from its redirect; or, only where the pods speak TLS on that port, set appProtocol: HTTPS and check over HTTPS", b.where()) + b.policyUnread(),
		Caveat:  "another path helps only if the app exempts it, most redirect every path; " + neverFromProbe,
	}
	f.Commands = []string{
		fmt.Sprintf(`kubectl patch service %s -n %s -p '{"spec":{"ports":[{"port":%d,"appProtocol":"HTTPS"}]}}' && %s`, b.Service, b.Namespace, b.Port.Number, b.applyPolicy("HTTPS", b.check.Path)),
	}
	f.Patches = []cause.Patch{b.appProtocolPatch()}
	return f
}

func (b *backend) appProtocolPatch() cause.Patch {
	service := fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  ports:\n  - port: %d\n    appProtocol: HTTPS\n", b.Service, b.Namespace, b.Port.Number)
	return cause.Patch{File: "instead: HTTPS to the pods", YAML: service + "---\n" + b.policyPatch("HTTPS", b.check.Path).YAML}
}

// policyName is the HealthCheckPolicy that counts for the Service, or the name for a
// new one.
func (b *backend) policyName() (name string, exists bool) {
	if p, ok := b.policy.Get(); ok {
		return p.Name, true
	}
	return b.Service + "-health", false
}

// policyUnread warns of a policy that may be there: of several, the oldest counts.
func (b *backend) policyUnread() string {
	if b.policy.Known() {
		return ""
	}
	return "; first see with kubectl get healthcheckpolicy -n " + b.Namespace + " whether one names the Service already, and change that one"
}

func (b *backend) applyPolicy(kind, path string) string {
	name, exists := b.policyName()
	section := strings.ToLower(kind) + "HealthCheck"
	if exists {
		return fmt.Sprintf(`kubectl patch healthcheckpolicy %s -n %s --type merge -p '{"spec":{"default":{"config":{"type":"%s","%s":{"requestPath":"%s"}%s}}}}'`, name, b.Namespace, kind, section, path, b.withoutOld(kind))
	}
	return fmt.Sprintf(`echo '{"apiVersion":"networking.gke.io/v1","kind":"HealthCheckPolicy","metadata":{"name":"%s","namespace":"%s"},"spec":{"default":{"config":{"type":"%s","%s":{"requestPath":"%s"}}},"targetRef":{"group":"","kind":"Service","name":"%s"}}}' | kubectl apply -f -`,
		name, b.Namespace, kind, section, path, b.Service)
}

// withoutOld takes the section of the policy's present type away, where that changes.
func (b *backend) withoutOld(kind string) string {
	p, _ := b.policy.Get()
	if config := p.Spec.Default.Config; config != nil && config.Type != "" && config.Type != kind {
		return `,"` + strings.ToLower(config.Type) + `HealthCheck":null`
	}
	return ""
}

func (b *backend) policyPatch(kind, path string) cause.Patch {
	name, _ := b.policyName()
	return cause.Patch{
		File: facts.KindHealthCheckPolicy + " " + b.Namespace + "/" + name,
		YAML: fmt.Sprintf("apiVersion: networking.gke.io/v1\nkind: HealthCheckPolicy\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  default:\n    config:\n      type: %s\n      %sHealthCheck:\n        requestPath: %s\n  targetRef:\n    group: \"\"\n    kind: Service\n    name: %s\n",
			name, b.Namespace, kind, strings.ToLower(kind), path, b.Service),
	}
}
