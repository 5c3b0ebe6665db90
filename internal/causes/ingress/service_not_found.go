package ingress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GLBC looks up the Service of every path before it builds anything, in the Ingress's
// namespace only; one that isn't there ends the translation of the whole Ingress
// (ingress-controller.md §1.2, service-not-found).
var serviceNotFound = cause.Cause{
	ID:       "ingress/service-not-found",
	Title:    "The Ingress names a Service that doesn't exist",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check:    checkServiceNotFound,
}

// applying is how long one apply may take that writes the Ingress before its Service.
const applying = time.Minute

func checkServiceNotFound(c cause.Case) cause.Outcome {
	out := cause.Blocker{
		Code: glbc.ServiceNotFound, Tell: tellServiceNotFound,
		RuledOut: "every Service that the Ingress names exists",
	}.Check(c)
	ing, _ := c.Ingress()
	deleted := func(f cause.Finding) bool { return f.Change != nil && f.Change.What == f.Subject.String() }
	surely := func(f cause.Finding) bool {
		return deleted(f) || f.Confidence == cause.Proven && len(c.ControllerErrors()) > 0
	}
	if len(out.Findings) > 0 && c.Facts.Now.Sub(ing.CreationTimestamp.Time) < applying && !slices.ContainsFunc(out.Findings, surely) {
		return cause.Outcome{Pending: "the Ingress was created a moment ago, and its Service may come with the same apply"}
	}
	return out
}

func tellServiceNotFound(c cause.Case, f glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	name := f.Names.Namespace + "/" + f.Names.Name
	told := cause.Finding{
		Subject:  f.Names,
		Headline: "Service " + name + " doesn't exist, " + c.Effect(),
		Summary:  "GKE's controller looks up every Service that an Ingress names, in the Ingress's own namespace; one that is missing holds back the whole Ingress.",
		Affected: naming(c.Facts, f.Names),
		Change:   c.Dangling(f, "spec.rules"),
	}
	if f.Err == nil {
		told.Evidence = append(told.Evidence, cause.Evidence{
			Source: "container.services.list", Link: cause.ObjectLink(c.Target),
			Says: "no Service " + f.Names.Name + " in namespace " + f.Names.Namespace + inventory(c.Facts, f.Names.Namespace) + "; " + c.Target.String() + " names it in " + f.Field,
		})
	}
	deleted := told.Change != nil && told.Change.What == f.Names.String()
	other := elsewhere(c.Facts, f.Names)
	if other != "" {
		told.Evidence = append(told.Evidence, cause.Evidence{Source: "namespaces", Says: "a Service of this name is in namespace " + other + ", which the Ingress can't reach"})
	}
	near := cause.Nearest(f.Names.Name, serviceNames(c.Facts, f.Names.Namespace))
	told.Fix = cause.Fix{Summary: "create the Service in namespace " + f.Names.Namespace + ", or take it out of the Ingress until it is there: the rest then takes effect"}
	remove := removal(ing, func(b *networkingv1.IngressServiceBackend) bool { return b.Name == f.Names.Name })
	switch {
	case deleted:
		told.Fix.Summary = "create the deleted Service again, or take it out of the Ingress: the rest then takes effect"
	case near != "" && other == "":
		told.Subject = c.Target
		told.Headline = "Ingress " + ing.Namespace + "/" + ing.Name + " names Service " + f.Names.Name + ", and only " + near + " exists, " + c.Effect()
		told.Fix.Summary = "name the Service that exists: " + near
		remove = renaming(ing, f.Names.Name, near)
	case other != "":
		told.Fix.Summary = "create a Service in namespace " + f.Names.Namespace + " for pods there, or move the Ingress to " + other + ": an Ingress reaches Services of its own namespace only"
		told.Fix.Caveat = "an ExternalName Service that points to the other namespace doesn't work: GKE refuses it as a backend"
	}
	told.Fix.Commands, told.Fix.Patches = patchCommand(ing, remove)
	return told
}

// naming are GLBC's Ingresses that name a Service.
func naming(s *facts.Snapshot, service facts.Ref) []facts.Ref {
	return users(s, glbc.Backend{Namespace: service.Namespace, Service: service.Name})
}

func serviceNames(s *facts.Snapshot, namespace string) []string {
	var names []string
	all, _ := s.Services.Get()
	for _, svc := range all {
		if svc.Namespace == namespace {
			names = append(names, svc.Name)
		}
	}
	slices.Sort(names)
	return names
}

func inventory(s *facts.Snapshot, namespace string) string {
	names := serviceNames(s, namespace)
	switch {
	case len(names) == 0:
		return ", which has no Service at all"
	case len(names) > 4:
		return fmt.Sprintf(" among its %d", len(names))
	}
	return ", which has " + strings.Join(names, ", ")
}

// elsewhere is a namespace that has a Service of this name, as far as the facts tell: of
// other namespaces, what load balancers are built for.
func elsewhere(s *facts.Snapshot, service facts.Ref) string {
	all, _ := s.Services.Get()
	for _, svc := range all {
		if svc.Name == service.Name && svc.Namespace != service.Namespace {
			return svc.Namespace
		}
	}
	ingresses, _ := s.Ingresses.Get()
	backendServices, _ := s.BackendServices.Get()
	for _, ing := range ingresses {
		if ing.Namespace == service.Namespace || glbc.Address(ing) == "" {
			continue
		}
		for _, b := range glbc.Backends(s, ing) {
			if b.Service == service.Name && slices.ContainsFunc(backendServices, b.Describes) {
				return ing.Namespace
			}
		}
	}
	return ""
}
