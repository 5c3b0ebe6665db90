package health

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The check speaks HTTP to a port that speaks TLS, or the reverse (gcp-facts.md §3,
// "Connect failed"; unicorn-envoy in incidents.jsonl).
var protocolMismatch = cause.Cause{
	ID:       "health/protocol-mismatch",
	Title:    "The health check speaks HTTP to a TLS port, or TLS to a plain one",
	Needs:    needs(facts.BackendConfigs, facts.ThirdPartyObjects),
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing, "health/status-not-200", "health/probe-not-inferable"},
	Check:    checkProtocol,
}

func checkProtocol(c cause.Case) cause.Outcome {
	return judge(c, (*backend).wrongProtocol, (*backend).protocolFinding, (*backend).nothing)
}

// wrongProtocol: the port answers in the other scheme, and in the check's only that it
// doesn't speak it. Many servers say so with 400.
func (b *backend) wrongProtocol() (cause.Confidence, answer) {
	confidence, a := b.rejection()
	if len(b.answers) > 0 && a.status != 400 || confidence == 0 && b.asked() {
		return 0, answer{}
	}
	word := inWord(b.refused)
	fails := a.status == 400 || word == "speaks no TLS" || word == "hangs up" || word == "reset" || word == "TLS fails"
	saysLog := strings.Contains(strings.ToLower(b.silent), "connect failed") || strings.Contains(strings.ToLower(b.silent), "reset") || a.status == 400 && !a.probed
	switch {
	case fails && b.swapped.talks() && b.swapped.asked.Port == b.port:
		return cause.Proven, a
	case saysLog && b.swapped.Unreachable == "" && b.kubeletSpeaksOther():
		return cause.Likely, a
	}
	return 0, answer{}
}

// kubeletSpeaksOther: the pods are Ready by an HTTP probe of the same port in the other
// scheme.
func (b *backend) kubeletSpeaksOther() bool {
	probe, container, ok := b.readinessProbe()
	return ok && probe.HTTPGet != nil && glbc.ProbePort(container, probe.HTTPGet.Port) == b.port &&
		(scheme(probe.HTTPGet) == "") != (b.check.Type == "HTTP")
}

func (b *backend) protocolFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	tls := b.check.Type == "HTTP"
	f.Headline = fmt.Sprintf("The health check speaks %s to port %d of %s, which takes only plain HTTP", b.check.Type, b.port, b.app())
	f.Summary = "The pods serve plain HTTP there, so the check's TLS handshake fails before it asks anything."
	if tls {
		f.Headline = fmt.Sprintf("The health check speaks plain HTTP to port %d of %s, which takes only TLS", b.port, b.app())
		f.Summary = "The pods serve TLS there and turn plain HTTP away, so the check never gets its 200."
	}
	f.Contract = b.contract(a)
	if b.swapped.talks() {
		f.Evidence = append([]cause.Evidence{{Source: "probe of " + b.swapped.asked.Pod, Says: fmt.Sprintf("%s → %d", askedOf(b.swapped.asked), b.swapped.Status)}}, f.Evidence...)
	}
	f.Subject = b.Ref(c.Facts.ClusterName)
	if on := b.whoSets(c.Facts, glbc.CheckFieldType); on.Kind != facts.KindHealthCheck {
		f.Subject = on
	}
	f.Fix = b.fixScheme(f.Subject, tls)
	return f
}
