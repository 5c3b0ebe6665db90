package network

import (
	"fmt"
	"slices"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

// weakerThanDisabled are the causes that this one makes redundant.
var weakerThanDisabled = []cause.ID{"network/health-check-ranges-not-allowed", "network/proxy-only-range-not-allowed"}

// The rule that would let the load balancer in is there and disabled. GLBC compares
// ports, sources and targets of its rule and never looks at this (ingress-controller.md
// §1.8, fw-rule-drift).
var ruleDisabled = cause.Cause{
	ID:       "network/firewall-rule-disabled",
	Title:    "The firewall rule that lets the load balancer in is disabled",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects, facts.NEGs}, slices.Concat(evaluated, []facts.Kind{facts.ConfigMaps})...),
	Explains: explaining(weakerThanDisabled...),
	Check:    checkRuleDisabled,
}

func checkRuleDisabled(c cause.Case) cause.Outcome {
	rules, groups := bySubject(barriers(c), func(b barrier) (firewall.Rule, bool) { return b.disabled(c) })
	var out cause.Outcome
	for i, r := range rules {
		list := groups[i]
		f := finding(c, list, weakerThanDisabled)
		f.Subject = refOf(c.Facts, r)
		f.Headline = fmt.Sprintf("%s, which lets %s in to %s, is disabled", capital(r), senders(list), ports(list))
		f.Summary = "A disabled rule lets nothing in: the packets end in the implied deny and get no answer, so every check times out."
		f.Evidence = append([]cause.Evidence{{Source: "compute.firewalls.list", Says: fmt.Sprintf("%s: disabled = true, allows %s from %s", r, r.Covers, from(r))}}, evidence(c, list)...)
		f.Change = switchedOff(c, f)
		f.Fix = enable(c.Facts, r)
		out.Findings = append(out.Findings, f)
	}
	if len(out.Findings) == 0 {
		out.RuledOut = admitted(c)
	}
	return out
}

// switchedOff is who disabled the rule.
func switchedOff(c cause.Case, f cause.Finding) *cause.Change {
	if ch := wrote(c, f, "disabled"); ch != nil && (ch.To == nil || *ch.To == "true") && !ch.Removed {
		return ch
	}
	return nil
}

func enable(s *facts.Snapshot, r firewall.Rule) cause.Fix {
	f := cause.Fix{Summary: "enable the rule again", Caveat: "GKE's controller doesn't: it looks at the rule's ports, sources and targets only"}
	if r.Layer == firewall.LayerVPC {
		f.Commands = []string{fmt.Sprintf("gcloud compute firewall-rules update %s --project %s --no-disabled", r.Name, networkProject(s))}
		return f
	}
	f.Caveat = ""
	if command, where := policyCommand(s, r); command != "" {
		f.Commands = []string{fmt.Sprintf("%s update %d %s --no-disabled", command, r.Priority, where)}
	}
	return f
}
