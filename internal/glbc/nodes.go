package glbc

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// Labels and the taint that keep a node out of load balancing
// (ingress-controller.md §1.7).
const (
	deletionTaint     = "ToBeDeletedByClusterAutoscaler"
	masterLabel       = "node-role.kubernetes.io/master"
	excludeAlphaLabel = "alpha.service-controller.kubernetes.io/exclude-balancer"
	excludeLabel      = "node.kubernetes.io/exclude-from-external-load-balancers"
	// nodeSubnetLabel names the subnet of a node that isn't in the cluster's own.
	nodeSubnetLabel = "cloud.google.com/gke-node-pool-subnet"
)

// WhyNotCandidate says why the controllers leave a node out when they fill instance
// groups and list the zones of NEGs; empty for a candidate (ingress-controller.md §1.7).
// Being cordoned is no reason. The endpoints on a node that is left out stay in their
// NEG all the same.
func WhyNotCandidate(n *corev1.Node) string {
	for _, t := range n.Spec.Taints {
		if t.Key == deletionTaint {
			return "taint " + deletionTaint
		}
	}
	for _, label := range []string{masterLabel, excludeAlphaLabel, excludeLabel} {
		if _, ok := n.Labels[label]; ok {
			return "label " + label
		}
	}
	i := slices.IndexFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == corev1.NodeReady })
	switch {
	case i < 0:
		return "nothing is known of its condition"
	case n.Status.Conditions[i].Status != corev1.ConditionTrue:
		return "condition Ready is " + string(n.Status.Conditions[i].Status)
	}
	return ""
}

var providerID = regexp.MustCompile(`^gce://([^/]+)/([^/]+)/([^/]+)$`)

// ZoneOf is the zone of a node by its spec.providerID, the only place where the
// controllers look; empty where that doesn't tell.
func ZoneOf(n *corev1.Node) string {
	if m := providerID.FindStringSubmatch(n.Spec.ProviderID); m != nil {
		return m[2]
	}
	return ""
}

// subnetOf is the subnet of a node that has another than the cluster's own; empty for
// the cluster's own.
func subnetOf(s *facts.Snapshot, n *corev1.Node) string {
	subnet := n.Labels[nodeSubnetLabel]
	if cluster, ok := s.Cluster.Get(); ok && subnet == facts.LastSegment(cluster.Subnetwork) {
		return ""
	}
	return subnet
}

// NodesByZone are the nodes that the controllers put into the cluster's instance groups,
// by zone and in order of their names; a zone whose nodes are all left out is there with
// none. Nodes of other subnets than the cluster's own are no members.
func NodesByZone(s *facts.Snapshot) facts.Value[map[string][]*corev1.Node] {
	nodes, ok := s.Nodes.Get()
	if !ok || !s.Nodes.Known() {
		return facts.Unknown[map[string][]*corev1.Node](s.Nodes.Err())
	}
	zones := map[string][]*corev1.Node{}
	for _, n := range nodes {
		zone := ZoneOf(n)
		if zone == "" {
			continue
		}
		if zones[zone] == nil {
			zones[zone] = []*corev1.Node{}
		}
		if WhyNotCandidate(n) == "" && subnetOf(s, n) == "" {
			zones[zone] = append(zones[zone], n)
		}
	}
	for _, list := range zones {
		slices.SortFunc(list, func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	}
	return facts.Found(zones)
}
