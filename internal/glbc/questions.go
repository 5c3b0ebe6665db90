package glbc

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

// Questions are the requests to one pod that tell why its endpoint fails. A zero
// request isn't asked.
type Questions struct {
	// Check is what the health check asks.
	Check facts.ProbeRequest
	// Readiness is what the kubelet asks, where that is another request that can be
	// repeated: over HTTP, to the pod's own address, without headers.
	Readiness facts.ProbeRequest
	// Serving is the check's path on the port that serves, where the check asks another.
	Serving facts.ProbeRequest
	// Swapped is the check's request in the other scheme, where no other question tells
	// which of them the port speaks.
	Swapped facts.ProbeRequest
}

// QuestionsTo are the requests to a pod behind an endpoint of a Backend.
func QuestionsTo(b Backend, check Check, e Endpoint, pod *corev1.Pod) Questions {
	var q Questions
	ask := func(port int32, scheme, path string) facts.ProbeRequest {
		return facts.ProbeRequest{Namespace: pod.Namespace, Pod: pod.Name, Port: port, Scheme: scheme, Path: path}
	}
	port := CheckedPort(b, check, e, pod)
	if port != 0 {
		q.Check = ask(port, check.Scheme(), check.Path)
	}
	serving := ServingPort(pod, b.ServicePort)
	if !e.Node && e.Port != 0 {
		serving = e.Port
	}
	if c := ProbedContainer(pod, cmp.Or(port, serving)); c != nil {
		q.Readiness = repeatable(*c, ask)
	}
	if q.Readiness == q.Check {
		q.Readiness = facts.ProbeRequest{}
	}
	if serving != 0 && serving != port && q.Readiness.Port != serving {
		q.Serving = ask(serving, check.Scheme(), check.Path)
	}
	if port != 0 && !tellsScheme(pod, port, check.Scheme()) {
		q.Swapped = ask(port, other(check.Scheme()), check.Path)
	}
	if q.Swapped.Port == q.Readiness.Port && q.Swapped.Scheme == q.Readiness.Scheme {
		q.Swapped = facts.ProbeRequest{}
	}
	return q
}

func other(scheme string) string {
	if scheme == "http" {
		return "https"
	}
	return "http"
}

// tellsScheme: the kubelet asks the port in the check's scheme and calls the pod Ready.
func tellsScheme(pod *corev1.Pod, port int32, scheme string) bool {
	return IsReady(pod) && slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return c.ReadinessProbe != nil && c.ReadinessProbe.HTTPGet != nil && ProbePort(c, c.ReadinessProbe.HTTPGet.Port) == port &&
			schemeOf(c.ReadinessProbe.HTTPGet) == scheme
	})
}

// repeatable is a container's readiness probe as a request of ours; zero where it
// can't be one.
func repeatable(c corev1.Container, ask func(int32, string, string) facts.ProbeRequest) facts.ProbeRequest {
	get := c.ReadinessProbe.HTTPGet
	if get == nil || get.Host != "" || len(get.HTTPHeaders) > 0 || ProbePort(c, get.Port) == 0 {
		return facts.ProbeRequest{}
	}
	return ask(ProbePort(c, get.Port), schemeOf(get), ProbePath(get))
}

// ProbedContainer is the container whose readiness probe counts for a port: the one
// that declares it, else the first that has a probe; nil where none has.
func ProbedContainer(pod *corev1.Pod, port int32) (found *corev1.Container) {
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		if c.ReadinessProbe == nil {
			continue
		}
		if slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == port }) {
			return c
		}
		if found == nil {
			found = c
		}
	}
	return found
}

// ProbePort is the number of a probe's port; 0 for a name that the container doesn't
// declare.
func ProbePort(c corev1.Container, port intstr.IntOrString) int32 {
	if port.Type == intstr.Int {
		return port.IntVal
	}
	for _, p := range c.Ports {
		if p.Name == port.StrVal {
			return p.ContainerPort
		}
	}
	return 0
}

// ProbePath is the path of a probe, which begins with a slash.
func ProbePath(get *corev1.HTTPGetAction) string {
	if strings.HasPrefix(get.Path, "/") {
		return get.Path
	}
	return "/" + get.Path
}

func schemeOf(get *corev1.HTTPGetAction) string {
	if get.Scheme == corev1.URISchemeHTTPS {
		return "https"
	}
	return "http"
}
