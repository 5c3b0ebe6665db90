package health

import (
	"fmt"

	"plumbline/internal/cause"
)

// A gRPC health service answers no HTTP GET, and the check of an Ingress's backend is
// always one: BackendConfig takes HTTP, HTTPS and HTTP2 only (ingress-controller.md
// §1.3, bc-hc-type; §2).
var grpcNotSupported = cause.Cause{
	ID:    "health/grpc-not-supported",
	Title: "The pods have a gRPC health service, which an Ingress's health check can't ask",
	Needs: firewallNeeds,
	Explains: []cause.ID{
		cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing,
		"health/path-not-found", "health/status-not-200", "health/server-error", "health/protocol-mismatch", "health/probe-not-inferable",
	},
	Check: checkGRPC,
}

func checkGRPC(c cause.Case) cause.Outcome {
	return judge(c, (*backend).speaksGRPC, (*backend).grpcFinding, (*backend).nothing)
}

// speaksGRPC: the pods are Ready by a gRPC probe of the checked port, which answers the
// check with no 200, or not in HTTP/1.1 at all.
func (b *backend) speaksGRPC() (cause.Confidence, answer) {
	if b.Gateway || b.Service == "" || !b.hasGRPC() {
		return 0, answer{}
	}
	confidence, a := b.rejection()
	word := inWord(b.refused)
	switch {
	case confidence != 0:
		return confidence, a
	case b.asked():
		return 0, answer{}
	case word == "speaks no HTTP/1.1" || word == "hangs up" || word == "reset" || word == "speaks no TLS":
		return cause.Proven, answer{}
	case !b.admitted() || word == "refused":
		return 0, answer{}
	}
	return cause.Likely, answer{}
}

func (b *backend) hasGRPC() bool {
	probe, container, ok := b.readinessProbe()
	if ok && probe.GRPC != nil {
		return probe.GRPC.Port == b.port
	}
	return ok && probe.Exec != nil && container.LivenessProbe != nil && container.LivenessProbe.GRPC != nil && container.LivenessProbe.GRPC.Port == b.port
}

func (b *backend) grpcFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	f.Headline = fmt.Sprintf("The health check asks %s over HTTP, and port %d speaks gRPC", b.app(), b.port)
	f.Summary = "The pods are Ready by their gRPC health service; the check of an Ingress's backend is an HTTP request, and no 200 comes back."
	f.Contract = b.contract(a)
	f.Fix = cause.Fix{
		Summary: fmt.Sprintf("answer an HTTP GET with 200, on port %d or another one of the container, and point the check there by a BackendConfig: put them in place of PORT and /PATH; or use a Gateway, whose HealthCheckPolicy knows type GRPC", b.port),
		Caveat:  "no readiness probe helps: GKE takes a path from HTTP probes only",
	}
	_, f.Fix.Patches = b.configure(`"type":"HTTP","requestPath":"/PATH","port":PORT`, "    type: HTTP\n    requestPath: /PATH\n    port: PORT\n")
	return f
}
