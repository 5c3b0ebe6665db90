package engine

import (
	"fmt"
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

const (
	// fewFailures of one sort may be chance: an endpoint on its way out, a client's own
	// doing.
	fewFailures = 3
	// failingNow is how old the newest failure may be of requests that fail now.
	failingNow = 15 * time.Minute
)

// requestSymptoms says which backends get requests that the load balancer then answers
// itself. Where a backend's endpoints are seen to be unhealthy, this is the same
// symptom and isn't said again.
func requestSymptoms(c cause.Case, seen []cause.Symptom) (list []cause.Symptom) {
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		on := b.Ref(c.Facts.ClusterName)
		if !ok || slices.ContainsFunc(seen, func(s cause.Symptom) bool { return slices.Contains(s.Objects, on) }) {
			continue
		}
		var newest signal.Failure
		var failed []signal.Signal
		for _, s := range c.RequestsTo(b) {
			switch f := s.Request.Failure(); {
			case s.Request.Status < 500 || f == "" || f == signal.ByClient || f == signal.Denied || c.Facts.Now.Sub(s.At) > failingNow || over(c, b, s):
			case newest == "" || newest == f:
				newest = f
				failed = append(failed, s)
			}
		}
		if len(failed) < fewFailures {
			continue
		}
		ref := glbc.BackendServiceRef(bs)
		list = append(list, cause.Symptom{
			ID: cause.RequestsFailing, Subject: ref, Since: failed[len(failed)-1].At, Objects: []facts.Ref{on},
			Says: fmt.Sprintf("%d requests to %s failed in the last %s: %s (%d)", len(failed), b.Title(), minutes(c.Facts.Now.Sub(failed[len(failed)-1].At)), newest, failed[0].Request.Status),
		})
	}
	return list
}

func minutes(d time.Duration) string {
	n := int(d.Round(time.Minute) / time.Minute)
	if n <= 1 {
		return "minute"
	}
	return fmt.Sprintf("%d minutes", n)
}

// requestsSeen is what the log has of the failed requests, for each backend whose
// requests fail.
func requestsSeen(c cause.Case, open []cause.Symptom) (list []cause.Evidence) {
	for _, b := range c.Backends() {
		on := b.Ref(c.Facts.ClusterName)
		if !slices.ContainsFunc(open, func(s cause.Symptom) bool { return s.ID == cause.RequestsFailing && slices.Contains(s.Objects, on) }) {
			continue
		}
		for _, s := range c.RequestsTo(b) {
			if f := s.Request.Failure(); s.Request.Status >= 500 && f != "" && f != signal.ByClient {
				says := fmt.Sprintf("%d %s for %s%s", s.Request.Status, s.Request.Details, s.Request.Host(), s.Request.Path())
				list = append(list, cause.Evidence{Source: "request log", Says: says, Link: cause.EntryLink(c.Facts.Project, s.ID, s.At)})
				break
			}
		}
	}
	return list
}

// over: what the facts say now can't have made this request fail, or something on its
// path was changed since, so that it proves nothing of today.
func over(c cause.Case, b glbc.Backend, s signal.Signal) bool {
	bs, _ := b.BackendService.Get()
	switch s.Request.Failure() { //nolint:exhaustive // what nothing of today can refute
	case signal.NoBackend:
		all, _ := glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
		if slices.ContainsFunc(all, glbc.Endpoint.Healthy) && !glbc.TakesNothing(bs) {
			return true
		}
	case signal.TimedOut:
		if took := s.Request.Latency; took > 0 && took < time.Duration(bs.GetTimeoutSec())*time.Second*9/10 {
			return true
		}
	case signal.NoHTTP2:
		if bs.GetProtocol() != "HTTP2" {
			return true
		}
	}
	return cause.ChangedSince(c, b, s.At)
}
