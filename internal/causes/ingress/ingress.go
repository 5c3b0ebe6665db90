// Package ingress holds the causes that lie in the Ingress and the Services it
// names: GLBC takes the object up and refuses to translate it. One refused backend
// holds back the whole Ingress (ingress-controller.md §0.2).
package ingress

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which the controller checks.
var Causes = []cause.Cause{
	classNotServed,
	classServedByOther,
	backendNotService,
	serviceNotFound,
	servicePortNotFound,
	serviceTypeNeedsNEG,
	invalidPath,
	defaultBackendMissing,
	negNeedsVPCNative,
	internalNeedsNEG,
	unsupportedAnnotations,
}
