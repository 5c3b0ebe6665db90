package path

import (
	"errors"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// forwardingRule: there is one for each protocol that the target serves, with the
// target's address, leading to its proxy.
func (t *tracer) forwardingRule(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	if t.ing == nil {
		t.linkedRules(j)
		return
	}
	t.faults(j, func(f glbc.Fault) bool {
		return (f.Stage == glbc.StageForwardingRule || f.Stage == glbc.StageHTTPSForwardingRule) && !ofAddress(f.Code)
	})
	names, _ := t.built.Names.Get()
	http, https := glbc.AllowsHTTP(t.ing), glbc.WantsHTTPS(t.ing)
	if http {
		t.ownRule(j, t.built.HTTP, names.ForwardingRule, "HTTP", urlOf(t.built.HTTPProxy))
	} else if fr, ok := t.built.HTTP.Get(); ok {
		j.differs(glbc.ComputeRef(facts.KindForwardingRule, fr.GetSelfLink()), "portRange", "", fr.GetPortRange())
	}
	if https {
		t.ownRule(j, t.built.HTTPS, names.HTTPSForwardingRule, "HTTPS", urlOf(t.built.HTTPSProxy))
	} else if fr, ok := t.built.HTTPS.Get(); ok {
		j.differs(glbc.ComputeRef(facts.KindForwardingRule, fr.GetSelfLink()), "portRange", "", fr.GetPortRange())
	}
	if !http && !https {
		j.unknown("neither HTTP nor HTTPS is asked for")
	}
}

// urlOf is the URL of what was found; empty otherwise.
func urlOf[T linked](v facts.Value[T]) string {
	if o, ok := v.Get(); ok {
		return o.GetSelfLink()
	}
	return ""
}

func (t *tracer) ownRule(j *judgement, v facts.Value[*computepb.ForwardingRule], name, protocol, proxy string) {
	fr, ok := v.Get()
	if !ok {
		all, _ := t.s.ForwardingRules.Get()
		t.lacking(j, facts.KindForwardingRule, name, "the "+protocol+" forwarding rule", v.Err(), v.IsAbsent(), len(all) == 0)
		return
	}
	ref := glbc.ComputeRef(facts.KindForwardingRule, fr.GetSelfLink())
	j.on(ref)
	address := glbc.Address(t.ing)
	switch {
	case address != "" && fr.GetIPAddress() != "" && fr.GetIPAddress() != address:
		j.differs(ref, "IPAddress", address, fr.GetIPAddress())
		t.wrong(j, "%s has %s, the Ingress says %s", fr.GetName(), fr.GetIPAddress(), address)
	case proxy != "" && fr.GetTarget() != "" && !same(proxy, fr.GetTarget()):
		j.differs(ref, "target", facts.LastSegment(proxy), facts.LastSegment(fr.GetTarget()))
		t.wrong(j, "%s leads to %s, not to the Ingress's proxy", fr.GetName(), facts.LastSegment(fr.GetTarget()))
	default:
		j.ok(fr.GetName())
	}
}

// wrong is broken, unless the target was changed so lately that it may be on its way.
func (t *tracer) wrong(j *judgement, format string, args ...any) {
	if t.changedWithin(editGrace) {
		j.unknown(format, args...)
		return
	}
	j.broken(format, args...)
}

var errNoneListed = errors.New("the project lists none at all, though the target has an address")

// lacking judges what GLBC should have built and what isn't there. Where the project
// lists nothing of the sort although the target has an address, the two contradict
// each other, and nothing is known.
func (t *tracer) lacking(j *judgement, kind, name, what string, err error, absent, none bool) {
	ref := facts.Ref{Project: t.s.Project, Scope: t.built.Scope, Kind: kind, Name: name}
	address := glbc.Address(t.ing)
	switch {
	case !absent:
		j.unread(what, err)
	case address != "" && none:
		j.unread(what, errNoneListed)
	case t.changedWithin(buildGrace) || t.class.Unsure:
		j.unknown("%s isn't there yet", what)
	default:
		if name != "" {
			j.differs(ref, "name", name, "")
		}
		j.broken("%s isn't there", what)
	}
}

// linkedRules judges the rules that the links lead to.
func (t *tracer) linkedRules(j *judgement) {
	for _, fr := range t.front.rules {
		j.on(glbc.ComputeRef(facts.KindForwardingRule, fr.GetSelfLink()))
		j.ok(fr.GetName())
	}
	if len(t.front.rules) > 0 {
		return
	}
	all, ok := t.s.ForwardingRules.Get()
	addresses := t.addresses()
	switch {
	case !t.s.ForwardingRules.Known():
		j.unread("forwarding rules", t.s.ForwardingRules.Err())
	case t.gateway == nil:
		// A load balancer of another project may send requests here.
		j.unknown("no forwarding rule of the project leads here")
	case len(addresses) == 0:
		t.unbuilt(j, "forwarding rule")
	case !ok || len(all) == 0:
		j.unread("forwarding rules", errNoneListed)
	default:
		j.broken("no forwarding rule has the Gateway's address")
	}
}

// unbuilt judges a Gateway for which nothing is there.
func (t *tracer) unbuilt(j *judgement, what string) {
	if t.changedWithin(buildGrace) {
		j.unknown("no %s yet", what)
		return
	}
	j.broken("no %s, and the status has no address", what)
}
