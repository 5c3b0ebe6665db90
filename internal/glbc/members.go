package glbc

import (
	"fmt"
	"net/netip"
	"slices"

	"google.golang.org/api/container/v1"
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
	// the controller may not have got to it; or that can't be told, since the pod wasn't
	// read.
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
	// Unsure: it hangs on the controller's version or a flag. Young is that of a Member.
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
	// Changed: a slice of the Service changed so lately that the controller may be at it.
	Changed bool
	// Unsettled is why slices and pods aren't of one moment, so that no difference counts;
	// nil otherwise.
	Unsettled error
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
	list := slicesOf(s, b)
	if len(list) == 0 && lacksSlices(s, b) {
		return facts.Unknown[Members](errLacksSlices)
	}
	m := membership{s: s, b: b, ips: podAddresses(list), Members: Members{NoSlices: len(list) == 0, Unsettled: outOfStep(s, b)}}
	named, addresses := false, false
	for _, slice := range list {
		m.Changed = m.Changed || changedLately(s.Now, slice)
		addresses = addresses || len(slice.Endpoints) > 0
		if port := slicePort(slice, b.ServicePort.Name); port != 0 {
			named = true
			m.add(slice, port)
		}
	}
	if nodes, _ := s.Nodes.Get(); addresses && len(nodes) == 0 {
		return facts.Unknown[Members](errLacksNodes)
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

// A membership collects Members.
type membership struct {
	s *facts.Snapshot
	b Backend
	// ips is what the controller calls each pod by.
	ips map[string]string
	Members
}

func (m *membership) add(slice *discoveryv1.EndpointSlice, port int32) {
	if slice.AddressType != discoveryv1.AddressTypeIPv4 {
		return
	}
	for i := range slice.Endpoints {
		e := &slice.Endpoints[i]
		if len(e.Addresses) == 0 {
			continue
		}
		// The controller takes the first address, and one for each pod.
		ip := e.Addresses[0]
		if pod := podNamed(e); pod != "" && !terminating(e) && m.ips[pod] != "" {
			ip = m.ips[pod]
		}
		if _, err := netip.ParseAddr(ip); err == nil {
			m.address(slice, e, ip, port)
		}
	}
}

func (m *membership) address(slice *discoveryv1.EndpointSlice, e *discoveryv1.Endpoint, ip string, port int32) {
	pod := podOf(m.s, m.b.Namespace, e)
	member := Member{IP: ip, Port: port, Slice: slice.Name, Young: changedLately(m.s.Now, slice)}
	switch p, ok := pod.Get(); {
	case ok:
		member.Pod, member.Young = p, member.Young || inMotion(m.s.Now, p)
	case !pod.IsAbsent():
		member.Young = true
	}
	member.Node = nodeOf(e)
	if terminating(e) {
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
	block := &Block{IP: e.IP, Slice: e.Slice, Node: e.Node, Young: e.Young || m.Unsettled != nil}
	if e.Node == "" {
		block.Why = BlockNoNodeName
		return "", block
	}
	node, ok := NodeNamed(m.s, e.Node).Get()
	if !ok {
		block.Why = BlockNoNode
		return "", block
	}
	// A new node gets both from the cloud controller after its pods could have started.
	block.Young = block.Young || m.s.Now.Sub(node.CreationTimestamp.Time) < grace
	_, zone, _, ok := NodeInstance(node)
	switch {
	case !ok:
		block.Why = BlockNoZone
		return "", block
	case node.Spec.PodCIDR == "" && !legacyNetwork(m.s):
		block.Why, block.Unsure = BlockNoPodCIDR, !needsPodCIDR(m.s)
		return zone, block
	}
	return zone, nil
}

// needsPodCIDR: a node without PodCIDR surely blocks. Today's controller reads the
// PodCIDR to tell a node's subnetwork, whatever the cluster, except on a legacy network.
// Earlier ones did so only with routes or several subnetworks (ingress-controller.md
// §1.7), and which one a cluster runs isn't known: it is sure where pods have routes.
func needsPodCIDR(s *facts.Snapshot) bool {
	c, known := s.Cluster.Get()
	return known && !VPCNative(c) && subnetworkOf(c) != ""
}

// legacyNetwork: the cluster is on a network without subnetworks. A cluster of which
// nothing is told of its network isn't known to be.
func legacyNetwork(s *facts.Snapshot) bool {
	c, known := s.Cluster.Get()
	n, read := s.Network.Get()
	return known && !VPCNative(c) && subnetworkOf(c) == "" && read && n.GetIPv4Range() != ""
}

func subnetworkOf(c *container.Cluster) string {
	if c.NetworkConfig != nil && c.NetworkConfig.Subnetwork != "" {
		return c.NetworkConfig.Subnetwork
	}
	return c.Subnetwork
}
