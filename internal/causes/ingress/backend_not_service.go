package ingress

import (
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The API lets a backend be any resource, such as a bucket of objects; GLBC takes
// Services only and refuses the whole Ingress (ingress-controller.md §1.2,
// backend-not-service).
var backendNotService = cause.Cause{
	ID:       "ingress/backend-not-service",
	Title:    "A backend of the Ingress isn't a Service",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.BackendNotService, Tell: tellNotService,
	}.Check,
}

func tellNotService(c cause.Case, f glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	what := "nothing"
	if r := resourceAt(ing, f.Field); r != nil {
		what = r.Kind + " " + r.Name
	}
	told := cause.Finding{
		Headline: "A backend of Ingress " + ing.Namespace + "/" + ing.Name + " is " + what + " and no Service, " + c.Effect(),
		Summary:  "GKE's controller sends requests to Services only; a backend of another kind, which the API allows, holds back the whole Ingress.",
		Evidence: []cause.Evidence{{Source: "container.ingresses.list", Says: f.Field + " leads to " + what, Link: cause.ObjectLink(c.Target)}},
		Change:   c.WhoWrote(c.Target, "resource", "spec.rules"),
		Fix:      cause.Fix{Summary: "lead the path to a Service, or take it out"},
	}
	path := strings.TrimSuffix(f.Field, ".backend")
	told.Fix.Commands, told.Fix.Patches = patchCommand(ing, []operation{{Op: "remove", Path: pointerOf(path)}})
	if alone(ing, path) {
		told.Fix.Commands, told.Fix.Patches = patchCommand(ing, nil)
	}
	told.Fix.Caveat = "for a Cloud Storage bucket, make a load balancer outside the cluster, or proxy it from a Service"
	return told
}

// alone: the rule of a path has no other, and a rule without any is refused.
func alone(ing *networkingv1.Ingress, field string) bool {
	for i := range ing.Spec.Rules {
		if http := ing.Spec.Rules[i].HTTP; strings.HasPrefix(field, "spec.rules["+strconv.Itoa(i)+"].") && http != nil {
			return len(http.Paths) == 1
		}
	}
	return false
}

func resourceAt(ing *networkingv1.Ingress, field string) *resource {
	backend := func(b networkingv1.IngressBackend) *resource {
		if b.Resource == nil {
			return nil
		}
		return &resource{b.Resource.Kind, b.Resource.Name}
	}
	if field == "spec.defaultBackend" && ing.Spec.DefaultBackend != nil {
		return backend(*ing.Spec.DefaultBackend)
	}
	for i, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for j, p := range r.HTTP.Paths {
			if field == "spec.rules["+strconv.Itoa(i)+"].http.paths["+strconv.Itoa(j)+"].backend" {
				return backend(p.Backend)
			}
		}
	}
	return nil
}

// A resource is what a backend names in a Service's place.
type resource struct{ Kind, Name string }
