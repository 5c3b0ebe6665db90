package network

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
)

// weakerThanRanges are the causes that this one makes redundant.
var weakerThanRanges = []cause.ID{"network/proxy-only-range-not-allowed"}

// Nothing lets Google's health checks in, so that their packets end in the implied deny
// and every check times out (ingress-controller.md §1.8; terraform-google-vault #49).
var rangesNotAllowed = cause.Cause{
	ID:       "network/health-check-ranges-not-allowed",
	Title:    "No firewall rule lets Google's health checks in",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects, facts.Probes, facts.Pods, facts.InstanceGroups, facts.NEGs}, slices.Concat(evaluated, []facts.Kind{facts.ConfigMaps})...),
	Explains: explaining(weakerThanRanges...),
	Check:    checkRangesNotAllowed,
}

func checkRangesNotAllowed(c cause.Case) cause.Outcome {
	var list []barrier
	for _, b := range barriers(c) {
		if b.unruled() && !b.Proxies {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		return cause.Outcome{RuledOut: admitted(c)}
	}
	list, pending := settled(c, list)
	if len(list) == 0 {
		return cause.Outcome{Pending: pending}
	}
	f := finding(c, list, weakerThanRanges)
	f.Subject = openedBy(c, list)
	f.Headline = fmt.Sprintf("No firewall rule lets %s%s in to %s%s", list[0].sender(), list[0].onlySome(), ports(list), someMachines(list))
	f.Summary = "What no rule allows ends in the implied deny: packets from Google are dropped without an answer, so every check times out."
	f.Evidence = slices.Concat(evidence(c, list), deletions(c))
	if live := liveRule(c.Facts, f.Subject.Name); live != nil {
		f.Change = wrote(c, f, "sourceRanges", "targetTags", "network", "direction")
		f.Evidence = append(f.Evidence, lacks(live, list)...)
	}
	f.Fix = open(c, list)
	return cause.Outcome{Findings: []cause.Finding{f}}
}

// settled caps what is so young that the controllers may still make the rule: as likely
// it waits for the symptom's grace. Without a symptom it isn't said yet.
func settled(c cause.Case, list []barrier) (kept []barrier, pending string) {
	for _, b := range list {
		if b.young != "" {
			b.confidence, pending = cause.Likely, b.young
			if !c.Has(cause.BackendUnhealthy) {
				continue
			}
		}
		kept = append(kept, b)
	}
	return kept, pending
}

// admitted is the evidence that the health checks get in, where endpoints fail.
func admitted(c cause.Case) string {
	if !c.Has(cause.BackendUnhealthy) && !c.Has(cause.PodsNotReadyInNEG) {
		return ""
	}
	says := ""
	for _, p := range c.Passages() {
		for _, v := range p.Verdicts {
			if v.Proxies {
				continue
			}
			if v.Verdict.Outcome != firewall.Allowed || len(v.Verdict.Inferred()) > 0 || v.Err != nil {
				return ""
			}
			says = fmt.Sprintf("%s lets %s in to tcp:%d", v.Verdict.Deciders(firewall.Allowed)[0], ranges(v.Packet.Sources), v.Packet.Port)
		}
	}
	return says
}

// openedBy is the rule that should let the packets in: the controller's own, there or
// not; the network, where it is nobody's in particular.
func openedBy(c cause.Case, list []barrier) facts.Ref {
	if name, _ := ownRule(c, list); name != "" {
		return ruleRef(c.Facts, name)
	}
	return facts.Ref{Project: networkProject(c.Facts), Scope: "global", Kind: facts.KindNetwork, Name: c.Facts.NetworkName}
}

// open is the fix where nothing lets packets in: the controller's rule as it should be,
// else one more.
func open(c cause.Case, list []barrier) cause.Fix {
	name, live := ownRule(c, list)
	o := openingFor(c, list, strings.HasPrefix(name, glbc.L7RulePrefix))
	const itself = "GKE's controller writes this rule itself at every sync: where it stays wrong, the controller may not write firewall rules, or is off"
	switch {
	case live == nil && name != "":
		return cause.Fix{
			Summary:  fmt.Sprintf("create rule %s as GKE's controller would: %s from %s", name, o.allow(), strings.Join(o.sources, " and ")),
			Commands: []string{o.create(name, usual)}, Caveat: itself,
		}
	case live != nil && !live.GetDisabled() && facts.LastSegment(live.GetNetwork()) == o.network && strings.Contains(o.widened(live), " --source-ranges ") || live != nil && strings.Contains(o.widened(live), " --target-tags "):
		return cause.Fix{
			Summary:  fmt.Sprintf("let rule %s take %s for %s", name, strings.Join(o.sources, " and "), strings.Join(o.tags, " and ")),
			Commands: []string{o.widened(live)}, Caveat: itself,
		}
	}
	name = newName(c.Facts)
	return cause.Fix{
		Summary:  fmt.Sprintf("create a rule that allows %s from %s", o.allow(), strings.Join(o.sources, " and ")),
		Commands: []string{o.create(name, usual)},
	}
}
