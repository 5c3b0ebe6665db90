// Package cert holds the causes that lie in certificates and TLS settings: the load balancer
// answers on 443 only with a certificate that exists, is issued and is attached.
package cert

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
	managedOnOtherController,
	tlsSecretNotFound,
	tlsSecretInvalid,
	tlsEntryWithoutSecret,
	managedMissing,
	managedBlockedByHTTPSOnly,
	preSharedNotFound,
	tooMany,
	sslPolicyNotFound,
	managedNotAttached,
	managedDomainNotVisible,
	managedAAAARecord,
	managedCAAForbidden,
	managedRateLimited,
	expired,
}
