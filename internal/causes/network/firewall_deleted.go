package network

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
	"plumbline/internal/history"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

// weakerThanDeleted are the causes that this one makes redundant.
var weakerThanDeleted = []cause.ID{"network/health-check-ranges-not-allowed", "network/firewall-port-not-covered", "network/shared-vpc-firewall-permission", "network/proxy-only-range-not-allowed"}

// Somebody deleted the rule that let the load balancer in; the audit log says who. The
// entry of a deletion has no body (gcp-facts.md §2.3), so what the rule was must show
// otherwise.
var ruleDeleted = cause.Cause{
	ID:       "network/firewall-deleted",
	Title:    "Somebody deleted the firewall rule that lets the load balancer in",
	Needs:    append([]facts.Kind{facts.InstanceGroups, facts.NEGs}, slices.Concat(evaluated, []facts.Kind{facts.ConfigMaps})...),
	Explains: explaining(weakerThanDeleted...),
	Check:    checkRuleDeleted,
}

func checkRuleDeleted(c cause.Case) cause.Outcome {
	rules := deleted(c)
	var out cause.Outcome
	for _, ch := range rules {
		var list []barrier
		says := ""
		for _, b := range barriers(c) {
			if _, off := b.disabled(c); off || !b.unruled() {
				continue
			}
			if why := b.needed(c, ch); why != "" {
				list, says = append(list, b), why
			}
		}
		if len(list) == 0 {
			continue
		}
		f := finding(c, list, weakerThanDeleted)
		f.Subject = ch.Object
		f.Headline = fmt.Sprintf("Firewall rule %s, which let %s in to %s, was deleted", ch.Object.Name, senders(list), ports(list))
		f.Summary = "Without it the packets end in the implied deny and get no answer, so every check times out."
		f.Evidence = append([]cause.Evidence{{Source: "audit log", Says: fmt.Sprintf("%s at %s by %s: %s", ch.Method, ch.At.UTC().Format("2006-01-02 15:04"), ch.By, says), Link: cause.EntryLink(ch.Object.Project, ch.Entry, ch.At)}}, evidence(c, list)...)
		f.Change = c.Deleted(ch.Object)
		f.Fix = restore(c, ch, list)
		out.Findings = append(out.Findings, f)
		return out
	}
	return out
}

// needed says why a rule that was deleted is the one that is missing: the controller made
// it for these packets; or the log tells what it allowed; or packets got in before, and
// nothing else about the firewall changed until they didn't.
func (b barrier) needed(c cause.Case, ch history.Change) string {
	began := since(c, []facts.Ref{b.Ref(c.Facts.ClusterName)})
	if tooLate(ch.At, began) || began.IsZero() && !c.Facts.NEGs.Known() {
		return ""
	}
	if isOwn(c, b, ch.Object.Name) {
		return "GKE's controller made it for this load balancer"
	}
	if rule := insertedAs(c, ch.Object); rule != nil {
		if b.admittedBy(c.Facts, rule) {
			return "it allowed these packets, as its creation in the log tells"
		}
		return ""
	}
	const soon = 15 * time.Minute
	if !began.IsZero() && b.asked && began.Sub(ch.At) <= soon && c.Facts.History.Known() && b.wasHealthy(c, began) && onlyChange(c, ch, began) {
		return "packets got in before, and no other firewall change came between"
	}
	return ""
}

// wasHealthy: the log says that an endpoint behind the barrier turned from HEALTHY then.
func (b barrier) wasHealthy(c cause.Case, at time.Time) bool {
	return slices.ContainsFunc(c.Entries(), func(s signal.Signal) bool {
		return s.Kind == signal.HealthChanged && b.Logged(c.Facts, cause.Logged(s)) && slices.Contains(b.Addresses, s.Health.IP) && s.Health.State == "UNHEALTHY" && !s.At.Before(at)
	})
}

// insertedAs is a rule as the log has its creation; nil where it doesn't.
func insertedAs(c cause.Case, ref facts.Ref) *computepb.Firewall {
	for _, s := range c.Entries() {
		if s.Change == nil || s.Target != ref || s.Change.Verb != "insert" || s.Change.Request == nil {
			continue
		}
		text := strings.NewReplacer(`"alloweds"`, `"allowed"`, `"denieds"`, `"denied"`, `"@type"`, `"type"`).Replace(string(s.Change.Request))
		rule := &computepb.Firewall{}
		if (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal([]byte(text), rule) == nil && len(rule.GetAllowed()) > 0 {
			rule.Name = &ref.Name
			return rule
		}
	}
	return nil
}

// admittedBy: with one more rule something that is denied would get in.
func (b barrier) admittedBy(s *facts.Snapshot, rule *computepb.Firewall) bool {
	network, ok := path.Network(s)
	if !ok || facts.LastSegment(rule.GetNetwork()) != facts.LastSegment(network.SelfLink) {
		return false
	}
	rules, _ := network.Rules.Get()
	network.Rules = facts.Found(append(slices.Clone(rules), rule))
	v := firewall.Evaluate(network, b.Target, b.Packet)
	return len(v.Ranges(firewall.Denied)) < len(b.Verdict.Ranges(firewall.Denied)) && v.Outcome != firewall.Unknown
}

// restore is the fix: the rule again, under its name.
func restore(c cause.Case, ch history.Change, list []barrier) cause.Fix {
	l7 := strings.HasPrefix(ch.Object.Name, glbc.L7RulePrefix)
	o := openingFor(c, list, l7)
	f := cause.Fix{
		Summary:  fmt.Sprintf("create the rule again: %s from %s", o.allow(), strings.Join(o.sources, " and ")),
		Commands: []string{o.create(ch.Object.Name, usual)},
	}
	switch {
	case ch.Caller == signal.Terraform:
		f.Caveat = "Terraform deleted it: put it into the configuration, or the next apply takes it away again"
	case l7:
		f.Caveat = "GKE's controller creates it again at its next sync, if it may write firewall rules and the add-on is on"
	}
	return f
}
