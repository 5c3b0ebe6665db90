package service

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// askPods is how many pods of one backend are asked: one may be an exception, more
// are the same answer again.
const askPods = 2

// Questions are what Google's check asks of the pods whose endpoints fail, a few a
// backend. Nothing is asked where nothing fails.
func Questions(s *facts.Snapshot, signals []signal.Signal) []facts.ProbeRequest {
	var reqs []facts.ProbeRequest
	logged := cause.Case{Facts: s, Signals: signals}.LoggedUnhealthy()
	for _, b := range backends(s) {
		hc, ok := b.HealthCheck.Get()
		if !ok || !glbc.CheckOf(hc).HTTP() {
			continue
		}
		check := glbc.CheckOf(hc)
		_, bad := glbc.FailingEndpoints(s, b, logged)
		asked := 0
		for _, pod := range glbc.PodsBehind(s, b, bad) {
			port := glbc.CheckedPort(b, check, glbc.EndpointOf(bad, pod), pod)
			if port == 0 || pod.Status.Phase != corev1.PodRunning && pod.Status.Phase != "" || asked == askPods {
				continue
			}
			req := facts.ProbeRequest{Namespace: pod.Namespace, Pod: pod.Name, Port: port, Scheme: check.Scheme(), Path: check.Path}
			asked++
			if !slices.Contains(reqs, req) {
				reqs = append(reqs, req)
			}
		}
	}
	return reqs
}
