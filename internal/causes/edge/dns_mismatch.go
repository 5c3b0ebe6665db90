package edge

import (
	"fmt"
	"net/netip"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A host's name must lead to the load balancer, and to nothing else. A name that wholly
// leads to several unknown addresses, or to those of a well-known proxy, has something in
// front by design (kubeflow/website #1568 for a name that was never made).
var dnsMismatch = cause.Cause{
	ID:       "edge/dns-mismatch",
	Title:    "A host's name does not lead to the load balancer",
	Needs:    []facts.Kind{facts.ThirdPartyObjects, facts.Ingresses, facts.DNS, facts.ForwardingRules, facts.Addresses, facts.URLMaps, facts.TargetHTTPProxies, facts.TargetHTTPSProxies},
	Explains: []cause.ID{cause.AddressMissing},
	Check:    checkDNS,
}

func checkDNS(c cause.Case) cause.Outcome {
	var out cause.Outcome
	leads, undecided := c.Astray()
	for _, l := range undecided {
		out.Undecided = fmt.Sprintf("whether %s, which leads to %s, leads to another load balancer of the project: %v", l.Host, addresses(l.Stray), l.Err)
	}
	for _, l := range leads {
		if young(c) && l.Where == glbc.Nowhere {
			continue
		}
		out.Findings = append(out.Findings, astray(c, l))
	}
	return out
}

// young: records of a new Ingress or Gateway are made after it has its address.
func young(c cause.Case) bool {
	for _, s := range c.Symptoms {
		if s.ID == cause.AddressMissing && s.Pending != "" {
			return true
		}
	}
	return false
}

func astray(c cause.Case, l glbc.Lead) cause.Finding {
	ours := addresses(l.Ours)
	f := cause.Finding{
		Subject: facts.Ref{Project: c.Facts.Project, Kind: facts.KindHost, Name: l.Host}, Confidence: cause.Proven, Severity: cause.Outage,
		Affected: []facts.Ref{c.Target}, Hosts: []string{l.Host},
		Evidence: []cause.Evidence{
			{Source: "dns", Says: records(c.Facts, l)},
			{Source: string(facts.ForwardingRules), Says: fmt.Sprintf("the load balancer of %s answers at %s", c.Target, ours), Link: cause.ObjectLink(c.Target)},
		},
		Impact: "clients of " + l.Host + " don't reach this load balancer",
	}
	switch l.Where { //nolint:exhaustive // the rest leads to some other address
	case glbc.Nowhere:
		nowhere(c, l, &f)
	case glbc.Beside:
		beside(c, l, &f)
	case glbc.ToUnused:
		toUnused(c, l, &f)
	default:
		elsewhere(c, l, &f)
	}
	return f
}

func nowhere(c cause.Case, l glbc.Lead, f *cause.Finding) {
	what := "has no address in DNS"
	if l.NXDomain {
		what = "does not exist in DNS"
	}
	f.Headline = l.Host + " " + what + ", so no client finds the load balancer"
	f.Summary = "The load balancer serves the host, and no record leads to it."
	f.Fix = cause.Fix{
		Summary:  fmt.Sprintf("create a record for %s with %s; in Cloud DNS, put the name of the zone in place of ZONE", l.Host, addresses(l.Ours)),
		Commands: []string{record(c, "create", l)},
		Caveat:   "resolvers remember for a while that the name didn't exist",
	}
}

// beside: each client takes one of the records.
func beside(c cause.Case, l glbc.Lead, f *cause.Finding) {
	sort := sortOf(l.Stray[0])
	f.Severity = cause.Degraded
	f.Headline = fmt.Sprintf("%s has a stray %s record, %s, beside the load balancer's address", l.Host, sort, addresses(l.Stray))
	f.Summary = "Clients choose among the records; those that take the stray one never reach this load balancer."
	f.Impact = "the clients that take " + addresses(l.Stray) + " go elsewhere"
	if sort == "AAAA" {
		f.Summary = "Clients with IPv6 take the AAAA record first, and it leads elsewhere; those with IPv4 alone reach the load balancer."
		f.Impact = "clients with IPv6 go elsewhere"
	}
	f.Fix = cause.Fix{Summary: fmt.Sprintf("remove the stray %s record of %s; in Cloud DNS, put the name of the zone in place of ZONE", sort, l.Host)}
	if sort == "AAAA" {
		f.Fix.Commands = []string{fmt.Sprintf("gcloud dns record-sets delete %s. --type AAAA --zone ZONE --project %s", l.Host, c.Facts.Project)}
	} else {
		f.Fix.Commands = []string{record(c, "update", l)}
	}
	f.Fix.Caveat = "resolvers keep the old record until its TTL is over"
	if internal(c) {
		f.Confidence = cause.Likely
	}
}

func toUnused(c cause.Case, l glbc.Lead, f *cause.Finding) {
	f.Headline = fmt.Sprintf("%s leads to the reserved address %s, which nothing uses", l.Host, l.Holder.Name)
	f.Summary = fmt.Sprintf("The name leads to %s, which is reserved and has no forwarding rule; the load balancer is at %s.", addresses(l.Stray), addresses(l.Ours))
	f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Addresses), Says: l.Holder.Name + " is reserved and not in use", Link: addressesLink(c.Facts.Project)})
	f.Fix = pointDNS(c, l)
	ing, ok := c.Ingress()
	if ok && glbc.StaticIPName(ing) == "" && l.Holder.Scope == glbc.ClassOf(ing).Scope(glbc.Region(c.Facts)) {
		key := glbc.GlobalStaticIPAnnotation
		if glbc.ClassOf(ing).InRegion() {
			key = glbc.RegionalStaticIPAnnotation
		}
		f.Fix = cause.Fix{
			Summary:  "give the Ingress the address that DNS has; or change the record to " + addresses(l.Ours),
			Commands: []string{annotate(c, key, l.Holder.Name)},
			Patches:  []cause.Patch{ingressPatch(c, key+": "+l.Holder.Name)},
			Caveat:   "the forwarding rule is made anew: other names that lead to the present address break",
		}
	}
}

// elsewhere: the name wholly leads to one other address.
func elsewhere(c cause.Case, l glbc.Lead, f *cause.Finding) {
	f.Confidence = cause.Likely
	f.Headline = fmt.Sprintf("%s leads to %s, the load balancer is at %s", l.Host, addresses(l.Stray), addresses(l.Ours))
	f.Summary = "The record's only address is not the load balancer's, so requests go elsewhere, unless something there passes them on."
	f.Fix = pointDNS(c, l)
	f.Fix.Caveat = "if a proxy of yours is at " + addresses(l.Stray) + " and passes requests on, nothing is wrong"
	if len(l.Stray) > 1 {
		f.Confidence = cause.Possible
	}
	switch l.Holder.Kind {
	case facts.KindForwardingRule:
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.ForwardingRules), Says: "the address is that of forwarding rule " + l.Holder.Name + ", whose URL map doesn't have the host"})
		f.Summary = "The name leads to another load balancer of the project, which does not know the host."
	case facts.KindAddress:
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Addresses), Says: "the address is reserved in this project as " + l.Holder.Name, Link: addressesLink(c.Facts.Project)})
	default:
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Addresses), Says: "no forwarding rule or reserved address of " + c.Facts.Project + " has it, and it is no address of a proxy that is known"})
	}
}

func pointDNS(c cause.Case, l glbc.Lead) cause.Fix {
	return cause.Fix{
		Summary:  fmt.Sprintf("change the record of %s to %s; in Cloud DNS, put the name of the zone in place of ZONE", l.Host, addresses(l.Ours)),
		Commands: []string{record(c, "update", l)},
		Caveat:   "resolvers keep the old record until its TTL is over",
	}
}

// record is the command that makes a host's record lead to the load balancer alone.
func record(c cause.Case, verb string, l glbc.Lead) string {
	own := l.Ours
	for _, a := range l.Ours {
		if a.Is4() {
			own = []netip.Addr{a}
			break
		}
	}
	return fmt.Sprintf("gcloud dns record-sets %s %s. --type %s --ttl 300 --rrdatas %s --zone ZONE --project %s", verb, l.Host, sortOf(own[0]), own[0], c.Facts.Project)
}

// records are the host's records in words.
func records(s *facts.Snapshot, l glbc.Lead) string {
	found, _ := s.DNS[l.Host].Get()
	var parts []string
	if len(found.A) > 0 {
		parts = append(parts, "A "+addresses(found.A))
	}
	if len(found.AAAA) > 0 {
		parts = append(parts, "AAAA "+addresses(found.AAAA))
	}
	switch {
	case l.NXDomain:
		return l.Host + " doesn't exist (NXDOMAIN)"
	case len(parts) == 0:
		return l.Host + " has neither an A nor an AAAA record"
	}
	return l.Host + " has " + strings.Join(parts, " and ")
}

func sortOf(a netip.Addr) string {
	if a.Is4() {
		return "A"
	}
	return "AAAA"
}

func addresses(list []netip.Addr) string {
	var parts []string
	for _, a := range list {
		parts = append(parts, a.String())
	}
	return strings.Join(parts, ", ")
}
