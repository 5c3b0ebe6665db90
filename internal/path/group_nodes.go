package path

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// nodes compares the sizes of instance groups with the nodes of their zones.
func (t *tracer) nodes(j *judgement, bs *computepb.BackendService) (have, want int) {
	eligible := glbc.EligibleNodes(t.s)
	groups, ok := eligible.Get()
	if !ok {
		j.unread("the cluster's nodes", eligible.Err())
		return 0, 0
	}
	byZone := groups.Eligible
	if len(byZone)+len(groups.Excluded) == 0 {
		j.unknown("no node of the cluster was read")
		return 0, 0
	}
	for _, g := range glbc.GroupsOf(bs) {
		zone, _ := strings.CutPrefix(facts.ScopeOf(g.Group), "zones/")
		ref := groupRef(g.Group)
		live, ok := instanceGroup(t.s, g.Group)
		if !ok {
			j.unread(ref.String(), t.s.InstanceGroups.Err())
			continue
		}
		size, nodes := int(live.GetSize()), len(byZone[zone])
		have, want = have+min(size, nodes), want+nodes
		if size == nodes {
			j.ok(fmt.Sprintf("%d/%d", size, nodes))
			continue
		}
		j.differs(ref, "size", fmt.Sprint(nodes), fmt.Sprint(size))
		if t.nodesChanged(zone) {
			j.ok(fmt.Sprintf("%d of %d nodes, which are changing", size, nodes))
			continue
		}
		j.broken("%s in %s has %s, the zone %s", ref.Name, zone, count(size, "instance"), count(nodes, "node"))
	}
	for zone, list := range byZone {
		if len(list) > 0 && !slices.ContainsFunc(glbc.GroupsOf(bs), func(g facts.BackendGroup) bool { return facts.ScopeOf(g.Group) == "zones/"+zone }) {
			j.differs(glbc.BackendServiceRef(bs), "backends", "an instance group in "+zone, "")
			if !t.nodesChanged(zone) {
				j.broken("no instance group in %s, which has %s", zone, count(len(list), "node"))
			}
			want += len(list)
		}
	}
	return have, want
}

func instanceGroup(s *facts.Snapshot, path string) (*computepb.InstanceGroup, bool) {
	for _, g := range linkedFrom(s.InstanceGroups, func(g *computepb.InstanceGroup) bool { return same(g.GetSelfLink(), path) }) {
		return g, true
	}
	return nil, false
}

// nodesChanged: a node of the zone came, went, or changed its state a moment ago. One
// that is gone altogether leaves no trace, so that a group with more instances than
// nodes may be on its way for as long as any other.
func (t *tracer) nodesChanged(zone string) bool {
	recent := func(at time.Time) bool { return t.s.Now.Sub(at) < buildGrace }
	nodes, _ := t.s.Nodes.Get()
	return slices.ContainsFunc(nodes, func(n *corev1.Node) bool {
		return glbc.NodeZone(n) == zone && (recent(n.CreationTimestamp.Time) || n.DeletionTimestamp != nil ||
			slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
				return c.Type == corev1.NodeReady && recent(c.LastTransitionTime.Time)
			}))
	})
}

// sizes judges the groups of a backend service that stands for itself.
func (t *tracer) sizes(j *judgement, bs *computepb.BackendService) {
	total, sized := 0, true
	for _, g := range glbc.GroupsOf(bs) {
		ref := groupRef(g.Group)
		if ig, ok := instanceGroup(t.s, g.Group); ok {
			total += int(ig.GetSize())
			j.ok(ref.Name)
			continue
		}
		neg, ok := glbc.NEGOf(t.s, g.Group)
		if !ok {
			j.unread(ref.String(), t.groupErr(ref.Kind))
			sized = false
			continue
		}
		sized = sized && zonal(neg)
		total += int(neg.GetSize())
		j.ok(ref.Name)
	}
	switch {
	case sized && total == 0:
		j.broken("the groups of %s are empty", bs.GetName())
	case sized:
		j.summary = count(total, "member")
	}
}

func (t *tracer) groupErr(kind string) error {
	if kind == facts.KindInstanceGroup {
		return t.s.InstanceGroups.Err()
	}
	return t.s.NEGs.Err()
}
