package collect

import (
	"k8s.io/apimachinery/pkg/types"

	"plumbline/internal/facts"
)

// A Planner knows what belongs to what. It computes from what was read so far and
// reads nothing itself; a Snapshot that it gets may have unknown Values anywhere.
type Planner interface {
	// Namespaces are those whose Services, Pods and Events the Refs need; empty
	// means all. Asked after round 1.
	Namespaces(s *facts.Snapshot, refs []facts.Ref) []string
	// Resolve says what each Ref is, in the order of refs. Asked after round 2.
	Resolve(s *facts.Snapshot, refs []facts.Ref) []facts.Target
	// Groups are those whose health and endpoints the Targets need. Asked, like the
	// rest, after round 2, when s.Targets is filled in.
	Groups(s *facts.Snapshot) []facts.BackendGroup
	// ConfigMaps are those that hold settings of known apps.
	ConfigMaps(s *facts.Snapshot) []types.NamespacedName
	// LogFilter is what to look for in the logs, without bounds of time; empty asks
	// nothing.
	LogFilter(s *facts.Snapshot) string
}
