// Package edge holds the causes that lie in what the world sees first: addresses, forwarding
// rules, the proxy-only subnet and DNS.
package edge

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which the controller and a client meet them.
var Causes = []cause.Cause{
	staticIPAnnotationsConflict,
	noProtocolEnabled,
	internalHTTPSNeedsStaticIP,
	staticIPNotFound,
	staticIPWrongScope,
	staticIPInUse,
	proxyOnlySubnetMissing,
	dnsMismatch,
}
