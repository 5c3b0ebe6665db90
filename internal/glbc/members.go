package glbc

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"plumbline/internal/facts"
)

// A Member is an endpoint of a Service port's NEG.
type Member struct {
	Zone string
	IP   string
	Port int32
	// Node and Pod are what is behind it; empty and nil where nothing tells.
	Node string
	Pod  *corev1.Pod
	// Slice is the EndpointSlice that has it.
	Slice string
	// Young: its pod, or the change of its slice, is so new or the pod so far gone that
	// the controller may not have got to it.
	Young bool
}

// String is address and port.
func (m Member) String() string { return fmt.Sprintf("%s:%d", m.IP, m.Port) }

// A Block is an endpoint that stops the whole sync of its Service port's NEGs: none of
// the others is attached or detached either (ingress-controller.md §1.7,
// ep-node-missing-pod).
type Block struct {
	IP, Slice, Node string
	// Why is the controller's message.
	Why string
	// Unsure: it hangs on a flag of the controller. Young is that of a Member.
	Unsure, Young bool
}

// The controller's messages.
const (
	BlockNoNodeName = "endpoint has missing nodeName field"
	BlockNoNode     = "endpoint corresponds to an non-existing node"
	BlockNoPodCIDR  = "endpoint corresponds to a node with PodCIDR not set"
	BlockNoZone     = "endpoint has missing zone field: zone is missing for node"
)

// Members are the endpoints that a Service port's NEGs should have.
type Members struct {
	List []Member
	// Skipped are in the slices, but the controller takes none that has no pod.
	Skipped []Member
	// Leaving are in the slices and terminating: they are detached at once.
	Leaving []Member
	Blocks  []Block
	// NoSlices: the Service has no EndpointSlice, so the controller leaves the NEGs as
	// they are. PortUnnamed: it has some, with endpoints, and none carries the Service
	// port's name, so the NEGs are empty.
	NoSlices, PortUnnamed bool
}

// Zones are those of List, sorted.
func (m Members) Zones() []string {
	var zones []string
	for _, e := range m.List {
		if !slices.Contains(zones, e.Zone) {
			zones = append(zones, e.Zone)
		}
	}
	slices.Sort(zones)
	return zones
}

// DesiredMembers lists what the NEG controller puts into the NEGs of a Backend: every
// IPv4 address of the EndpointSlices that carry the Service port's name, unless it
// terminates; ready and serving don't matter (ingress-controller.md §1.7). It is absent
// where the Service port has no NEGs, and unknown where slices or nodes are.
func DesiredMembers(s *facts.Snapshot, b Backend) facts.Value[Members] {
	neg, err := hasNEGs(b)
	switch {
	case err != nil:
		return facts.Unknown[Members](err)
	case !neg:
		return facts.Absent[Members]()
	case !s.EndpointSlices.Known():
		return facts.Unknown[Members](s.EndpointSlices.Err())
	case !wasRead(s, b.Namespace):
		return facts.Unknown[Members](errNamespaceNotRead(b.Namespace))
	case !s.Nodes.Known():
		return facts.Unknown[Members](s.Nodes.Err())
	}
	all, _ := s.EndpointSlices.Get()
	m := membership{s: s, b: b, Members: Members{NoSlices: true}}
	named, addresses := false, false
	for _, slice := range all {
		if slice.Namespace != b.Namespace || slice.Labels[discoveryv1.LabelServiceName] != b.Service {
			continue
		}
		m.NoSlices = false
		addresses = addresses || len(slice.Endpoints) > 0
		if port := slicePort(slice, b.ServicePort.Name); port != 0 {
			named = true
			m.add(slice, port)
		}
	}
	m.PortUnnamed = addresses && !named
	return facts.Found(m.Members)
}

// hasNEGs tells whether the NEG controller makes NEGs for a Backend's port: for an
// Ingress, or on its own.
func hasNEGs(b Backend) (bool, error) {
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent() || ok && b.ServicePort == nil:
		return false, nil
	case !ok:
		return false, b.Object.Err()
	}
	r := NEGRequestOf(svc)
	if _, exposed := r.Exposed[b.ServicePort.Port]; exposed || r.Ingress {
		return true, nil
	}
	// Behind an internal load balancer GLBC wants NEGs, but nobody makes them
	// (ingress-controller.md §1.6, neg-not-created-yet).
	return false, nil
}

// slicePort is the port that a slice has under the name of the Service port; 0 when it
// has none.
func slicePort(slice *discoveryv1.EndpointSlice, name string) int32 {
	for _, p := range slice.Ports {
		have := ""
		if p.Name != nil {
			have = *p.Name
		}
		if have == name && p.Port != nil {
			return *p.Port
		}
	}
	return 0
}

// A membership collects Members.
type membership struct {
	s *facts.Snapshot
	b Backend
	Members
}

func (m *membership) add(slice *discoveryv1.EndpointSlice, port int32) {
	if slice.AddressType != discoveryv1.AddressTypeIPv4 {
		return
	}
	for i := range slice.Endpoints {
		e := &slice.Endpoints[i]
		for _, ip := range e.Addresses {
			if _, err := netip.ParseAddr(ip); err == nil {
				m.address(slice, e, ip, port)
			}
		}
	}
}

func (m *membership) address(slice *discoveryv1.EndpointSlice, e *discoveryv1.Endpoint, ip string, port int32) {
	pod := podOf(m.s, m.b.Namespace, e)
	member := Member{IP: ip, Port: port, Slice: slice.Name, Young: changedLately(m.s.Now, slice)}
	if p, ok := pod.Get(); ok {
		member.Pod, member.Young = p, member.Young || inMotion(m.s.Now, p)
	}
	if e.NodeName != nil {
		member.Node = *e.NodeName
	}
	if e.Conditions.Terminating != nil && *e.Conditions.Terminating {
		member.Young = true
		m.Leaving = append(m.Leaving, member)
		return
	}
	zone, block := m.zone(member)
	if block != nil {
		m.Blocks = append(m.Blocks, *block)
		if !block.Unsure {
			return
		}
	}
	member.Zone = zone
	same := func(o Member) bool { return o.IP == ip && o.Port == port }
	switch {
	case pod.IsAbsent():
		m.Skipped = append(m.Skipped, member)
	case !slices.ContainsFunc(m.List, same):
		m.List = append(m.List, member)
	}
}

func (m *membership) zone(e Member) (string, *Block) {
	block := &Block{IP: e.IP, Slice: e.Slice, Node: e.Node, Young: e.Young}
	if e.Node == "" {
		block.Why = BlockNoNodeName
		return "", block
	}
	node, ok := NodeNamed(m.s, e.Node).Get()
	if !ok {
		block.Why = BlockNoNode
		return "", block
	}
	zone := NodeZone(node)
	switch {
	case zone == "":
		block.Why = BlockNoZone
		return "", block
	case node.Spec.PodCIDR == "":
		cluster, known := m.s.Cluster.Get()
		block.Why, block.Unsure = BlockNoPodCIDR, !known || VPCNative(cluster)
		return zone, block
	}
	return zone, nil
}

// podOf finds the pod of an endpoint: absent where it names none, or one that isn't
// there.
func podOf(s *facts.Snapshot, namespace string, e *discoveryv1.Endpoint) facts.Value[*corev1.Pod] {
	if e.TargetRef == nil || e.TargetRef.Kind != facts.KindPod {
		return facts.Absent[*corev1.Pod]()
	}
	pods, _ := s.Pods.Get()
	for _, p := range pods {
		if p.Namespace == namespace && p.Name == e.TargetRef.Name {
			return facts.Found(p)
		}
	}
	if !s.Pods.Known() {
		return facts.Unknown[*corev1.Pod](s.Pods.Err())
	}
	return facts.Absent[*corev1.Pod]()
}

// grace is the time that the NEG controller may take for a change.
const grace = 2 * time.Minute

// inMotion: the pod is new or leaving.
func inMotion(now time.Time, pod *corev1.Pod) bool {
	return pod.DeletionTimestamp != nil || now.Sub(pod.CreationTimestamp.Time) < grace
}

// changedLately: the slice is new, or the endpoint controller wrote a recent change of
// pods or Service on it.
func changedLately(now time.Time, slice *discoveryv1.EndpointSlice) bool {
	if now.Sub(slice.CreationTimestamp.Time) < grace {
		return true
	}
	at, err := time.Parse(time.RFC3339, slice.Annotations[corev1.EndpointsLastChangeTriggerTime])
	return err == nil && now.Sub(at) < grace
}
