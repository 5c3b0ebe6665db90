package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// backendSymptoms says which backends of the target have endpoints that the load
// balancer's check calls UNHEALTHY, and names what couldn't be seen. serving: the
// target has an address, so that its backends can be expected to be there.
func backendSymptoms(c cause.Case, serving bool) (list []cause.Symptom, blind []string) {
	for _, b := range c.Backends() {
		if serving && b.Object.IsAbsent() && b.Service != "" {
			blind = append(blind, "Service "+b.Namespace+"/"+b.Service+" doesn't exist")
			continue
		}
		if _, found := b.BackendService.Get(); !found && serving && !b.Object.Known() {
			blind = append(blind, "Service "+b.Namespace+"/"+b.Service+": "+b.Object.Err().Error())
			continue
		}
		if serving && unseen(c, b) {
			blind = append(blind, "the backend service of "+b.Namespace+"/"+b.Service+": none is there by description or name")
			continue
		}
		if !b.BackendService.Known() {
			blind = append(blind, "the backend service of "+b.Service+": "+b.BackendService.Err().Error())
			continue
		}
		if s, ok := withoutCapacity(c, b); ok {
			list = append(list, s)
			continue
		}
		all, bad := glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
		if s, ok := groupless(c, b); ok && serving {
			list = append(list, s)
			continue
		}
		if s, ok := emptySymptom(c, b, all); ok {
			list = append(list, s)
			continue
		}
		if err := untold(c, b, all); err != nil {
			blind = append(blind, "whether the groups of "+b.Title()+" have endpoints: "+err.Error())
			continue
		}
		if _, err := glbc.PodsOf(c.Facts, b); err != nil && empty(c, b, all) {
			blind = append(blind, "whether "+b.Title()+", whose groups are empty, has pods: "+err.Error())
			continue
		}
		if len(bad) == 0 && len(all) > 0 && !slices.ContainsFunc(all, glbc.Endpoint.Healthy) {
			list = append(list, noneHealthy(c, b, all))
			continue
		}
		if len(bad) == 0 {
			if _, err := glbc.Endpoints(c.Facts, b); err != nil && !onlyPods(c.Facts, b) {
				blind = append(blind, "the health of "+b.Service+": "+err.Error())
			}
			continue
		}
		list = append(list, unhealthySymptom(c, b, all, bad))
		if s, ok := gateTimeout(c, b, bad); ok {
			list = append(list, s)
		}
	}
	return list, blind
}

// unseen: the load balancer serves, the project has backend services, and none of
// them is this Service port's: its health can't be told.
func unseen(c cause.Case, b glbc.Backend) bool {
	all, _ := c.Facts.BackendServices.Get()
	return b.BackendService.IsAbsent() && len(all) > 0 && b.ServicePort != nil && !glbc.Refused(b)
}

// onlyPods: the live health was read, only the pods behind it weren't.
func onlyPods(s *facts.Snapshot, b glbc.Backend) bool {
	bs, ok := b.BackendService.Get()
	if !ok {
		return false
	}
	for _, g := range glbc.ProbedGroups(s, bs) {
		if !s.Health[g].Known() {
			return false
		}
	}
	return true
}

func unhealthySymptom(c cause.Case, b glbc.Backend, all, bad []glbc.Endpoint) cause.Symptom {
	bs, _ := b.BackendService.Get()
	ref := facts.Ref{Project: c.Facts.Project, Scope: scopeOf(bs.GetRegion()), Kind: facts.KindBackendService, Name: bs.GetName()}
	s := cause.Symptom{
		ID: cause.BackendUnhealthy, Subject: ref, Since: unhealthySince(c, b, bad),
		Says:    fmt.Sprintf("%d of %d endpoints of %s are UNHEALTHY", len(bad), len(all), b.Title()),
		Objects: []facts.Ref{b.Ref(c.Facts.ClusterName)},
	}
	switch {
	case isNew(c):
		s.Pending = "the " + c.Target.Kind + " was created a moment ago, the first health checks may still be under way"
	case waits(c.Facts, b, bad):
		s.Pending = "the pods behind the unhealthy endpoints are still within their start"
	}
	return s
}

// isNew: the Ingress or Gateway itself is inside its grace.
func isNew(c cause.Case) bool {
	if g, ok := c.Gateway(); ok {
		return c.Facts.Now.Sub(g.CreationTimestamp.Time) < ingressGrace
	}
	ing, ok := c.Ingress()
	return ok && c.Facts.Now.Sub(ing.CreationTimestamp.Time) < ingressGrace
}

// noneHealthy: no endpoint is called UNHEALTHY, and none HEALTHY either: all are
// draining, or the load balancer doesn't know yet.
func noneHealthy(c cause.Case, b glbc.Backend, all []glbc.Endpoint) cause.Symptom {
	s := unhealthySymptom(c, b, all, all)
	s.Says = fmt.Sprintf("none of %d endpoints of %s is HEALTHY (%s)", len(all), b.Title(), all[0].State)
	return s
}

func scopeOf(region string) string {
	if region == "" {
		return "global"
	}
	return "regions/" + facts.LastSegment(region)
}

// waits: every failing endpoint belongs to a pod that is younger than its grace or
// on its way out. Behind a node's port is any pod, so all must be young.
func waits(s *facts.Snapshot, b glbc.Backend, bad []glbc.Endpoint) bool {
	var check glbc.Check
	if hc, ok := b.HealthCheck.Get(); ok {
		check = glbc.CheckOf(hc)
	}
	for _, e := range bad {
		if e.Stale() && !rollingOut(s, b) {
			return false
		}
	}
	pods := glbc.PodsBehind(s, b, bad)
	for _, pod := range pods {
		if s.Now.Sub(glbc.Started(pod)) >= glbc.ReadyIn(pod, check) {
			return false
		}
	}
	leaving := slices.ContainsFunc(bad, func(e glbc.Endpoint) bool { return e.Pod != nil && e.Pod.DeletionTimestamp != nil })
	return len(pods) > 0 || leaving || rollingOut(s, b)
}

// rollingOut: a pod of the Service is under two minutes old, so endpoints of pods
// that it replaces may not be detached yet.
func rollingOut(s *facts.Snapshot, b glbc.Backend) bool {
	pods, _ := glbc.PodsOf(s, b)
	for _, pod := range pods {
		if s.Now.Sub(glbc.Started(pod)) < 2*time.Minute {
			return true
		}
	}
	return false
}

// unhealthySince is the oldest transition of the present failure that the log
// tells; zero when health-check logging is off.
func unhealthySince(c cause.Case, b glbc.Backend, bad []glbc.Endpoint) (since time.Time) {
	for _, e := range bad {
		for _, s := range c.Entries() {
			if s.Kind != signal.HealthChanged || s.Health.IP != e.IP || !b.Logged(c.Facts, cause.Logged(s)) {
				continue
			}
			if s.Health.State != "UNHEALTHY" {
				break
			}
			if since.IsZero() || s.At.Before(since) {
				since = s.At
			}
		}
	}
	return since
}

// gateTimeout: the readiness gate of a failing pod was forced open after 10
// minutes, so the kubelet calls it Ready (ingress-controller.md §4).
func gateTimeout(c cause.Case, b glbc.Backend, bad []glbc.Endpoint) (cause.Symptom, bool) {
	events, _ := c.Facts.Events.Get()
	for _, e := range bad {
		if e.Pod == nil {
			continue
		}
		for _, ev := range events {
			if ev.Reason == "LoadBalancerNegTimeout" && ev.InvolvedObject.Namespace == e.Pod.Namespace && ev.InvolvedObject.Name == e.Pod.Name &&
				(ev.InvolvedObject.UID == "" || e.Pod.UID == "" || ev.InvolvedObject.UID == e.Pod.UID) {
				return cause.Symptom{
					ID: cause.PodsNotReadyInNEG, Since: facts.EventTime(ev),
					Subject: facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindPod, Namespace: e.Pod.Namespace, Name: e.Pod.Name},
					Objects: []facts.Ref{b.Ref(c.Facts.ClusterName)},
					Says:    "the readiness gate gave up after 10 minutes and called the pod Ready all the same",
				}, true
			}
		}
	}
	return cause.Symptom{}, false
}

// emptySymptom: no NEG of a backend has any endpoint, though the Service has pods
// that have been Ready for longer than attaching them takes, or has none at all.
func emptySymptom(c cause.Case, b glbc.Backend, all []glbc.Endpoint) (cause.Symptom, bool) {
	pods, err := glbc.PodsOf(c.Facts, b)
	if err != nil || !empty(c, b, all) || !past(c, b, pods) {
		return cause.Symptom{}, false
	}
	s := unhealthySymptom(c, b, nil, nil)
	s.Says = fmt.Sprintf("no endpoint in any group of %s, which has %d pods", b.Title(), len(pods))
	if s.Pending == "" && takenOver(c.Facts.Now, pods) {
		s.Pending = "all pods began to terminate a moment ago, others may take their place"
	}
	return s, true
}

// empty: all groups of a backend were seen to have no endpoint.
func empty(c cause.Case, b glbc.Backend, all []glbc.Endpoint) bool {
	bs, ok := b.BackendService.Get()
	if !ok || b.Service == "" || len(all) > 0 || len(bs.GetBackends()) == 0 {
		return false
	}
	for _, g := range glbc.GroupsOf(bs) {
		members, read := c.Facts.Endpoints[g.Group].Get()
		if _, asked := c.Facts.Health[g].Get(); !asked || !read || len(members) > 0 {
			return false
		}
	}
	return true
}

// untold: the load balancer tells of no endpoint, and whether the NEGs have any couldn't
// be read.
func untold(c cause.Case, b glbc.Backend, all []glbc.Endpoint) error {
	bs, ok := b.BackendService.Get()
	if !ok || b.Service == "" || len(all) > 0 {
		return nil
	}
	for _, g := range glbc.GroupsOf(bs) {
		_, asked := c.Facts.Health[g].Get()
		if members := c.Facts.Endpoints[g.Group]; asked && strings.Contains(g.Group, "/networkEndpointGroups/") && !members.Known() && members.Err() != nil {
			return members.Err()
		}
	}
	return nil
}

// groupless: a backend service that is old enough to have groups has none at all.
func groupless(c cause.Case, b glbc.Backend) (cause.Symptom, bool) {
	bs, ok := b.BackendService.Get()
	if !ok || b.Service == "" || len(bs.GetBackends()) > 0 {
		return cause.Symptom{}, false
	}
	made, err := time.Parse(time.RFC3339, bs.GetCreationTimestamp())
	if err != nil || c.Facts.Now.Sub(made) < ingressGrace {
		return cause.Symptom{}, false
	}
	s := unhealthySymptom(c, b, nil, nil)
	s.Says = fmt.Sprintf("backend service %s of %s has no group of endpoints", bs.GetName(), b.Title())
	return s, true
}

// past: some pod has been Ready for longer than attaching takes, or none of those that
// live is within its start any more.
func past(c cause.Case, b glbc.Backend, pods []*corev1.Pod) bool {
	var check glbc.Check
	if hc, ok := b.HealthCheck.Get(); ok {
		check = glbc.CheckOf(hc)
	}
	for _, pod := range pods {
		age := c.Facts.Now.Sub(glbc.Started(pod))
		switch {
		case !glbc.Lives(pod):
		case glbc.IsReady(pod) && age >= ingressGrace:
			return true
		case glbc.IsReady(pod) || age < max(ingressGrace/2, glbc.ReadyIn(pod, check)):
			return false
		}
	}
	return true
}

// takenOver: pods are leaving, all of them, and the first began a moment ago.
func takenOver(now time.Time, pods []*corev1.Pod) bool {
	return len(pods) > 0 && !slices.ContainsFunc(pods, glbc.Lives) && slices.ContainsFunc(pods, func(p *corev1.Pod) bool {
		began := glbc.Leaving(p)
		return !began.IsZero() && now.Sub(began) < 2*time.Minute
	})
}

// healthyOn are the Services whose endpoints were all seen, with some HEALTHY and
// none failing.
func healthyOn(c cause.Case) (list []facts.Ref) {
	failing := map[facts.Ref]bool{}
	for _, b := range c.Backends() {
		ref := b.Ref(c.Facts.ClusterName)
		all, err := glbc.Endpoints(c.Facts, b)
		if err != nil && !onlyPods(c.Facts, b) || slices.ContainsFunc(all, glbc.Endpoint.Unhealthy) || !slices.ContainsFunc(all, glbc.Endpoint.Healthy) {
			failing[ref] = true
			continue
		}
		list = append(list, ref)
	}
	return slices.DeleteFunc(list, func(r facts.Ref) bool { return failing[r] })
}
