package backend

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// A traffic is one backend of the target, with the requests that it got or should have
// got, newest first.
type traffic struct {
	glbc.Backend
	live     *computepb.BackendService
	requests []signal.Signal
	pods     []*corev1.Pod
	// podsRead: pods are all that there are.
	podsRead bool
}

// trafficOf joins the target's backends that have a backend service.
func trafficOf(c cause.Case) []traffic {
	var list []traffic
	for _, b := range c.Backends() {
		live, ok := b.BackendService.Get()
		if !ok || glbc.Passthrough(live) {
			continue
		}
		pods, err := glbc.PodsOf(c.Facts, b)
		pods = slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil })
		list = append(list, traffic{Backend: b, live: live, requests: c.RequestsTo(b), pods: pods, podsRead: err == nil && len(pods) > 0})
	}
	return list
}

// failed are the requests that the load balancer answered itself for one of these
// reasons.
func (t *traffic) failed(reasons ...signal.Failure) []signal.Signal {
	return slices.DeleteFunc(slices.Clone(t.requests), func(s signal.Signal) bool { return !slices.Contains(reasons, s.Request.Failure()) })
}

// steady: every endpoint that was seen is HEALTHY, and there is one.
func (t *traffic) steady(c cause.Case) bool {
	all, bad := glbc.FailingEndpoints(c.Facts, t.Backend, c.LoggedUnhealthy())
	return len(bad) == 0 && slices.ContainsFunc(all, glbc.Endpoint.Healthy)
}

// sick: some endpoint is surely not HEALTHY.
func (t *traffic) sick(c cause.Case) bool {
	_, bad := glbc.FailingEndpoints(c.Facts, t.Backend, c.LoggedUnhealthy())
	return len(bad) > 0
}

// serves: some endpoint is HEALTHY, or none is checked at all.
func (t *traffic) serves(c cause.Case) bool {
	all, _ := glbc.FailingEndpoints(c.Facts, t.Backend, c.LoggedUnhealthy())
	return slices.ContainsFunc(all, glbc.Endpoint.Healthy) || len(glbc.ProbedGroups(c.Facts, t.live)) == 0
}

// service is the Ref of the live backend service.
func (t *traffic) service() facts.Ref { return glbc.BackendServiceRef(t.live) }

// workload makes the pods; the Service, where no pod tells.
func (t *traffic) workload(cluster string) facts.Ref {
	for _, pod := range t.pods {
		if ref := glbc.WorkloadOf(cluster, pod); ref.Kind != facts.KindPod {
			return ref
		}
	}
	return t.Ref(cluster)
}

// finding fills in what all causes of traffic share: who suffers and since when, with
// the requests that show it.
func (t *traffic) finding(c cause.Case, confidence cause.Confidence, shown []signal.Signal) cause.Finding {
	f := cause.Finding{
		Confidence: confidence, Severity: cause.Degraded, Subject: t.Ref(c.Facts.ClusterName),
		On: []facts.Ref{t.Ref(c.Facts.ClusterName)}, Affected: t.sufferers(c), Hosts: t.Hosts,
	}
	if len(shown) > 0 {
		f.Since = shown[len(shown)-1].At
		f.Evidence = append(f.Evidence, logged(c, shown))
	}
	for _, s := range c.Symptoms {
		if f.Since.IsZero() && (s.ID == cause.BackendUnhealthy || s.ID == cause.RequestsFailing) && slices.Contains(s.Objects, f.On[0]) {
			f.Since = s.Since
		}
	}
	return f
}

// logged says what the log has of some requests, by the newest of them.
func logged(c cause.Case, list []signal.Signal) cause.Evidence {
	r := list[0].Request
	says := fmt.Sprintf("%d %s", r.Status, or(r.Details, "answered by the backend"))
	if r.Latency >= time.Second {
		says += fmt.Sprintf(" after %s s", seconds(r.Latency))
	}
	if r.URL != "" {
		says += ", " + short(r.Host()+r.Path())
	}
	if n := len(list); n > 1 {
		says += fmt.Sprintf(" (%d requests %s)", n, between(list[n-1].At, list[0].At))
	}
	return cause.Evidence{Source: "request log", Says: says, Link: cause.EntryLink(c.Facts.Project, list[0].ID, list[0].At)}
}

// between names the time from one moment to another, with the day where they have two.
func between(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	switch layout := "15:04"; {
	case from.Truncate(time.Minute).Equal(to.Truncate(time.Minute)):
		return "at " + from.Format(layout) + " UTC"
	case from.YearDay() != to.YearDay():
		return "from " + from.Format("2 Jan 15:04") + " to " + to.Format("2 Jan 15:04") + " UTC"
	default:
		return "from " + from.Format(layout) + " to " + to.Format(layout) + " UTC"
	}
}

func seconds(d time.Duration) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0")
}

const longestURL = 80

func short(text string) string {
	if len(text) > longestURL {
		return text[:longestURL] + "…"
	}
	return text
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// sufferers are the Ingresses or Gateways that send requests to the same backend
// service, the target first.
func (t *traffic) sufferers(c cause.Case) []facts.Ref {
	refs := []facts.Ref{c.Target}
	same := func(b glbc.Backend) bool {
		bs, ok := b.BackendService.Get()
		return ok && glbc.Path(bs) == glbc.Path(t.live)
	}
	add := func(r facts.Ref, list []glbc.Backend) {
		if !slices.Contains(refs, r) && slices.ContainsFunc(list, same) {
			refs = append(refs, r)
		}
	}
	ingresses, _ := c.Facts.Ingresses.Get()
	for _, ing := range ingresses {
		if !t.Gateway && ing.Namespace == t.Namespace && glbc.Serves(c.Facts, ing) {
			add(glbc.RefOf(c.Facts, ing), glbc.Backends(c.Facts, ing))
		}
	}
	return refs
}

// portOf is the container port of a pod that requests go to; 0 where it can't be told.
func (t *traffic) portOf(pod *corev1.Pod) int32 {
	if t.ServicePort == nil {
		return 0
	}
	target := t.ServicePort.TargetPort
	if target.IntVal == 0 && target.StrVal == "" {
		return t.ServicePort.Port
	}
	if target.StrVal == "" {
		return target.IntVal
	}
	for _, container := range pod.Spec.Containers {
		for _, p := range container.Ports {
			if p.Name == target.StrVal {
				return p.ContainerPort
			}
		}
	}
	return 0
}

// serving is the container that has the port, with the port; the only one, where none
// declares it.
func (t *traffic) serving(pod *corev1.Pod) (*corev1.Container, int32) {
	port := t.portOf(pod)
	for i := range pod.Spec.Containers {
		container := &pod.Spec.Containers[i]
		if slices.ContainsFunc(container.Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == port }) {
			return container, port
		}
	}
	if len(pod.Spec.Containers) == 1 {
		return &pod.Spec.Containers[0], port
	}
	return nil, port
}
