package network

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/history"
)

// wrote is the newest write of any of these fields of a finding's subject, or its
// creation, no later than the failure began.
func wrote(c cause.Case, f cause.Finding, fields ...string) *cause.Change {
	var newest *cause.Change
	take := func(ch *cause.Change) {
		if ch != nil && !tooLate(ch.At, f.Since) && (newest == nil || ch.At.After(newest.At)) {
			newest = ch
		}
	}
	for _, field := range fields {
		take(c.Wrote(f.Subject, field))
	}
	return newest
}

// made is wrote, with the object's creation among the writes.
func made(c cause.Case, f cause.Finding, fields ...string) *cause.Change {
	if ch := wrote(c, f, fields...); ch != nil {
		return ch
	}
	ch := c.Created(f.Subject)
	if ch == nil || tooLate(ch.At, f.Since) {
		return nil
	}
	ch.What += " created"
	return ch
}

func tooLate(at, since time.Time) bool { return !since.IsZero() && at.After(since) }

// deleted are the deletions of firewall rules that aren't there now, newest first.
func deleted(c cause.Case) []history.Change {
	var list []history.Change
	seen := map[facts.Ref]bool{}
	for _, ch := range c.Changes() {
		if ch.Object.Kind != facts.KindFirewallRule || ch.Object.Project != networkProject(c.Facts) || seen[ch.Object] {
			continue
		}
		seen[ch.Object] = true
		if ch.Deleted && liveRule(c.Facts, ch.Object.Name) == nil {
			list = append(list, ch)
		}
	}
	return list
}

// deletions tell of rules that somebody deleted, as something to look at.
func deletions(c cause.Case) []cause.Evidence {
	var names []string
	for _, ch := range deleted(c) {
		names = append(names, fmt.Sprintf("%s (%s by %s)", ch.Object.Name, ch.At.UTC().Format("2006-01-02 15:04"), ch.By))
	}
	if len(names) == 0 {
		return nil
	}
	return []cause.Evidence{{Source: "audit log", Says: "rules deleted in 30 days: " + strings.Join(names[:min(3, len(names))], ", ")}}
}

// onlyChange: within the hour before a failure, the log tells of no other change of the
// network's rules and policies.
func onlyChange(c cause.Case, ch history.Change, since time.Time) bool {
	return !slices.ContainsFunc(c.Changes(), func(o history.Change) bool {
		firewalls := o.Object.Kind == facts.KindFirewallRule || o.Object.Kind == facts.KindFirewallPolicy
		return firewalls && o.Entry != ch.Entry && o.Object.Project == ch.Object.Project && !o.At.After(since) && since.Sub(o.At) < time.Hour
	})
}
