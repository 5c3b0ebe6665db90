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

// Of several rules for one host GLBC takes the last and forgets the others, without an
// event (ingress-controller.md §1.11.2).
var duplicateHost = cause.Cause{
	ID:       "routing/duplicate-host",
	Title:    "Two rules of the Ingress are for one host, and only the last counts",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.URLMaps, facts.ForwardingRules, facts.BackendServices, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing, "routing/exact-path-only"},
	Check:    checkDuplicateHost,
}

func checkDuplicateHost(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return out
	}
	want := glbc.DesiredURLMap(ing)
	for _, host := range duplicated(ing) {
		if lost := lostPaths(ing, host, want); len(lost) > 0 {
			if f, ok := overwritten(c, ing, host, lost); ok {
				out.Findings = append(out.Findings, f)
			}
		}
	}
	return out
}

// duplicated are the hosts that more than one rule with paths is for.
func duplicated(ing *networkingv1.Ingress) (hosts []string) {
	seen := map[string]int{}
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		if seen[r.Host]++; seen[r.Host] == 2 {
			hosts = append(hosts, r.Host)
		}
	}
	return hosts
}

// A lostPath is one that a rule asks for and that goes elsewhere.
type lostPath struct {
	path string
	want glbc.ServicePortName
}

// lostPaths are those of the earlier rules for a host that the last one doesn't send to
// the same place.
func lostPaths(ing *networkingv1.Ingress, host string, want glbc.URLMap) (lost []lostPath) {
	of := host
	if of == "" {
		of = glbc.AnyHost
	}
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil || r.Host != host {
			continue
		}
		for _, p := range r.HTTP.Paths {
			if p.Backend.Service == nil {
				continue
			}
			to := glbc.ServicePortName{Namespace: ing.Namespace, Service: p.Backend.Service.Name, Port: p.Backend.Service.Port}
			expanded, _ := glbc.ExpandPath(p)
			for _, path := range expanded {
				l := lostPath{path, to}
				if want.PortFor(of, sample(path)) != to && !slices.Contains(lost, l) {
					lost = append(lost, l)
				}
			}
		}
	}
	return lost
}

// sample is a path that a pattern takes.
func sample(pattern string) string {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return prefix + "x"
	}
	return pattern
}

// overwritten: ok is false where the live URL map does send the paths where the earlier
// rule wants them, or there is none yet.
func overwritten(c cause.Case, ing *networkingv1.Ingress, host string, lost []lostPath) (f cause.Finding, ok bool) {
	target := c.Target
	m := liveMap(c)
	of := host
	if of == "" {
		of = glbc.AnyHost
	}
	names := glbc.BackendNames(c.Facts, ing)
	f = cause.Finding{Subject: target, Confidence: cause.Likely, Severity: cause.Degraded, Affected: []facts.Ref{target}}
	var paths, elsewhere []string
	for _, l := range lost {
		paths = append(paths, l.path)
		wanted, known := names(l.want).Get()
		if m == nil || !known {
			continue
		}
		service, sure := glbc.ServiceFor(m, of, sample(l.path))
		if sure && facts.LastSegment(service) == wanted {
			return f, false
		}
		if sure && facts.LastSegment(service) != wanted {
			elsewhere = append(elsewhere, l.path)
		}
	}
	if m == nil && c.Facts.URLMaps.Known() {
		return f, false
	}
	whose := host
	if host == "" {
		whose = "no host"
	} else {
		f.Hosts = []string{host}
	}
	paths = roots(paths)
	f.Headline = fmt.Sprintf("%s has several rules for %s, and only the last counts: what it says of %s is lost", target, whose, listOf(paths))
	f.Summary = "Of rules with the same host GKE's controller keeps the last and drops the others whole; it writes no event about it."
	f.Evidence = []cause.Evidence{{Source: "container.ingresses.list", Says: fmt.Sprintf("rules %s are all for %s", indexes(ing, host), whose), Link: cause.ObjectLink(target)}}
	if len(elsewhere) == len(lost) {
		f.Confidence = cause.Proven
		service, _ := glbc.ServiceFor(m, of, sample(lost[0].path))
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.urlMaps.list", Says: fmt.Sprintf("%s sends %s to %s, not to the port of Service %s", m.GetName(), lost[0].path, facts.LastSegment(service), lost[0].want.Service)})
	}
	if missed := requestsFor(c, of, lost); len(missed) > 0 {
		f.Since = missed[len(missed)-1].At
		f.Evidence = append([]cause.Evidence{told(c, missed)}, f.Evidence...)
	}
	f.Impact = listOf(paths) + " of " + whose + ": requests go to another backend than the Ingress says"
	f.Fix = merge(target, ing, host)
	f.Change = wroteRules(c)
	return f, true
}

// requestsFor are the requests with an error for paths that were lost.
func requestsFor(c cause.Case, host string, lost []lostPath) []signal.Signal {
	return slices.DeleteFunc(notFound(c), func(s signal.Signal) bool {
		return !glbc.MatchesHost(host, s.Request.Host()) || !slices.ContainsFunc(lost, func(l lostPath) bool {
			prefix, wild := strings.CutSuffix(l.path, "*")
			return s.Request.Path() == l.path || wild && strings.HasPrefix(s.Request.Path(), prefix)
		})
	})
}

// roots are paths without their wildcards, each once.
func roots(paths []string) (list []string) {
	for _, p := range paths {
		if p = strings.TrimSuffix(p, "/*"); p == "" {
			p = "/"
		}
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

func listOf(paths []string) string {
	if len(paths) > 3 {
		return strings.Join(paths[:3], ", ") + fmt.Sprintf(" and %d more", len(paths)-3)
	}
	return strings.Join(paths, ", ")
}

func indexes(ing *networkingv1.Ingress, host string) string {
	var list []string
	for i, r := range ing.Spec.Rules {
		if r.HTTP != nil && r.Host == host {
			list = append(list, fmt.Sprintf("spec.rules[%d]", i))
		}
	}
	return strings.Join(list, " and ")
}

// merge is the Ingress with one rule for the host, in which all its paths stand.
func merge(target facts.Ref, ing *networkingv1.Ingress, host string) cause.Fix {
	all := networkingv1.IngressRule{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}}
	var first, drop []int
	var rules []networkingv1.IngressRule
	for i, r := range ing.Spec.Rules {
		if r.HTTP == nil || r.Host != host {
			rules = append(rules, r)
			continue
		}
		all.HTTP.Paths = append(all.HTTP.Paths, r.HTTP.Paths...)
		if len(first) == 0 {
			first = append(first, i)
		} else {
			drop = append(drop, i)
		}
	}
	var ops []string
	for _, i := range drop {
		for _, p := range ing.Spec.Rules[i].HTTP.Paths {
			if p.Backend.Service != nil {
				ops = append(ops, fmt.Sprintf(`{"op":"add","path":"/spec/rules/%d/http/paths/-","value":%s}`, first[0], pathJSON(p)))
			}
		}
	}
	for _, i := range slices.Backward(drop) {
		ops = append(ops, fmt.Sprintf(`{"op":"remove","path":"/spec/rules/%d"}`, i))
	}
	return cause.Fix{
		Summary:  "Put all paths of the host into one rule.",
		Commands: []string{fmt.Sprintf("kubectl patch ingress %s -n %s --type json -p '[%s]'", target.Name, target.Namespace, strings.Join(ops, ","))},
		Patches:  []cause.Patch{{File: "Ingress " + target.Namespace + "/" + target.Name, YAML: manifest(target) + rulesYAML(append(rules, all))}},
	}
}

func pathJSON(p networkingv1.HTTPIngressPath) string {
	kind := networkingv1.PathTypeImplementationSpecific
	if p.PathType != nil {
		kind = *p.PathType
	}
	port := fmt.Sprintf(`"name":"%s"`, p.Backend.Service.Port.Name)
	if p.Backend.Service.Port.Name == "" {
		port = fmt.Sprintf(`"number":%d`, p.Backend.Service.Port.Number)
	}
	return fmt.Sprintf(`{"path":"%s","pathType":"%s","backend":{"service":{"name":"%s","port":{%s}}}}`, p.Path, kind, p.Backend.Service.Name, port)
}
