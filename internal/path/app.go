package path

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// app: the active probe, which asks what the health check asks, was answered with
// exactly 200; where nothing was probed, endpoints that are all HEALTHY show the same.
func (t *tracer) app(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	for _, b := range t.backends {
		asked := t.asked(b)
		for _, r := range asked {
			j.on(facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindPod, Namespace: r.Namespace, Name: r.Pod})
			t.answer(j, r)
		}
		if len(asked) == 0 && b.Service != "" && allHealthy(t.s, b) {
			j.ok("answers the health check")
		}
	}
}

// asked are the requests that the probe sent to the backend's pods in the check's place,
// in order.
func (t *tracer) asked(b glbc.Backend) []facts.ProbeRequest {
	hc, ok := b.HealthCheck.Get()
	if !ok {
		return nil
	}
	check := glbc.CheckOf(hc)
	pods, _ := glbc.PodsOf(t.s, b)
	all, _ := glbc.FailingEndpoints(t.s, b, t.evidence.Logged)
	return slices.DeleteFunc(slices.SortedFunc(maps.Keys(t.s.Probes), compareRequests), func(r facts.ProbeRequest) bool {
		return !slices.ContainsFunc(pods, func(p *corev1.Pod) bool {
			return p.Namespace == r.Namespace && p.Name == r.Pod && len(all) > 0 &&
				glbc.QuestionsTo(b, check, glbc.EndpointOf(all, p), p).Check == r
		})
	})
}

// allHealthy: the load balancer's check gets the right answer of every endpoint.
func allHealthy(s *facts.Snapshot, b glbc.Backend) bool {
	all, err := glbc.Endpoints(s, b)
	return err == nil && len(all) > 0 && !slices.ContainsFunc(all, func(e glbc.Endpoint) bool { return !e.Healthy() })
}

func compareRequests(a, b facts.ProbeRequest) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Path, b.Path))
}

const statusOK = 200

func (t *tracer) answer(j *judgement, r facts.ProbeRequest) {
	asked := fmt.Sprintf("%s://:%d%s", r.Scheme, r.Port, r.Path)
	a, ok := t.s.Probes[r].Get()
	switch {
	case !ok:
		j.unread("the probe of "+r.Pod, t.s.Probes[r].Err())
	case a.Unreachable != "" && strings.Contains(a.Unreachable, "refused"):
		j.broken("%s refuses the connection", asked)
	case a.Unreachable != "":
		// The API server's way to a pod isn't the prober's.
		j.unknown("%s: %s", asked, a.Unreachable)
	case a.Status != statusOK:
		j.broken("%s answers %d", asked, a.Status)
	default:
		j.ok(fmt.Sprintf("%s answers %d", asked, a.Status))
	}
}
