package service

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

const (
	// askPods is how many pods of one backend are asked: one may be an exception, more
	// are the same answer again.
	askPods = 2
	// askMore is how many questions besides the check's own one diagnosis has: what else
	// the first pod of a failing backend answers tells why the check asks the wrong thing.
	askMore = 6
)

// Questions are what Google's check asks of the pods whose endpoints fail, a few a
// backend, and of the first of them what its readiness probe asks. Nothing is asked where
// nothing fails.
func Questions(s *facts.Snapshot, signals []signal.Signal) []facts.ProbeRequest {
	var reqs, more []facts.ProbeRequest
	logged := cause.Case{Facts: s, Signals: signals}.LoggedUnhealthy()
	for _, b := range backends(s) {
		hc, ok := b.HealthCheck.Get()
		if !ok || !glbc.CheckOf(hc).HTTP() {
			continue
		}
		check := glbc.CheckOf(hc)
		_, bad := glbc.FailingEndpoints(s, b, logged)
		pods := 0
		for _, pod := range glbc.PodsBehind(s, b, bad) {
			if pod.Status.Phase != corev1.PodRunning && pod.Status.Phase != "" || pods == askPods {
				continue
			}
			q := glbc.QuestionsTo(b, check, glbc.EndpointOf(bad, pod), pod)
			if pods == 0 {
				more = append(more, q.Readiness, q.Serving, q.Swapped)
			}
			pods++
			reqs = append(reqs, q.Check)
		}
	}
	return asked(reqs, more)
}

// asked are the requests, each once, with no more than a few besides the checks' own.
func asked(reqs, more []facts.ProbeRequest) (list []facts.ProbeRequest) {
	add := func(r facts.ProbeRequest) bool {
		if r.Port == 0 || slices.Contains(list, r) {
			return false
		}
		list = append(list, r)
		return true
	}
	for _, r := range reqs {
		add(r)
	}
	left := askMore
	for _, r := range more {
		if left > 0 && add(r) {
			left--
		}
	}
	return list
}
