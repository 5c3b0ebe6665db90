// Package gateway holds the causes that lie in the objects of GKE's Gateway API.
package gateway

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which the controller meets them.
var Causes = []cause.Cause{
	classNotServed,
	listenerInvalid,
	routeNotAccepted,
	backendNotFound,
	referenceNotPermitted,
	healthCheckPolicyInvalid,
	appProtocolMissing,
	healthCheckDefaults,
}
