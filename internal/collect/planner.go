package collect

import "plumbline/internal/facts"

// A Planner knows what belongs to what. It computes from what was read so far and
// reads nothing itself; a Snapshot that it gets may have unknown Values anywhere.
type Planner interface {
	// Wish is what the Refs need, as far as the facts tell. It is asked before each
	// round: with nothing read, with the projects read, and with Kubernetes read and
	// s.Targets filled in.
	Wish(s *facts.Snapshot, refs []facts.Ref) facts.Wish
	// Resolve says what each Ref is, in the order of refs. Asked after round 2.
	Resolve(s *facts.Snapshot, refs []facts.Ref) []facts.Target
	// LogFilter is what to look for in the logs, without bounds of time; empty asks
	// nothing. Asked once, before the last round.
	LogFilter(s *facts.Snapshot) string
}
