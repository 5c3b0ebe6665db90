package service

import (
	"cmp"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/knownapp"
)

// A Plan tells the collector what to read next, from what it has read so far. It
// is pure: the walks are glbc's, the ConfigMaps are those that a known app names.
type Plan struct{}

// Resolve says what each Ref is: the Ingress behind a NEG, a Pod, a Service.
func (Plan) Resolve(s *facts.Snapshot, refs []facts.Ref) []facts.Target {
	targets := make([]facts.Target, 0, len(refs))
	for _, r := range refs {
		targets = append(targets, resolve(s, r))
	}
	return targets
}

func resolve(s *facts.Snapshot, r facts.Ref) facts.Target {
	if s.ClusterName == "" {
		return resolveOutside(s, r)
	}
	t := facts.Target{Asked: r}
	switch r.Kind {
	case facts.KindCluster, facts.KindIngress, facts.KindGateway:
		t.Ref, t.Sure = r, true
	case facts.KindService:
		t.Ref = ingressOf(s, r.Namespace, r.Name)
		t.Reason, t.Sure = "no Ingress of GKE's uses "+r.String(), s.Ingresses.Known() && gatewaysTold(s)
	case facts.KindBackendConfig, facts.KindFrontendConfig:
		t.Ref = ingressNaming(s, r)
		t.Reason, t.Sure = "no Ingress of GKE's uses "+r.String(), s.Ingresses.Known() && (r.Kind == facts.KindFrontendConfig || s.Services.Known())
	case facts.KindPod:
		t.Ref = ingressOfPod(s, r)
		t.Reason, t.Sure = "no Ingress of GKE's leads to "+r.String(), s.Ingresses.Known() && s.Services.Known() && s.Pods.Known() && gatewaysTold(s)
	case facts.KindNEG, facts.KindInstanceGroup, facts.KindBackendService, facts.KindHealthCheck:
		t.Ref = ofGroup(s, r)
		t.Reason, t.Sure = r.String()+" isn't behind an Ingress of GKE's", s.BackendServices.Known() && groupsKnown(s, r) && s.Ingresses.Known() && !ambiguous(s, r) && gatewaysTold(s)
	case facts.KindURLMap:
		t.Ref = ofURLMap(s, r)
		t.Reason, t.Sure = r.String()+" isn't an Ingress's or a Gateway's of GKE's", s.URLMaps.Known() && s.ForwardingRules.Known() && s.Ingresses.Known() && gatewaysTold(s)
	default:
		t.Reason, t.Sure = r.String()+" doesn't lead to a load balancer of GKE's", true
	}
	if t.Ref.IsZero() && r.Kind == facts.KindBackendService {
		t.Ref = byDefault(s, r)
	}
	if !t.Ref.IsZero() {
		t.Reason, t.Sure = "", true
	}
	return t
}

// resolveOutside: without a cluster a backend service or certificate is what it is,
// if it is there.
func resolveOutside(s *facts.Snapshot, r facts.Ref) facts.Target {
	t := facts.Target{Asked: r, Ref: r, Sure: true}
	switch r.Kind {
	case facts.KindBackendService:
		if len(glbc.BackendServicesOf(s, r)) == 0 {
			return facts.Target{Asked: r, Reason: r.String() + " isn't in " + s.Project, Sure: s.BackendServices.Known()}
		}
	case facts.KindCertificate:
		if glbc.CertificateOf(s, r).IsAbsent() {
			return facts.Target{Asked: r, Reason: r.String() + " isn't in " + s.Project, Sure: true}
		}
	default:
		return facts.Target{Asked: r, Reason: r.String() + " names no cluster", Sure: true}
	}
	return t
}

// ingressOf is the first Ingress, by name, that sends requests to a Service, those to
// the cluster's default backend without naming it; where there is none, the first
// Gateway.
func ingressOf(s *facts.Snapshot, namespace, service string) facts.Ref {
	var found []facts.Ref
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if isDefault := namespace == glbc.SystemNamespace && service == glbc.DefaultBackendName; isDefault && ing.Spec.DefaultBackend == nil && glbc.Serves(s, ing) {
			found = append(found, refOf(s, ing))
			continue
		}
		if ing.Namespace != namespace || !glbc.Serves(s, ing) && !glbc.Neglected(s, ing) {
			continue
		}
		if slices.ContainsFunc(glbc.Backends(s, ing), func(b glbc.Backend) bool { return b.Service == service }) {
			found = append(found, refOf(s, ing))
		}
	}
	if len(found) == 0 {
		return gatewayOf(s, toService(namespace, service))
	}
	return first(found)
}

// ingressNaming is the first Ingress, by name, that names a FrontendConfig, or whose
// Services name a BackendConfig for a port of theirs; the object itself may be gone.
func ingressNaming(s *facts.Snapshot, r facts.Ref) facts.Ref {
	var found []facts.Ref
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ing.Namespace != r.Namespace || !glbc.Serves(s, ing) {
			continue
		}
		named := ing.Annotations[glbc.FrontendConfigAnnotation] == r.Name
		if r.Kind == facts.KindBackendConfig {
			names, _ := glbc.ConfigsNamed(ing.Annotations)
			named = slices.Contains(names, r.Name) || slices.ContainsFunc(glbc.Backends(s, ing), func(b glbc.Backend) bool {
				svc, ok := b.Object.Get()
				if !ok {
					return false
				}
				names, _ := glbc.ConfigsNamed(svc.Annotations)
				return slices.Contains(names, r.Name)
			})
		}
		if named {
			found = append(found, refOf(s, ing))
		}
	}
	return first(found)
}

func refOf(s *facts.Snapshot, ing *networkingv1.Ingress) facts.Ref {
	return facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: ing.Namespace, Name: ing.Name}
}

func ingressOfPod(s *facts.Snapshot, r facts.Ref) facts.Ref {
	pods, _ := s.Pods.Get()
	i := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return p.Namespace == r.Namespace && p.Name == r.Name })
	if i < 0 {
		return facts.Ref{}
	}
	services, _ := s.Services.Get()
	for _, svc := range services {
		if !glbc.Selects(svc, pods[i]) {
			continue
		}
		if ing := ingressOf(s, svc.Namespace, svc.Name); !ing.IsZero() {
			return ing
		}
	}
	return facts.Ref{}
}

// ofGroup is the Ingress, or else the Gateway, behind which a Compute resource is. The
// backend services of several load balancers may share a NEG: its health-check entries
// are of those whose check logs.
func ofGroup(s *facts.Snapshot, r facts.Ref) facts.Ref {
	claimed := glbc.BackendServicesOf(s, r)
	if r.Kind == facts.KindNEG {
		logging := slices.DeleteFunc(slices.Clone(claimed), func(bs *computepb.BackendService) bool {
			hc, ok := glbc.BackendOf(s, bs).HealthCheck.Get()
			return !ok || !glbc.CheckOf(hc).Logging
		})
		if found := inFrontOf(s, logging); !found.IsZero() {
			return found
		}
	}
	return inFrontOf(s, claimed)
}

func inFrontOf(s *facts.Snapshot, claimed []*computepb.BackendService) facts.Ref {
	var found []facts.Ref
	leads := toAnyOf(claimed)
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if glbc.Serves(s, ing) && slices.ContainsFunc(glbc.Backends(s, ing), leads) {
			found = append(found, refOf(s, ing))
		}
	}
	if len(found) == 0 {
		return gatewayOf(s, leads)
	}
	return first(found)
}

// groupsKnown: the list that a Ref's number or name is looked up in was read.
func groupsKnown(s *facts.Snapshot, r facts.Ref) bool {
	switch r.Kind {
	case facts.KindNEG:
		return s.NEGs.Known()
	case facts.KindInstanceGroup:
		return s.InstanceGroups.Known()
	}
	return true
}

// first is the first object by namespace and name; zero when there is none.
func first(refs []facts.Ref) facts.Ref {
	if len(refs) == 0 {
		return facts.Ref{}
	}
	return slices.MinFunc(refs, func(a, b facts.Ref) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// ambiguous: an Ingress's backend may be the one that the Ref leads to, or another
// cluster's of the same names.
func ambiguous(s *facts.Snapshot, r facts.Ref) bool {
	claimed := glbc.BackendServicesOf(s, r)
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		for _, b := range glbc.Backends(s, ing) {
			if !b.BackendService.Known() && slices.ContainsFunc(claimed, b.Describes) {
				return true
			}
		}
	}
	return false
}

// configMaps wants those that decide how a known app answers.
func (w *wish) configMaps(pods []*corev1.Pod) {
	for _, pod := range pods {
		for _, name := range knownapp.ConfigMaps(pod) {
			if key := pod.Namespace + "/" + name; !slices.Contains(w.ConfigMaps, key) {
				w.ConfigMaps = append(w.ConfigMaps, key)
			}
		}
	}
}

// backends are those of every Ingress and Gateway that is a target, all of them for a
// Cluster.
func backends(s *facts.Snapshot) []glbc.Backend {
	var list []glbc.Backend
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if !glbc.Serves(s, ing) || !slices.ContainsFunc(s.Targets, func(t facts.Target) bool {
			return t.Ref.Kind == facts.KindCluster || t.Ref == refOf(s, ing)
		}) {
			continue
		}
		list = append(list, glbc.Backends(s, ing)...)
	}
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		if glbc.SurelyServesGateway(s, g) && slices.ContainsFunc(s.Targets, func(t facts.Target) bool {
			return t.Ref.Kind == facts.KindCluster || t.Ref == glbc.GatewayRef(s, g)
		}) {
			list = append(list, glbc.GatewayBackends(s, g)...)
		}
	}
	return list
}
