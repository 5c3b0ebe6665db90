// Package latent holds what hasn't bitten yet: notes, never root causes.
package latent

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer by what runs out first.
var Causes = []cause.Cause{
	certificateExpiring,
	quotaNearLimit,
}
