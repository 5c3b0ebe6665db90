package backend

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GLBC attaches the Cloud Armor policy that a BackendConfig names, a global one of the
// cluster's project; where there is none, the sync ends before the load balancer is
// touched (ingress-controller.md §1.3, bc-armor-set-fail).
var securityPolicyNotFound = cause.Cause{
	ID:       "backend/security-policy-not-found",
	Title:    "The BackendConfig names a Cloud Armor policy that doesn't exist",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.BackendConfigs, facts.SecurityPolicies, facts.Events},
	Explains: refused,
	Check: cause.Blocker{
		Code: glbc.SecurityPolicyNotFound, Tell: tellSecurityPolicy,
	}.Check,
}

func tellSecurityPolicy(c cause.Case, f glbc.Fault) cause.Finding {
	policy, project := f.Names.Name, c.Facts.Project
	config := f.On.Namespace + "/" + f.On.Name
	told := cause.Finding{
		Headline: "Cloud Armor policy " + policy + ", which BackendConfig " + config + " names, doesn't exist, " + c.Effect(),
		Summary:  "GKE's controller attaches a global policy of the cluster's project to the backend service; where there is none, its work on the Ingress ends there.",
		Change:   c.Dangling(f, "spec.securityPolicy.name"),
		Fix: cause.Fix{
			Summary:  "create the policy; the controller then attaches it by itself",
			Commands: []string{"gcloud compute security-policies create " + policy + " --project " + project},
			Caveat:   "an empty policy lets everything in: add its rules before you rely on it",
		},
	}
	var have []string
	other := ""
	all, _ := c.Facts.SecurityPolicies.Get()
	for _, p := range all {
		scope := facts.ScopeOf(p.GetSelfLink())
		if scope == "global" {
			have = append(have, p.GetName())
		} else if p.GetName() == policy {
			other = scope
		}
	}
	if f.Err == nil {
		told.Evidence = []cause.Evidence{{Source: "compute.securityPolicies.list", Says: "no global policy " + policy + " in project " + project + "; " + f.On.String() + " names it in " + f.Field}}
	}
	if other != "" {
		told.Evidence = append(told.Evidence, cause.Evidence{Source: "compute.securityPolicies.list", Says: "one of this name is in " + other + ", which an Ingress can't use"})
	}
	for _, b := range c.Backends() {
		if bs, ok := b.BackendService.Get(); ok && bs.GetSecurityPolicy() != "" {
			told.Impact = c.Target.String() + " keeps the policy that it has, and takes no other change"
		}
	}
	near := cause.Nearest(policy, have)
	if near != "" && (told.Change == nil || told.Change.What != f.Names.String()) {
		told.Subject = f.On
		told.Headline = "BackendConfig " + config + " names Cloud Armor policy " + policy + ", and only " + near + " exists, " + c.Effect()
		told.Fix = cause.Fix{
			Summary:  "name the policy that exists: " + near,
			Commands: []string{"kubectl patch backendconfig " + f.On.Name + " -n " + f.On.Namespace + ` --type merge -p '{"spec":{"securityPolicy":{"name":"` + near + `"}}}'`},
			Patches: []cause.Patch{{
				File: "BackendConfig " + config,
				YAML: "apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: " + f.On.Name + "\n  namespace: " + f.On.Namespace + "\nspec:\n  securityPolicy:\n    name: " + near + "\n",
			}},
		}
		return told
	}
	told.Subject = f.Names
	return told
}
