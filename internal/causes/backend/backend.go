// Package backend holds the causes that lie in a backend service's settings: BackendConfig,
// protocol, timeouts, policies, capacity.
package backend

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer with what keeps settings from being applied first.
var Causes = []cause.Cause{
	appProtocolsInvalid,
	configAnnotationInvalid,
	configNotFound,
	configInvalid,
	configAnnotationMisplaced,
	configPortUnmatched,
	appProtocolsPortUnmatched,
	securityPolicyNotFound,
	iapMisconfigured,
	capacityZero,
	securityPolicyDenies,
	tlsProtocolMismatch,
	http2NotNegotiated,
	timeoutTooShort,
	noConnectionDraining,
	keepaliveTooShort,
}
