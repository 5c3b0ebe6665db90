package network

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/path"
)

// An internal load balancer, or another one of a region, sends requests from the
// proxy-only subnet, and health checks from Google's ranges: with only the latter let in,
// all endpoints are HEALTHY and no request arrives (gcp-facts.md §9;
// ingress-controller.md §1.5, no-proxy-only-subnet).
var proxyRange = cause.Cause{
	ID:       "network/proxy-only-range-not-allowed",
	Title:    "The firewall keeps out the proxies of the load balancer",
	Needs:    append([]facts.Kind{facts.InstanceGroups}, slices.Concat(evaluated, []facts.Kind{facts.Subnetworks, facts.ConfigMaps})...),
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkProxyRange,
}

func checkProxyRange(c cause.Case) cause.Outcome {
	var list []barrier
	for _, b := range barriers(c) {
		if b.Proxies {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		proxies := func(v path.FirewallVerdict) bool { return v.Proxies }
		return cause.Outcome{RuledOut: proxiesAdmitted(c), Undecided: undecided(c, "the load balancer's proxies get in", proxies)}
	}
	kept, pending := settled(c, list)
	if len(kept) == 0 {
		return cause.Outcome{Pending: pending}
	}
	list = kept
	f := finding(c, list, nil)
	f.Subject = openedBy(c, list)
	subnet := ranges(list[0].Packet.Sources)
	f.Headline = fmt.Sprintf("The firewall keeps the load balancer's proxies (%s) out of %s%s", subnet, ports(list), someMachines(list))
	f.Summary = "This load balancer's requests come from the proxy-only subnet, its health checks from Google's own ranges; only the latter get in, so endpoints are HEALTHY and requests fail."
	f.Evidence = slices.Concat(evidence(c, list), healthyAllTheSame(list))
	if live := liveRule(c.Facts, f.Subject.Name); live != nil {
		f.Change = wrote(c, f, "sourceRanges", "targetTags")
		f.Evidence = append(f.Evidence, lacks(live, list)...)
	}
	f.Fix = open(c, list)
	return cause.Outcome{Findings: []cause.Finding{f}}
}

// healthyAllTheSame: the health check passes, so that nothing else shows the fault.
func healthyAllTheSame(list []barrier) []cause.Evidence {
	var all []cause.Evidence
	for _, b := range list {
		if bs, ok := b.BackendService.Get(); ok && len(b.all) > 0 && len(b.bad) == 0 {
			add(&all, cause.Evidence{Source: "compute.backendServices.getHealth", Says: fmt.Sprintf("%s: all %d endpoints HEALTHY, since the checks come from elsewhere", bs.GetName(), len(b.all))})
		}
	}
	return all
}

func proxiesAdmitted(c cause.Case) string {
	if !c.Has(cause.RequestsFailing) {
		return ""
	}
	for _, p := range c.Passages() {
		for _, v := range p.Verdicts {
			if v.Proxies && v.Err == nil && v.Verdict.Outcome == firewall.Allowed && len(v.Verdict.Inferred()) == 0 {
				return strings.Join([]string{v.Verdict.Deciders(firewall.Allowed)[0].String(), "lets the proxies in"}, " ")
			}
		}
	}
	return ""
}
