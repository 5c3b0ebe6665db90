package glbc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// An Inference is the health check that GLBC would create for a Service port today,
// and where it has it from (ingress-controller.md §2). An existing check is never
// changed by it.
type Inference struct {
	// Check has the serving port as 0.
	Check Check
	// From names the pod and container whose readiness probe it is; empty for the
	// default.
	From string
	// Pod and Container are those; nil and empty for the default.
	Pod       *corev1.Pod
	Container string
	// Why is the condition that keeps a readiness probe from being used; empty when one
	// is.
	Why string
}

// InferCheck applies the controller's rules: the oldest pod decides, the first
// container whose probe meets every condition wins. neg tells NEGs from instance
// groups. BackendConfigs come on top and aren't in it.
func InferCheck(svc *corev1.Service, port *corev1.ServicePort, neg bool, pods []*corev1.Pod) Inference {
	protocol := AppProtocol(svc, port.Name)
	in := Inference{Check: defaultCheck(protocol, neg)}
	for _, pod := range candidates(svc, pods) {
		for _, c := range pod.Spec.Containers {
			why := refuses(c, port, protocol)
			if why == "" {
				in.From, in.Why = pod.Name+"/"+c.Name, ""
				in.Pod, in.Container = pod, c.Name
				in.Check.apply(c.ReadinessProbe, neg)
				return in
			}
			if in.Why == "" || in.Why == noProbe {
				in.Why = why
			}
		}
	}
	if in.Why == "" {
		in.Why = "no pod matches the Service's selector"
	}
	return in
}

// defaultCheck has the controller's defaults (§2, table).
func defaultCheck(protocol string, neg bool) Check {
	if neg {
		return Check{Type: protocol, Path: "/", Interval: 15 * time.Second, Timeout: 15 * time.Second, Healthy: 1, Unhealthy: 2}
	}
	return Check{Type: protocol, Path: "/", Interval: time.Minute, Timeout: time.Minute, Healthy: 1, Unhealthy: 10}
}

// candidates are the pods that the controller looks at, oldest first: those of the
// Service, and with an empty selector all of the namespace.
func candidates(svc *corev1.Service, pods []*corev1.Pod) []*corev1.Pod {
	list := slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool {
		return p.Namespace != svc.Namespace || len(svc.Spec.Selector) > 0 && !Selects(svc, p)
	})
	slices.SortStableFunc(list, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return list
}

const noProbe = "there is no readiness probe"

// refuses names the first condition that a container's readiness probe doesn't
// meet; empty when it meets all.
func refuses(c corev1.Container, port *corev1.ServicePort, protocol string) string {
	p := c.ReadinessProbe
	if p == nil {
		return noProbe
	}
	get := p.HTTPGet
	if get == nil {
		return "the readiness probe of container " + c.Name + " isn't an HTTP request"
	}
	want := corev1.URISchemeHTTP
	if protocol != "HTTP" {
		want = corev1.URISchemeHTTPS
	}
	scheme := cmp.Or(get.Scheme, corev1.URISchemeHTTP)
	declared := declares(c, port)
	switch {
	case get.Host != "":
		return "the readiness probe of container " + c.Name + " names a host"
	case len(get.HTTPHeaders) > 1 || len(get.HTTPHeaders) == 1 && get.HTTPHeaders[0].Name != "Host":
		return "the readiness probe of container " + c.Name + " sends headers"
	case scheme != want:
		return fmt.Sprintf("the readiness probe of container %s speaks %s, the backend %s", c.Name, scheme, protocol)
	case len(declared) == 0:
		return "container " + c.Name + " doesn't declare the port " + port.TargetPort.String()
	case !slices.ContainsFunc(declared, func(p corev1.ContainerPort) bool { return refersTo(get.Port, &p) }):
		return fmt.Sprintf("the readiness probe of container %s asks port %s, the Service leads to %s", c.Name, get.Port.String(), port.TargetPort.String())
	}
	return ""
}

// declares lists the container ports that a Service port leads to, by number or name:
// one number may stand under two protocols.
func declares(c corev1.Container, port *corev1.ServicePort) []corev1.ContainerPort {
	var list []corev1.ContainerPort
	for i, p := range c.Ports {
		if refersTo(port.TargetPort, &c.Ports[i]) || port.TargetPort == (intstr.IntOrString{}) && p.ContainerPort == port.Port {
			list = append(list, p)
		}
	}
	return list
}

func refersTo(port intstr.IntOrString, p *corev1.ContainerPort) bool {
	if port.Type == intstr.String {
		return port.StrVal == p.Name
	}
	return port.IntVal == p.ContainerPort
}

// apply takes from a probe what the controller takes: path, Host, timeout, period;
// thresholds and port stay (§2, “Applied fields”).
func (c *Check) apply(p *corev1.Probe, neg bool) {
	c.Path = p.HTTPGet.Path
	if !strings.HasPrefix(c.Path, "/") {
		c.Path = "/" + c.Path
	}
	for _, h := range p.HTTPGet.HTTPHeaders {
		c.Host = h.Value
	}
	c.Timeout = time.Duration(max(p.TimeoutSeconds, 1)) * time.Second
	c.Interval = time.Duration(cmp.Or(p.PeriodSeconds, 10)) * time.Second
	if !neg {
		c.Interval += time.Minute
	}
}
