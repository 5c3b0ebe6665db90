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

// group: the NEGs have the pods of the Service's slices, the instance groups the
// cluster's nodes (ingress-controller.md §1.7).
func (t *tracer) group(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	have, want := 0, 0
	for _, b := range t.backends {
		bs, ok := b.BackendService.Get()
		switch {
		case !ok && b.BackendService.IsAbsent():
			j.unknown("no backend service")
			continue
		case !ok:
			j.unread("the backend service", b.BackendService.Err())
			continue
		}
		for _, g := range glbc.GroupsOf(bs) {
			j.on(groupRef(g.Group))
		}
		var h, w int
		switch {
		case len(bs.GetBackends()) == 0:
			j.unknown("%s has no groups", bs.GetName())
		case b.Service == "":
			t.sizes(j, bs)
		case t.negs(b):
			h, w = t.members(j, b)
		default:
			h, w = t.nodes(j, bs)
		}
		have, want = have+h, want+w
	}
	if want > 0 {
		j.summary = fmt.Sprintf("%d/%d", have, want)
	}
}

// groupRef names a NEG or an instance group.
func groupRef(path string) facts.Ref {
	if strings.Contains(path, "/instanceGroups/") {
		return glbc.ComputeRef(facts.KindInstanceGroup, path)
	}
	return glbc.ComputeRef(facts.KindNEG, path)
}

// members compares NEGs with slices. What came about a moment ago is on its way.
func (t *tracer) members(j *judgement, b glbc.Backend) (have, want int) {
	diff, err := glbc.CompareMembers(t.s, b)
	if err != nil {
		j.unread("members of the NEGs of "+nameOf(b), err)
	}
	settled := diff.Settled()
	for _, m := range diff.Missing {
		j.differs(t.negIn(b, m.Zone), "endpoints", m.String(), "")
	}
	for _, m := range diff.Stale {
		j.differs(t.negIn(b, m.Zone), "endpoints", "", m.String())
	}
	for _, p := range diff.WrongPort {
		j.differs(t.negIn(b, p.Zone), "endpoints", p.String(), fmt.Sprintf("%s:%d", p.IP, p.Have))
	}
	for _, m := range settled.Missing {
		j.broken("%s is not in the NEG", m)
	}
	for _, m := range settled.Stale {
		switch {
		case t.rollingOut(b):
		case t.isPod(b, m.IP):
			j.unknown("%s is in the NEG and a pod has the address, but no EndpointSlice", m)
		default:
			j.broken("%s is in the NEG without a pod", m)
		}
	}
	for _, p := range settled.WrongPort {
		j.broken("%s is in the NEG with port %d, not %d", p.IP, p.Have, p.Port)
	}
	for _, block := range diff.Want.Blocks {
		if !block.Unsure && !block.Young {
			j.broken("the NEG of %s isn't synced: %s: %s", nameOf(b), block.IP, block.Why)
		}
	}
	t.conditions(j, b, !settled.Empty())
	want = len(diff.Want.List)
	have = want - len(diff.Missing) - len(diff.WrongPort)
	if err == nil {
		j.ok(fmt.Sprintf("%d/%d", have, want))
	}
	return have, want
}

// isPod reports that a pod of the Service has an address, or that pods weren't read.
func (t *tracer) isPod(b glbc.Backend, ip string) bool {
	pods, err := glbc.PodsOf(t.s, b)
	return err != nil || slices.ContainsFunc(pods, func(p *corev1.Pod) bool {
		return p.Status.PodIP == ip || slices.ContainsFunc(p.Status.PodIPs, func(i corev1.PodIP) bool { return i.IP == ip })
	})
}

// negIn names the NEG of a Backend in a zone; the zone's first where there are more.
func (t *tracer) negIn(b glbc.Backend, zone string) facts.Ref {
	bs, _ := b.BackendService.Get()
	for _, g := range glbc.GroupsOf(bs) {
		if facts.ScopeOf(g.Group) == "zones/"+zone {
			return groupRef(g.Group)
		}
	}
	return facts.Ref{Project: t.s.Project, Scope: "zones/" + zone, Kind: facts.KindNEG, Name: bs.GetName()}
}

// rollingOut: a pod of the Service is so young that endpoints of those that it replaces
// may still be there.
func (t *tracer) rollingOut(b glbc.Backend) bool {
	pods, err := glbc.PodsOf(t.s, b)
	return err != nil || slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return t.s.Now.Sub(glbc.Started(p)) < editGrace })
}

// conditions says what the NEG controller says of the NEGs. Where they are as they
// should be, its complaint is of the past.
func (t *tracer) conditions(j *judgement, b glbc.Backend, differs bool) {
	st, ok := glbc.ServiceNEG(t.s, b).Get()
	if !ok {
		return
	}
	ref := st.Ref
	j.on(ref)
	for kind, c := range map[string]glbc.NEGCondition{"Initialized": st.Initialized, "Synced": st.Synced} {
		if !c.Failed() {
			continue
		}
		j.differs(ref, "conditions."+kind, "True", c.Reason+": "+c.Message)
		if differs {
			j.broken("the NEG controller says %s: %s", c.Reason, c.Message)
		}
	}
}

// nodes compares the sizes of instance groups with the nodes of their zones.
func (t *tracer) nodes(j *judgement, bs *computepb.BackendService) (have, want int) {
	eligible := glbc.EligibleNodes(t.s)
	groups, ok := eligible.Get()
	if !ok {
		j.unread("the cluster's nodes", eligible.Err())
		return 0, 0
	}
	byZone := groups.Eligible
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
