package glbc

import (
	"regexp"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

var providerID = regexp.MustCompile(`^gce://([^/]+)/([^/]+)/([^/]+)$`)

// NodeInstance is the virtual machine of a node, by spec.providerID
// (gce://PROJECT/ZONE/NAME); ok is false when that isn't one of Compute's.
func NodeInstance(node *corev1.Node) (project, zone, name string, ok bool) {
	m := providerID.FindStringSubmatch(node.Spec.ProviderID)
	if m == nil {
		return "", "", "", false
	}
	return m[1], m[2], m[3], true
}

// NodeZone is the zone that people know a node by: that of its virtual machine, or its
// label; empty when neither tells. GLBC reads no label: a node without a machine is in no
// zone for it (NodeInstance).
func NodeZone(node *corev1.Node) string {
	if _, zone, _, ok := NodeInstance(node); ok {
		return zone
	}
	return node.Labels[corev1.LabelTopologyZone]
}

// NodeNamed finds a node. Nodes are read of the whole cluster.
func NodeNamed(s *facts.Snapshot, name string) facts.Value[*corev1.Node] {
	nodes, _ := s.Nodes.Get()
	for _, n := range nodes {
		if n.Name == name {
			return facts.Found(n)
		}
	}
	if !s.Nodes.Known() {
		return facts.Unknown[*corev1.Node](s.Nodes.Err())
	}
	return facts.Absent[*corev1.Node]()
}

// InstanceOf finds the virtual machine of a node. It is absent only if the node's
// zone was read and has none of its name.
func InstanceOf(s *facts.Snapshot, node *corev1.Node) facts.Value[*computepb.Instance] {
	_, zone, name, ok := NodeInstance(node)
	if !ok {
		return facts.Absent[*computepb.Instance]()
	}
	return inScope(s.Instances, "zones/"+zone, name)
}

// Labels that keep a node out of load balancing (ingress-controller.md §1.7).
var excludingLabels = []string{
	"node.kubernetes.io/exclude-from-external-load-balancers",
	"alpha.service-controller.kubernetes.io/exclude-balancer",
	"node-role.kubernetes.io/master",
}

const autoscalerTaint = "ToBeDeletedByClusterAutoscaler"

// NodeExcluded is why a node is in no instance group and its zone isn't counted for it;
// empty when it is eligible (ingress-controller.md §1.7, "Node eligibility"). Nodes in
// other subnetworks, which a flag of the controller may leave out, count as eligible.
func NodeExcluded(node *corev1.Node) string {
	for _, label := range excludingLabels {
		if _, ok := node.Labels[label]; ok {
			return "label " + label
		}
	}
	if slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == autoscalerTaint }) {
		return "taint " + autoscalerTaint
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
			return ""
		}
	}
	return "not Ready"
}

// GroupNodes are the nodes that GLBC keeps in the cluster's instance groups, by zone.
// Who is in them isn't among the facts: nothing can be compared.
type GroupNodes struct {
	Eligible map[string][]*corev1.Node
	// Excluded says why the others aren't in, by name.
	Excluded map[string]string
}

// EligibleNodes sorts the cluster's nodes. One without a virtual machine is excluded.
func EligibleNodes(s *facts.Snapshot) facts.Value[GroupNodes] {
	nodes, ok := s.Nodes.Get()
	if !ok || !s.Nodes.Known() {
		return facts.Unknown[GroupNodes](s.Nodes.Err())
	}
	g := GroupNodes{Eligible: map[string][]*corev1.Node{}, Excluded: map[string]string{}}
	for _, n := range nodes {
		_, zone, _, ok := NodeInstance(n)
		why := NodeExcluded(n)
		if why == "" && !ok {
			why = "no zone in spec.providerID"
		}
		if why != "" {
			g.Excluded[n.Name] = why
			continue
		}
		g.Eligible[zone] = append(g.Eligible[zone], n)
	}
	return facts.Found(g)
}
