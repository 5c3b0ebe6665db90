package ingress

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Behind an internal load balancer GLBC links NEGs, whatever the Service says; the NEG
// controller makes them only where the annotation asks. A NodePort Service passes
// translation and then waits for a NEG that never comes (ingress-controller.md §1.6,
// neg-not-created-yet).
var internalNeedsNEG = cause.Cause{
	ID:       "ingress/internal-needs-neg",
	Title:    "The internal Ingress's Service has no NEG annotation",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.NEGs, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.BackendUnhealthy},
	Check: cause.Blocker{
		Code: glbc.InternalNeedsNEG, Tell: tellInternal,
	}.Check,
}

func tellInternal(c cause.Case, f glbc.Fault) cause.Finding {
	svc, ok := glbc.ServiceOf(c.Facts, f.On.Namespace, f.On.Name).Get()
	if !ok {
		return cause.Finding{}
	}
	told := cause.Finding{
		Headline: "Service " + svc.Namespace + "/" + svc.Name + " asks for no NEG, and an internal Ingress needs one, " + c.Effect(),
		Summary:  "An internal load balancer reaches pods through NEGs only. The Ingress controller links the Service's NEG, and the NEG controller makes none without the annotation.",
		Evidence: []cause.Evidence{{Source: "container.services.list", Says: f.On.String() + " is of type " + typeOf(svc) + "; " + annotationSays(svc), Link: cause.ObjectLink(f.On)}},
		Affected: naming(c.Facts, f.On),
	}
	if f.Err == nil {
		told.Evidence = append(told.Evidence, cause.Evidence{Source: "compute.networkEndpointGroups.list", Says: "no NEG is there for it"})
	}
	told.Change = historyOf(c, svc).removed
	told.Fix = fixNEG(c.Facts, svc)
	told.Fix.Summary = "ask for NEGs with the annotation; the type may stay"
	return told
}
