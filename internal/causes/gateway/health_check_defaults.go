package gateway

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Without a HealthCheckPolicy a Gateway's check is GET / on the serving port, whatever the
// readiness probe asks (artifact-keeper-iac #125, goldilocks #825, kong #14679).
var healthCheckDefaults = cause.Cause{
	ID:    "gateway/health-check-defaults",
	Title: "The Service has no HealthCheckPolicy, and GET / is not answered with 200",
	Needs: []facts.Kind{
		facts.Firewalls, facts.NetworkFirewall, facts.Network, facts.Nodes,
		facts.Instances,
		facts.RegionFirewall,
		facts.ThirdPartyObjects, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth, facts.NEGs,
		facts.Pods, facts.Probes, facts.Logs,
	},
	Explains: []cause.ID{
		cause.BackendUnhealthy, cause.PodsNotReadyInNEG, "health/redirect", "health/path-not-found", "health/status-not-200", "health/auth-required",
	},
	Check: checkDefaults,
}

func checkDefaults(c cause.Case) (out cause.Outcome) {
	for _, k := range failing(c) {
		policy := glbc.HealthCheckPolicyOf(c.Facts, k.Namespace, k.Service)
		if !policy.IsAbsent() || !k.check.HTTP() || k.check.Path != "/" {
			continue
		}
		switch confidence := k.notAnswered(c); {
		case confidence != 0:
			out.Findings = append(out.Findings, defaults(c, k, confidence))
		case k.status == 200:
			out.RuledOut = k.source + " got 200 for GET /"
		}
	}
	return out
}

// notAnswered weighs what is known of the app's answer to GET /. A redirect to https, or
// one whose target isn't known, and an error of the app itself are deeper than the check.
// Without any answer it is likely where the pods are Ready by another path and packets get
// in.
func (k *checked) notAnswered(c cause.Case) cause.Confidence {
	switch {
	case k.status == 0:
		get, ok := k.readiness()
		if ok && get.Path != "/" && get.Path != "" && get.Scheme != "HTTPS" && k.readyPods() == len(k.pods) && k.silent == "" && k.reached(c) && len(k.bad) == len(k.all) {
			return cause.Possible
		}
		return 0
	case k.status >= 500, k.status == 200, k.status == 400, k.status == 421:
		return 0
	case k.status >= 300 && k.status < 400 && (k.location == "" || strings.HasPrefix(k.location, "https://")):
		return 0
	}
	return cause.Proven
}

func defaults(c cause.Case, k checked, confidence cause.Confidence) cause.Finding {
	f := k.finding(c, k.service(c), confidence)
	f.Headline = fmt.Sprintf("Service %s/%s has no HealthCheckPolicy, so the Gateway checks GET /, which is answered with %d%s", k.Namespace, k.Service, k.status, k.leads())
	f.Summary = "A Gateway never takes its health check from the readiness probe: without a HealthCheckPolicy it asks GET / on the serving port and accepts only 200."
	if k.status == 0 {
		f.Headline = fmt.Sprintf("Service %s/%s has no HealthCheckPolicy, so the Gateway checks GET /, and its pods are UNHEALTHY", k.Namespace, k.Service)
	}
	f.Evidence = append([]cause.Evidence{{Source: string(facts.ThirdPartyObjects), Says: fmt.Sprintf("no HealthCheckPolicy of namespace %s names Service %s", k.Namespace, k.Service)}}, f.Evidence...)
	f.Contract = k.contract()
	path, summary := "/PATH", "point the check at a path that answers 200 without login or redirect, by a HealthCheckPolicy: put it in place of /PATH"
	if get, ok := k.readiness(); ok && get.Path != "/" && get.Path != "" {
		path, summary = get.Path, "check "+get.Path+" by a HealthCheckPolicy: the pods' readiness probe asks that on the same port (make sure that it answers 200 by itself)"
	}
	f.Fix = cause.Fix{
		Summary: summary, Caveat: neverFromProbe,
		Commands: []string{applyPolicy(k.Namespace, k.Service, k.check.Type, path)}, Patches: []cause.Patch{policyPatch(k.Namespace, k.Service, k.check.Type, path)},
	}
	return f
}
