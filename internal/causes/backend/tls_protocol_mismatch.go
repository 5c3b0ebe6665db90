package backend

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// The load balancer speaks to the pods what the backend service's protocol says, which
// for an Ingress is HTTP unless the Service's app-protocols annotation names the port
// (ingress-controller.md §3). spec.ports[].appProtocol isn't read. Here requests show it;
// what only the check shows is health/protocol-mismatch's, a Gateway's backend
// gateway/app-protocol-missing's.
var tlsProtocolMismatch = cause.Cause{
	ID:    "backend/tls-protocol-mismatch",
	Title: "The load balancer and the app disagree about TLS",
	Needs: []facts.Kind{
		facts.Ingresses, facts.Services, facts.Pods, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth, facts.URLMaps, facts.Logs, facts.Probes,
	},
	Explains: []cause.ID{
		cause.BackendUnhealthy, cause.RequestsFailing, cause.PodsNotReadyInNEG, "health/protocol-mismatch", "health/status-not-200", "backend/keepalive-too-short",
	},
	Check: checkTLS,
}

func checkTLS(c cause.Case) (out cause.Outcome) {
	for _, t := range trafficOf(c) {
		if t.Gateway || t.Service == "" || t.unmatchedProtocols(c) {
			continue
		}
		var m mismatch
		switch t.live.GetProtocol() {
		case "HTTP":
			m = t.plainToTLS(c)
		case "HTTPS":
			m = t.tlsToPlain(c)
		}
		switch {
		case m.confidence != 0:
			out.Findings = append(out.Findings, t.disagree(c, m))
		case !t.Object.Known() && len(t.requests) > 0 && !t.served():
			out.Undecided = "whether " + t.Title() + " takes TLS: it couldn't be read, and no request got an answer of the app"
		}
	}
	return out
}

// A mismatch is what shows that the app speaks something else.
type mismatch struct {
	confidence cause.Confidence
	evidence   []cause.Evidence
	requests   []signal.Signal
}

func (m *mismatch) add(confidence cause.Confidence, source, says string) {
	m.confidence = max(m.confidence, confidence)
	m.evidence = append(m.evidence, cause.Evidence{Source: source, Says: says})
}

// unmatchedProtocols: the annotation asks, under a key that is no port's name; that is
// what must change.
func (t *traffic) unmatchedProtocols(c cause.Case) bool {
	on := t.Ref(c.Facts.ClusterName)
	return slices.ContainsFunc(c.Translation().Quirks, func(q glbc.Quirk) bool { return q.Code == glbc.AppProtocolsPortUnmatched && q.On == on })
}

// The words of servers that got plain HTTP on a TLS port: Go's net/http, nginx, Envoy
// and Apache's.
var plainOnTLS = []string{"Client sent an HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port", "speaking plain HTTP to an SSL-enabled server port"}

// plainToTLS: the load balancer speaks plain HTTP, and the port takes TLS. It must show:
// the app refuses requests, or says so to the check.
func (t *traffic) plainToTLS(c cause.Case) (m mismatch) {
	refused := slices.DeleteFunc(slices.Clone(t.requests), func(s signal.Signal) bool {
		byApp := s.Request.Status == 400 && s.Request.Failure() == ""
		return !byApp && s.Request.Failure() != signal.ClosedEarly && s.Request.Failure() != signal.ConnectFailed
	})
	if t.answers(c, "http") || t.served() {
		return m
	}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || !t.Logged(c.Facts, cause.Logged(s)) {
			continue
		}
		if slices.ContainsFunc(plainOnTLS, func(words string) bool { return strings.Contains(s.Health.ResultText, words) }) {
			m.add(cause.Proven, "health-check log", s.Health.ResultText)
			break
		}
	}
	if m.confidence == 0 && len(refused) == 0 {
		return m
	}
	for _, pod := range t.pods {
		if t.probedScheme(pod) == corev1.URISchemeHTTPS && glbc.IsReady(pod) {
			m.add(cause.Proven, "container.pods.list", fmt.Sprintf("the kubelet asks %s on port %d by HTTPS, and it is Ready", pod.Name, t.portOf(pod)))
			break
		}
	}
	if p := t.ServicePort; p != nil && (p.AppProtocol != nil && strings.EqualFold(*p.AppProtocol, "https") || p.Port == 443 || p.Name == "https" || p.TargetPort.StrVal == "https") {
		m.add(t.likelyTLS(refused), "container.services.list", "the Service's port is meant for HTTPS: "+portWords(p))
	}
	if m.confidence != 0 {
		m.requests = refused
	}
	return m
}

// likelyTLS: a port's name alone says little; together with an app that calls every
// request a bad one, or hangs up, it does.
func (t *traffic) likelyTLS(refused []signal.Signal) cause.Confidence {
	if len(refused) > 0 && len(refused) == len(t.requests) {
		return cause.Likely
	}
	return cause.Possible
}

func portWords(p *corev1.ServicePort) string {
	words := fmt.Sprintf("port %d", p.Port)
	if p.Name != "" {
		words += " " + p.Name
	}
	if p.AppProtocol != nil {
		words += ", appProtocol " + *p.AppProtocol + " (which GKE's Ingress doesn't read)"
	}
	return words
}

// tlsToPlain: the load balancer begins with a TLS handshake, and the port speaks plain
// HTTP.
func (t *traffic) tlsToPlain(c cause.Case) (m mismatch) {
	refused := t.failed(signal.ConnectFailed, signal.TLSFailed, signal.ClosedEarly)
	if len(refused) == 0 || t.answers(c, "https") || t.served() {
		return m
	}
	for req, v := range c.Probes() {
		if a, ok := v.Get(); ok && req.Scheme == "https" && t.asked(req) && strings.Contains(a.Unreachable, "server gave HTTP response to HTTPS client") {
			m.add(cause.Proven, "our probe", a.Unreachable)
			break
		}
	}
	if pod := t.plainPod(); pod != nil {
		m.add(cause.Proven, "container.pods.list", fmt.Sprintf("the kubelet asks %s on port %d in plain HTTP, and it is Ready", pod.Name, t.portOf(pod)))
	}
	if m.confidence != 0 {
		m.requests = refused
	}
	return m
}

// asked: a question of ours went to the port of one of the pods.
func (t *traffic) asked(req facts.ProbeRequest) bool {
	return slices.ContainsFunc(t.pods, func(p *corev1.Pod) bool {
		return p.Namespace == req.Namespace && p.Name == req.Pod && t.portOf(p) == req.Port
	})
}

// answers: a pod answered us in a scheme with something else than a refusal of plain
// text.
func (t *traffic) answers(c cause.Case, scheme string) bool {
	for req, v := range c.Probes() {
		if a, ok := v.Get(); ok && req.Scheme == scheme && t.asked(req) && a.Status != 0 && a.Status != 400 {
			return true
		}
	}
	return false
}

// served: the app answered some request of late as an app does, so that both sides
// speak the same.
func (t *traffic) served() bool {
	return slices.ContainsFunc(t.requests, func(s signal.Signal) bool { return s.Request.Failure() == "" && s.Request.Status != 400 })
}

func (t *traffic) disagree(c cause.Case, m mismatch) cause.Finding {
	speaks, should := t.live.GetProtocol(), "HTTPS"
	f := t.finding(c, m.confidence, m.requests)
	f.Headline = "The load balancer speaks plain HTTP to " + t.Title() + ", whose port takes TLS"
	f.Summary = "Without an app-protocols annotation for the port the backend service has protocol HTTP; the app refuses what isn't TLS."
	if speaks == "HTTPS" {
		should = "HTTP"
		f.Headline = "The load balancer speaks TLS to " + t.Title() + ", whose port takes plain HTTP"
		f.Summary = "The app-protocols annotation asks for HTTPS on the port, so requests and health check begin with a handshake that the app doesn't understand."
	}
	f.Evidence = append(m.evidence, f.Evidence...)
	f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.backendServices.list", Says: t.live.GetName() + " has protocol " + speaks, Link: cause.ComputeLink(glbc.Path(t.live))})
	if svc, ok := t.Object.Get(); ok {
		says := "no annotation " + glbc.AppProtocolsAnnotation
		if v, ok := svc.Annotations[protocolsKey(svc)]; ok {
			says = protocolsKey(svc) + " = " + v
		}
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.services.list", Says: says, Link: cause.ObjectLink(f.Subject)})
	}
	if !t.steady(c) {
		f.Severity = cause.Outage
	}
	f.Impact = "requests to " + t.Title() + " get no answer of the app"
	f.Fix.Summary = "Name the port with " + should + " in the Service's app-protocols annotation; the controller then changes backend service and health check."
	t.speak(&f.Fix, should)
	f.Fix.Caveat = "GKE's Ingress reads the annotation by the port's name, and not spec.ports[].appProtocol."
	f.Change = t.wroteProtocol(c, f.Subject, speaks)
	f.Explains = append([]cause.ID{"health/protocol-mismatch", "health/status-not-200", "backend/keepalive-too-short"}, cause.BackendUnhealthy, cause.RequestsFailing, cause.PodsNotReadyInNEG)
	return f
}
