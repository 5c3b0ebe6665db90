package path

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// backendService: there is one for every Service port, it speaks the protocol that the
// pods do, and has their groups with capacity.
func (t *tracer) backendService(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	t.faults(j, func(f glbc.Fault) bool {
		return f.Stage == glbc.StageInstanceGroups || f.Stage == glbc.StageBackendService || f.Stage == glbc.StageLink
	})
	for _, b := range t.backends {
		if bs, ok := b.BackendService.Get(); ok {
			t.liveService(j, b, bs)
			continue
		}
		t.noBackendService(j, b)
	}
	if n := len(j.objects); n > 1 && j.state() == OK {
		j.summary = count(n, "backend service")
	}
	t.noBackends(j)
}

// noBackends says why there is nothing to judge.
func (t *tracer) noBackends(j *judgement) {
	switch {
	case len(t.backends) > 0:
	case t.gateway != nil && !t.s.URLMaps.Known():
		j.unread("URL maps", t.s.URLMaps.Err())
	case t.gateway != nil:
		t.gatewayWithoutBackends(j)
	case t.ing != nil && t.ing.Spec.DefaultBackend == nil && len(t.ing.Spec.Rules) == 0:
		j.notApplicable("only the system's default backend")
	}
}

func (t *tracer) noBackendService(j *judgement, b glbc.Backend) {
	all, _ := t.s.BackendServices.Get()
	scope := t.target.Scope
	if t.ing != nil {
		scope = t.built.Scope
	}
	what := "the backend service of " + b.Title()
	if b.Service == "" {
		what = t.target.String()
	}
	switch {
	case !b.BackendService.IsAbsent():
		j.unread(what, b.BackendService.Err())
	case t.s.BackendServices.Lacks(scope):
		j.unread(what, t.s.BackendServices.Err())
	case t.ing == nil:
		j.broken("%s doesn't exist", what)
	case len(all) == 0:
		j.unknown("%s: the project lists none at all", what)
	case t.changedWithin(buildGrace) || t.class.Unsure:
		j.unknown("%s isn't there yet", what)
	case t.translation.Blocked() || glbc.Refused(b) || !b.Object.Known() || b.Object.IsAbsent() || b.ServicePort == nil:
		j.unknown("%s isn't there: the controller can't get as far", what)
	default:
		name, _ := glbc.BackendName(t.s, t.class, b).Get()
		if name != "" {
			j.differs(facts.Ref{Project: t.s.Project, Scope: scope, Kind: facts.KindBackendService, Name: name}, "name", name, "")
		}
		j.broken("%s isn't there", what)
	}
}

func (t *tracer) liveService(j *judgement, b glbc.Backend, bs *computepb.BackendService) {
	ref := glbc.BackendServiceRef(bs)
	j.on(ref)
	j.ok(bs.GetName())
	svc, ok := b.Object.Get()
	if ok && b.ServicePort != nil && t.ing != nil && !t.translation.Blocked() {
		if want := glbc.AppProtocol(svc, b.ServicePort.Name); bs.GetProtocol() != "" && bs.GetProtocol() != want {
			j.differs(ref, "protocol", want, bs.GetProtocol())
			t.wrong(j, "%s speaks %s, the Service asks for %s", bs.GetName(), bs.GetProtocol(), want)
		}
	}
	if len(bs.GetBackends()) == 0 {
		t.groupless(j, b, ref)
		return
	}
	if len(bs.GetHealthChecks()) == 0 && t.checked(bs) {
		j.differs(ref, "healthChecks", bs.GetName(), "")
		j.broken("%s has no health check", bs.GetName())
	}
	t.capacity(j, ref, bs)
	t.zones(j, b, ref)
}

// checked: a health check belongs to the groups; serverless and internet NEGs have
// none.
func (t *tracer) checked(bs *computepb.BackendService) bool {
	return !slices.ContainsFunc(bs.GetBackends(), func(backend *computepb.Backend) bool {
		neg, ok := glbc.NEGOf(t.s, backend.GetGroup())
		isNEG := strings.Contains(backend.GetGroup(), "/networkEndpointGroups/")
		return isNEG && (!ok || !zonal(neg))
	})
}

// zonal reports the sorts of NEG that GKE makes.
func zonal(neg *computepb.NetworkEndpointGroup) bool {
	return neg.GetNetworkEndpointType() == "GCE_VM_IP_PORT" || neg.GetNetworkEndpointType() == "GCE_VM_IP"
}

// groupless: nothing is behind a backend service. That is wrong only if something
// should be.
func (t *tracer) groupless(j *judgement, b glbc.Backend, ref facts.Ref) {
	if t.only == "" && b.Service == "" {
		j.broken("%s has no backends", ref.Name)
		return
	}
	desired := glbc.DesiredMembers(t.s, b)
	members, known := desired.Get()
	switch {
	case !known && !desired.IsAbsent():
		j.unread("whether "+ref.Name+" needs groups", desired.Err())
	case t.changedWithin(buildGrace):
		j.unknown("%s has no groups yet", ref.Name)
	case len(members.List) > 0:
		j.differs(ref, "backends", count(len(members.List), "endpoint"), "")
		j.broken("%s has no groups", ref.Name)
	default:
		j.unknown("%s has no groups, and the Service no endpoints", ref.Name)
	}
}

// capacity: a group with capacity 0 gets no requests; one that isn't set has 1.
func (t *tracer) capacity(j *judgement, ref facts.Ref, bs *computepb.BackendService) {
	zero := 0
	for _, backend := range bs.GetBackends() {
		if backend.CapacityScaler != nil && backend.GetCapacityScaler() == 0 {
			zero++
			j.differs(ref, "capacityScaler of "+facts.ScopePath(backend.GetGroup()), "1", "0")
		}
	}
	if zero == len(bs.GetBackends()) {
		j.broken("%s has capacity 0 in all groups", ref.Name)
	}
}

// zones: every zone that has endpoints has a NEG behind the backend service.
func (t *tracer) zones(j *judgement, b glbc.Backend, ref facts.Ref) {
	if b.Service == "" || !t.negs(b) {
		return
	}
	diff, _ := glbc.CompareMembers(t.s, b) // what couldn't be compared is said of the groups
	settled := diff.Settled()
	for _, zone := range diff.NoNEG {
		j.differs(ref, "backends", "a NEG in "+zone, "")
		if slices.Contains(settled.NoNEG, zone) {
			j.broken("%s has no NEG in %s, where the Service has endpoints", ref.Name, zone)
		} else {
			j.unknown("%s has no NEG in %s yet, where endpoints are new", ref.Name, zone)
		}
	}
}

// negs: the groups of a Backend are NEGs.
func (t *tracer) negs(b glbc.Backend) bool {
	bs, ok := b.BackendService.Get()
	return ok && slices.ContainsFunc(bs.GetBackends(), func(backend *computepb.Backend) bool {
		return strings.Contains(backend.GetGroup(), "/networkEndpointGroups/")
	})
}
