package path

import (
	"fmt"
	"slices"
	"strings"

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
	t.memberDifferences(j, b, diff)
	settled := diff.Settled()
	for _, m := range settled.Missing {
		if m.Pod == nil && !t.s.Pods.Known() {
			// One without a pod, or with a new one, isn't missed.
			j.unknown("%s is not in the NEG, and whether it should is up to its pod", m)
			continue
		}
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
	switch {
	case err != nil:
	case want == 0:
		t.noMembers(j, b, diff.Want)
	default:
		j.ok(fmt.Sprintf("%d/%d", have, want))
	}
	return have, want
}

func (t *tracer) memberDifferences(j *judgement, b glbc.Backend, diff glbc.MemberDiff) {
	for _, m := range diff.Missing {
		j.differs(t.negIn(b, m.Zone), "endpoints", m.String(), "")
	}
	for _, m := range diff.Stale {
		j.differs(t.negIn(b, m.Zone), "endpoints", "", m.String())
	}
	for _, p := range diff.WrongPort {
		j.differs(t.negIn(b, p.Zone), "endpoints", p.String(), fmt.Sprintf("%s:%d", p.IP, p.Have))
	}
}

// noMembers: there should be none. That is strange where the Service has pods that run.
func (t *tracer) noMembers(j *judgement, b glbc.Backend, m glbc.Members) {
	pods, err := glbc.PodsOf(t.s, b)
	settled := slices.ContainsFunc(pods, func(p *corev1.Pod) bool {
		return !finished(p) && glbc.IsReady(p) && t.s.Now.Sub(glbc.Started(p)) >= editGrace
	})
	switch {
	case err != nil:
		j.unread("the pods of "+nameOf(b), err)
	case !settled:
		j.ok("no endpoints")
	case m.PortUnnamed && b.ServicePort != nil:
		j.differs(b.Ref(t.s.ClusterName), "spec.ports.name", "a port of the EndpointSlices", b.ServicePort.Name)
		j.broken("no EndpointSlice of %s has a port named %q", nameOf(b), b.ServicePort.Name)
	default:
		j.unknown("no EndpointSlice that was read has the pods of %s", nameOf(b))
	}
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
