package glbc

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// TransparentPort is the port of a node's transparent health checker, TransparentPath
// what is asked there (ingress-controller.md §2).
const (
	TransparentPort = 7877
	TransparentPath = "/api/podhealth"
)

const transparentFlag = flagError("enable-transparent-health-checks")

// transparent replaces the whole check by the transparent health checker's, where the
// controller's flag for it is known to be on.
func (d *Desired) transparent(s *facts.Snapshot, b Backend) {
	on, known := transparentOn(s, b)
	switch {
	case !known:
		d.unknown(transparentFlag, CheckFields...)
	case on:
		d.Check = Check{Type: "HTTP", Path: TransparentPath, Port: TransparentPort, Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 1, Unhealthy: 10}
		d.Pod, d.WhyNoProbe = nil, ""
		d.set(Origin{Kind: FromTransparent, On: b.Ref(s.ClusterName)}, CheckFields...)
	}
}

// transparentOn tells whether the flag is on: by a check that the controller made with
// it, or by the last event that says so (ingress-controller.md §1.9). An event is
// about the Service; any Service's will do, since the flag is the controller's.
func transparentOn(s *facts.Snapshot, b Backend) (on, known bool) {
	if hc, ok := b.HealthCheck.Get(); ok {
		if c := CheckOf(hc); c.Port == TransparentPort && c.Path == TransparentPath {
			return true, true
		}
	}
	events, _ := s.Events.Get()
	var last *corev1.Event
	for _, e := range events {
		if !FromController(e) || e.Reason != "THCConfigured" && e.Reason != "THCAnnotationWithoutFlag" {
			continue
		}
		if last == nil || facts.EventTime(e).After(facts.EventTime(last)) {
			last = e
		}
	}
	if last == nil {
		return false, false
	}
	return last.Reason == "THCConfigured", true
}
