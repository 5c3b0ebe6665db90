package history

import (
	"cmp"
	"slices"
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

// A write is one operation, as the one or two entries that tell of it.
type write struct {
	entry  signal.Signal
	writes signal.Writes
	// begun is false where the beginning isn't among the entries: it would say what was
	// asked for, and of GKE by whom (gcp-facts.md §2.1).
	begun bool
}

// Of makes Changes of log entries, whatever else is among them: newest first, each
// operation once, those that failed left out. Entries of the same object tell each
// other's old values.
func Of(entries []signal.Signal) []Change {
	known := map[facts.Ref]state{}
	var all []Change
	for _, w := range joined(entries) {
		c := w.change()
		c.before = known[c.Object]
		c.compare(w)
		known[c.Object] = c.after
		if !c.Created && !c.Deleted && !c.Untold && len(c.Fields) == 0 {
			continue
		}
		all = append(all, c)
	}
	slices.Reverse(all)
	return all
}

// joined are the writes among entries, oldest first. An entry that was delivered and
// found again counts once.
func joined(entries []signal.Signal) []write {
	sorted := slices.DeleteFunc(slices.Clone(entries), func(s signal.Signal) bool { return s.Change == nil })
	slices.SortStableFunc(sorted, func(a, b signal.Signal) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	failed := failures(sorted)
	index := map[string]int{}
	var list []write
	for _, s := range sorted {
		key := operation(s)
		if failed[key] || s.Change.Failed {
			continue
		}
		i, seen := index[key]
		switch {
		case !seen:
			index[key] = len(list)
			list = append(list, write{entry: s, writes: signal.WritesOf(s), begun: s.Change.First || s.Change.Operation == ""})
		case !list[i].begun && s.Change.First:
			list[i] = write{entry: s, writes: signal.WritesOf(s), begun: true}
		}
	}
	return list
}

func failures(entries []signal.Signal) map[string]bool {
	failed := map[string]bool{}
	for _, s := range entries {
		if s.Change.Failed {
			failed[operation(s)] = true
		}
	}
	return failed
}

// operation identifies the write that an entry tells of.
func operation(s signal.Signal) string {
	if s.Change.Operation != "" {
		return s.Change.Operation
	}
	return s.ID + " " + s.At.String()
}

func (w write) change() Change {
	ch := w.entry.Change
	return Change{
		By: ch.By, Controller: ch.Controller, Caller: ch.CallerKind(), At: w.entry.At, Method: ch.Method,
		Object: w.entry.Target, Entry: w.entry.ID,
		Created: ch.Verb == "create" && !isSubresource(ch) || ch.Verb == "insert" || ch.Verb == "CreateCluster",
		Deleted: ch.Verb == "delete" || ch.Verb == "deletecollection" || ch.Verb == "DeleteCluster",
	}
}

// isSubresource: an eviction is created, its Pod isn't.
func isSubresource(ch *signal.Change) bool { return strings.Contains(ch.Method, ".eviction.") }
