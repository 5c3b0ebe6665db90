package routing

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Without the FrontendConfig that an Ingress names the sync goes on: an HTTPS redirect
// that was there is removed, the SSL policy stays as it is, and the sync fails at its
// end, each time (ingress-controller.md §1.4, fc-not-found).
var frontendConfigNotFound = cause.Cause{
	ID:       "routing/frontendconfig-not-found",
	Title:    "The Ingress names a FrontendConfig that doesn't exist",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.FrontendConfigs, facts.Events},
	Explains: []cause.ID{cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.FrontendConfigNotFound, Tell: tellFrontendConfig,
	}.Check,
}

func tellFrontendConfig(c cause.Case, f glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	name := f.Names.Namespace + "/" + f.Names.Name
	annotation := `metadata.annotations["` + glbc.FrontendConfigAnnotation + `"]`
	told := cause.Finding{
		Subject:  f.Names,
		Headline: "FrontendConfig " + name + ", which Ingress " + ing.Name + " names, doesn't exist, so its redirect and SSL policy don't apply",
		Summary:  "GKE's controller goes on without it: a redirect to HTTPS that was there is removed, the SSL policy stays as it was, and every sync ends with an error.",
		Impact:   "plain HTTP isn't redirected to HTTPS; what the Ingress no longer uses isn't cleaned up",
		Affected: namingFrontend(c.Facts, f.Names),
		Change:   c.Dangling(f, annotation),
	}
	var have []string
	elsewhere := ""
	all, _ := c.Facts.FrontendConfigs.Get()
	for _, fc := range all {
		if fc.Namespace == f.Names.Namespace {
			have = append(have, fc.Name)
		} else if fc.Name == f.Names.Name {
			elsewhere = fc.Namespace
		}
	}
	if f.Err == nil {
		told.Evidence = []cause.Evidence{{Source: "container.frontendConfigs.list", Says: "no FrontendConfig " + f.Names.Name + " in namespace " + f.Names.Namespace + "; " + c.Target.String() + " names it in " + f.Field, Link: cause.ObjectLink(c.Target)}}
	}
	if elsewhere != "" {
		told.Evidence = append(told.Evidence, cause.Evidence{Source: "container.frontendConfigs.list", Says: "one of this name is in namespace " + elsewhere + ", where the controller doesn't look"})
	}
	annotate := "kubectl annotate ingress " + ing.Name + " -n " + ing.Namespace + " "
	near := cause.Nearest(f.Names.Name, have)
	if near != "" && (told.Change == nil || told.Change.What != f.Names.String()) {
		told.Subject = c.Target
		told.Headline = "Ingress " + ing.Namespace + "/" + ing.Name + " names FrontendConfig " + f.Names.Name + ", and only " + near + " exists, so its redirect and SSL policy don't apply"
		told.Fix.Summary = "name the FrontendConfig that exists: " + near
		told.Fix.Commands = []string{annotate + "--overwrite " + glbc.FrontendConfigAnnotation + "=" + near}
		told.Fix.Patches = []cause.Patch{{File: "Ingress " + ing.Namespace + "/" + ing.Name, YAML: "metadata:\n  annotations:\n    " + glbc.FrontendConfigAnnotation + ": " + near + "\n"}}
		return told
	}
	told.Fix = cause.Fix{
		Summary:  "create the FrontendConfig in namespace " + f.Names.Namespace + ", or take the annotation off the Ingress",
		Commands: []string{annotate + glbc.FrontendConfigAnnotation + "-"},
		Patches: []cause.Patch{{
			File: "FrontendConfig " + name,
			YAML: "apiVersion: networking.gke.io/v1beta1\nkind: FrontendConfig\nmetadata:\n  name: " + f.Names.Name + "\n  namespace: " + f.Names.Namespace + "\nspec: {}\n",
		}},
	}
	return told
}

func namingFrontend(s *facts.Snapshot, ref facts.Ref) []facts.Ref {
	var refs []facts.Ref
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ing.Namespace == ref.Namespace && ing.Annotations[glbc.FrontendConfigAnnotation] == ref.Name && glbc.Serves(s, ing) {
			refs = append(refs, glbc.RefOf(s, ing))
		}
	}
	return refs
}
