package ingress

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GLBC reaches pods through a node port or a NEG. A ClusterIP Service has no node
// port, so without the NEG annotation the translation of the whole Ingress fails
// (ingress-controller.md §1.2, svc-type-needs-neg). GKE usually adds the annotation
// itself; when it is missing, some condition for that isn't met.
var serviceTypeNeedsNEG = cause.Cause{
	ID:       "ingress/service-type-needs-neg",
	Title:    "The Service is ClusterIP and has no NEG annotation",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.Cluster, facts.Clusters},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check:    checkServiceType,
}

func checkServiceType(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok || !c.Facts.Services.Known() || !glbc.SurelyServes(c.Facts, ing) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	seen := map[string]bool{}
	fine := true
	backends := glbc.Backends(c.Facts, ing)
	for _, b := range backends {
		svc, ok := b.Object.Get()
		switch {
		case !ok || b.ServicePort == nil:
			fine = false
		case seen[svc.Name] || !glbc.NeedsNEG(svc):
		default:
			seen[svc.Name] = true
			out.Findings = append(out.Findings, needsNEG(c, b, svc))
		}
	}
	if len(out.Findings) == 0 && fine && len(backends) > 0 {
		out.RuledOut = "every Service has a node port or asks for NEGs"
	}
	return out
}

func needsNEG(c cause.Case, b glbc.Backend, svc *corev1.Service) cause.Finding {
	ref := b.Ref(c.Facts.ClusterName)
	f := cause.Finding{
		Subject:    ref,
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		Headline:   headline(c, svc),
		Summary:    "GKE's load balancer reaches pods through a node port or a NEG; this Service has neither, and one refused backend holds back the whole Ingress.",
		Affected:   users(c.Facts, b),
		Hosts:      b.Hosts,
		Evidence:   []cause.Evidence{{Source: "container.services.list", Says: ref.String() + " is of type " + typeOf(svc) + "; " + annotationSays(svc), Link: cause.ObjectLink(ref)}},
	}
	for _, s := range c.Symptoms {
		if s.ID == cause.IngressNotProvisioned {
			f.Since = s.Since
		}
	}
	if e, ok := refusal(c, svc); ok {
		f.Evidence = append(f.Evidence, e)
	}
	why, change := missing(c, svc)
	f.Evidence = append(f.Evidence, why)
	f.Change = change
	f.Impact = "no change to this Ingress takes effect: hosts, paths and certificates wait with it"
	if c.Has(cause.IngressNotProvisioned) {
		f.Impact = "this Ingress gets no load balancer, its other hosts and paths wait with it"
	}
	f.Fix = fixNEG(c.Facts, svc)
	return f
}

func headline(c cause.Case, svc *corev1.Service) string {
	text := fmt.Sprintf("Service %s/%s is %s without NEGs, so GKE ", svc.Namespace, svc.Name, typeOf(svc))
	if c.Has(cause.IngressNotProvisioned) {
		return text + "builds no load balancer for this Ingress"
	}
	return text + "no longer updates this Ingress"
}

func typeOf(svc *corev1.Service) string {
	if svc.Spec.Type == "" {
		return string(corev1.ServiceTypeClusterIP)
	}
	return string(svc.Spec.Type)
}

func annotationSays(svc *corev1.Service) string {
	n := glbc.NEGRequestOf(svc)
	switch {
	case !n.Present:
		return "no annotation " + glbc.NEGAnnotation
	case !n.Valid:
		return "annotation " + glbc.NEGAnnotation + " can't be read as a NEG request: " + n.Raw
	}
	return "annotation " + glbc.NEGAnnotation + " = " + n.Raw + " asks for no NEG for the Ingress"
}

// users are the Ingresses that name the Service; the diagnosed one is among them.
func users(s *facts.Snapshot, b glbc.Backend) []facts.Ref {
	var refs []facts.Ref
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ing.Namespace != b.Namespace || !glbc.Serves(s, ing) {
			continue
		}
		for _, other := range glbc.Backends(s, ing) {
			if other.Service == b.Service {
				refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: ing.Namespace, Name: ing.Name})
				break
			}
		}
	}
	return refs
}
