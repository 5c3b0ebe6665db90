package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// GKE takes the check's path from a readiness probe only under narrow conditions; one of
// them isn't met, so the check asks GET / (ingress-controller.md §2; consul-k8s #649,
// restate-operator #92, ingress-gce #42).
var probeNotInferable = cause.Cause{
	ID:       "health/probe-not-inferable",
	Title:    "GKE can't take the health check from the readiness probe, so it asks GET /",
	Needs:    questionNeeds,
	Explains: append(badAnswers(), cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing),
	Check:    checkNotInferable,
}

// badAnswers are what a check gets that asks the wrong thing.
func badAnswers() []cause.ID {
	return []cause.ID{"health/redirect-to-https", "health/redirect", "health/path-not-found", "health/auth-required", "health/status-not-200"}
}

func checkNotInferable(c cause.Case) cause.Outcome {
	return judge(c, asks(notInferable), (*backend).inferenceFinding, (*backend).nothing)
}

func (b *backend) inferenceFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	desired := glbc.DesiredCheck(c.Facts, b.Backend)
	f := b.tell(c, confidence, a, fmt.Sprintf("The health check of %s asks GET / and gets %d: GKE can't use the readiness probe", b.app(), a.status))
	f.Summary = "GKE can't take the check from the pods' readiness probe, since " + desired.WhyNoProbe + "; so it asks GET / on the serving port, and Google's check takes exactly 200."
	f.Evidence = append([]cause.Evidence{{Source: "container.pods.list", Says: desired.WhyNoProbe + ", so GKE's health check is GET /"}}, f.Evidence...)
	f.Fix.Caveat = "editing the probe alone does not help: GKE reads it only when it creates the health check"
	return f
}
