package control

import (
	"fmt"
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// switches are the writes of the add-on's setting, newest first, without those
// whose operation failed.
func switches(c cause.Case) []signal.Signal {
	entries := c.Entries()
	failed := map[string]bool{}
	for _, s := range entries {
		if s.Change != nil && s.Change.Failed {
			failed[s.Change.Operation] = true
		}
	}
	return slices.DeleteFunc(entries, func(s signal.Signal) bool {
		if s.Kind != signal.ClusterChanged || s.Target.Cluster != c.Facts.ClusterName || failed[s.Change.Operation] && s.Change.Operation != "" {
			return true
		}
		_, written := s.Change.Fields[addonField]
		return !written
	})
}

// switched finds the change that gave the add-on the state that it has: the oldest
// of the newest run of writes of that value, since tools write it again and again.
func switched(c cause.Case, to string) *cause.Change {
	var found *cause.Change
	for _, s := range switches(c) {
		if s.Change.Fields[addonField] != to {
			if found != nil {
				from := s.Change.Fields[addonField]
				found.From = &from
			}
			break
		}
		found = cause.ChangeOf(s, c.Entries(), addonField)
	}
	if found == nil && to == "true" {
		return unnamed(c)
	}
	return found
}

// unnamed is the end of a change of the cluster that arrived without its beginning,
// which would say by whom and what.
func unnamed(c cause.Case) *cause.Change {
	for _, s := range c.Signals {
		if s.Kind == signal.ClusterChanged && s.Target.Cluster == c.Facts.ClusterName && s.Change.Last && len(s.Change.Fields) == 0 && s.Change.Verb == "SetAddonsConfig" {
			return cause.ChangeOf(s, c.Entries(), "the cluster's add-ons")
		}
	}
	return nil
}

// settling is how long an operation on a cluster may take.
const settling = 15 * time.Minute

// beingEnabled: somebody has just asked to switch the add-on on, and the operation
// isn't over.
func beingEnabled(c cause.Case) bool {
	newest := switches(c)
	return len(newest) > 0 && newest[0].Change.Fields[addonField] == "false" && c.Facts.Now.Sub(newest[0].At) < settling
}

// over is when the operation that switched the add-on off ended: until then the
// controller still runs. Without its last entry, an operation's usual time is
// allowed.
func over(c cause.Case, change *cause.Change) time.Time {
	operation := ""
	for _, s := range c.Entries() {
		if s.ID == change.Entry && s.Change != nil {
			operation = s.Change.Operation
		}
	}
	for _, s := range c.Entries() {
		if s.Change != nil && operation != "" && s.Change.Operation == operation && s.Change.Last {
			return s.At
		}
	}
	return change.At.Add(settling)
}

// endOfSomeChange is when an operation on the cluster ended of which the log
// doesn't tell what it was about: it may have switched the add-on off.
func endOfSomeChange(c cause.Case) (time.Time, bool) {
	for _, s := range c.Entries() {
		if s.Kind == signal.ClusterChanged && s.Target.Cluster == c.Facts.ClusterName && s.Change.Last && !s.Change.First && len(s.Change.Fields) == 0 {
			return s.At, true
		}
	}
	return time.Time{}, false
}

// recently is how long an event proves that its controller runs, when nothing
// tells since when the add-on is off; GLBC looks at every Ingress each 10 minutes
// (ingress-controller.md §0.4).
const recently = 10 * time.Minute

// substitute finds a GCE Ingress controller that somebody runs instead of GKE's
// (ingress-gce's own FAQ tells how): it writes events while the add-on is off. It
// isn't certain where the log couldn't tell when that began.
func substitute(c cause.Case, change *cause.Change) (says string, certain bool) {
	after, certain := c.Facts.Now.Add(-recently), c.Facts.History.Known()
	if change != nil {
		after, certain = over(c, change).Add(time.Minute), true
	} else if end, ok := endOfSomeChange(c); ok && end.After(after) {
		after, certain = end.Add(time.Minute), false
	}
	events, _ := c.Facts.Events.Get()
	for _, e := range events {
		if !glbc.FromController(e) || e.InvolvedObject.Kind != facts.KindIngress {
			continue
		}
		if at := facts.EventTime(e); at.After(after) {
			return fmt.Sprintf("event %q on %s/%s at %s", e.Reason, e.InvolvedObject.Namespace, e.InvolvedObject.Name, at.UTC().Format("15:04 UTC")), certain
		}
	}
	return "", true
}
