package glbc

import (
	"cmp"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"plumbline/internal/facts"
)

// A Member is one endpoint of a NEG as the NEG controller would attach it.
type Member struct {
	IP   string
	Port int32
	Zone string
	// Node and Pod are the names behind it; Pod is of the Service's namespace as a rule.
	Node, Pod string
	// Ready is the slice's word, which the controller doesn't ask for: an endpoint that
	// isn't ready is a member all the same.
	Ready bool
}

// A LeftOut is an endpoint of a slice that doesn't become a member.
type LeftOut struct {
	Slice, Address string
	// Pod is what the endpoint targets; empty where it targets nothing.
	Pod string
	// Why says it for people.
	Why string
	// Terminating: its pod is on its way out, so that it was a member until now.
	Terminating bool
}

// Members are what the NEGs of a Service port should contain
// (ingress-controller.md §1.7).
type Members struct {
	// List is in order of zone, address and port.
	List []Member
	// LeftOut are endpoints that the controller passes over without a word.
	LeftOut []LeftOut
	// Blocking are endpoints each of which stops the sync of the whole NEG: nothing is
	// attached or detached any more. Only where the controller runs in its degraded mode
	// does it pass over them; List is without them.
	Blocking []LeftOut
	// OtherSubnets are members on nodes of other subnets, whose NEGs have other names.
	OtherSubnets []Member
	// Slices is how many EndpointSlices the Service has. Without one the NEG isn't synced
	// at all, and keeps what it has.
	Slices int
	// PortNamed: at least one of them has a port of the Service port's name. Without it
	// the NEG becomes empty, and nothing tells.
	PortNamed bool
	// Err is why the members aren't known; nil when they are.
	Err error
}

// Zone lists the members of one zone.
func (m Members) Zone(zone string) []Member {
	return slices.DeleteFunc(slices.Clone(m.List), func(e Member) bool { return e.Zone != zone })
}

// DesiredMembers computes what the NEG controller would attach for a Service port: every
// IPv4 endpoint of the Service's slices whose port bears the Service port's name, except
// the terminating.
func DesiredMembers(s *facts.Snapshot, b Backend) Members {
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent():
		return Members{Err: errNoSuchService}
	case !ok:
		return Members{Err: b.Object.Err()}
	case b.ServicePort == nil:
		return Members{Err: errNoSuchPort}
	case !s.EndpointSlices.Known():
		return Members{Err: s.EndpointSlices.Err()}
	case !s.Nodes.Known():
		return Members{Err: s.Nodes.Err()}
	case !wasRead(s, svc.Namespace):
		return Members{Err: errNamespaceNotRead(svc.Namespace)}
	}
	m := membership{s: s, pods: podsByName(s, svc.Namespace), nodes: map[string]*corev1.Node{}}
	nodes, _ := s.Nodes.Get()
	for _, n := range nodes {
		m.nodes[n.Name] = n
	}
	list := slicesOf(s, svc)
	m.ips = addressesOfPods(list)
	m.Slices = len(list)
	for _, slice := range list {
		if port, ok := portNamed(slice, b.ServicePort.Name); ok {
			m.PortNamed = true
			m.add(slice, port)
		}
	}
	for _, l := range []*[]Member{&m.List, &m.OtherSubnets} {
		slices.SortFunc(*l, compareMembers)
		*l = slices.CompactFunc(*l, func(a, b Member) bool { return a.IP == b.IP && a.Port == b.Port && a.Zone == b.Zone })
	}
	return m.Members
}

func compareMembers(a, b Member) int {
	return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.IP, b.IP), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Pod, b.Pod))
}

// slicesOf are the EndpointSlices of a Service, by their label.
func slicesOf(s *facts.Snapshot, svc *corev1.Service) []*discoveryv1.EndpointSlice {
	all, _ := s.EndpointSlices.Get()
	var list []*discoveryv1.EndpointSlice
	for _, slice := range all {
		if slice.Namespace == svc.Namespace && slice.Labels[discoveryv1.LabelServiceName] == svc.Name {
			list = append(list, slice)
		}
	}
	return list
}

// portNamed is the number of a slice's port of that name; a Service's only port may
// have none.
func portNamed(slice *discoveryv1.EndpointSlice, name string) (int32, bool) {
	for _, p := range slice.Ports {
		have := ""
		if p.Name != nil {
			have = *p.Name
		}
		if have == name && p.Port != nil {
			return *p.Port, true
		}
	}
	return 0, false
}

type podKey struct{ namespace, name string }

// podsByName are the pods; nil where they aren't known.
func podsByName(s *facts.Snapshot, namespace string) map[podKey]*corev1.Pod {
	if !s.Pods.Known() || !wasRead(s, namespace) {
		return nil
	}
	pods, _ := s.Pods.Get()
	byName := make(map[podKey]*corev1.Pod, len(pods))
	for _, p := range pods {
		byName[podKey{p.Namespace, p.Name}] = p
	}
	return byName
}

// addressesOfPods is the IPv4 address by which the controller calls each pod: the first
// of its last endpoint that isn't terminating.
func addressesOfPods(list []*discoveryv1.EndpointSlice) map[podKey]string {
	ips := map[podKey]string{}
	for _, slice := range list {
		if slice.AddressType != discoveryv1.AddressTypeIPv4 {
			continue
		}
		for _, e := range slice.Endpoints {
			if e.TargetRef != nil && len(e.Addresses) > 0 && !terminating(e) {
				ips[podKey{e.TargetRef.Namespace, e.TargetRef.Name}] = e.Addresses[0]
			}
		}
	}
	return ips
}

func terminating(e discoveryv1.Endpoint) bool {
	return e.Conditions.Terminating != nil && *e.Conditions.Terminating
}

type membership struct {
	Members

	s     *facts.Snapshot
	nodes map[string]*corev1.Node
	pods  map[podKey]*corev1.Pod
	ips   map[podKey]string
}

func (m *membership) add(slice *discoveryv1.EndpointSlice, port int32) {
	for _, e := range slice.Endpoints {
		out := LeftOut{Slice: slice.Namespace + "/" + slice.Name, Terminating: terminating(e)}
		if len(e.Addresses) > 0 {
			out.Address = e.Addresses[0]
		}
		if e.TargetRef != nil {
			out.Pod = e.TargetRef.Name
		}
		switch {
		case out.Terminating:
			out.Why = "it is terminating"
			m.LeftOut = append(m.LeftOut, out)
		case slice.AddressType != discoveryv1.AddressTypeIPv4:
			out.Why = "its address is no IPv4 address"
			m.LeftOut = append(m.LeftOut, out)
		default:
			m.place(e, port, out)
		}
	}
}

// place finds an endpoint's zone; where there is none, the NEG's sync ends with an
// error.
func (m *membership) place(e discoveryv1.Endpoint, port int32, out LeftOut) {
	name := nodeOf(e)
	node := m.nodes[name]
	switch {
	case name == "":
		out.Why = errNodeMissing.Error()
	case node == nil:
		out.Why = errNodeNotFound.Error() + " (" + name + ")"
	case ZoneOf(node) == "":
		out.Why = errZoneMissing.Error() + ": zone is missing for node " + name
	case node.Spec.PodCIDR == "":
		out.Why = errPodCIDR.Error() + " (" + name + ")"
	default:
		m.attach(e, port, node, out)
		return
	}
	m.Blocking = append(m.Blocking, out)
}

// The controller's words for an endpoint that stops a NEG's sync
// (ingress-controller.md §1.7, ep-node-missing-pod).
var (
	errNodeMissing  = errors.New("endpoint has missing nodeName field")
	errNodeNotFound = errors.New("endpoint corresponds to an non-existing node")
	errPodCIDR      = errors.New("endpoint corresponds to a node with PodCIDR not set")
	errZoneMissing  = errors.New("endpoint has missing zone field")
)

func nodeOf(e discoveryv1.Endpoint) string {
	if e.NodeName != nil && *e.NodeName != "" {
		return *e.NodeName
	}
	return e.DeprecatedTopology[corev1.LabelHostname]
}

// attach makes an endpoint a member, if it has a pod.
func (m *membership) attach(e discoveryv1.Endpoint, port int32, node *corev1.Node, out LeftOut) {
	if e.TargetRef == nil {
		out.Why = "it targets no pod"
		m.LeftOut = append(m.LeftOut, out)
		return
	}
	key := podKey{e.TargetRef.Namespace, e.TargetRef.Name}
	if m.pods != nil && m.pods[key] == nil {
		out.Why = "its pod doesn't exist"
		m.LeftOut = append(m.LeftOut, out)
		return
	}
	member := Member{
		IP: m.ips[key], Port: port, Zone: ZoneOf(node), Node: node.Name, Pod: key.name,
		Ready: e.Conditions.Ready == nil || *e.Conditions.Ready,
	}
	if subnetOf(m.s, node) != "" {
		m.OtherSubnets = append(m.OtherSubnets, member)
		return
	}
	m.List = append(m.List, member)
}
