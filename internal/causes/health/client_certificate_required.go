package health

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// The serving port takes TLS from those only who show a certificate, and neither Google's
// check nor the load balancer has one (ingress-gce #553). A mesh that demands it is
// another cause.
var clientCertificateRequired = cause.Cause{
	ID:       "health/client-certificate-required",
	Title:    "The port wants a client certificate, which Google's health check doesn't have",
	Needs:    answerNeeds,
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing, "health/status-not-200", "health/protocol-mismatch"},
	Check:    checkClientCertificate,
}

func checkClientCertificate(c cause.Case) cause.Outcome {
	return judge(c, (*backend).wantsCertificate, (*backend).certificateFinding, (*backend).nothing)
}

// wantsCertificate: the TLS handshake ended with the alert that says so. Over plain HTTP
// such a port answers 400 at most.
func (b *backend) wantsCertificate() (cause.Confidence, answer) {
	_, a := b.rejection()
	alert := func(text string) bool {
		return strings.Contains(text, "certificate required") || strings.Contains(text, "bad certificate")
	}
	switch {
	case slices.ContainsFunc(b.pods, glbc.InMesh):
		return 0, answer{}
	case b.check.Type != "HTTP" && len(b.answers) == 0 && alert(b.refused):
		return cause.Proven, answer{}
	case b.check.Type == "HTTP" && b.swapped.asked.Port == b.port && alert(b.swapped.Unreachable) && (a.status == 400 || len(b.answers) == 0):
		return cause.Proven, a
	}
	return 0, answer{}
}

func (b *backend) certificateFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	f.Headline = fmt.Sprintf("Port %d of %s wants a client certificate, which Google's health check doesn't have", b.port, b.app())
	f.Summary = "The TLS handshake ends before the check asks anything; the load balancer shows no certificate to its backends either."
	f.Contract = b.contract(a)
	if b.swapped.Unreachable != "" {
		f.Evidence = append([]cause.Evidence{{Source: "probe of " + b.swapped.asked.Pod, Says: askedOf(b.swapped.asked) + ": " + b.swapped.Unreachable}}, f.Evidence...)
	}
	f.Fix = cause.Fix{
		Summary: "serve the load balancer's requests and a health path on a port of their own, without client certificates, and lead the Service there; ask clients for certificates at the load balancer, or pass TLS through to the pods with a Service of type LoadBalancer",
		Caveat:  "another path or type of check does not help: the handshake fails before the path is asked",
	}
	if b.Service != "" {
		f.Fix.Commands = []string{fmt.Sprintf("kubectl edit service %s -n %s", b.Service, b.Namespace)}
	}
	return f
}
