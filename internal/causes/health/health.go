// Package health holds the causes found between a backend's health check and its
// pods. Google's check takes 200 only and doesn't follow redirects, the kubelet
// accepts 200–399 and follows those to the same host: Ready pods behind an
// UNHEALTHY backend come from that difference.
package health

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which a probe meets them.
var Causes = []cause.Cause{
	timeoutExceedsInterval,
	backendConfigWrong,
	probeChangeNotApplied,
	probeNotInferable,
	portMismatch,
	protocolMismatch,
	clientCertificateRequired,
	grpcNotSupported,
	slowResponse,
	redirectToHTTPS,
	redirect,
	hostRejected,
	authRequired,
	pathNotFound,
	statusNot200,
	serverError,
	loggingDisabled,
}
