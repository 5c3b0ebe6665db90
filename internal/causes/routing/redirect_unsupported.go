package routing

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A FrontendConfig's redirect to HTTPS needs an external Ingress with the newer names;
// on an internal one, or one that an old controller named, the sync ends where the
// redirect is built (ingress-controller.md §1.4, redirect-on-internal,
// redirect-on-v1-naming).
var redirectUnsupported = cause.Cause{
	ID:       "routing/redirect-unsupported",
	Title:    "GKE can't redirect this Ingress to HTTPS",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.FrontendConfigs, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.RedirectUnsupported, Tell: tellRedirect,
	}.Check,
}

func tellRedirect(c cause.Case, f glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	config := f.On.Namespace + "/" + f.On.Name
	told := cause.Finding{
		Evidence: []cause.Evidence{{Source: "container.frontendConfigs.list", Says: f.On.String() + " has " + f.Field + " = true"}},
		Affected: namingFrontend(c.Facts, f.On),
		Fix: cause.Fix{
			Summary:  "switch the redirect off; the controller then goes on",
			Commands: []string{"kubectl patch frontendconfig " + f.On.Name + " -n " + f.On.Namespace + ` --type merge -p '{"spec":{"redirectToHttps":null}}'`},
			Patches: []cause.Patch{{
				File: "FrontendConfig " + config,
				YAML: "apiVersion: networking.gke.io/v1beta1\nkind: FrontendConfig\nmetadata:\n  name: " + f.On.Name + "\n  namespace: " + f.On.Namespace + "\nspec:\n  redirectToHttps: null\n",
			}},
		},
	}
	if ch := c.Wrote(f.On, "spec.redirectToHttps"); ch != nil && !ch.Removed {
		told.Change = ch
	} else if told.Change = c.Created(f.On); told.Change == nil {
		told.Change = c.WhoWrote(c.Target, f.On.Name, `metadata.annotations["`+glbc.FrontendConfigAnnotation+`"]`)
	}
	if f.Variant == glbc.OnInternal {
		told.Headline = "FrontendConfig " + config + " asks for a redirect to HTTPS, which GKE can't build for an internal Ingress, " + c.Effect()
		told.Summary = "The controller builds redirects for external load balancers only; asked for on an internal one, it ends its work where the redirect would be built."
		told.Evidence = append(told.Evidence, cause.Evidence{Source: "container.ingresses.list", Says: glbc.ClassOf(ing).Because, Link: cause.ObjectLink(c.Target)})
		told.Fix.Caveat = "to keep plain HTTP out of an internal Ingress, set " + glbc.AllowHTTPAnnotation + ` to "false"; a redirect needs a Gateway`
		return told
	}
	told.Headline = "FrontendConfig " + config + " asks for a redirect to HTTPS, which GKE can't build for Ingress " + ing.Name + " with its old names, " + c.Effect()
	told.Summary = "The load balancer still has the names of an old controller, and redirects are built for the newer names only; names change when an Ingress is made anew."
	told.Evidence = append(told.Evidence, cause.Evidence{Source: "container.ingresses.list", Says: "finalizer " + glbc.FinalizerV1 + " marks the old names", Link: cause.ObjectLink(c.Target)})
	told.Fix.Summary = "switch the redirect off, or make the Ingress anew, which gives it the newer names and a time without load balancer"
	told.Fix.Caveat = "without a reserved address the new load balancer gets another one, and DNS must follow"
	return told
}
