package network

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

// weakerThanDeny are the causes that this one makes redundant.
var weakerThanDeny = []cause.ID{"network/health-check-ranges-not-allowed", "network/firewall-port-not-covered", "network/proxy-only-range-not-allowed"}

// A rule that denies wins against the one that lets the load balancer in: a VPC rule by
// its priority, a policy of the organisation by coming first (cause-catalogue.md,
// network: the order of evaluation).
var ruleDenies = cause.Cause{
	ID:       "network/firewall-rule-denies",
	Title:    "A firewall rule denies the load balancer's packets",
	Needs:    append([]facts.Kind{facts.Subnetworks}, slices.Concat(evaluated, []facts.Kind{facts.Network})...),
	Explains: explaining(weakerThanDeny...),
	Check:    checkRuleDenies,
}

func checkRuleDenies(c cause.Case) cause.Outcome {
	rules, groups := bySubject(barriers(c), decidedByRule)
	var out cause.Outcome
	for i, r := range rules {
		list := groups[i]
		f := finding(c, list, weakerThanDeny)
		f.Subject = refOf(c.Facts, r)
		f.Headline = fmt.Sprintf("%s denies %s%s to %s%s", capital(r), senders(list), list[0].onlySome(), ports(list), someMachines(list))
		f.Summary = fmt.Sprintf("It denies %s from %s and is evaluated before any rule that lets them in, so the packets are dropped without an answer.", r.Covers, from(r))
		f.Evidence = evidence(c, list)
		f.Change = denied(c, f, r)
		f.Fix = before(c, r, list)
		out.Findings = append(out.Findings, f)
	}
	if len(out.Findings) == 0 {
		out.RuledOut = admitted(c)
	}
	return out
}

// decidedByRule is the rule by name that denies.
func decidedByRule(b barrier) (firewall.Rule, bool) {
	for _, r := range b.Verdict.Deciders(firewall.Denied) {
		if !implied(r) {
			return r, true
		}
	}
	return firewall.Rule{}, false
}

func from(r firewall.Rule) string {
	if r.From == "" {
		return "any source"
	}
	return strings.ReplaceAll(r.From, " ", ", ")
}

// capital names a rule at the beginning of a sentence.
func capital(r firewall.Rule) string {
	if r.Layer == firewall.LayerVPC {
		return "Firewall rule " + r.Name
	}
	name := r.Layer.String()
	return strings.ToUpper(name[:1]) + name[1:] + " " + r.Policy
}

// senders names whose packets are concerned, each once.
func senders(list []barrier) string {
	var names []string
	for _, b := range list {
		add(&names, b.sender())
	}
	return strings.Join(names, " and ")
}

// refOf is the object that has a rule: itself, or its policy.
func refOf(s *facts.Snapshot, r firewall.Rule) facts.Ref {
	switch r.Layer {
	case firewall.LayerVPC:
		return ruleRef(s, r.Name)
	case firewall.LayerGlobal:
		return facts.Ref{Project: networkProject(s), Scope: "global", Kind: facts.KindFirewallPolicy, Name: r.PolicyName}
	case firewall.LayerRegional:
		return facts.Ref{Project: networkProject(s), Scope: "regions/" + s.Region, Kind: facts.KindFirewallPolicy, Name: r.PolicyName}
	case firewall.LayerHierarchical, firewall.LayerSystem, firewall.LayerImplied, firewall.LayerUnplaced:
	}
	return facts.Ref{Kind: facts.KindFirewallPolicy, Name: r.Policy}
}

// denied is who made the rule deny: who created it, or wrote what makes it win.
func denied(c cause.Case, f cause.Finding, r firewall.Rule) *cause.Change {
	if r.Layer == firewall.LayerVPC {
		return made(c, f, "denied", "sourceRanges", "targetTags", "priority", "disabled")
	}
	return wrote(c, f, fmt.Sprintf("rules[%d]", r.Priority))
}

// before is the fix: a rule for Google's packets alone that comes before the one that
// denies. The latter is there on purpose.
func before(c cause.Case, r firewall.Rule, list []barrier) cause.Fix {
	o := openingFor(c, list, false)
	const purpose = "the rule that denies is somebody's purpose: ask its owner"
	if r.Layer == firewall.LayerVPC {
		if r.Priority == 0 {
			return cause.Fix{
				Summary:  fmt.Sprintf("rule %s has the highest priority there is: give it a lower one, and let a rule for Google's ranges come before it", r.Name),
				Commands: []string{fmt.Sprintf("gcloud compute firewall-rules update %s --project %s --priority 1000", r.Name, o.project), o.create(newName(c.Facts), 999)},
				Caveat:   purpose,
			}
		}
		return cause.Fix{
			Summary:  fmt.Sprintf("allow Google's ranges with priority %d, before rule %s (%d)", r.Priority-1, r.Name, r.Priority),
			Commands: []string{o.create(newName(c.Facts), r.Priority-1)},
			Caveat:   purpose + "; raising the priority of the controller's rule works as well, adding ports to it doesn't",
		}
	}
	return inPolicy(c.Facts, r, o, purpose)
}
