// Package routing holds the causes that lie in the URL map: the load balancer serves, and sends
// a request elsewhere than its owner thinks.
package routing

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which a request meets them.
var Causes = []cause.Cause{
	frontendConfigNotFound,
	redirectUnsupported,
	urlMapRejected,
	duplicateHost,
	exactPathOnly,
	hostUnmatched,
	rewriteUnsupported,
}
