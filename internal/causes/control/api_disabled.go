package control

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// Without the Compute Engine API nothing of a load balancer can be built. The error's
// consumer tells whose project it is about; that of this program's own project is a
// gap that says so (cause-catalogue.md, control/api-disabled).
var apiIsDisabled = cause.Cause{
	ID:    "control/api-disabled",
	Title: "An API that the controllers need is switched off in the cluster's project",
	Needs: []facts.Kind{facts.Ingresses, facts.Services, facts.Events, facts.ThirdPartyObjects},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, cause.PodsNotReadyInNEG, cause.BackendUnhealthy,
		"endpoint/neg-attach-failed", "endpoint/neg-sync-blocked",
	},
	Check: checkAPI,
}

func checkAPI(c cause.Case) cause.Outcome {
	var own []complaint
	confidence := cause.Likely
	for _, k := range complaints(c, apiDisabled) {
		switch belongs(c, strings.TrimPrefix(k.consumer, "projects/")) {
		case anothers:
			continue
		case ours:
			confidence = cause.Proven
		case untold:
			if !c.Facts.History.Known() {
				// The log might tell that it is another project's.
				continue
			}
		}
		own = append(own, k)
	}
	if len(own) == 0 {
		return cause.Outcome{}
	}
	service := own[0].service
	f := heldBack(c, own, func(r refusal) bool { return r.kind == apiDisabled && r.service == service })
	f.Confidence = confidence
	f.Subject = projectRef(c)
	f.Headline = "The API " + service + " is switched off in project " + c.Facts.Project + ", " + effect(c, own)
	f.Summary = "Google Cloud answers SERVICE_DISABLED to every call of the controllers to this API."
	f.Fix = cause.Fix{
		Summary:  "switch the API on; the controllers go on by themselves, within 10 minutes",
		Commands: []string{"gcloud services enable " + service + " --project " + c.Facts.Project},
		Caveat:   "where Terraform owns the project's services (google_project_service), add it there; an API that was just switched on answers after a few minutes",
	}
	return cause.Outcome{Findings: []cause.Finding{f}}
}
