// Package network holds the causes that lie between the probers and the pods: firewalls,
// network policies, the mesh.
package network

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order in which a packet meets them.
var Causes = []cause.Cause{
	ruleDenies, ruleDisabled, ruleDeleted, sharedVPC, portNotCovered, rangesNotAllowed, proxyRange, policyDenies, strictMTLS,
}
