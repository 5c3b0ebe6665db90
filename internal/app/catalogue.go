package app

import (
	"slices"

	"plumbline/internal/cause"
	"plumbline/internal/causes"
	"plumbline/internal/facts"
)

// Catalogue lists every cause that this release can name, in the order of the path.
func Catalogue() []cause.Cause { return causes.All() }

// CausePage is the explanation of a cause for people, as Markdown. The error is for an
// ID that no cause has.
func CausePage(id string) (string, error) { return causes.Page(cause.ID(id)) }

// basics are what finding the target of a log entry takes, whatever the causes need.
var basics = []facts.Kind{facts.Cluster, facts.Clusters, facts.Logs}

// Permissions are the IAM permissions that the causes need, each once and in order: the
// smallest role with which nothing stays unchecked. DNS takes none.
func Permissions() []string {
	list := asPermissions(basics)
	for _, c := range causes.All() {
		list = append(list, asPermissions(c.Needs)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func asPermissions(kinds []facts.Kind) []string {
	var list []string
	for _, k := range kinds {
		if k != facts.DNS {
			list = append(list, string(k))
		}
	}
	return list
}
