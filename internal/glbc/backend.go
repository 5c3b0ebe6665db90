package glbc

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A Backend is one Service port behind an Ingress, joined with the backend
// service that GLBC built for it.
type Backend struct {
	Namespace, Service string
	// Port is the reference as the Ingress spells it.
	Port networkingv1.ServiceBackendPort
	// Hosts are the Ingress's hosts that lead here; empty for any host.
	Hosts []string

	Object facts.Value[*corev1.Service]
	// ServicePort is the port of Object that Port means; nil when there is none.
	ServicePort *corev1.ServicePort

	BackendService facts.Value[*computepb.BackendService]
	HealthCheck    facts.Value[*computepb.HealthCheck]

	// Gateway: it is behind a Gateway's route, so that a HealthCheckPolicy, not a
	// BackendConfig, says what is checked.
	Gateway bool
}

// Ref names the Service; outside a cluster, where there is none, the backend
// service.
func (b Backend) Ref(cluster string) facts.Ref {
	if bs, ok := b.BackendService.Get(); ok && b.Service == "" {
		return BackendServiceRef(bs)
	}
	return facts.Ref{Cluster: cluster, Kind: facts.KindService, Namespace: b.Namespace, Name: b.Service}
}

// Title names the Backend to people: "Service shop/web", "backend service web".
func (b Backend) Title() string {
	if bs, ok := b.BackendService.Get(); ok && b.Service == "" {
		return "backend service " + bs.GetName()
	}
	return "Service " + b.Namespace + "/" + b.Service
}

// BackendServiceRef names a backend service by project, scope and name.
func BackendServiceRef(bs *computepb.BackendService) facts.Ref {
	return ComputeRef(facts.KindBackendService, bs.GetSelfLink())
}

// ComputeRef names a Compute resource of a kind by its URL.
func ComputeRef(kind, url string) facts.Ref {
	path := facts.RelativePath(url)
	ref := facts.Ref{Kind: kind, Name: facts.LastSegment(path), Scope: facts.ScopeOf(path)}
	if parts := strings.Split(path, "/"); len(parts) > 2 && parts[0] == "projects" {
		ref.Project = parts[1]
	}
	return ref
}

// BackendOf is a backend service that stands for itself: no Service of a cluster is
// behind it.
func BackendOf(s *facts.Snapshot, bs *computepb.BackendService) Backend {
	b := Backend{
		Object: facts.Absent[*corev1.Service](), BackendService: facts.Found(bs), HealthCheck: healthCheckOf(s, bs),
	}
	for _, m := range URLMapsOf(s, bs) {
		hosts, _ := HostsTo(m, Path(bs))
		for _, h := range hosts {
			if !slices.Contains(b.Hosts, h) {
				b.Hosts = append(b.Hosts, h)
			}
		}
	}
	return b
}

// Backends lists what an Ingress sends requests to, each Service port once, in the
// order of the Ingress: default backend first.
func Backends(s *facts.Snapshot, ing *networkingv1.Ingress) []Backend {
	var list []Backend
	add := func(host string, sb *networkingv1.IngressServiceBackend) {
		if sb == nil {
			return
		}
		i := slices.IndexFunc(list, func(b Backend) bool { return b.Service == sb.Name && b.Port == sb.Port })
		if i < 0 {
			list = append(list, Backend{Namespace: ing.Namespace, Service: sb.Name, Port: sb.Port})
			i = len(list) - 1
		}
		if host != "" && !slices.Contains(list[i].Hosts, host) {
			list[i].Hosts = append(list[i].Hosts, host)
		}
	}
	if ing.Spec.DefaultBackend != nil {
		add("", ing.Spec.DefaultBackend.Service)
	}
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for _, p := range r.HTTP.Paths {
			add(r.Host, p.Backend.Service)
		}
	}
	for i := range list {
		list[i].join(s, ing)
	}
	return list
}

func (b *Backend) join(s *facts.Snapshot, ing *networkingv1.Ingress) {
	b.Object = ServiceOf(s, b.Namespace, b.Service)
	if svc, ok := b.Object.Get(); ok {
		b.ServicePort = PortOf(svc, b.Port)
	}
	b.BackendService = backendServiceOf(s, ing, *b)
	bs, ok := b.BackendService.Get()
	if !ok {
		b.HealthCheck = facts.Unknown[*computepb.HealthCheck](b.BackendService.Err())
		return
	}
	b.HealthCheck = healthCheckOf(s, bs)
}

// ServiceOf finds a Service in the Snapshot. The Services of a namespace are listed as a
// whole, those of kube-system also where nothing else of it is read.
func ServiceOf(s *facts.Snapshot, namespace, name string) facts.Value[*corev1.Service] {
	services, ok := s.Services.Get()
	if !ok {
		return facts.Unknown[*corev1.Service](s.Services.Err())
	}
	for _, svc := range services {
		if svc.Namespace == namespace && svc.Name == name {
			return facts.Found(svc)
		}
	}
	switch {
	case !s.Services.Known():
		return facts.Unknown[*corev1.Service](s.Services.Err())
	case !wasRead(s, namespace) && !slices.ContainsFunc(services, func(svc *corev1.Service) bool { return svc.Namespace == namespace }):
		return facts.Unknown[*corev1.Service](errNamespaceNotRead(namespace))
	}
	return facts.Absent[*corev1.Service]()
}

// PortOf finds the port of a Service that an Ingress means: by exact name when one
// is given, else by `port` (ingress-controller.md §1.2, service-port-not-found).
func PortOf(svc *corev1.Service, port networkingv1.ServiceBackendPort) *corev1.ServicePort {
	for i, p := range svc.Spec.Ports {
		if (port.Name != "" && p.Name == port.Name) || (port.Name == "" && p.Port == port.Number) {
			return &svc.Spec.Ports[i]
		}
	}
	return nil
}

func healthCheckOf(s *facts.Snapshot, bs *computepb.BackendService) facts.Value[*computepb.HealthCheck] {
	checks, ok := s.HealthChecks.Get()
	if !ok {
		return facts.Unknown[*computepb.HealthCheck](s.HealthChecks.Err())
	}
	for _, url := range bs.GetHealthChecks() {
		for _, hc := range checks {
			if facts.RelativePath(hc.GetSelfLink()) == facts.RelativePath(url) {
				return facts.Found(hc)
			}
		}
		if s.HealthChecks.Lacks(facts.ScopeOf(url)) {
			return facts.Unknown[*computepb.HealthCheck](s.HealthChecks.Err())
		}
	}
	return facts.Absent[*computepb.HealthCheck]()
}

// errAmbiguous: two backend services claim one Service port, and nothing tells
// which of them is this cluster's.
var errAmbiguous = errors.New("several backend services name this Service port; which one belongs to this cluster can't be told")

// backendServiceOf finds the backend service of a Service port. The description
// names namespace, Service and port but no cluster, so two clusters of a project
// may both match: the NEG's cluster-uid decides, then the names that the
// controllers wrote on Service and Ingress (ingress-controller.md §6). A Gateway's
// backend service of the same NEG is another.
func backendServiceOf(s *facts.Snapshot, ing *networkingv1.Ingress, b Backend) facts.Value[*computepb.BackendService] {
	all, ok := s.BackendServices.Get()
	if !ok {
		return facts.Unknown[*computepb.BackendService](s.BackendServices.Err())
	}
	named := namesWritten(ing, b)
	var candidates []*computepb.BackendService
	for _, bs := range all {
		if (bs.GetRegion() != "") != ClassOf(ing).InRegion() || strings.HasPrefix(bs.GetName(), gatewayNames) || b.excluded(bs) {
			continue
		}
		d, ok := ParseDescription(bs.GetDescription())
		if fits := ok && b.is(d) || !ok && (slices.Contains(named, bs.GetName()) || b.named(s, bs)); fits && !foreign(s, bs) {
			candidates = append(candidates, bs)
		}
	}
	if len(candidates) > 1 {
		if narrowed := slices.DeleteFunc(slices.Clone(candidates), func(bs *computepb.BackendService) bool {
			return !slices.Contains(named, bs.GetName())
		}); len(narrowed) > 0 {
			candidates = narrowed
		}
	}
	switch len(candidates) {
	case 0:
		if s.BackendServices.Lacks(ClassIn(s, ing).Scope(Region(s))) {
			return facts.Unknown[*computepb.BackendService](s.BackendServices.Err())
		}
		return facts.Absent[*computepb.BackendService]()
	case 1:
		return facts.Found(candidates[0])
	}
	return facts.Unknown[*computepb.BackendService](errAmbiguous)
}

// excluded is a quick look at a description: it is GLBC's, and of another Service.
func (b Backend) excluded(bs *computepb.BackendService) bool {
	d := bs.GetDescription()
	return strings.Contains(d, `"kubernetes.io/service-name"`) && !strings.Contains(d, b.Service)
}

// Describes reports that a backend service says of itself that it is this Service
// port's, of this cluster or another.
func (b Backend) Describes(bs *computepb.BackendService) bool {
	d, ok := ParseDescription(bs.GetDescription())
	return ok && b.is(d)
}

func (b Backend) is(d ServicePortName) bool {
	if d.Namespace != b.Namespace || d.Service != b.Service {
		return false
	}
	if d.Port == b.Port {
		return true
	}
	svc, ok := b.Object.Get()
	if !ok {
		return false
	}
	p := PortOf(svc, d.Port)
	return p != nil && b.ServicePort != nil && p.Port == b.ServicePort.Port
}

// namesWritten are names of the port's backend service that the controllers left
// on the objects: the NEG's name on the Service (a backend service is called like
// its NEG), the keys of the Ingress's backends annotation.
func namesWritten(ing *networkingv1.Ingress, b Backend) []string {
	var names []string
	if svc, ok := b.Object.Get(); ok && b.ServicePort != nil {
		if name := negNames(svc)[b.ServicePort.Port]; name != "" {
			names = append(names, name)
		}
		if b.ServicePort.NodePort != 0 {
			prefix := InstanceGroupBackendName(b.ServicePort.NodePort)
			for name := range annotatedBackends(ing) {
				if strings.HasPrefix(name, prefix) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

func annotatedBackends(ing *networkingv1.Ingress) map[string]string {
	var states map[string]string
	if json.Unmarshal([]byte(ing.Annotations["ingress.kubernetes.io/backends"]), &states) != nil {
		return nil
	}
	return states
}

// foreign reports that a backend service certainly belongs to another cluster: its
// NEGs carry the UID of another kube-system, or, where no UID tells, all its groups
// are in zones where this cluster has no nodes. A zone that the cluster left keeps
// its drained NEG attached.
func foreign(s *facts.Snapshot, bs *computepb.BackendService) bool {
	cluster, located := s.Cluster.Get()
	uid, identified := s.ClusterUID.Get()
	outside := located && len(bs.GetBackends()) > 0
	for _, backend := range bs.GetBackends() {
		if neg, ok := NEGOf(s, backend.GetGroup()); ok && identified {
			if d, ok := ParseNEGDescription(neg.GetDescription()); ok && d.ClusterUID != "" {
				return d.ClusterUID != uid
			}
		}
		zone, inZone := strings.CutPrefix(facts.ScopePath(backend.GetGroup()), "zones/")
		zone, _, _ = strings.Cut(zone, "/")
		outside = outside && inZone && !Covers(cluster, zone)
	}
	return outside
}

// Covers reports that a cluster may have nodes in a zone.
func Covers(c *container.Cluster, zone string) bool {
	for _, pool := range c.NodePools {
		if slices.Contains(pool.Locations, zone) {
			return true
		}
	}
	if len(c.Locations) > 0 {
		return slices.Contains(c.Locations, zone)
	}
	return c.Location == "" || c.Location == zone || strings.HasPrefix(zone, c.Location+"-")
}

// NEGOf finds a NEG by its URL.
func NEGOf(s *facts.Snapshot, url string) (*computepb.NetworkEndpointGroup, bool) {
	negs, _ := s.NEGs.Get()
	for _, neg := range negs {
		if facts.RelativePath(neg.GetSelfLink()) == facts.RelativePath(url) {
			return neg, true
		}
	}
	return nil, false
}

// Path is the relative path of a backend service.
func Path(bs *computepb.BackendService) string { return facts.RelativePath(bs.GetSelfLink()) }

// GroupsOf are the groups behind a backend service.
func GroupsOf(bs *computepb.BackendService) []facts.BackendGroup {
	var groups []facts.BackendGroup
	for _, backend := range bs.GetBackends() {
		groups = append(groups, facts.BackendGroup{BackendService: Path(bs), Group: facts.RelativePath(backend.GetGroup())})
	}
	return groups
}
