package ingress

import (
	"cmp"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// An Ingress without a default backend of its own gets the cluster's; where that Service
// is gone, every such Ingress of the cluster is refused (ingress-controller.md §1.2,
// default-backend-missing). With the add-on off it is gone as well, and no fault.
var defaultBackendMissing = cause.Cause{
	ID:       "ingress/default-backend-missing",
	Title:    "The cluster's default backend is missing",
	Needs:    []facts.Kind{facts.Cluster, facts.Clusters, facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check:    checkDefaultBackend,
}

func checkDefaultBackend(c cause.Case) cause.Outcome {
	if cluster, ok := c.Facts.Cluster.Get(); !ok || glbc.AddonDisabled(cluster) {
		return cause.Outcome{}
	}
	out := cause.Blocker{
		Code: glbc.DefaultBackendMissing, Tell: tellDefaultBackend,
		RuledOut: "the default backend is there",
	}.Check(c)
	if c.Facts.Services.Known() {
		out.Undecided = "" // Services were read; that kube-system has none at all is no doubt worth telling.
	}
	return out
}

func tellDefaultBackend(c cause.Case, f glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	what := "doesn't exist"
	switch f.Variant {
	case string(glbc.ServiceNotFound):
	case string(glbc.ServicePortNotFound):
		what = "has no port called http"
	default:
		what = "can't be a backend (" + f.Variant + ")"
	}
	told := cause.Finding{
		Subject:  f.Names,
		Headline: "Service " + f.Names.Namespace + "/" + f.Names.Name + " " + what + ", and the Ingress has no other default backend, " + c.Effect(),
		Summary:  "What no rule matches goes to the Ingress's defaultBackend, else to the cluster's; without either, GKE's controller refuses the whole Ingress.",
		Affected: withoutDefault(c.Facts),
		Change:   cmp.Or(c.Deleted(f.Names), c.Wrote(f.Names, "spec.ports")),
	}
	if f.Err == nil {
		told.Evidence = []cause.Evidence{
			{Source: "container.services.list", Says: f.Names.String() + " " + what, Link: cause.ObjectLink(f.Names)},
			{Source: "container.ingresses.list", Says: c.Target.String() + " has no spec.defaultBackend", Link: cause.ObjectLink(c.Target)},
		}
	}
	told.Fix = cause.Fix{
		Summary: "give the Ingress a default backend of its own, or restore the Service, which GKE's add-on manager owns",
		Caveat:  "each Ingress without spec.defaultBackend needs it until the Service is back",
	}
	if b := firstBackend(ing); b != nil {
		port := map[string]any{"number": b.Port.Number}
		if b.Port.Name != "" {
			port = map[string]any{"name": b.Port.Name}
		}
		told.Fix.Commands, told.Fix.Patches = patchCommand(ing, []operation{{
			Op: "add", Path: "/spec/defaultBackend", Value: map[string]any{"service": map[string]any{"name": b.Name, "port": port}},
		}})
	}
	return told
}

// withoutDefault are GLBC's Ingresses that rely on the cluster's default backend.
func withoutDefault(s *facts.Snapshot) []facts.Ref {
	var refs []facts.Ref
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ing.Spec.DefaultBackend == nil && glbc.SurelyServes(s, ing) {
			refs = append(refs, glbc.RefOf(s, ing))
		}
	}
	return refs
}

func firstBackend(ing *networkingv1.Ingress) *networkingv1.IngressServiceBackend {
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for _, p := range r.HTTP.Paths {
			if p.Backend.Service != nil {
				return p.Backend.Service
			}
		}
	}
	return nil
}
