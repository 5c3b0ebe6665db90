package network

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The pods' sidecar takes nothing but the mesh's own mutual TLS on the port that the load
// balancer asks. The kubelet's probes are rewritten by the sidecar's injector, so the
// pods are Ready; Google's check and requests aren't, and the sidecar resets them.
var strictMTLS = cause.Cause{
	ID:    "network/mesh-mtls-strict",
	Title: "The service mesh takes only mutual TLS on the port that the load balancer asks",
	Needs: []facts.Kind{
		facts.ThirdPartyObjects, facts.Pods, facts.Services, facts.Ingresses, facts.BackendServices, facts.HealthChecks, facts.BackendHealth,
		facts.RegionBackendHealth, facts.Probes, facts.Logs,
	},
	Explains: unreached,
	Check:    checkStrictMTLS,
}

func checkStrictMTLS(c cause.Case) cause.Outcome {
	all, ok := c.Facts.PeerAuthentications.Get()
	if !ok || !c.Facts.PeerAuthentications.Known() {
		return cause.Outcome{Undecided: unseenByMesh(c, nil)}
	}
	var list []shut
	var by []*facts.PeerAuthentication
	plain := ""
	for _, b := range c.Backends() {
		s, policy, why := strictOn(c, b, all)
		if plain = why; len(s.pods) == 0 {
			continue
		}
		list, by = append(list, s), append(by, policy)
	}
	if len(list) == 0 {
		if plain != "" && c.Has(cause.BackendUnhealthy) {
			return cause.Outcome{RuledOut: plain}
		}
		return cause.Outcome{Undecided: unseenByMesh(c, all)}
	}
	policy := by[0]
	list = keepSame(list, by)
	f := podFinding(c, list)
	f.Subject = podRef(c, facts.KindPeerAuthentication, policy.Namespace, policy.Name)
	f.Headline = fmt.Sprintf("PeerAuthentication %s/%s makes the pods of %s take only mutual TLS on :%d, which Google's load balancer doesn't speak", policy.Namespace, policy.Name, list[0].Service, list[0].port)
	f.Summary = "The pods' sidecar resets plain connections; only the kubelet's probes are rewritten to get around it, so the pods are Ready and the load balancer's checks and requests fail."
	if !slices.ContainsFunc(list, func(s shut) bool { return s.asked }) {
		f.Summary = "The pods' sidecar resets plain connections. The check goes to a port that it leaves alone, so endpoints are HEALTHY, and the requests that come to this one fail."
		f.Impact = fmt.Sprintf("requests to :%d are reset, so clients get 502 or 503, though the health check passes", list[0].port)
	}
	f.Evidence = append(meshEvidence(c, list, policy), podEvidence(c, list)...)
	f.Change = made(c, f, "spec")
	f.Fix = permissive(policy, list)
	return cause.Outcome{Findings: []cause.Finding{f}}
}

// keepSame leaves what the first policy does.
func keepSame(list []shut, by []*facts.PeerAuthentication) []shut {
	var kept []shut
	for i, s := range list {
		if by[i] == by[0] {
			kept = append(kept, s)
		}
	}
	return kept
}

// strictOn finds the pods behind failing endpoints, or behind all where the check goes
// around the sidecar, that take only mutual TLS on the port; plain is why one surely
// takes more.
func strictOn(c cause.Case, b glbc.Backend, all []*facts.PeerAuthentication) (s shut, by *facts.PeerAuthentication, plain string) {
	hc, ok := b.HealthCheck.Get()
	if !ok || b.Service == "" {
		return shut{}, nil, ""
	}
	check := glbc.CheckOf(hc)
	ends, bad := glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
	s = shut{Backend: b, all: ends, bad: bad, asked: true, confidence: cause.Proven}
	pods, behind := behindBad(c, b, bad)
	for i, pod := range pods {
		port := glbc.CheckedPort(b, check, behind[i], pod)
		policy := effective(all, pod, port)
		status, met := probedWith(c, pod, port)
		h := saysOf(c, b, behind[i])
		resetByLog := h != nil && isReset(h.ResultText)
		switch {
		case port == 0 || !sidecar(pod):
		case policy == nil || !intercepted(pod, port):
			plain = fmt.Sprintf("the sidecar of %s takes plain text on :%d", pod.Name, port)
		case status != 0 || h != nil && h.StatusCode() != 0:
			plain = fmt.Sprintf("%s answers plain requests on :%d", pod.Name, port)
		case !isReset(met) && asksInVain(c, pod, port) && !resetByLog:
			// What our own probe would have got decides, and couldn't be read.
		default:
			s.pods, s.port, by = append(s.pods, pod), port, policy
			if !isReset(met) && !resetByLog {
				s.confidence = cause.Likely
			}
		}
	}
	if len(s.pods) > 0 || len(bad) > 0 {
		return s, by, plain
	}
	return strictForRequests(c, s, all, check)
}

// isReset: the sidecar's answer to who speaks plain text.
func isReset(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "reset") || strings.Contains(text, "eof")
}

// asksInVain: our own probe was to ask a pod's port, and nothing is known of its answer.
func asksInVain(c cause.Case, pod *corev1.Pod, port int32) bool {
	for req, v := range c.Probes() {
		if req.Namespace == pod.Namespace && req.Pod == pod.Name && req.Port == port && !v.Known() {
			return true
		}
	}
	return false
}

// strictForRequests: the check goes to a port that the sidecar leaves alone, and the one
// that serves takes only mutual TLS: endpoints are HEALTHY, and every request fails.
func strictForRequests(c cause.Case, s shut, all []*facts.PeerAuthentication, check glbc.Check) (shut, *facts.PeerAuthentication, string) {
	var by *facts.PeerAuthentication
	s.asked = false
	if !c.Has(cause.RequestsFailing) {
		s.confidence = cause.Likely
	}
	for _, e := range s.all {
		if e.Pod == nil || !sidecar(e.Pod) {
			continue
		}
		port := glbc.ServingPort(e.Pod, s.ServicePort)
		asked := glbc.CheckedPort(s.Backend, check, e, e.Pod)
		policy := effective(all, e.Pod, port)
		if port == 0 || asked == port || policy == nil || !intercepted(e.Pod, port) {
			continue
		}
		s.pods, s.port, by = append(s.pods, e.Pod), port, policy
	}
	return s, by, ""
}

// unseenByMesh says that it can't be told whether requests are taken, where the check goes
// around the sidecar, or may: endpoints are HEALTHY either way.
func unseenByMesh(c cause.Case, all []*facts.PeerAuthentication) string {
	if c.Facts.PeerAuthentications.IsAbsent() {
		return ""
	}
	for _, b := range c.Backends() {
		if b.Service == "" {
			continue
		}
		hc, known := b.HealthCheck.Get()
		pods, err := glbc.PodsOf(c.Facts, b)
		around := known && slices.Contains(ownPorts, glbc.CheckOf(hc).Port)
		strict := slices.ContainsFunc(pods, func(pod *corev1.Pod) bool {
			port := glbc.ServingPort(pod, b.ServicePort)
			return sidecar(pod) && effective(all, pod, port) != nil && intercepted(pod, port)
		})
		if around && (err != nil || !c.Facts.PeerAuthentications.Known()) || !known && strict {
			return "whether the mesh takes the load balancer's requests to " + b.Service
		}
	}
	return ""
}

// sidecar: the pod has an app besides the proxy. A gateway of the mesh is a proxy alone,
// and what it takes isn't PeerAuthentication's to say.
func sidecar(pod *corev1.Pod) bool {
	return glbc.InMesh(pod) && slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name != "istio-proxy" })
}

// ownPorts are the sidecar's: health, readiness and metrics, which speak plain text.
var ownPorts = []int32{15020, 15021, 15090}

// intercepted: what comes in to the port goes through the sidecar, as annotations of the
// pod may say otherwise.
func intercepted(pod *corev1.Pod, port int32) bool {
	text := fmt.Sprint(port)
	lists := func(key string) ([]string, bool) {
		value, ok := pod.Annotations["traffic.sidecar.istio.io/"+key]
		return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }), ok
	}
	if excluded, _ := lists("excludeInboundPorts"); slices.Contains(excluded, text) {
		return false
	}
	if included, ok := lists("includeInboundPorts"); ok && !slices.Contains(included, "*") && !slices.Contains(included, text) {
		return false
	}
	return !slices.Contains(ownPorts, port)
}

// effective is the policy that makes a pod's port STRICT; nil where none does. One that
// selects the pod comes before that of its namespace, which comes before the mesh's; of
// several the oldest counts, and UNSET leaves it to the next.
func effective(all []*facts.PeerAuthentication, pod *corev1.Pod, port int32) *facts.PeerAuthentication {
	if p := oldest(all, func(p *facts.PeerAuthentication) bool { return p.Namespace == pod.Namespace && selects(p, pod) }); p != nil {
		if own, ok := p.Spec.PortLevelMTLS[fmt.Sprint(port)]; ok && set(own.Mode) {
			return strict(p, own.Mode)
		}
		if p.Spec.MTLS != nil && set(p.Spec.MTLS.Mode) {
			return strict(p, p.Spec.MTLS.Mode)
		}
	}
	for _, namespace := range []string{pod.Namespace, glbc.MeshNamespace} {
		p := oldest(all, func(p *facts.PeerAuthentication) bool { return p.Namespace == namespace && !selective(p) })
		if p != nil && p.Spec.MTLS != nil && set(p.Spec.MTLS.Mode) {
			return strict(p, p.Spec.MTLS.Mode)
		}
	}
	return nil
}

func set(mode string) bool { return mode != "" && mode != "UNSET" }

func strict(p *facts.PeerAuthentication, mode string) *facts.PeerAuthentication {
	if mode == "STRICT" {
		return p
	}
	return nil
}

func selective(p *facts.PeerAuthentication) bool {
	return p.Spec.Selector != nil && len(p.Spec.Selector.MatchLabels) > 0
}

func selects(p *facts.PeerAuthentication, pod *corev1.Pod) bool {
	if !selective(p) {
		return false
	}
	for k, v := range p.Spec.Selector.MatchLabels {
		if pod.Labels[k] != v {
			return false
		}
	}
	return true
}

func oldest(all []*facts.PeerAuthentication, of func(*facts.PeerAuthentication) bool) (found *facts.PeerAuthentication) {
	for _, p := range all {
		if of(p) && (found == nil || p.CreationTimestamp.Before(&found.CreationTimestamp)) {
			found = p
		}
	}
	return found
}
