package control

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// A constraint of the organization policy can forbid a sort of load balancer, an
// external address or a protocol. Compute answers 412 or 403 and names it
// (cause-catalogue.md, control/org-policy-denied); trying again never helps.
var orgPolicy = cause.Cause{
	ID:       "control/org-policy-denied",
	Title:    "An organization policy forbids what the load balancer needs",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.Events, facts.ThirdPartyObjects},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, cause.PodsNotReadyInNEG, cause.BackendUnhealthy},
	Check:    checkOrgPolicy,
}

func checkOrgPolicy(c cause.Case) (out cause.Outcome) {
	byConstraint := map[string][]complaint{}
	var order []string
	for _, k := range complaints(c, orgPolicyDenied) {
		if byConstraint[k.constraint] == nil {
			order = append(order, k.constraint)
		}
		byConstraint[k.constraint] = append(byConstraint[k.constraint], k)
	}
	if len(order) == 0 {
		return out
	}
	// One subject, one finding: the first constraint speaks, all are named.
	var all []complaint
	for _, constraint := range order {
		all = append(all, byConstraint[constraint]...)
	}
	f := heldBack(c, all, func(r refusal) bool { return r.kind == orgPolicyDenied })
	f.Subject = projectRef(c)
	f.Headline = "The organization doesn't allow this in project " + c.Facts.Project + " (" + strings.Join(order, ", ") + "), " + effect(c, all)
	f.Summary = "Google Cloud refuses to create what the controllers ask for, whoever asks; trying again changes nothing."
	f.Fix = policyFix(c, order)
	out.Findings = append(out.Findings, f)
	return out
}

const byType = "constraints/compute.restrictLoadBalancerCreationForTypes"

func policyFix(c cause.Case, constraints []string) cause.Fix {
	fix := cause.Fix{
		Summary: "have the organization's administrators allow it for project " + c.Facts.Project + ", or build what the policy allows",
		Caveat:  "an administrator role in the project isn't enough: it takes roles/orgpolicy.policyAdmin on the organization",
	}
	for _, constraint := range constraints {
		fix.Commands = append(fix.Commands, "gcloud org-policies describe "+strings.TrimPrefix(constraint, "constraints/")+" --project "+c.Facts.Project+" --effective")
	}
	if ing, ok := c.Ingress(); ok && constraints[0] == byType && ing.Annotations["kubernetes.io/ingress.class"] != "gce-internal" {
		fix.Summary += ": an internal load balancer (kubernetes.io/ingress.class: gce-internal) is of another type"
	}
	return fix
}
