package backend

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// refused are what a refused Service annotation or BackendConfig explains: the whole
// Ingress waits (ingress-controller.md §0.2).
var refused = []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied}

// annotate is the command that writes a Service's annotation, and the patch for those
// who keep the manifest in Git.
func annotate(svc *corev1.Service, key, value string) ([]string, []cause.Patch) {
	return []string{fmt.Sprintf("kubectl annotate service %s -n %s --overwrite %s='%s'", svc.Name, svc.Namespace, key, value)},
		[]cause.Patch{{
			File: "Service " + svc.Namespace + "/" + svc.Name,
			YAML: "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + svc.Name + "\n  namespace: " + svc.Namespace + "\n  annotations:\n    " + key + ": '" + value + "'\n",
		}}
}

func annotationPath(key string) string { return `metadata.annotations["` + key + `"]` }

// users are GLBC's Ingresses that send requests to a Service.
func users(s *facts.Snapshot, service facts.Ref) []facts.Ref {
	var refs []facts.Ref
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ing.Namespace == service.Namespace && glbc.Serves(s, ing) &&
			slices.ContainsFunc(glbc.Backends(s, ing), func(b glbc.Backend) bool { return b.Service == service.Name }) {
			refs = append(refs, glbc.RefOf(s, ing))
		}
	}
	return refs
}

// unapplied compares a BackendConfig with what is live of one backend.
func unapplied(bc *facts.BackendConfig, b glbc.Backend) []glbc.Lack {
	bs, ok := b.BackendService.Get()
	if !ok {
		return nil
	}
	hc, _ := b.HealthCheck.Get()
	return glbc.Lacks(bc, bs, hc)
}

// unreadConfig says what can't be told without a BackendConfig; empty for one that
// surely isn't there.
func unreadConfig(name string, err error) string {
	if err == nil {
		return ""
	}
	return "whether what BackendConfig " + name + " sets is live: " + err.Error()
}

// A passedOver is a BackendConfig that isn't applied to a backend, without a word of
// the controller's, and what is missing for it.
type passedOver struct {
	config  *facts.BackendConfig
	backend glbc.Backend
	lacks   []glbc.Lack
}

// finding is what all passed-over BackendConfigs have in common.
func (p passedOver) finding(c cause.Case) cause.Finding {
	ref := p.backend.Ref(c.Facts.ClusterName)
	f := cause.Finding{
		Subject:    ref,
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		On:         []facts.Ref{ref},
		Affected:   users(c.Facts, ref),
		Hosts:      p.backend.Hosts,
		Impact:     "the load balancer runs without what BackendConfig " + p.config.Namespace + "/" + p.config.Name + " sets",
		Explains:   p.explains(),
	}
	for i, l := range p.lacks {
		if i == 2 && len(p.lacks) > 3 {
			f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.backendServices.list", Says: fmt.Sprintf("%d more of its settings aren't live", len(p.lacks)-2)})
			break
		}
		source := "compute.backendServices.list"
		if strings.HasPrefix(l.Field, "spec.healthCheck.") {
			source = "compute.healthChecks.list"
		}
		bs, _ := p.backend.BackendService.Get()
		f.Evidence = append(f.Evidence, cause.Evidence{Source: source, Says: "BackendConfig " + p.config.Name + " says " + l.String(), Link: cause.ComputeLink(glbc.Path(bs))})
	}
	for _, s := range c.Symptoms {
		if s.ID == cause.BackendUnhealthy && slices.Contains(f.Explains, s.ID) && slices.Contains(s.Objects, ref) {
			f.Severity, f.Since = cause.Degraded, s.Since
			if !glbcServes(c, p.backend) {
				f.Severity = cause.Outage
			}
		}
	}
	return f
}

func glbcServes(c cause.Case, b glbc.Backend) bool {
	all, _ := glbc.Endpoints(c.Facts, b)
	return slices.ContainsFunc(all, glbc.Endpoint.Healthy)
}

// ofSettings is what settings that don't reach the backend service can show in, besides
// what their health check would have.
var ofSettings = []cause.ID{
	cause.ChangeNotApplied, cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing,
	"backend/timeout-too-short", "backend/tls-protocol-mismatch", "backend/http2-not-negotiated",
}

// Every cause of the layer health can come of a check that a BackendConfig was to
// change.
var ofTheCheck = []cause.ID{
	cause.BackendUnhealthy, cause.PodsNotReadyInNEG, "health/redirect-to-https", "health/redirect", "health/path-not-found", "health/auth-required",
	"health/status-not-200", "health/host-rejected", "health/server-error", "health/port-mismatch", "health/protocol-mismatch", "health/probe-not-inferable",
	"health/probe-change-not-applied", "health/slow-response", "health/client-certificate-required", "health/grpc-not-supported",
}

// explains are the symptoms and causes that the missing settings stand behind, each by
// what it sets.
func (p passedOver) explains() []cause.ID {
	ids := []cause.ID{cause.ChangeNotApplied}
	add := func(more ...cause.ID) {
		for _, id := range more {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, l := range p.lacks {
		switch {
		case l.Field == "spec.healthCheck.requestPath" || l.Field == "spec.healthCheck.port" || l.Field == "spec.healthCheck.type" || l.Field == "spec.healthCheck.timeoutSec":
			add(ofTheCheck...)
		case l.Field == "spec.timeoutSec":
			add(cause.RequestsFailing, "backend/timeout-too-short")
		case strings.HasPrefix(l.Field, "spec.connectionDraining"):
			add(cause.RequestsFailing, "backend/no-connection-draining")
		}
	}
	return ids
}
