package path

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// healthCheck: it asks what the controller would have it ask, and every endpoint is
// HEALTHY. What the controller keeps of an existing check breaks nothing by itself
// (ingress-controller.md §2, "Update policy").
func (t *tracer) healthCheck(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	t.faults(j, func(f glbc.Fault) bool { return f.Stage == glbc.StageHealthCheck })
	var all tally
	for _, b := range t.backends {
		bs, ok := b.BackendService.Get()
		switch {
		case !ok && b.BackendService.IsAbsent():
			j.unknown("no backend service")
		case !ok:
			j.unread("the backend service", b.BackendService.Err())
		case !t.checked(bs):
			j.notApplicable("backends without health check")
		default:
			t.check(j, b, bs)
			all.add(t.endpoints(j, b, bs))
		}
	}
	if all.healthy > 0 {
		j.summary = all.String()
	}
}

func (t *tracer) check(j *judgement, b glbc.Backend, bs *computepb.BackendService) {
	hc, ok := b.HealthCheck.Get()
	if !ok {
		switch {
		case len(bs.GetHealthChecks()) == 0:
			j.broken("%s has no health check", bs.GetName())
		default:
			// Compute doesn't let go of one that is in use, so that it surely is somewhere.
			j.unread("health check "+facts.LastSegment(bs.GetHealthChecks()[0]), t.s.HealthChecks.Err())
		}
		return
	}
	ref := glbc.ComputeRef(facts.KindHealthCheck, hc.GetSelfLink())
	j.on(ref)
	if b.Gateway {
		t.gatewayCheck(j, b, hc, ref)
		return
	}
	if t.ing == nil || b.Service == "" {
		return
	}
	for _, d := range glbc.CompareCheck(hc, glbc.DesiredCheck(t.s, b)) {
		j.differs(ref, string(d.Field), d.Want, d.Have)
		if !d.Kept {
			t.wrong(j, "%s has %s %s, not %s", hc.GetName(), d.Field, orNone(d.Have), orNone(d.Want))
		}
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// A tally counts endpoints by what the check says of them.
type tally struct{ healthy, bad, silent, draining int }

func (c *tally) add(o tally) {
	c.healthy, c.bad, c.silent, c.draining = c.healthy+o.healthy, c.bad+o.bad, c.silent+o.silent, c.draining+o.draining
}

// total leaves out the endpoints that are on their way out.
func (c tally) total() int { return c.healthy + c.bad + c.silent }

func (c tally) String() string { return fmt.Sprintf("%d of %d HEALTHY", c.healthy, c.total()) }

// endpoints judges the states of a Backend's endpoints.
func (t *tracer) endpoints(j *judgement, b glbc.Backend, bs *computepb.BackendService) tally {
	all, bad := glbc.FailingEndpoints(t.s, b, t.evidence.Logged)
	c := tally{bad: len(bad)}
	for _, e := range all {
		switch {
		case e.ByDesign:
		case e.Healthy():
			c.healthy++
		case e.State == "DRAINING":
			c.draining++
		case !e.Unhealthy():
			c.silent++
		}
	}
	name := ""
	if len(t.backends) > 1 {
		name = nameOf(b) + ": "
	}
	unread, err := unreadHealth(t.s, bs)
	switch {
	case c.bad > 0:
		j.broken("%s%s%s", name, c, t.answers(b, bad))
	case unread != "":
		j.unread(name+"health of "+unread, err)
	case c.silent > 0:
		j.unknown("%s%s, nothing is said of %d", name, c, c.silent)
	case c.total() > 0:
		j.ok(name + c.String())
	case c.draining > 0:
		j.unknown("%sall endpoints are draining", name)
	case len(bs.GetBackends()) == 0:
		j.unknown("%sno groups", name)
	default:
		j.unknown("%sno endpoints", name)
	}
	return c
}

// unreadHealth names a group whose health isn't known, and why.
func unreadHealth(s *facts.Snapshot, bs *computepb.BackendService) (group string, err error) {
	for _, g := range glbc.GroupsOf(bs) {
		if v := s.Health[g]; !v.Known() {
			return facts.ScopePath(g.Group), v.Err()
		}
	}
	return "", nil
}

// answers are what failing endpoints said, each once, in brackets.
func (t *tracer) answers(b glbc.Backend, bad []glbc.Endpoint) string {
	var said []string
	for _, e := range bad {
		for _, a := range t.evidence.Answered {
			if a.Says != "" && a.about(t.s, b, e) && !slices.Contains(said, a.Says) {
				said = append(said, a.Says)
			}
		}
	}
	if len(said) == 0 {
		return ""
	}
	slices.Sort(said)
	return " (" + strings.Join(said, ", ") + ")"
}

// about reports that an answer is that of an endpoint.
func (a Answer) about(s *facts.Snapshot, b glbc.Backend, e glbc.Endpoint) bool {
	return a.IP == e.IP && glbc.IsGroup(s, e.Group, a.Group) && b.Logged(s, glbc.LoggedEndpoint{Group: a.Group, IP: a.IP, Port: a.Port})
}

// nameOf is a Backend's short name.
func nameOf(b glbc.Backend) string {
	if bs, ok := b.BackendService.Get(); ok && b.Service == "" {
		return bs.GetName()
	}
	return b.Service
}
