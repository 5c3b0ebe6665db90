package endpoint

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// A listening is what is known of the port at which the load balancer reaches the pods of
// an ailing Backend: whether anybody listens there.
type listening struct {
	cause.Ailing
	// pods are those behind the failing endpoints that have been up for long enough; of
	// is how many endpoints fail in all.
	pods []*corev1.Pod
	of   int
	// port is the serving port, the check's and the requests' alike.
	port int32
	// refused is who met a closed port; answered and silent are what was seen otherwise.
	refused          []cause.Evidence
	answered, silent bool
	// unreachable: our own probe got no answer, for another reason; open: since the
	// connection that it got broke, so that somebody listens.
	unreachable, open bool
	// others are the pods' ports that our own probe got an answer from.
	others []int32
}

// listens looks at every ailing Backend whose check uses the serving port. A check that
// asks another port is another matter.
func listens(c cause.Case) (list []listening) {
	for _, a := range c.Ailing() {
		hc, ok := a.HealthCheck.Get()
		if !ok || a.Empty || a.ServicePort == nil {
			continue
		}
		check := glbc.CheckOf(hc)
		pods, others := a.Behind()
		l := listening{Ailing: a, of: len(pods) + others}
		for _, pod := range pods {
			if serving := glbc.ServingPort(pod, a.ServicePort); serving != 0 && settled(c, pod, check) && glbc.CheckedPort(a.Backend, check, glbc.EndpointOf(a.Bad, pod), pod) == serving {
				l.pods, l.port = append(l.pods, pod), serving
			}
		}
		if len(l.pods) == 0 {
			continue
		}
		l.probe(c)
		l.read(c)
		list = append(list, l)
	}
	return list
}

// settled: all containers of a pod are ready, as far as the kubelet can tell, and have
// had the time to begin to listen.
func settled(c cause.Case, pod *corev1.Pod, check glbc.Check) bool {
	if !glbc.Lives(pod) || c.Facts.Now.Sub(glbc.Started(pod)) < glbc.ReadyIn(pod, check) {
		return false
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running == nil || !s.Ready || c.Facts.Now.Sub(s.State.Running.StartedAt.Time) < glbc.ReadyIn(pod, check) {
			return false
		}
	}
	return glbc.IsReady(pod) || slices.ContainsFunc(pod.Status.Conditions, func(cond corev1.PodCondition) bool {
		return cond.Type == corev1.ContainersReady && cond.Status == corev1.ConditionTrue
	})
}

// probe takes what our own probe met.
func (l *listening) probe(c cause.Case) {
	for req, v := range c.Probes() {
		a, ok := v.Get()
		if !ok || !slices.ContainsFunc(l.pods, func(p *corev1.Pod) bool { return p.Namespace == req.Namespace && p.Name == req.Pod }) {
			continue
		}
		switch {
		case req.Port != l.port && a.Status != 0:
			if !slices.Contains(l.others, req.Port) {
				l.others = append(l.others, req.Port)
			}
		case req.Port != l.port:
		case a.Status != 0:
			l.answered = true
		case refuses(a.Unreachable):
			l.refused = append(l.refused, cause.Evidence{Source: "our probe", Says: req.Pod + " refuses connections to port " + itoa(req.Port)})
		default:
			l.unreachable = true
			l.open = l.open || breaks(a.Unreachable)
		}
	}
	slices.Sort(l.others)
	slices.SortFunc(l.refused, func(a, b cause.Evidence) int { return cmp.Compare(a.Says, b.Says) })
}

// read takes the newest words of Google's prober on each failing endpoint.
func (l *listening) read(c cause.Case) {
	seen := map[string]bool{}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || seen[s.Health.IP] || !l.Logged(c.Facts, cause.Logged(s)) ||
			!slices.ContainsFunc(l.Bad, func(e glbc.Endpoint) bool { return e.Node || s.Health.IP == "" || e.IP == s.Health.IP }) {
			continue
		}
		seen[s.Health.IP] = true
		switch {
		case s.Health.State != "UNHEALTHY":
		case s.Health.StatusCode() != 0:
			l.answered = true
		case refuses(s.Health.ResultText):
			l.refused = append(l.refused, cause.Evidence{
				Source: "health-check log", Link: cause.EntryLink(c.Facts.Project, s.ID, s.At), Says: "the prober says of " + s.Health.IP + ": " + shortened(s.Health.ResultText),
			})
		default:
			l.silent = true
		}
	}
}

func refuses(text string) bool { return strings.Contains(strings.ToLower(text), "refused") }

// breaks: a connection came about, and was broken off.
func breaks(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"tls", "certificate", "handshake", "reset", "eof", "malformed"}, func(word string) bool { return strings.Contains(text, word) })
}

// closed: somebody met a closed port, and nobody an answer or an open one.
func (l listening) closed() bool { return len(l.refused) > 0 && !l.answered && !l.open }

// kubeletsPort is another port at which the kubelet gets its answers; 0 where it asks
// the serving port itself, then own is true, or none.
func (l listening) kubeletsPort() (port int32, own bool) {
	pod := l.pods[0]
	for _, c := range pod.Spec.Containers {
		for _, p := range []*corev1.Probe{c.ReadinessProbe, c.LivenessProbe} {
			n := probed(c, p)
			own = own || n == l.port
			if n != 0 && n != l.port && port == 0 && glbcReady(pod) {
				port = n
			}
		}
	}
	return port, own
}

func glbcReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.ContainersReady && c.Status == corev1.ConditionTrue
	}) || glbc.IsReady(pod)
}

// probed is the port of the pod that a probe of the kubelet's asks; 0 where it asks none.
func probed(c corev1.Container, p *corev1.Probe) int32 {
	switch {
	case p == nil:
		return 0
	case p.HTTPGet != nil && p.HTTPGet.Host == "":
		return resolved(c, p.HTTPGet.Port.StrVal, p.HTTPGet.Port.IntVal)
	case p.TCPSocket != nil && p.TCPSocket.Host == "":
		return resolved(c, p.TCPSocket.Port.StrVal, p.TCPSocket.Port.IntVal)
	case p.GRPC != nil:
		return p.GRPC.Port
	}
	return 0
}

func resolved(c corev1.Container, name string, number int32) int32 {
	for _, p := range c.Ports {
		if name != "" && p.Name == name {
			return p.ContainerPort
		}
	}
	return number
}

// declared are the TCP ports that a pod's containers name.
func declared(pod *corev1.Pod) (ports []int32) {
	for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		for _, p := range c.Ports {
			if (p.Protocol == corev1.ProtocolTCP || p.Protocol == "") && !slices.Contains(ports, p.ContainerPort) {
				ports = append(ports, p.ContainerPort)
			}
		}
	}
	return ports
}

func declares(pod *corev1.Pod, port int32) bool {
	return port != 0 && slices.Contains(declared(pod), port)
}
