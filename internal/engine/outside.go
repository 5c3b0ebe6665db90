package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// diagnoseOutside judges what stands for itself, without a cluster: a backend
// service in front of virtual machines, a certificate. Compute and Logging are all
// that tells.
func diagnoseOutside(causes []cause.Cause, c cause.Case) Diagnosis {
	d := Diagnosis{Target: c.Target, At: c.Facts.Now, Gaps: gapsOf(c.Facts, causes)}
	var blind []string
	if c.Target.Kind == facts.KindCertificate {
		c.Symptoms, blind = certificateSymptoms(c)
	} else {
		c.Symptoms, blind = outsideSymptoms(c)
	}
	findings, rest := Run(causes, c)
	rest.undecided = append(blind, rest.undecided...)
	d.HealthyOn = healthyOn(c)
	d.conclude(c, findings, rest)
	return d
}

// outsideSymptoms says what is visibly wrong with a backend service that stands for
// itself, and names what couldn't be seen. One whose groups aren't health-checked has
// nothing to see.
func outsideSymptoms(c cause.Case) (list []cause.Symptom, blind []string) {
	if !c.Facts.BackendServices.Known() {
		blind = append(blind, "backend service "+c.Target.Name+": "+c.Facts.BackendServices.Err().Error())
	}
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		if !ok {
			continue
		}
		if s, ok := servesNothing(c, b, bs); ok {
			list = append(list, s)
			continue
		}
		groups := glbc.ProbedGroups(c.Facts, bs)
		switch {
		case len(groups) == 0:
			continue
		case len(bs.GetHealthChecks()) == 0:
			blind = append(blind, "the health of "+b.Title()+", which has no health check")
			continue
		}
		all, bad := glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
		_, err := glbc.Endpoints(c.Facts, b)
		switch {
		case len(bad) > 0:
			list = append(list, machinesUnhealthy(c, b, all, bad))
		case len(all) > 0 && !slices.ContainsFunc(all, glbc.Endpoint.Healthy):
			list = append(list, noneHealthy(c, b, all))
		case err != nil:
			blind = append(blind, "the health of "+b.Title()+": "+err.Error())
		case len(all) > 0:
		case emptied(c.Facts, groups):
			s := unhealthySymptom(c, b, nil, nil)
			s.Says = "there is no machine or endpoint in any group of " + b.Title()
			s.Look = describe(s.Subject)
			list = append(list, s)
		default:
			blind = append(blind, "the health of "+b.Title()+": the load balancer has none, as for one that no forwarding rule leads to")
		}
	}
	return append(list, requestSymptoms(c, list)...), blind
}

// servesNothing: no health is needed to see that nothing answers.
func servesNothing(c cause.Case, b glbc.Backend, bs *computepb.BackendService) (cause.Symptom, bool) {
	if len(bs.GetBackends()) > 0 {
		return withoutCapacity(c, b)
	}
	s := unhealthySymptom(c, b, nil, nil)
	s.Look = describe(s.Subject)
	s.Says = b.Title() + " has no backends, so nothing answers what is sent to it"
	return s, true
}

// withoutCapacity: no backend gets any request, however healthy it is.
func withoutCapacity(c cause.Case, b glbc.Backend) (cause.Symptom, bool) {
	bs, ok := b.BackendService.Get()
	if !ok || !glbc.TakesNothing(bs) {
		return cause.Symptom{}, false
	}
	s := unhealthySymptom(c, b, nil, nil)
	s.Look = describe(s.Subject)
	s.Says = "the only backend of " + b.Title() + " gets no request: its capacityScaler is 0"
	if n := len(bs.GetBackends()); n > 1 {
		s.Says = fmt.Sprintf("none of the %d backends of %s gets a request: their capacityScaler is 0", n, b.Title())
	}
	return s, true
}

// describe is the command that shows a backend service as it is.
func describe(r facts.Ref) string {
	scope := " --global"
	if region, ok := strings.CutPrefix(r.Scope, "regions/"); ok {
		scope = " --region " + region
	}
	return "gcloud compute backend-services describe " + r.Name + " --project " + r.Project + scope
}

func machinesUnhealthy(c cause.Case, b glbc.Backend, all, bad []glbc.Endpoint) cause.Symptom {
	s := unhealthySymptom(c, b, all, bad)
	if s.Pending == "" && justStarted(c.Facts, b, bad) {
		s.Pending = "the machines behind the unhealthy endpoints are still within their start"
	}
	return s
}

// justStarted: every failing endpoint is on a machine that started less than two
// minutes ago, or than the check takes to decide (scenario-format.md, `pending`).
func justStarted(s *facts.Snapshot, b glbc.Backend, bad []glbc.Endpoint) bool {
	grace := 2 * time.Minute
	if hc, ok := b.HealthCheck.Get(); ok {
		grace = max(grace, glbc.CheckOf(hc).UnhealthyAfter())
	}
	for _, e := range bad {
		in, ok := glbc.MachineOf(s, e.Instance)
		if !ok {
			return false
		}
		at := glbc.InstanceStarted(in)
		if at.IsZero() || s.Now.Sub(at) >= grace {
			return false
		}
	}
	return len(bad) > 0
}

// emptied: every group was seen to have no members.
func emptied(s *facts.Snapshot, groups []facts.BackendGroup) bool {
	for _, g := range groups {
		if _, asked := s.Health[g].Get(); !asked {
			return false
		}
		if ig, ok := glbc.InstanceGroupOf(s, g.Group); ok && ig.GetSize() == 0 {
			continue
		}
		if members, read := s.Endpoints[g.Group].Get(); !read || len(members) > 0 {
			return false
		}
	}
	return true
}
