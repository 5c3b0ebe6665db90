package routing

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GLBC passes paths of type ImplementationSpecific to Compute as they are, and hosts
// too; what Compute refuses ends the sync at the URL map (ingress-controller.md §1.2,
// gce-path-reject).
var urlMapRejected = cause.Cause{
	ID:       "routing/url-map-rejected",
	Title:    "Compute refuses the Ingress's URL map",
	Needs:    []facts.Kind{facts.Namespaces, facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.URLMaps, facts.ForwardingRules, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check:    checkURLMap,
}

func checkURLMap(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return cause.Outcome{}
	}
	complaint, at, told := rejection(c)
	bad := unfit(ing)
	if !told && (len(bad) == 0 || c.Translation().Blocked() || len(c.ControllerErrors()) > 0 || live(c, ing, bad[0].text)) {
		return cause.Outcome{}
	}
	f := cause.Finding{
		Subject:    c.Target,
		Confidence: cause.Likely,
		Severity:   cause.Blocked,
		Affected:   []facts.Ref{c.Target},
		Hosts:      glbc.Hosts(ing),
		Summary:    "GKE's controller passes hosts, and paths of type ImplementationSpecific, to Compute as they are written; Compute refuses the whole map for one that it doesn't take.",
		Headline:   "Compute refuses the URL map of Ingress " + ing.Namespace + "/" + ing.Name + ", " + c.Effect(),
		Impact:     "no change to this Ingress takes effect: hosts, paths and certificates wait with it",
		Since:      at.Began,
		Fix:        cause.Fix{Summary: "correct the path or host that the error names", Commands: []string{"kubectl edit ingress " + ing.Name + " -n " + ing.Namespace}},
	}
	if len(bad) > 0 {
		bad[0].explain(c, ing, &f)
	}
	if told {
		f.Evidence = append(f.Evidence, complaint)
		if len(bad) > 0 {
			f.Confidence = cause.Proven
		}
	}
	return cause.Outcome{Findings: []cause.Finding{f}}
}

// rejection is the controller's error that says so; its spelling differs between the
// creation and the update of a map.
func rejection(c cause.Case) (cause.Evidence, cause.ControllerError, bool) {
	for _, e := range c.ControllerErrors() {
		message := strings.ToLower(e.Message)
		if (strings.Contains(message, "createurlmap: googleapi: error 400") || strings.Contains(message, "updateurlmap: googleapi: error 400")) && !e.Transient {
			return c.Complaint(e.Message)
		}
	}
	return cause.Evidence{}, cause.ControllerError{}, false
}

// live: Compute took it, for the map has it.
func live(c cause.Case, ing *networkingv1.Ingress, text string) bool {
	m, ok := glbc.FrontendOf(c.Facts, ing).URLMap.Get()
	if !ok {
		return !glbc.FrontendOf(c.Facts, ing).URLMap.IsAbsent()
	}
	for _, pm := range m.GetPathMatchers() {
		for _, r := range pm.GetPathRules() {
			if slices.Contains(r.GetPaths(), text) {
				return true
			}
		}
	}
	return false
}

// A misfit is a path or host that Compute doesn't take.
type misfit struct {
	// pointer is the field as a JSON pointer, text what it says, why what is wrong, and
	// better what it may have been meant to be; empty where nothing is.
	pointer, text, why, better string
}

// unfit are the paths and hosts that break Compute's rules: a path begins with a slash,
// has a wildcard only at its end and after a slash, and no query or fragment; a host is
// in lower case, with a wildcard as its whole first label only.
func unfit(ing *networkingv1.Ingress) []misfit {
	var list []misfit
	for i, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for j, p := range r.HTTP.Paths {
			if p.PathType != nil && *p.PathType != networkingv1.PathTypeImplementationSpecific || p.Path == "" {
				continue
			}
			if why, better := unfitPath(p.Path); why != "" {
				list = append(list, misfit{fmt.Sprintf("/spec/rules/%d/http/paths/%d/path", i, j), p.Path, why, better})
			}
		}
	}
	return list
}

func unfitPath(path string) (why, better string) {
	switch {
	case strings.ContainsAny(path, "?#"):
		return "has a query or fragment, by which no URL map goes", path[:strings.IndexAny(path, "?#")]
	case strings.ContainsAny(path, "()[]{}|^$\\+"):
		if plain := strings.NewReplacer("(.*)", "*", "(/|$)", "/").Replace(path); !strings.ContainsAny(plain, "()[]{}|^$\\+") && unfitWhy(plain) == "" {
			return "is a regular expression, which a URL map doesn't know", plain
		}
		return "is a regular expression, which a URL map doesn't know", ""
	}
	if why = unfitWhy(path); why == "" {
		return "", ""
	}
	if i := strings.Index(path, "*"); i > 0 {
		return why, path[:strings.LastIndex(path[:i+1], "/")+1] + "*"
	}
	return why, ""
}

func unfitWhy(path string) string {
	switch i := strings.Index(path, "*"); {
	case !strings.HasPrefix(path, "/"):
		return "doesn't begin with a slash"
	case i >= 0 && (i != len(path)-1 || path[i-1] != '/'):
		return "has a wildcard elsewhere than after its last slash"
	}
	return ""
}

func (m misfit) explain(c cause.Case, ing *networkingv1.Ingress, f *cause.Finding) {
	f.Headline = "Path " + m.text + " of Ingress " + ing.Namespace + "/" + ing.Name + " " + m.why + ", and Compute refuses the URL map, " + c.Effect()
	f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.ingresses.list", Says: m.pointer + " = " + m.text + ": it " + m.why, Link: cause.ObjectLink(c.Target)})
	f.Change = c.WhoWrote(c.Target, m.text, "spec.rules")
	if m.better != "" {
		f.Fix.Summary = "write " + m.better + " in its place"
		f.Fix.Commands = []string{`kubectl patch ingress ` + ing.Name + ` -n ` + ing.Namespace + ` --type json -p '[{"op":"replace","path":"` + m.pointer + `","value":"` + m.better + `"}]'`}
		f.Fix.Patches = []cause.Patch{{File: "Ingress " + ing.Namespace + "/" + ing.Name, YAML: "# " + m.pointer + "\npath: " + m.better + "\n"}}
	}
}
