// Package workload holds the causes that lie in the pods themselves: none run, or none is ready.
package workload

import (
	"embed"

	"plumbline/internal/cause"
)

// Pages are the explanations for people, one a cause.
//
//go:embed *.md
var Pages embed.FS

// Causes lists the layer in the order of a pod's life.
var Causes = []cause.Cause{
	scaledToZero,
	unschedulable,
	imagePullFailing,
	crashLooping,
	readinessFailing,
	allTerminating,
}
