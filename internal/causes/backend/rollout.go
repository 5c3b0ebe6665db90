package backend

import (
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// How long before and after pods were replaced a failure counts as due to that: a pod
// that is asked to stop is detached at once, and the proxies learn of it within a minute
// (ingress-controller.md §1.7).
const (
	beforeReplaced = 15 * time.Second
	afterReplaced  = 2 * time.Minute
)

// replaced are the moments at which pods behind the backend came or went, as far as
// facts and log tell.
func (t *traffic) replaced(c cause.Case) []time.Time {
	var list []time.Time
	cluster := c.Facts.ClusterName
	for _, pod := range t.pods {
		list = append(list, glbc.Started(pod))
	}
	workload := t.workload(cluster)
	for _, ch := range c.Changes() {
		if ch.Object == workload && workload.Kind != facts.KindService {
			list = append(list, ch.At)
		}
	}
	for _, e := range c.EventsOf(t.Ref(cluster)) {
		if e.Component == "neg-controller" && e.Reason == "Detach" {
			list = append(list, e.At)
		}
	}
	for _, e := range c.EventsOf(workload) {
		if e.Reason == "ScalingReplicaSet" {
			list = append(list, e.At)
		}
	}
	events, _ := c.Facts.Events.Get()
	for _, e := range events {
		o := e.InvolvedObject
		if o.Kind == facts.KindPod && o.Namespace == t.Namespace && e.Reason == "Killing" && workload.Name != "" && strings.HasPrefix(o.Name, workload.Name+"-") {
			list = append(list, facts.EventTime(e))
		}
	}
	return slices.DeleteFunc(list, time.Time.IsZero)
}

// split parts the failures that came while pods were replaced from the others.
func split(failed []signal.Signal, moments []time.Time) (during, apart []signal.Signal) {
	for _, s := range failed {
		if slices.ContainsFunc(moments, func(at time.Time) bool {
			return s.At.After(at.Add(-beforeReplaced)) && s.At.Before(at.Add(afterReplaced))
		}) {
			during = append(during, s)
		} else {
			apart = append(apart, s)
		}
	}
	return during, apart
}
