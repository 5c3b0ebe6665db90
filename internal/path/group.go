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

// members compares NEGs with slices. What came about a moment ago is on its way; an
// endpoint that the slices don't have is right all the same where the Service has a pod
// with its address.
func (t *tracer) members(j *judgement, b glbc.Backend) (have, want int) {
	c := glbc.CompareMembers(t.s, b)
	if c.Err != nil {
		j.unread("the members of "+nameOf(b), c.Err)
		return 0, 0
	}
	want = len(c.Desired.List)
	have = want
	for _, d := range c.Diffs {
		j.differs(groupRef(d.NEG), "endpoints", endpointText(d.IP, d.Want), endpointText(d.IP, d.Port))
		switch stale := d.Fault == glbc.MemberStale; {
		case stale && t.runs(b, d.IP):
			have, want = have+1, want+1
			continue
		case !stale:
			have--
		}
		if d.InFlight || d.Fault == glbc.MemberStale && d.Pod == "" && !c.Frozen && t.rollingOut(b) {
			continue
		}
		j.broken("%s", memberText(d))
	}
	for zone, err := range c.Unread {
		j.unread("the NEG in "+zone, err)
	}
	for _, o := range c.Desired.Blocking {
		j.broken("the NEG of %s isn't synced: %s", nameOf(b), o.Why)
	}
	t.conditions(j, b, len(c.Diffs) > 0)
	if want == 0 {
		t.noMembers(j, b, c.Desired)
		return 0, 0
	}
	j.ok(fmt.Sprintf("%d/%d", have, want))
	return have, want
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
	case m.Slices > 0 && !m.PortNamed && b.ServicePort != nil:
		j.differs(b.Ref(t.s.ClusterName), "spec.ports.name", "a port of the EndpointSlices", b.ServicePort.Name)
		j.broken("no EndpointSlice of %s has a port named %q", nameOf(b), b.ServicePort.Name)
	default:
		j.unknown("no EndpointSlice that was read has the pods of %s", nameOf(b))
	}
}

// runs reports that a pod of the Service has the address and isn't on its way out.
func (t *tracer) runs(b glbc.Backend, ip string) bool {
	pods, _ := glbc.PodsOf(t.s, b)
	return slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.Status.PodIP == ip && !finished(p) })
}

func endpointText(ip string, port int32) string {
	if port == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", ip, port)
}

func memberText(d glbc.MemberDiff) string {
	switch d.Fault {
	case glbc.MemberStale:
		return endpointText(d.IP, d.Port) + " is in the NEG without a pod"
	case glbc.MemberWrongPort:
		return fmt.Sprintf("%s is in the NEG with port %d, not %d", d.IP, d.Port, d.Want)
	case glbc.MemberNoNEG:
		return "no NEG in " + d.Zone + " for pod " + d.Pod
	case glbc.MemberMissing:
	}
	return "pod " + d.Pod + " (" + endpointText(d.IP, d.Want) + ") is not in the NEG"
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
	found, ok := glbc.ServiceNEGOf(t.s, b).Get()
	if !ok {
		return
	}
	st := glbc.NEGStatusOf(found)
	ref := facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindServiceNEG, Namespace: found.Namespace, Name: found.Name}
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
