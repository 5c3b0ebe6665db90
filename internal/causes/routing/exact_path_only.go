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

// To Google's URL maps a path without `/*` is that path and nothing below it: an Ingress
// of type ImplementationSpecific or Exact with `/` serves the front page, and every
// stylesheet goes to the default backend (ingress-controller.md §1.2; charts#127).
var exactPathOnly = cause.Cause{
	ID:       "routing/exact-path-only",
	Title:    "The Ingress's path matches only itself, and what is below it isn't routed",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.URLMaps, facts.ForwardingRules, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkExactPath,
}

// fewDeeper: a path of type Exact may be meant as it is, and scanners ask for all sorts
// of paths below it.
const fewDeeper = 3

func checkExactPath(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	m := liveMap(c)
	if !ok || m == nil && c.Facts.URLMaps.Known() || !glbc.SurelyServes(c.Facts, ing) {
		return out
	}
	missed := notFound(c)
	want := glbc.DesiredURLMap(ing)
	mended := ing.Spec.Rules
	for i, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for j, p := range r.HTTP.Paths {
			exact := p.PathType != nil && *p.PathType == networkingv1.PathTypeExact
			if p.PathType != nil && *p.PathType == networkingv1.PathTypePrefix || p.Path == "" || strings.Contains(p.Path, "*") || p.Backend.Service == nil {
				continue
			}
			below := slices.DeleteFunc(slices.Clone(missed), func(s signal.Signal) bool { return !unroutedBelow(s.Request, r.Host, p.Path, want) })
			if m == nil && len(below) > 0 {
				out.Undecided = fmt.Sprintf("whether paths below %s are routed: the URL map couldn't be read", p.Path)
				continue
			}
			below = slices.DeleteFunc(below, func(s signal.Signal) bool {
				service, known := glbc.ServiceFor(m, s.Request.Host(), s.Request.Path())
				return !known || service != glbc.DefaultFor(m, s.Request.Host()) || s.Request.BackendService != "" && facts.LastSegment(service) != s.Request.BackendService
			})
			if len(below) == 0 || exact && len(below) < fewDeeper {
				continue
			}
			out.Findings = append(out.Findings, deeper(c, ing, place{i, j}, below))
			mended = asPrefix(mended, place{i, j})
		}
	}
	if len(out.Findings) > 1 {
		out.Findings = joined(out.Findings)
		out.Findings[0].Fix.Patches[0].YAML = manifest(c.Target) + rulesYAML(mended)
	}
	return out
}

// A place is the index of a rule and of a path in it.
type place struct{ rule, path int }

// unroutedBelow: a request was for a path below a rule's, and nothing of the Ingress
// takes it.
func unroutedBelow(r *signal.Request, host, path string, want glbc.URLMap) bool {
	return glbc.MatchesHost(host, r.Host()) && r.Path() != path &&
		strings.HasPrefix(r.Path(), strings.TrimSuffix(path, "/")+"/") && want.PortFor(r.Host(), r.Path()) == want.Default
}

func deeper(c cause.Case, ing *networkingv1.Ingress, at place, below []signal.Signal) cause.Finding {
	r := ing.Spec.Rules[at.rule]
	p := r.HTTP.Paths[at.path]
	kind := string(networkingv1.PathTypeImplementationSpecific)
	if p.PathType != nil {
		kind = string(*p.PathType)
	}
	host := r.Host
	if host == "" {
		host = "any host"
	}
	target := c.Target
	field := fmt.Sprintf("spec.rules[%d].http.paths[%d]", at.rule, at.path)
	f := cause.Finding{
		Subject: target, Confidence: cause.Proven, Severity: cause.Degraded, Affected: []facts.Ref{target}, Since: below[len(below)-1].At,
		Headline: fmt.Sprintf("Path %s of %s matches only itself: requests below it get 404 from the default backend", p.Path, target),
		Summary:  fmt.Sprintf("GKE hands a path of type %s to the URL map as it is, and a URL map's path without /* has nothing below it. No event tells.", kind),
		Evidence: []cause.Evidence{
			told(c, below),
			{Source: "container.ingresses.list", Says: fmt.Sprintf("%s = %s, pathType %s, for %s", field+".path", p.Path, kind, host), Link: cause.ObjectLink(target)},
		},
		Impact: requestsIn(len(below)) + " for paths below " + p.Path + " went to the default backend",
	}
	if m := liveMap(c); m != nil {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.urlMaps.list", Says: m.GetName() + " has no path that takes them"})
	}
	if r.Host != "" {
		f.Hosts = []string{r.Host}
	}
	f.Fix = cause.Fix{
		Summary: "Set pathType: Prefix: it takes the path and everything below it.",
		Commands: []string{
			fmt.Sprintf(`kubectl patch ingress %s -n %s --type json -p '[{"op":"replace","path":"/spec/rules/%d/http/paths/%d/pathType","value":"Prefix"}]'`, target.Name, target.Namespace, at.rule, at.path),
		},
		Patches: []cause.Patch{{File: "Ingress " + target.Namespace + "/" + target.Name, YAML: manifest(target) + rulesYAML(asPrefix(ing.Spec.Rules, at))}},
	}
	if ch := wroteRules(c); ch != nil && !ch.At.After(below[0].At) {
		f.Change = ch
	}
	return f
}

// asPrefix are the rules of an Ingress with one path made a prefix.
func asPrefix(rules []networkingv1.IngressRule, at place) []networkingv1.IngressRule {
	prefix := networkingv1.PathTypePrefix
	rules = slices.Clone(rules)
	paths := slices.Clone(rules[at.rule].HTTP.Paths)
	paths[at.path].PathType = &prefix
	rules[at.rule].IngressRuleValue = networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: paths}}
	return rules
}

// rulesYAML spells an Ingress's rules, which are always written as a whole.
func rulesYAML(rules []networkingv1.IngressRule) string {
	var text strings.Builder
	text.WriteString("spec:\n  rules:\n")
	for _, r := range rules {
		if r.HTTP == nil {
			continue
		}
		if r.Host == "" {
			text.WriteString("  - http:\n      paths:\n")
		} else {
			text.WriteString("  - host: " + quoted(r.Host) + "\n    http:\n      paths:\n")
		}
		for _, p := range r.HTTP.Paths {
			kind := networkingv1.PathTypeImplementationSpecific
			if p.PathType != nil {
				kind = *p.PathType
			}
			if p.Backend.Service == nil {
				continue
			}
			port := "name: " + p.Backend.Service.Port.Name
			if p.Backend.Service.Port.Name == "" {
				port = fmt.Sprintf("number: %d", p.Backend.Service.Port.Number)
			}
			fmt.Fprintf(&text, "      - path: %s\n        pathType: %s\n        backend: {service: {name: %s, port: {%s}}}\n", p.Path, kind, p.Backend.Service.Name, port)
		}
	}
	return text.String()
}

func quoted(host string) string {
	if strings.HasPrefix(host, "*") {
		return `"` + host + `"`
	}
	return host
}

// joined makes one finding of several paths of an Ingress that are to be changed alike.
func joined(list []cause.Finding) []cause.Finding {
	whole := list[0]
	for _, f := range list[1:] {
		whole.Evidence = append(whole.Evidence, f.Evidence[:2]...)
		whole.Fix.Commands = append(whole.Fix.Commands, f.Fix.Commands...)
		for _, h := range f.Hosts {
			if !slices.Contains(whole.Hosts, h) {
				whole.Hosts = append(whole.Hosts, h)
			}
		}
	}
	whole.Impact += fmt.Sprintf("; %s the same", more(len(list)-1))
	return []cause.Finding{whole}
}

func more(n int) string {
	if n == 1 {
		return "1 more path is"
	}
	return fmt.Sprintf("%d more paths are", n)
}
