package ingress

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// An Ingress of another controller is none of GKE's business: what would be a fault for
// GLBC, a ClusterIP Service without NEG, is right for nginx. Saying whose it is spares
// the search (ingress-controller.md §1.1).
var classServedByOther = cause.Cause{
	ID:    "ingress/class-served-by-other",
	Title: "Another controller serves the Ingress",
	Note:  true,
	Needs: []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices},
	Check: checkOther,
}

func checkOther(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok || glbc.Serves(c.Facts, ing) || glbc.ClassIn(c.Facts, ing).Unsure || glbc.Neglected(c.Facts, ing) {
		return cause.Outcome{}
	}
	var says strings.Builder
	says.WriteString(glbc.WhyNotServed(c.Facts, ing))
	name := glbc.ClassName(ing)
	classes, _ := c.Facts.IngressClasses.Get()
	for _, class := range classes {
		if class.Name == name && class.Spec.Controller != "" {
			says.WriteString("; the IngressClass belongs to " + class.Spec.Controller)
		}
	}
	if address := glbc.Address(ing); address != "" {
		says.WriteString("; it answers at " + address)
	}
	return cause.Outcome{Findings: []cause.Finding{{
		Subject:  c.Target,
		Severity: cause.Latent,
		Headline: "GKE's controller leaves this Ingress to another one: " + says.String(),
	}}}
}
