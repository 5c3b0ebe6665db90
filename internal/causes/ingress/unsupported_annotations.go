package ingress

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GKE's controller reads none of the annotations of nginx and the others and says
// nothing of them. Most leftovers do no harm; it counts where the load balancer
// demonstrably lacks what one asks for: a path that isn't rewritten, a timeout that is
// shorter, an access rule that isn't there (cause-catalogue.md,
// ingress/unsupported-annotations). Where the Ingress has visible trouble of another
// sort, leftovers are no news.
var unsupportedAnnotations = cause.Cause{
	ID:       "ingress/unsupported-annotations",
	Title:    "The Ingress has annotations of another controller, and GKE ignores them",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.URLMaps, facts.ForwardingRules, facts.TargetHTTPProxies, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkUnsupported,
}

func checkUnsupported(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) || glbc.Address(ing) == "" ||
		len(c.Translation().Stops()) > 0 || slices.ContainsFunc(c.Symptoms, func(s cause.Symptom) bool { return s.ID != cause.RequestsFailing }) {
		return cause.Outcome{}
	}
	var missed []ignored
	var out cause.Outcome
	for _, a := range foreignOf(ing) {
		if m, ok := a.missed(c, ing); ok {
			missed = append(missed, m)
		} else if m.unread != nil {
			out.Undecided = "whether the load balancer does what " + m.key + " asks for: " + m.unread.Error()
		}
	}
	if len(missed) == 0 {
		return out
	}
	return cause.Outcome{Findings: []cause.Finding{unsupported(c, ing, missed)}}
}

func unsupported(c cause.Case, ing *networkingv1.Ingress, missed []ignored) cause.Finding {
	first := missed[0]
	f := cause.Finding{
		Subject:    c.Target,
		Confidence: cause.Proven,
		Severity:   cause.Latent,
		Headline:   "Ingress " + ing.Namespace + "/" + ing.Name + " has " + first.key + ", which GKE ignores: " + first.effect,
		Summary:    "GKE's controller reads none of the annotations of other controllers, and no event says that it passes them over.",
		Affected:   []facts.Ref{c.Target},
		Hosts:      glbc.Hosts(ing),
		Impact:     first.impact,
	}
	if first.inferred {
		f.Confidence = cause.Likely
	}
	if c.Has(cause.RequestsFailing) {
		f.Severity = cause.Degraded
	}
	seen := map[string]bool{}
	for _, b := range c.Backends() {
		if !seen[b.Service] {
			seen[b.Service] = true
			f.On = append(f.On, b.Ref(c.Facts.ClusterName))
		}
	}
	var keys []string
	for _, m := range missed {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: m.source, Says: fmt.Sprintf("%s = %s, and %s", m.key, m.value, m.live), Link: cause.ObjectLink(c.Target)})
		keys = append(keys, m.key+"-")
	}
	if ch := c.Wrote(c.Target, `metadata.annotations["`+first.key+`"]`); ch != nil && !ch.Removed {
		f.Change = ch
	} else {
		f.Change = c.WhoWrote(c.Target, first.key, `metadata.annotations["`+first.key+`"]`)
	}
	f.Fix = cause.Fix{
		Summary:  first.instead + "; take the annotation off, which does nothing here",
		Commands: append(slices.Clone(first.commands), "kubectl annotate ingress "+ing.Name+" -n "+ing.Namespace+" "+strings.Join(keys, " ")),
		Patches:  first.patches,
	}
	return f
}
