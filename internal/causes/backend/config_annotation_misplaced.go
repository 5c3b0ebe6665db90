package backend

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GLBC reads the annotation that names a BackendConfig on the Services that an Ingress
// names, and nowhere else. On the Ingress, or on another Service for the same pods, it
// does nothing and nobody says so (ingress-controller.md §1.11; ingress-gce #1803).
// Where everything that it asks for is live anyhow, nothing is wrong.
var configAnnotationMisplaced = cause.Cause{
	ID:       "backend/config-annotation-misplaced",
	Title:    "The BackendConfig annotation is on the wrong object",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.HealthChecks, facts.Services, facts.BackendConfigs},
	Explains: slices.Concat(ofSettings, ofTheCheck),
	Check:    checkMisplaced,
}

func checkMisplaced(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	if names, key := glbc.ConfigsNamed(ing.Annotations); key != "" {
		list, undecided := without(c, ing, names)
		for _, p := range list {
			out.Findings = append(out.Findings, onIngress(c, p, key))
		}
		out.Undecided = undecided
		return out
	}
	for used, twin := range glbc.ConfigTwins(c.Facts, ing) {
		names, key := glbc.ConfigsNamed(twin.Annotations)
		list, undecided := without(c, ing, names)
		out.Undecided = undecided
		for _, p := range list {
			if p.backend.Service == used {
				out.Findings = append(out.Findings, onTwin(c, p, facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindService, Namespace: twin.Namespace, Name: twin.Name}, key))
			}
		}
	}
	return out
}

// without are the backends whose Service names no BackendConfig, and that lack something
// of one of these; undecided is what couldn't be read for that.
func without(c cause.Case, ing *networkingv1.Ingress, names []string) (list []passedOver, undecided string) {
	for _, b := range glbc.Backends(c.Facts, ing) {
		svc, ok := b.Object.Get()
		if !ok || glbc.NamesBackendConfig(svc) {
			continue
		}
		for _, name := range names {
			found := glbc.BackendConfigNamed(c.Facts, ing.Namespace, name)
			bc, ok := found.Get()
			if !ok {
				undecided = unreadConfig(name, found.Err())
				continue
			}
			if lacks := unapplied(bc, b); len(lacks) > 0 {
				list = append(list, passedOver{bc, b, lacks})
			}
		}
	}
	return list, undecided
}

func onIngress(c cause.Case, p passedOver, key string) cause.Finding {
	svc, _ := p.backend.Object.Get()
	f := p.finding(c)
	f.Subject = c.Target
	f.Headline = "BackendConfig " + p.config.Namespace + "/" + p.config.Name + " is named on Ingress " + c.Target.Name + ", where GKE doesn't look, so it isn't applied"
	f.Summary = "GKE's controller reads the annotation on the Service behind the Ingress only; on the Ingress it does nothing, and no event says so."
	f.Evidence = append([]cause.Evidence{{Source: "container.ingresses.list", Says: c.Target.String() + " has the annotation " + key + ", and Service/" + svc.Namespace + "/" + svc.Name + " has none", Link: cause.ObjectLink(c.Target)}}, f.Evidence...)
	f.Change = c.Wrote(c.Target, annotationPath(key))
	f.Fix.Summary = "put the annotation on Service " + svc.Name + " and take it off the Ingress"
	commands, patches := annotate(svc, key, named{Default: p.config.Name}.write())
	f.Fix.Commands = []string{commands[0] + " && kubectl annotate ingress " + c.Target.Name + " -n " + c.Target.Namespace + " " + key + "-"}
	f.Fix.Patches = patches
	return f
}

func onTwin(c cause.Case, p passedOver, twin facts.Ref, key string) cause.Finding {
	svc, _ := p.backend.Object.Get()
	f := p.finding(c)
	f.Subject, f.Confidence = twin, cause.Likely
	f.Headline = "BackendConfig " + p.config.Namespace + "/" + p.config.Name + " is named on Service " + twin.Name + ", and the Ingress uses Service " + svc.Name + ", so it isn't applied"
	f.Summary = "Both Services lead to the same pods; GKE's controller reads the annotation of the one that the Ingress names, and that has none."
	f.Evidence = append([]cause.Evidence{{Source: "container.services.list", Says: twin.String() + " has the annotation " + key + " and is used by no Ingress; Service/" + svc.Namespace + "/" + svc.Name + " has none", Link: cause.ObjectLink(twin)}}, f.Evidence...)
	f.Change = c.Wrote(twin, annotationPath(key))
	f.Fix.Summary = "put the annotation on Service " + svc.Name
	f.Fix.Commands, f.Fix.Patches = annotate(svc, key, named{Default: p.config.Name}.write())
	return f
}
