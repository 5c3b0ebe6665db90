// Package endpoint holds the causes that lie between a Service and its NEGs or instance groups:
// who is a member, who keeps the list, and on which port.
package endpoint

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which endpoints come about.
var Causes = []cause.Cause{
	selectorMatchesNothing,
	negAnnotationInvalid,
	negExposedPortMissing,
	negNameConflict,
	negSyncBlocked,
	negAttachFailed,
	negNotAttached,
	negStale,
	instanceGroupConflict,
	nodeportChanged,
	targetPortMismatch,
	listensOnLocalhost,
	localTrafficPolicy,
}
