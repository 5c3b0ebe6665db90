package backend

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// Google's proxies keep idle connections to a backend for 600 s. An app that closes them
// sooner now and then closes one just as a request goes out on it: a 502 without any
// pattern, with healthy backends (gcp-facts.md §4; cowboy#1286, adyen-commercetools#56).
var keepaliveTooShort = cause.Cause{
	ID:       "backend/keepalive-too-short",
	Title:    "The app closes idle connections that the load balancer still uses",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.Pods, facts.Events, facts.BackendServices, facts.BackendHealth, facts.RegionBackendHealth, facts.URLMaps, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkKeepalive,
}

const (
	// proxyKeepalive is how long the proxies keep an idle connection, in seconds.
	proxyKeepalive = 600
	// sporadic: one connection that closed may have any reason.
	sporadic = 2
	// atOnce, within a minute, aren't sporadic any more.
	atOnce = 5
)

func checkKeepalive(c cause.Case) (out cause.Outcome) {
	for _, t := range trafficOf(c) {
		_, apart := split(t.failed(signal.ClosedEarly), t.replaced(c))
		// A connection that waited for an answer was in use, not idle.
		apart = slices.DeleteFunc(apart, func(s signal.Signal) bool { return s.Request.Latency.Seconds() > 5 })
		set := t.keepalive()
		switch {
		case len(apart) == 0 || !t.steady(c) || dense(apart):
		case t.Service != "" && !t.podsRead:
			if len(apart) >= sporadic {
				out.Undecided = "whether the pods of " + t.Title() + " were being replaced when requests were lost: they couldn't be read"
			}
		case set.seconds >= proxyKeepalive:
			out.RuledOut = fmt.Sprintf("the app keeps connections for %d s (%s)", set.seconds, set.by)
		case set.seconds > 0:
			out.Findings = append(out.Findings, t.closesIdle(c, apart, set))
		case len(apart) >= sporadic && !cause.ChangedSince(c, t.Backend, apart[0].At):
			out.Findings = append(out.Findings, t.closesIdle(c, apart, set))
		}
	}
	return out
}

// dense: several failed within a minute, which is no matter of chance.
func dense(failed []signal.Signal) bool {
	for i := atOnce; i < len(failed); i++ {
		if failed[i-atOnce].At.Sub(failed[i].At) < time.Minute {
			return true
		}
	}
	return false
}

// An idleTime is how long an app keeps idle connections; zero where nothing tells.
type idleTime struct {
	seconds int
	// by is the argument that says so, or the software whose default it is.
	by string
	// written: somebody set it.
	written bool
}

// flags are arguments whose value is that time, in seconds: gunicorn's, uvicorn's and
// hypercorn's.
var flags = []string{"--keep-alive", "--timeout-keep-alive", "--keepalive-timeout", "--keepalive", "--http-keepalive", "--keep-alive-timeout"}

// defaults of software that images are named after, in seconds (incidents: dark#928 for
// nginx; the others from their documentation).
var defaults = []struct {
	image   string
	seconds int
}{{"nginx", 75}, {"httpd", 5}, {"gunicorn", 2}, {"uvicorn", 5}, {"tomcat", 60}}

// keepalive finds the setting in the serving container's arguments, else the default of
// what its image is. The values of environment variables aren't read.
func (t *traffic) keepalive() idleTime {
	for _, pod := range t.pods {
		container, _ := t.serving(pod)
		if container == nil {
			continue
		}
		if set, ok := argument(slices.Concat(container.Command, container.Args)); ok {
			return set
		}
		image, _, _ := strings.Cut(container.Image[strings.LastIndex(container.Image, "/")+1:], ":")
		for _, d := range defaults {
			if image == d.image {
				return idleTime{seconds: d.seconds, by: "the default of " + d.image}
			}
		}
	}
	return idleTime{}
}

func argument(args []string) (idleTime, bool) {
	for i, a := range args {
		name, value, joined := strings.Cut(a, "=")
		if !slices.Contains(flags, name) {
			continue
		}
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if n, err := strconv.Atoi(strings.TrimSuffix(value, "s")); err == nil && n > 0 {
			return idleTime{n, name + " " + value, true}, true
		}
	}
	return idleTime{}, false
}

func (t *traffic) closesIdle(c cause.Case, apart []signal.Signal, set idleTime) cause.Finding {
	confidence := cause.Likely
	if set.written && len(apart) >= sporadic {
		confidence = cause.Proven
	}
	f := t.finding(c, confidence, apart)
	f.Subject = t.workload(c.Facts.ClusterName)
	f.Headline = "The app behind " + t.Title() + " closes idle connections before the load balancer does"
	f.Summary = fmt.Sprintf("Google's proxies keep idle connections for %d s and send requests on them; an app that closes one in that moment makes a 502.", proxyKeepalive)
	if set.seconds > 0 {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("the app keeps idle connections for %d s: %s", set.seconds, set.by), Link: cause.ObjectLink(f.Subject)})
	}
	f.Evidence = append(
		f.Evidence,
		cause.Evidence{Source: "compute.backendServices.getHealth", Says: "every endpoint of " + t.live.GetName() + " is HEALTHY", Link: cause.ComputeLink(glbc.Path(t.live))},
		cause.Evidence{Source: "container.pods.list", Says: "no pod was replaced when it happened"},
	)
	f.Impact = countOf(len(apart), "request") + " lost, the others are served"
	f.Fix.Summary = "Let the app keep idle connections for 650 s (Node.js: server.keepAliveTimeout = 650000 and headersTimeout above it; nginx: keepalive_timeout 650; gunicorn: --keep-alive 650; uvicorn: --timeout-keep-alive 650)."
	if set.written {
		f.Fix.Summary = "Raise " + set.by + " to 650 s, more than the load balancer's 600 s."
	}
	if kind := strings.ToLower(f.Subject.Kind); f.Subject.Kind == facts.KindDeployment || f.Subject.Kind == "StatefulSet" {
		f.Fix.Commands = []string{"kubectl edit " + kind + " " + f.Subject.Name + " -n " + f.Subject.Namespace}
	}
	f.Fix.Caveat = "The load balancer's 600 s can't be changed for backends."
	return f
}
