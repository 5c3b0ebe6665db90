package routing

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// GKE's Ingress rewrites no path: it reads no annotation that asks for it, and the app
// gets the prefix that it doesn't know (ingress-controller.md §3).
var rewriteUnsupported = cause.Cause{
	ID:       "routing/rewrite-unsupported",
	Title:    "The Ingress asks for a rewritten path, and GKE's Ingress rewrites none",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.BackendServices, facts.URLMaps, facts.ForwardingRules, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing, "ingress/unsupported-annotations"},
	Check:    checkRewrite,
}

// fewMissed pages may be missing for any reason.
const fewMissed = 2

func checkRewrite(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) || glbc.RewriteAnnotation(ing) == "" {
		return out
	}
	for _, b := range c.Backends() {
		prefixes := prefixesTo(ing, b)
		if len(prefixes) == 0 {
			continue
		}
		var missed []signal.Signal
		served := false
		for _, s := range c.RequestsTo(b) {
			r := s.Request
			if r.Failure() != "" || !slices.ContainsFunc(prefixes, func(p string) bool { return r.Path() == p || strings.HasPrefix(r.Path(), p+"/") }) {
				continue
			}
			if r.Status == 404 {
				missed = append(missed, s)
			} else {
				served = true
			}
		}
		switch {
		case served && len(missed) > 0:
			out.RuledOut = "the app answers paths below " + listOf(prefixes) + " as they come"
		case len(missed) >= fewMissed:
			out.Findings = append(out.Findings, notRewritten(c, ing, b, prefixes, missed))
		}
	}
	return out
}

// prefixesTo are the paths, but for /, by which an Ingress leads to a backend, as plain
// text: what a rewriting would take off.
func prefixesTo(ing *networkingv1.Ingress, b glbc.Backend) (list []string) {
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for _, p := range r.HTTP.Paths {
			if p.Backend.Service == nil || p.Backend.Service.Name != b.Service || p.Backend.Service.Port != b.Port {
				continue
			}
			prefix, _, _ := strings.Cut(p.Path, "(")
			prefix = strings.TrimRight(strings.TrimSuffix(prefix, "*"), "/")
			if prefix != "" && !slices.Contains(list, prefix) {
				list = append(list, prefix)
			}
		}
	}
	return list
}

func notRewritten(c cause.Case, ing *networkingv1.Ingress, b glbc.Backend, prefixes []string, missed []signal.Signal) cause.Finding {
	key := glbc.RewriteAnnotation(ing)
	confidence := cause.Likely
	if c.Facts.History.Known() {
		confidence = cause.Proven
	}
	f := cause.Finding{
		Subject: c.Target, Confidence: confidence, Severity: cause.Degraded, On: []facts.Ref{b.Ref(c.Facts.ClusterName)}, Affected: []facts.Ref{c.Target}, Hosts: b.Hosts,
		Since:    missed[len(missed)-1].At,
		Headline: fmt.Sprintf("%s gets paths with the prefix %s, which it answers with 404: GKE's Ingress rewrites nothing", b.Title(), listOf(prefixes)),
		Summary:  fmt.Sprintf("Annotation %s is another controller's; GKE's ignores it without a word and hands the path on as it came.", key),
		Evidence: []cause.Evidence{
			told(c, missed),
			{Source: "container.ingresses.list", Says: key + " = " + ing.Annotations[key], Link: cause.ObjectLink(c.Target)},
			{Source: "request log", Says: "no request below " + listOf(prefixes) + " was answered otherwise"},
		},
		Impact:   requestsIn(len(missed)) + " below " + listOf(prefixes) + " answered with 404 by the app",
		Explains: []cause.ID{cause.RequestsFailing, "ingress/unsupported-annotations"},
	}
	f.Fix = cause.Fix{
		Summary:  fmt.Sprintf("Let the app serve below %s (its base path or root path setting), and take the annotation off; or move to GKE Gateway, whose HTTPRoute rewrites paths with the filter URLRewrite.", prefixes[0]),
		Commands: []string{fmt.Sprintf("kubectl annotate ingress %s -n %s %s-", c.Target.Name, c.Target.Namespace, key)},
		Patches:  []cause.Patch{{File: "HTTPRoute " + c.Target.Namespace + "/" + c.Target.Name, YAML: asRoute(c.Target, b, prefixes[0])}},
		Caveat:   "No annotation of GKE's Ingress rewrites a path; the classic load balancer's URL map can't be changed by hand, since the controller puts it back.",
	}
	return f
}

// asRoute is the prefix's rule as a Gateway would have it.
func asRoute(target facts.Ref, b glbc.Backend, prefix string) string {
	port := b.Port.Number
	if b.ServicePort != nil {
		port = b.ServicePort.Port
	}
	text := "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: " + target.Name + "\n  namespace: " + target.Namespace + "\nspec:\n"
	if len(b.Hosts) > 0 {
		text += "  hostnames: [" + strings.Join(b.Hosts, ", ") + "]\n"
	}
	return text + fmt.Sprintf(
		"  rules:\n  - matches:\n    - path: {type: PathPrefix, value: %s}\n    filters:\n    - type: URLRewrite\n      urlRewrite:\n        path: {type: ReplacePrefixMatch, replacePrefixMatch: /}\n    backendRefs:\n    - {name: %s, port: %d}\n",
		prefix, b.Service, port,
	)
}
