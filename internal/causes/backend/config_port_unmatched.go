package backend

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The keys under `ports` are names or numbers of the Service's ports. One that is
// neither, without a default, leaves the port without BackendConfig, and no event says
// so (ingress-controller.md §1.3, bc-port-unmatched; §1.11.4). Where everything that it
// asks for is live anyhow, nothing is wrong.
var configPortUnmatched = cause.Cause{
	ID:       "backend/config-port-unmatched",
	Title:    "The BackendConfig is named for a port that the Service doesn't have",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.HealthChecks, facts.Services, facts.BackendConfigs},
	Explains: slices.Concat(ofSettings, ofTheCheck),
	Check:    checkConfigPort,
}

func checkConfigPort(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	for _, b := range glbc.Backends(c.Facts, ing) {
		svc, ok := b.Object.Get()
		if !ok {
			continue
		}
		unmatched := glbc.UnmatchedConfigs(svc, b.ServicePort)
		for _, key := range slices.Sorted(maps.Keys(unmatched)) {
			found := glbc.BackendConfigNamed(c.Facts, svc.Namespace, unmatched[key])
			bc, ok := found.Get()
			if !ok {
				out.Undecided = unreadConfig(unmatched[key], found.Err())
				continue
			}
			if lacks := unapplied(bc, b); len(lacks) > 0 {
				out.Findings = append(out.Findings, unmatchedPort(c, passedOver{bc, b, lacks}, svc, key))
			}
		}
	}
	return out
}

func unmatchedPort(c cause.Case, p passedOver, svc *corev1.Service, key string) cause.Finding {
	_, annotation := glbc.ConfigsNamed(svc.Annotations)
	ref := p.backend.Ref(c.Facts.ClusterName)
	f := p.finding(c)
	f.Headline = "BackendConfig " + p.config.Namespace + "/" + p.config.Name + " is named for port " + key + ", which Service " + svc.Name + " doesn't have, so it isn't applied"
	f.Summary = "The annotation goes by the name or number of a port of the Service; where no key matches and there is no default, the controller applies nothing and says nothing."
	f.Evidence = append([]cause.Evidence{{
		Source: "container.services.list", Link: cause.ObjectLink(ref),
		Says: annotation + " = " + svc.Annotations[annotation] + "; the Service has " + ports(svc) + meaning(svc, key),
	}}, f.Evidence...)
	if ch := c.Wrote(ref, annotationPath(annotation)); ch != nil && !ch.Removed {
		f.Change = ch
	} else if ch := c.Wrote(ref, "spec.ports"); ch != nil && (ch.Removed || ch.From != nil && *ch.From == key) {
		f.Change = ch
	}
	f.Fix.Summary = "name the BackendConfig for port " + keyOf(p.backend.ServicePort)
	f.Fix.Commands, f.Fix.Patches = annotate(svc, annotation, rekeyed(svc.Annotations[annotation], key, p.backend.ServicePort))
	return f
}

func ports(svc *corev1.Service) string {
	var text strings.Builder
	for i, p := range svc.Spec.Ports {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("port " + strconv.Itoa(int(p.Port)))
		if p.Name != "" {
			text.WriteString(" named " + p.Name)
		}
	}
	return text.String()
}

// meaning says what a key is that is no port.
func meaning(svc *corev1.Service, key string) string {
	for _, p := range svc.Spec.Ports {
		switch key {
		case p.TargetPort.String():
			return "; " + key + " is a targetPort"
		case strconv.Itoa(int(p.NodePort)):
			return "; " + key + " is a nodePort"
		}
	}
	return ""
}
