package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Compute refuses a health check whose timeout is longer than its interval, and GLBC's
// sync ends there. A BackendConfig that sets only one of them is merged with what the
// check has (ingress-controller.md §1.3, bc-hc-bounds; contrib #2023).
var timeoutExceedsInterval = cause.Cause{
	ID:       "health/timeout-exceeds-interval",
	Title:    "The health check's timeout is longer than its interval, which Compute refuses",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.BackendConfigs, facts.BackendServices, facts.HealthChecks, facts.Pods, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.TimeoutExceedsInterval, Tell: tellTimeout,
		RuledOut: "no health check's timeout is longer than its interval",
	}.Check,
}

func tellTimeout(c cause.Case, f glbc.Fault) cause.Finding {
	if f.Variant == glbc.ByReadinessProbe {
		return tellProbeTimeout(c, f)
	}
	var timeout, interval int64
	if _, err := fmt.Sscanf(f.Field, "timeoutSec %d, checkIntervalSec %d", &timeout, &interval); err != nil {
		return cause.Finding{}
	}
	set := fmt.Sprintf(`"timeoutSec":%d,"checkIntervalSec":%d`, timeout, timeout)
	out := cause.Finding{
		Headline: fmt.Sprintf("BackendConfig %s makes the health check wait %d s in an interval of %d s, which Compute refuses, %s", f.On.Name, timeout, interval, c.Effect()),
		Summary:  "What the BackendConfig doesn't set stays as the check has it, and a timeout may not be longer than the interval.",
		Evidence: []cause.Evidence{{Source: "container.backendConfigs.list", Says: "merged with the check: " + f.Field, Link: cause.ObjectLink(f.On)}},
		Fix: cause.Fix{
			Summary:  "set both, the interval at least as long as the timeout",
			Commands: []string{fmt.Sprintf(`kubectl patch backendconfig %s -n %s --type merge -p '{"spec":{"healthCheck":{%s}}}'`, f.On.Name, f.On.Namespace, set)},
			Patches: []cause.Patch{{
				File: "BackendConfig " + f.On.Namespace + "/" + f.On.Name,
				YAML: fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n    timeoutSec: %d\n    checkIntervalSec: %d\n", f.On.Name, f.On.Namespace, timeout, timeout),
			}},
		},
	}
	for field, value := range map[string]int64{"timeoutSec": timeout, "checkIntervalSec": interval} {
		if ch := c.Wrote(f.On, "spec.healthCheck."+field); ch != nil && ch.To != nil && *ch.To == fmt.Sprint(value) && (out.Change == nil || ch.At.After(out.Change.At)) {
			out.Change = ch
		}
	}
	return out
}

// tellProbeTimeout: GKE takes timeout and interval from the pods' probe.
func tellProbeTimeout(c cause.Case, f glbc.Fault) cause.Finding {
	subject := f.On
	for _, b := range c.Backends() {
		if d := glbc.DesiredCheck(c.Facts, b); b.Ref(c.Facts.ClusterName) == f.On && d.Pod != nil {
			subject = glbc.WorkloadOf(c.Facts.ClusterName, d.Pod)
		}
	}
	out := cause.Finding{
		Subject:  subject,
		Headline: fmt.Sprintf("The readiness probe of %s waits longer than its period, and GKE makes a health check of it that Compute refuses, %s", subject.Name, c.Effect()),
		Summary:  "GKE copies the probe's timeoutSeconds and periodSeconds into the health check, whose timeout may not be longer than its interval.",
		Evidence: []cause.Evidence{{Source: "container.pods.list", Says: "the health check would have " + f.Field, Link: cause.ObjectLink(subject)}},
		Fix: cause.Fix{
			Summary: "make the probe's periodSeconds at least as long as its timeoutSeconds; the check doesn't exist yet, so GKE takes the new values with its next try",
		},
	}
	if workload(subject) {
		out.Fix.Commands = []string{fmt.Sprintf("kubectl edit %s -n %s", handle(subject), subject.Namespace)}
	}
	return out
}
