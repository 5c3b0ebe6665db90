package control

import (
	"regexp"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// GKE's controllers act as the project's GKE service agent. Without its role they are
// refused whatever they try, and say so in an event (ingress-controller.md §1.6).
// What a shared VPC's host project refuses is a firewall matter, and not this.
var controllerPermissionDenied = cause.Cause{
	ID:    "control/controller-permission-denied",
	Title: "GKE's controllers lack a permission in the cluster's project",
	Needs: []facts.Kind{facts.Ingresses, facts.Services, facts.Events, facts.ThirdPartyObjects},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, cause.PodsNotReadyInNEG, cause.BackendUnhealthy,
		"endpoint/neg-attach-failed", "endpoint/neg-sync-blocked",
	},
	Check: checkPermission,
}

// isOwn: what is refused is the cluster's own project's. Where that can't be told, it
// isn't if the network is another project's and the permission one on networks.
func isOwn(c cause.Case, k complaint) bool {
	switch belongs(c, projectOf(k.object)) {
	case ours:
		return true
	case anothers:
		return false
	case untold:
	}
	shared := c.Facts.NetworkProject != "" && c.Facts.NetworkProject != c.Facts.Project
	return !shared || !networkPermission.MatchString(k.permission)
}

var networkPermission = regexp.MustCompile(`^compute\.(firewalls|networks|subnetworks|addresses)\.`)

func checkPermission(c cause.Case) cause.Outcome {
	var own []complaint
	for _, k := range complaints(c, permissionDenied) {
		if isOwn(c, k) {
			own = append(own, k)
		}
	}
	if len(own) == 0 {
		return cause.Outcome{}
	}
	f := heldBack(c, own, func(r refusal) bool { return r.kind == permissionDenied })
	project, permission := c.Facts.Project, own[0].permission
	what := "what GKE's controllers asked for"
	if permission != "" {
		what = permission
	}
	f.Subject = projectRef(c)
	f.Headline = "GKE's service agent lacks " + what + " in project " + project + ", " + effect(c, own)
	f.Summary = "The controllers act as the project's GKE service agent, and Google Cloud answers 403 to it; they try again for ever."
	f.Fix = cause.Fix{
		Summary: "give the service agent its role back; the controllers then go on by themselves, within 10 minutes",
		Commands: []string{
			`gcloud projects add-iam-policy-binding ` + project + ` --member="serviceAccount:` + agent(c) + `" --role=roles/container.serviceAgent --condition=None`,
		},
		Caveat: "where Terraform owns the project's whole policy (google_project_iam_policy) add the role there, or the next apply takes it away; with the role in place, look for an IAM deny policy",
	}
	return cause.Outcome{Findings: []cause.Finding{f}}
}
