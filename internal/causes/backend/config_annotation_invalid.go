package backend

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// An annotation that names BackendConfigs and is no JSON, or names none, ends the
// translation of the whole Ingress (ingress-controller.md §1.3, bc-annotation-bad-json,
// bc-annotation-empty).
var configAnnotationInvalid = cause.Cause{
	ID:       "backend/config-annotation-invalid",
	Title:    "The Service's BackendConfig annotation can't be read",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.BackendConfigs, facts.Events},
	Explains: refused,
	Check: cause.Blocker{
		Code: glbc.ConfigAnnotationInvalid, Tell: tellConfigAnnotation,
	}.Check,
}

func tellConfigAnnotation(c cause.Case, f glbc.Fault) cause.Finding {
	svc, ok := glbc.ServiceOf(c.Facts, f.On.Namespace, f.On.Name).Get()
	if !ok {
		return cause.Finding{}
	}
	raw := svc.Annotations[f.Field]
	why := "is no JSON of the form {\"default\":\"NAME\"}"
	if f.Variant == glbc.NamesNoneAt {
		why = "names no BackendConfig, neither under default nor under ports"
	}
	told := cause.Finding{
		Headline: "Annotation " + f.Field + " of Service " + svc.Namespace + "/" + svc.Name + " " + why + ", " + c.Effect(),
		Summary:  "GKE's controller reads a JSON object with the keys default and ports; anything else holds back the whole Ingress.",
		Affected: users(c.Facts, f.On),
		Evidence: []cause.Evidence{{Source: "container.services.list", Says: f.On.String() + " has " + f.Field + " = " + raw, Link: cause.ObjectLink(f.On)}},
	}
	if ch := c.Wrote(f.On, annotationPath(f.Field)); ch != nil && !ch.Removed {
		told.Change = ch
	} else {
		told.Change = c.WhoWrote(f.On, f.Field, annotationPath(f.Field))
	}
	have, _ := configNames(c.Facts, f.On)
	for _, name := range have {
		if name == raw || len(have) == 1 {
			told.Fix.Summary = "name the BackendConfig in the form that the controller reads"
			told.Fix.Commands, told.Fix.Patches = annotate(svc, f.Field, named{Default: name}.write())
			return told
		}
	}
	told.Fix.Summary = "take the annotation off: no BackendConfig of the namespace is surely meant; set it again in the form {\"default\":\"NAME\"}"
	told.Fix.Commands = []string{"kubectl annotate service " + svc.Name + " -n " + svc.Namespace + " " + f.Field + "-"}
	return told
}
