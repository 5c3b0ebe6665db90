package cause

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// Probes are what our own probe asked and got, always in the same order: by pod, port,
// scheme and path.
func (c Case) Probes() iter.Seq2[facts.ProbeRequest, facts.Value[facts.ProbeAnswer]] {
	order := func(a, b facts.ProbeRequest) int {
		return cmp.Or(
			strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Pod, b.Pod), cmp.Compare(a.Port, b.Port),
			strings.Compare(a.Scheme, b.Scheme), strings.Compare(a.Path, b.Path),
		)
	}
	return func(yield func(facts.ProbeRequest, facts.Value[facts.ProbeAnswer]) bool) {
		for _, req := range slices.SortedFunc(maps.Keys(c.Facts.Probes), order) {
			if !yield(req, c.Facts.Probes[req]) {
				return
			}
		}
	}
}
