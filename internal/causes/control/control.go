// Package control holds the causes that lie in the cluster's settings: without
// them no controller runs, and nothing says so. They come first on the path.
package control

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which a controller meets them.
var Causes = []cause.Cause{
	httpLoadBalancingDisabled,
	gatewayAPIDisabled,
	clusterUnhealthy,
	apiIsDisabled,
	controllerPermissionDenied,
	orgPolicy,
	quotaIsExceeded,
	apiRateLimited,
	resourceLeak,
}
