package path

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A Sharing is an object on the path of an Ingress or Gateway that others use as well: a
// change of it changes them all.
type Sharing struct {
	Object facts.Ref
	// With are the others, in the order of the lists.
	With []facts.Ref
}

// Shared lists the objects of an Ingress or Gateway that others use too: backend
// services, reserved addresses, certificates, BackendConfigs, FrontendConfigs
// (ingress-controller.md §1.11). What couldn't be read isn't among them.
func Shared(s *facts.Snapshot, ref facts.Ref) []Sharing {
	users := map[facts.Ref][]facts.Ref{}
	var order []facts.Ref
	note := func(user facts.Ref, objects []facts.Ref) {
		for _, o := range objects {
			if user == ref && !slices.Contains(order, o) {
				order = append(order, o)
			}
			if !slices.Contains(users[o], user) {
				users[o] = append(users[o], user)
			}
		}
	}
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		if glbc.WhyNotServed(s, ing) == "" {
			note(glbc.RefOf(s, ing), usedBy(s, ing))
		}
	}
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		t := &tracer{s: s, target: facts.Ref{Cluster: s.ClusterName, Kind: facts.KindGateway, Namespace: g.Namespace, Name: g.Name}}
		t.gatewayAt(g)
		note(t.target, t.usedByGateway())
	}
	var list []Sharing
	for _, o := range order {
		if with := slices.DeleteFunc(users[o], func(r facts.Ref) bool { return r == ref }); len(with) > 0 {
			list = append(list, Sharing{o, with})
		}
	}
	return list
}

// usedBy are the objects of an Ingress that may be another's as well.
func usedBy(s *facts.Snapshot, ing *networkingv1.Ingress) []facts.Ref {
	var refs []facts.Ref
	scope := glbc.ClassIn(s, ing).Scope(glbc.Region(s))
	for _, b := range glbc.Backends(s, ing) {
		if bs, ok := b.BackendService.Get(); ok {
			refs = append(refs, glbc.BackendServiceRef(bs))
		}
		svc, ok := b.Object.Get()
		if !ok || b.ServicePort == nil {
			continue
		}
		if name := glbc.BackendConfigOf(svc, b.ServicePort); name != "" {
			refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindBackendConfig, Namespace: svc.Namespace, Name: name})
		}
	}
	if name := glbc.StaticIPName(ing); name != "" {
		refs = append(refs, facts.Ref{Project: s.Project, Scope: scope, Kind: facts.KindAddress, Name: name})
	}
	for name := range strings.SplitSeq(ing.Annotations[glbc.PreSharedCertAnnotation], ",") {
		if name = strings.TrimSpace(name); name != "" {
			refs = append(refs, facts.Ref{Project: s.Project, Scope: scope, Kind: facts.KindCertificate, Name: name})
		}
	}
	for name := range strings.SplitSeq(ing.Annotations[glbc.ManagedCertsAnnotation], ",") {
		if name = strings.TrimSpace(name); name != "" {
			refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindManagedCertificate, Namespace: ing.Namespace, Name: name})
		}
	}
	if name := ing.Annotations[glbc.FrontendConfigAnnotation]; name != "" {
		refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindFrontendConfig, Namespace: ing.Namespace, Name: name})
	}
	return refs
}

func (t *tracer) usedByGateway() []facts.Ref {
	var refs []facts.Ref
	for _, b := range t.backends {
		if bs, ok := b.BackendService.Get(); ok {
			refs = append(refs, glbc.BackendServiceRef(bs))
		}
	}
	for _, p := range t.front.https {
		for _, url := range p.GetSslCertificates() {
			refs = append(refs, certificateRef(url))
		}
	}
	for _, a := range t.addresses() {
		refs = append(refs, reservedAt(t.s, a)...)
	}
	return refs
}
