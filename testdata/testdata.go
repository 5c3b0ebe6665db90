// Package testdata is the worlds, scenarios and incidents that come with the
// program: what the tests run on is what the demo shows, and a scenario outside
// the repository finds its world here.
package testdata

import "embed"

// FS holds worlds/, scenarios/ and incidents/, in the form that package scenario reads.
//
//go:embed worlds scenarios incidents
var FS embed.FS
