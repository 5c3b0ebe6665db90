package backend

import (
	"slices"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The annotation of a Service names a BackendConfig in the Service's namespace; one that
// isn't there ends the translation of the whole Ingress (ingress-controller.md §1.3,
// bc-not-found; kubeflow #3456).
var configNotFound = cause.Cause{
	ID:       "backend/config-not-found",
	Title:    "The Service names a BackendConfig that doesn't exist",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.BackendConfigs, facts.Events},
	Explains: refused,
	Check: cause.Blocker{
		Code: glbc.ConfigNotFound, Tell: tellConfigNotFound,
	}.Check,
}

func tellConfigNotFound(c cause.Case, f glbc.Fault) cause.Finding {
	svc, ok := glbc.ServiceOf(c.Facts, f.On.Namespace, f.On.Name).Get()
	if !ok {
		return cause.Finding{}
	}
	name := f.Names.Namespace + "/" + f.Names.Name
	told := cause.Finding{
		Subject:  f.Names,
		Headline: "BackendConfig " + name + ", which Service " + svc.Name + " names, doesn't exist, " + c.Effect(),
		Summary:  "GKE's controller looks for the BackendConfig in the Service's own namespace and refuses the whole Ingress where it isn't.",
		Affected: users(c.Facts, f.On),
		Change:   c.Dangling(f, annotationPath(f.Field)),
	}
	have, elsewhere := configNames(c.Facts, f.Names)
	if f.Err == nil {
		told.Evidence = []cause.Evidence{{
			Source: "container.backendConfigs.list", Link: cause.ObjectLink(f.On),
			Says: "no BackendConfig " + f.Names.Name + " in namespace " + f.Names.Namespace + "; " + f.On.String() + " has " + f.Field + " = " + svc.Annotations[f.Field],
		}}
	}
	if elsewhere != "" {
		told.Evidence = append(told.Evidence, cause.Evidence{Source: "container.backendConfigs.list", Says: "one of this name is in namespace " + elsewhere})
	}
	near := cause.Nearest(f.Names.Name, have)
	if near != "" && (told.Change == nil || told.Change.What != f.Names.String()) {
		told.Subject = f.On
		told.Headline = "Service " + svc.Namespace + "/" + svc.Name + " names BackendConfig " + f.Names.Name + ", and only " + near + " exists, " + c.Effect()
		told.Fix.Summary = "name the BackendConfig that exists: " + near
		told.Fix.Commands, told.Fix.Patches = annotate(svc, f.Field, renamed(svc.Annotations[f.Field], f.Names.Name, near))
		return told
	}
	told.Fix.Summary = "create the BackendConfig in namespace " + f.Names.Namespace + ", or take the annotation off the Service: the Ingress then takes effect without it"
	told.Fix.Commands = []string{"kubectl annotate service " + svc.Name + " -n " + svc.Namespace + " " + f.Field + "-"}
	told.Fix.Patches = []cause.Patch{{
		File: "BackendConfig " + name,
		YAML: "apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: " + f.Names.Name + "\n  namespace: " + f.Names.Namespace + "\nspec: {}\n",
	}}
	return told
}

// configNames are the BackendConfigs of a namespace, and another namespace that has one
// of the name, as far as namespaces were read.
func configNames(s *facts.Snapshot, ref facts.Ref) (have []string, elsewhere string) {
	all, _ := s.BackendConfigs.Get()
	for _, bc := range all {
		if bc.Namespace == ref.Namespace {
			have = append(have, bc.Name)
		} else if bc.Name == ref.Name {
			elsewhere = bc.Namespace
		}
	}
	slices.Sort(have)
	return have, elsewhere
}
