package workload

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The kubelet asks the app too, and gets no better answer than the load balancer: that is
// the app's fault. Whether a pod is ready doesn't decide about the NEG, the check does
// (ingress-controller.md §1.7), so that it is the cause only where both ask the same.
var readinessFailing = cause.Cause{
	ID:       "workload/readiness-failing",
	Title:    "The app fails its own readiness probe; that isn't the load balancer's fault",
	Needs:    append([]facts.Kind{facts.Probes}, needs...),
	Explains: append([]cause.ID{"health/path-not-found", "health/status-not-200", "health/auth-required"}, serving...),
	Check:    checkReadiness,
}

func checkReadiness(c cause.Case) (out cause.Outcome) {
	for _, g := range groups(c, unready) {
		f := g.finding(c)
		e, evidence, ok := told(c, g.pods, func(e cause.Event) bool {
			return e.Reason == "Unhealthy" && strings.HasPrefix(e.Message, "Readiness probe") && c.Facts.Now.Sub(e.At) < current
		})
		asked := probeOf(g)
		same := g.sameQuestion(asked, e.Message)
		switch {
		case ok && same:
		case g.answered(c):
			// The app answers the check, with something else than 200: that is said elsewhere.
			continue
		default:
			f.Confidence = cause.Likely
		}
		f.Headline = fmt.Sprintf("%s fails its own readiness probe (%s): the app is broken, not the load balancer", title(f.Subject), g.share())
		f.Summary = "The kubelet and the load balancer ask the app on the same port, and neither gets an answer that counts."
		if !same {
			f.Summary = "The kubelet calls the app broken, and the load balancer, which asks something else, gets no good answer either."
		}
		if ok {
			f.Evidence = append(f.Evidence, evidence)
		}
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: "container.pods.list", Link: cause.ObjectLink(podRef(c, g.pods[0])),
			Says: fmt.Sprintf("%s: its containers run and aren't Ready; the readiness probe %s", g.pods[0].Name, asked.says),
		}, g.Health())
		f.Fix = cause.Fix{
			Summary:  "read what the app says and repair it, or what it depends on; the load balancer follows by itself",
			Commands: []string{fmt.Sprintf("kubectl logs %s -n %s --all-containers --since=30m", handle(f.Subject), f.Subject.Namespace)},
			Caveat:   "another path for the health check would only send requests to an app that calls itself broken",
		}
		out.Findings = append(out.Findings, f)
	}
	if len(out.Findings) == 0 && c.Has(cause.BackendUnhealthy) {
		out.RuledOut = steady(c)
	}
	return out
}

// current is how old the last failure of a probe may be: the kubelet tells it with each.
const current = 15 * time.Minute

// unready: the containers run, and their own readiness probe keeps one of them from
// being Ready. A readiness gate that is shut is the load balancer's word, not the app's.
func unready(pod *corev1.Pod) bool {
	if glbc.IsReady(pod) || pod.DeletionTimestamp != nil {
		return false
	}
	failing := false
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running == nil {
			return false
		}
		failing = failing || !s.Ready && probes(pod, s.Name)
	}
	return failing
}

func probes(pod *corev1.Pod, name string) bool {
	for _, c := range pod.Spec.Containers {
		if c.Name == name {
			return c.ReadinessProbe != nil
		}
	}
	return false
}

// A question is what the kubelet asks the app.
type question struct {
	port int32
	path string
	says string
}

// probeOf is the readiness probe of the first container that isn't Ready.
func probeOf(g group) question {
	pod := g.pods[0]
	for _, s := range pod.Status.ContainerStatuses {
		for _, c := range pod.Spec.Containers {
			if s.Ready || c.Name != s.Name || c.ReadinessProbe == nil {
				continue
			}
			switch p := c.ReadinessProbe; {
			case p.HTTPGet != nil:
				q := question{port: portOf(c, p.HTTPGet.Port.StrVal, p.HTTPGet.Port.IntVal), path: "/" + strings.TrimPrefix(p.HTTPGet.Path, "/")}
				q.says = fmt.Sprintf("asks GET :%d%s", q.port, q.path)
				return q
			case p.TCPSocket != nil:
				q := question{port: portOf(c, p.TCPSocket.Port.StrVal, p.TCPSocket.Port.IntVal)}
				q.says = fmt.Sprintf("connects to :%d", q.port)
				return q
			case p.GRPC != nil:
				return question{port: p.GRPC.Port, says: fmt.Sprintf("asks gRPC :%d", p.GRPC.Port)}
			}
		}
	}
	return question{says: "runs a command"}
}

func portOf(c corev1.Container, name string, number int32) int32 {
	for _, p := range c.Ports {
		if name != "" && p.Name == name {
			return p.ContainerPort
		}
	}
	return number
}

// sameQuestion: check and kubelet ask one port, and the same of it, or the kubelet gets
// no connection there. Behind a node's port only pods that are ready are asked at all.
func (g group) sameQuestion(q question, message string) bool {
	if g.Nodes() {
		return true
	}
	hc, ok := g.HealthCheck.Get()
	if !ok || q.port == 0 || len(g.Bad) == 0 {
		return false
	}
	check := glbc.CheckOf(hc)
	if q.port != glbc.CheckedPort(g.Backend, check, glbc.EndpointOf(g.Bad, g.pods[0]), g.pods[0]) {
		return false
	}
	text := strings.ToLower(message)
	for _, word := range []string{"refused", "timeout", "deadline exceeded", "reset", "eof"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return q.path != "" && q.path == check.Path
}

// answered: the app was seen to answer the check, whatever the status.
func (g group) answered(c cause.Case) bool {
	for req, v := range c.Probes() {
		a, ok := v.Get()
		for _, pod := range g.pods {
			if ok && a.Status != 0 && req.Namespace == pod.Namespace && req.Pod == pod.Name {
				return true
			}
		}
	}
	for _, s := range c.Entries() {
		if s.Health != nil && s.Health.StatusCode() != 0 && g.Logged(c.Facts, cause.Logged(s)) {
			return true
		}
	}
	return false
}
