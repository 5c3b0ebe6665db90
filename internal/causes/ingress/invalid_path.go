package ingress

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GLBC refuses an empty path of type Exact or Prefix, a wildcard in one, and path types
// that it doesn't know; the whole Ingress waits (ingress-controller.md §1.2).
var invalidPath = cause.Cause{
	ID:       "ingress/invalid-path",
	Title:    "The Ingress has a path that GKE refuses",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.InvalidPath, Tell: tellInvalidPath,
		RuledOut: "every path is one that the controller takes",
	}.Check,
}

func tellInvalidPath(c cause.Case, f glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	pointer := pointerOf(f.Field)
	path, kind := pathAt(ing, f.Field)
	told := cause.Finding{
		Summary:  "The controller takes a wildcard in paths of type ImplementationSpecific only, and an empty path in these only; one path that it refuses holds back the whole Ingress.",
		Evidence: []cause.Evidence{{Source: "container.ingresses.list", Says: f.Field + " = " + quoted(path) + " with pathType " + kind, Link: cause.ObjectLink(c.Target)}},
		Change:   c.WhoWrote(c.Target, path, "spec.rules"),
	}
	own := "of Ingress " + ing.Namespace + "/" + ing.Name
	var ops []operation
	switch f.Variant {
	case glbc.ExactWildcard, glbc.PrefixWildcard:
		told.Headline = "The " + kind + " path " + path + " " + own + " has a wildcard, which GKE refuses, " + c.Effect()
		if plain, ok := strings.CutSuffix(path, "*"); ok && !strings.Contains(plain, "*") {
			told.Fix.Summary = "let Prefix stand for the wildcard: it matches the path itself and everything below"
			if plain = strings.TrimSuffix(plain, "/"); plain == "" {
				plain = "/"
			}
			ops = append(ops, operation{Op: "replace", Path: pointer, Value: plain})
			if kind != "Prefix" {
				ops = append(ops, operation{Op: "replace", Path: pointer + "Type", Value: "Prefix"})
			}
			break
		}
		told.Fix.Summary = "write a path without wildcard: GKE's URL maps have one at the end of a path only"
	case glbc.ExactEmpty, glbc.PrefixEmpty:
		told.Headline = "A path " + own + " of type " + kind + " is empty, which GKE refuses, " + c.Effect()
		told.Fix.Summary = "write the path out: / of type Prefix matches everything"
		ops = []operation{{Op: "add", Path: pointer, Value: "/"}}
	default:
		told.Headline = "The path " + path + " " + own + " has the type " + kind + ", which GKE doesn't know, " + c.Effect()
		told.Fix.Summary = "use Prefix, Exact or ImplementationSpecific"
		ops = []operation{{Op: "replace", Path: pointer + "Type", Value: "Prefix"}}
	}
	told.Fix.Commands, told.Fix.Patches = patchCommand(ing, ops)
	return told
}

func quoted(s string) string { return `"` + s + `"` }
