package health

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GKE copies a readiness probe into a health check only when it creates that: a probe
// that came or changed later never reaches it (ingress-controller.md §2, "Update
// policy"; kubeflow #252).
var probeChangeNotApplied = cause.Cause{
	ID:       "health/probe-change-not-applied",
	Title:    "The health check is older than the readiness probe and still asks what it asked then",
	Needs:    questionNeeds,
	Explains: append(badAnswers(), cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing),
	Check:    checkFrozen,
}

func checkFrozen(c cause.Case) cause.Outcome {
	return judge(c, asks(frozen), (*backend).frozenFinding, (*backend).nothing)
}

func (b *backend) frozenFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	hc, _ := b.HealthCheck.Get()
	desired := glbc.DesiredCheck(c.Facts, b.Backend)
	f := b.tell(c, confidence, a, fmt.Sprintf("The health check of %s still asks for %s (%d); the readiness probe's %s never reached it", b.app(), b.check.Path, a.status, desired.Check.Path))
	f.Summary = fmt.Sprintf("GKE copies the readiness probe into a health check only when it creates the check; this one asks for %s since it was made, the pods' probe asks for %s.", b.check.Path, desired.Check.Path)
	for _, d := range glbc.CompareCheck(hc, desired) {
		if d.Field == glbc.CheckFieldPath {
			f.Evidence = append([]cause.Evidence{{Source: "compute.healthChecks.list", Says: fmt.Sprintf("%s asks for %s, GKE would make it ask for %s today: %s", hc.GetName(), d.Have, d.Want, d.Why), Link: cause.ComputeLink(facts.RelativePath(hc.GetSelfLink()))}}, f.Evidence...)
		}
	}
	f.Change = b.probeWritten(c, f.Subject)
	return f
}

// probeWritten is who changed the readiness probe last; nil where the log doesn't tell.
func (b *backend) probeWritten(c cause.Case, subject facts.Ref) *cause.Change {
	since := b.since(c)
	for _, ch := range c.Changes() {
		if ch.Object != subject || ch.Controller || !since.IsZero() && ch.At.After(since) {
			continue
		}
		for _, f := range ch.Fields {
			if strings.Contains(f.Path, "readinessProbe") {
				return c.Wrote(subject, f.Path)
			}
		}
	}
	return nil
}
