package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// What a BackendConfig sets of the health check wins over the readiness probe, on every
// sync (ingress-controller.md §2; kubeflow-distribution #245).
var backendConfigWrong = cause.Cause{
	ID:       "health/backendconfig-wrong",
	Title:    "The BackendConfig lets the health check ask something that fails, while the readiness probe works",
	Needs:    questionNeeds,
	Explains: append(badAnswers(), cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing),
	Check:    checkBackendConfig,
}

func checkBackendConfig(c cause.Case) cause.Outcome {
	return judge(c, asks(overridden), (*backend).configFinding, (*backend).nothing)
}

func (b *backend) configFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	desired := glbc.DesiredCheck(c.Facts, b.Backend)
	field, on := b.setByConfig(desired), desired.Config
	probe, container, _ := b.readinessProbe()
	works := fmt.Sprintf(":%s%s", portText(container, probe.HTTPGet), glbc.ProbePath(probe.HTTPGet))
	set := "requestPath " + b.check.Path
	if field == glbc.CheckFieldPort {
		set = fmt.Sprintf("port %d", b.check.Port)
	}
	f := b.tell(c, confidence, a, fmt.Sprintf("BackendConfig %s makes the health check ask %s, which answers %d", on.Name, b.where(), a.status))
	f.Subject = on
	f.Summary = fmt.Sprintf("healthCheck.%s in the BackendConfig wins over the readiness probe, whose %s works.", set, works)
	f.Evidence = append([]cause.Evidence{{
		Source: "container.backendConfigs.list", Link: cause.ObjectLink(on),
		Says: fmt.Sprintf("spec.healthCheck sets %s; the readiness probe asks %s and the pods are Ready", set, works),
	}}, f.Evidence...)
	f.Change = b.configWritten(c, on, field)
	f.Fix.Caveat = "editing the readiness probe or the health check itself does not help: the BackendConfig wins on every sync; taking the field out leaves the last value in place"
	return f
}

// configWritten is who gave the field the value that it has; nil where the log doesn't
// tell.
func (b *backend) configWritten(c cause.Case, on facts.Ref, field glbc.CheckField) *cause.Change {
	path, value := "spec.healthCheck.requestPath", b.check.Path
	if field == glbc.CheckFieldPort {
		path, value = "spec.healthCheck.port", fmt.Sprint(b.check.Port)
	}
	if ch := c.Wrote(on, path); ch != nil && ch.To != nil && *ch.To == value {
		return ch
	}
	return nil
}
