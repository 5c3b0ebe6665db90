package path

import (
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// address: the target has one, and it is the reserved one where it names one
// (ingress-controller.md §1.5).
func (t *tracer) address(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	if t.ing == nil && t.gateway == nil {
		for _, a := range t.front.addresses() {
			j.ok(a)
			j.on(reservedAt(t.s, a)...)
		}
		return
	}
	list := t.addresses()
	switch {
	case len(list) > 0:
		for _, a := range list {
			j.ok(a)
			j.on(reservedAt(t.s, a)...)
		}
	case t.changedWithin(buildGrace) || t.class.Unsure:
		j.unknown("none yet")
	default:
		j.broken("not provisioned: the status has no address")
	}
	if t.ing == nil {
		return
	}
	t.faults(j, func(f glbc.Fault) bool { return ofAddress(f.Code) })
	if name := glbc.StaticIPName(t.ing); name != "" {
		t.reserved(j, name, glbc.Address(t.ing))
	}
}

func ofAddress(c glbc.Code) bool {
	switch c {
	case glbc.StaticIPNotFound, glbc.StaticIPWrongScope, glbc.StaticIPInUse, glbc.StaticIPAnnotationsConflict, glbc.InternalHTTPSNeedsStaticIP:
		return true
	}
	return false
}

// reserved compares the address that the Ingress names with the one that it has.
func (t *tracer) reserved(j *judgement, name, have string) {
	a, ok := t.built.Address.Get()
	if !ok {
		if !t.built.Address.IsAbsent() {
			j.unread("address "+name, t.built.Address.Err())
		}
		return
	}
	ref := glbc.ComputeRef(facts.KindAddress, a.GetSelfLink())
	j.on(ref)
	switch {
	case have == "" || a.GetAddress() == "":
	case a.GetAddress() != have && t.changedWithin(editGrace):
		j.unknown("%s is %s, the Ingress was changed a moment ago", name, a.GetAddress())
	case a.GetAddress() != have:
		j.differs(glbc.RefOf(t.s, t.ing), "status.loadBalancer", a.GetAddress(), have)
		j.broken("%s is reserved as %s, the Ingress has %s", a.GetAddress(), name, have)
	case a.GetStatus() == "RESERVED":
		j.differs(ref, "status", "IN_USE", a.GetStatus())
	}
}

// reservedAt are the reserved addresses that are this one.
func reservedAt(s *facts.Snapshot, ip string) []facts.Ref {
	var refs []facts.Ref
	for _, a := range linkedFrom(s.Addresses, func(a *computepb.Address) bool { return a.GetAddress() == ip }) {
		refs = append(refs, glbc.ComputeRef(facts.KindAddress, a.GetSelfLink()))
	}
	return refs
}
