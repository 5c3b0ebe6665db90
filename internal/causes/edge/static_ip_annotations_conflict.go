package edge

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The two annotations exclude each other, and the controller checks that before it makes
// anything of the load balancer (ingress-controller.md §1.5, static-ip-both).
var staticIPAnnotationsConflict = cause.Cause{
	ID:       "edge/static-ip-annotations-conflict",
	Title:    "The Ingress names a global and a regional address at once",
	Needs:    []facts.Kind{facts.Ingresses},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "edge/static-ip-not-found", "edge/static-ip-wrong-scope", "edge/static-ip-in-use"},
	Check: cause.Blocker{
		Code: glbc.StaticIPAnnotationsConflict, Tell: tellConflict,
	}.Check,
}

func tellConflict(c cause.Case, _ glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	keep, drop := glbc.GlobalStaticIPAnnotation, glbc.RegionalStaticIPAnnotation
	if glbc.ClassOf(ing).InRegion() {
		keep, drop = drop, keep
	}
	f := cause.Finding{
		Headline: fmt.Sprintf("Ingress %s/%s names a global and a regional address at once, %s", c.Target.Namespace, c.Target.Name, c.Effect()),
		Summary:  "The two annotations exclude each other; the controller refuses the Ingress before it builds anything of the load balancer.",
		Evidence: []cause.Evidence{annotated(c, glbc.GlobalStaticIPAnnotation, glbc.RegionalStaticIPAnnotation)},
		Change:   later(wrote(c, keep), wrote(c, drop)),
		Fix: cause.Fix{
			Summary:  fmt.Sprintf("keep %s, which fits this Ingress's class, and remove %s", keep, drop),
			Commands: []string{annotate(c, drop, "")},
			Patches:  []cause.Patch{ingressPatch(c, keep+": "+ing.Annotations[keep])},
			Caveat:   "remove the line from the manifest too, or the next apply brings it back",
		},
	}
	return blocked(c, f)
}

// later is the newer of two changes.
func later(a, b *cause.Change) *cause.Change {
	if a == nil || b != nil && b.At.After(a.At) {
		return b
	}
	return a
}
