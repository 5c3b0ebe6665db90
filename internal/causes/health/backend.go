package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/knownapp"
	"plumbline/internal/signal"
)

// A backend is one Service port whose HTTP health check fails, with everything
// that tells what the check gets for an answer.
type backend struct {
	glbc.Backend
	check glbc.Check
	// all are the endpoints that the load balancer knows, bad those that fail.
	all, bad []glbc.Endpoint
	// pods are those behind the bad endpoints.
	pods []*corev1.Pod
	port int32
	// answers are those that were observed, one a pod or endpoint.
	answers []answer
	setting knownapp.Setting
	// policy is the HealthCheckPolicy of a Gateway's backend.
	policy facts.Value[*facts.HealthCheckPolicy]
	// contradicted: a HEALTHY endpoint's pod has the same setting, or a HEALTHY node
	// leads to the same pods.
	contradicted bool
	// refused is what our own probe met instead of an app, silent what the check met.
	refused, silent string
	// unread: the check logs what it gets, and the log couldn't be read, or not the
	// NEGs whose numbers its entries carry.
	unread bool
	// readiness, serving and swapped are what the other questions brought
	// (glbc.Questions).
	readiness, serving, swapped reply
	// logged are the newest entries of the failing endpoints.
	logged []*signal.Health
	in     cause.Case
}

// A reply is what a pod said to a question besides the check's own.
type reply struct {
	asked facts.ProbeRequest
	facts.ProbeAnswer
}

// talks: the app answered, whatever it said.
func (r reply) talks() bool { return r.Status != 0 }

// An answer is what an app said to the check's request.
type answer struct {
	// probed: our own probe saw it; otherwise the health-check log names it.
	probed   bool
	status   int
	location string
	// host is the one that the probe sent, the API server's.
	host   string
	source string
	at     time.Time
	entry  string
}

// failing joins the target's backends whose endpoints fail an HTTP check.
func failing(c cause.Case) []backend {
	var list []backend
	for _, gb := range c.Backends() {
		hc, ok := gb.HealthCheck.Get()
		if !ok {
			continue
		}
		b := backend{Backend: gb, check: glbc.CheckOf(hc)}
		if !b.check.HTTP() {
			continue
		}
		b.all, b.bad = glbc.FailingEndpoints(c.Facts, gb, c.LoggedUnhealthy())
		if len(b.bad) == 0 {
			continue
		}
		b.observe(c)
		list = append(list, b)
	}
	return list
}

// judge asks of every failing backend how sure a cause is, and on which answer: 0
// is no. Where it is none of them, the evidence against it is kept.
func judge(
	c cause.Case,
	weigh func(*backend) (cause.Confidence, answer),
	find func(*backend, cause.Case, cause.Confidence, answer) cause.Finding,
	refute func(*backend) string,
) cause.Outcome {
	bad := failing(c)
	if len(bad) == 0 {
		return recovered(c)
	}
	var out cause.Outcome
	for i := range bad {
		confidence, a := weigh(&bad[i])
		if confidence == 0 {
			out.RuledOut = refute(&bad[i])
			continue
		}
		out.Findings = append(out.Findings, find(&bad[i], c, confidence, a))
	}
	if len(out.Findings) > 0 {
		out.RuledOut = ""
	}
	return out
}

func (b *backend) observe(c cause.Case) {
	b.in = c
	if b.Gateway {
		b.policy = glbc.HealthCheckPolicyOf(c.Facts, b.Namespace, b.Service)
	}
	b.pods = glbc.PodsBehind(c.Facts, b.Backend, b.bad)
	for _, pod := range b.pods {
		b.port = glbc.CheckedPort(b.Backend, b.check, glbc.EndpointOf(b.bad, pod), pod)
		req := facts.ProbeRequest{Namespace: pod.Namespace, Pod: pod.Name, Port: b.port, Scheme: b.check.Scheme(), Path: b.check.Path}
		a, ok := c.Facts.Probes[req].Get()
		switch {
		case !ok:
		case a.Unreachable != "":
			b.refused = a.Unreachable
		default:
			b.answers = append(b.answers, answer{probed: true, status: a.Status, location: a.Location, host: a.HostSent, source: "probe of " + pod.Name, at: a.At})
		}
		b.hear(c.Facts, pod)
		if st := settingOf(c, pod); b.setting.App == "" || !b.setting.RedirectsToHTTPS && st.RedirectsToHTTPS {
			b.setting = st
		}
	}
	if b.Service == "" {
		b.port = cmp.Or(b.check.Port, b.bad[0].Port)
	}
	for _, e := range b.all {
		if e.Healthy() && (e.Node || e.Pod != nil && settingOf(c, e.Pod).RedirectsToHTTPS) {
			b.contradicted = true
		}
	}
	b.readLog(c)
}

// hear takes the replies of the first pod that gave them.
func (b *backend) hear(s *facts.Snapshot, pod *corev1.Pod) {
	q := glbc.QuestionsTo(b.Backend, b.check, glbc.EndpointOf(b.bad, pod), pod)
	for _, of := range []struct {
		to    *reply
		asked facts.ProbeRequest
	}{{&b.readiness, q.Readiness}, {&b.serving, q.Serving}, {&b.swapped, q.Swapped}} {
		a, ok := s.Probes[of.asked].Get()
		if ok && of.asked.Port != 0 && of.to.asked.Port == 0 {
			*of.to = reply{asked: of.asked, ProbeAnswer: a}
		}
	}
	if b.serving.asked.Port == 0 && q.Readiness.Port != b.port {
		b.serving = b.readiness
	}
	if b.swapped.asked.Port == 0 && q.Readiness.Port == b.port && q.Readiness.Scheme != b.check.Scheme() {
		b.swapped = b.readiness
	}
}

// readLog takes the newest entry of each failing endpoint: an older answer is none.
func (b *backend) readLog(c cause.Case) {
	b.unread = b.check.Logging && (!c.Facts.History.Known() || !c.Facts.NEGs.Known())
	seen := map[string]bool{}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || !b.concerns(c.Facts, s) || seen[s.Health.IP] {
			continue
		}
		seen[s.Health.IP] = true
		if s.Health.State == "UNHEALTHY" {
			b.logged = append(b.logged, s.Health)
		}
		switch code := s.Health.StatusCode(); {
		case s.Health.State != "UNHEALTHY":
		case code != 0:
			b.answers = append(b.answers, answer{status: code, source: "health-check log", at: s.At, entry: s.ID})
		case noApp(s.Health):
			b.silent = s.Health.ResultText
		}
	}
}

// noApp: the prober's words say that no HTTP answer came.
func noApp(h *signal.Health) bool {
	text := strings.ToLower(h.ResultText)
	return h.Detailed == "TIMEOUT" || strings.Contains(text, "timeout") || strings.Contains(text, "timed out") || strings.Contains(text, "refused") ||
		strings.Contains(text, "reset") || strings.Contains(text, "connect failed")
}

// concerns: the entry is about this backend's port and one of its failing
// endpoints.
func (b *backend) concerns(s *facts.Snapshot, sig signal.Signal) bool {
	return b.Logged(s, cause.Logged(sig)) && slices.ContainsFunc(b.bad, func(e glbc.Endpoint) bool {
		return sig.Health.IP == "" || sig.Health.IP == e.IP || e.Node
	})
}

func settingOf(c cause.Case, pod *corev1.Pod) knownapp.Setting {
	configMap := func(name string) facts.Value[*corev1.ConfigMap] {
		return c.Facts.ConfigMaps[pod.Namespace+"/"+name]
	}
	written := func(name string) knownapp.Written {
		ch, sure := configMapChange(c, pod.Namespace, name, knownapp.ArgoCDKey)
		if ch == nil || sure == untold {
			return knownapp.Written{}
		}
		return knownapp.Written{At: ch.At, Exact: sure == exact}
	}
	return knownapp.SettingOf(pod, configMap, written)
}

// redirects are the observed answers that point elsewhere, the probe's first.
func (b *backend) redirects() (probed, logged []answer) {
	for _, a := range b.answers {
		switch {
		case !redirectStatus(a.status):
		case a.probed:
			probed = append(probed, a)
		default:
			logged = append(logged, a)
		}
	}
	return probed, logged
}

// redirectStatus: the codes that send a client elsewhere (RFC 9110 §15.4).
func redirectStatus(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// asked reports that our own probe got any answer from the app.
func (b *backend) asked() bool {
	for _, a := range b.answers {
		if a.probed {
			return true
		}
	}
	return false
}

// otherAnswer is an observed answer that is no redirect; empty when there is none.
func (b *backend) otherAnswer() string {
	for _, a := range b.answers {
		if a.status < 300 || a.status >= 400 {
			return fmt.Sprintf("%s got %d", a.source, a.status)
		}
	}
	return ""
}

// settingDecides: the proven setting is about the port that the check asks, over
// plain HTTP, and no endpoint with the same setting is HEALTHY.
func (b *backend) settingDecides() bool {
	return b.setting.RedirectsToHTTPS && b.check.Type == "HTTP" && b.port == b.setting.Port && !b.contradicted
}
