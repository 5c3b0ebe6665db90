package edge

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Compute refuses a second forwarding rule for the same address and port
// (ingress-controller.md §1.5, static-ip-in-use; GKE's page on Ingress errors,
// IP_IN_USE_BY_ANOTHER_RESOURCE).
var staticIPInUse = cause.Cause{
	ID:       "edge/static-ip-in-use",
	Title:    "Another forwarding rule has the address that the Ingress asks for",
	Needs:    []facts.Kind{facts.Ingresses, facts.Addresses, facts.ForwardingRules, facts.Namespaces},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check:    checkInUse,
}

func checkInUse(c cause.Case) cause.Outcome {
	ruledOut := ""
	if ing, ok := c.Ingress(); ok && notFoundRuledOut(c) != "" {
		ruledOut = "no other forwarding rule has the address " + glbc.StaticIPName(ing)
	}
	out := cause.Blocker{Code: glbc.StaticIPInUse, Tell: tellInUse, RuledOut: ruledOut}.Check(c)
	if !c.Facts.ForwardingRules.Known() || !c.Facts.Addresses.Known() {
		out.RuledOut = ""
	}
	// HTTP and HTTPS of one neighbour are one finding.
	if len(out.Findings) > 1 {
		out.Findings = out.Findings[:1]
	}
	return out
}

func tellInUse(c cause.Case, fault glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	name := glbc.StaticIPName(ing)
	rule := ruleNamed(c.Facts, fault.Names)
	holder := holderOf(rule)
	f := cause.Finding{
		Headline: fmt.Sprintf("Address %s already serves %s, %s", name, holder, c.Effect()),
		Summary:  "An address takes one forwarding rule for each port; Compute refuses the second one, which the Ingress needs.",
		Evidence: []cause.Evidence{
			annotated(c, fault.Field),
			{
				Source: string(facts.ForwardingRules), Link: addressesLink(c.Facts.Project),
				Says: fmt.Sprintf("%s has %s, port %s%s", rule.GetName(), rule.GetIPAddress(), portsOf(rule), describedAs(rule)),
			},
		},
		Change: wrote(c, fault.Field),
		Fix:    fixInUse(c, name, fault),
	}
	return blocked(c, f)
}

// fixInUse gives the Ingress an address of its own: the other one serves.
func fixInUse(c cause.Case, name string, fault glbc.Fault) cause.Fix {
	own := c.Target.Namespace + "-" + c.Target.Name
	if own == name {
		own += "-2"
	}
	ref := facts.Ref{Project: c.Facts.Project, Scope: fault.Names.Scope, Kind: facts.KindAddress, Name: own}
	return cause.Fix{
		Summary:  "give this Ingress an address of its own, and point DNS at it; or free " + name + " by deleting what has it, if that is left over",
		Commands: []string{reserve(c, ref, ""), annotate(c, fault.Field, own)},
		Patches:  []cause.Patch{ingressPatch(c, fault.Field+": "+own)},
		Caveat:   "several hosts can share one address only within one Ingress: put their rules into it instead",
	}
}

func ruleNamed(s *facts.Snapshot, ref facts.Ref) *computepb.ForwardingRule {
	all, _ := s.ForwardingRules.Get()
	i := slices.IndexFunc(all, func(fr *computepb.ForwardingRule) bool {
		return fr.GetName() == ref.Name && facts.ScopeOf(fr.GetSelfLink()) == ref.Scope
	})
	if i < 0 {
		return &computepb.ForwardingRule{Name: &ref.Name}
	}
	return all[i]
}

// holderOf says whose the forwarding rule is.
func holderOf(fr *computepb.ForwardingRule) string {
	if name := ingressDescribed(fr); name != "" {
		return "Ingress " + name
	}
	return "forwarding rule " + fr.GetName()
}

func describedAs(fr *computepb.ForwardingRule) string {
	if name := ingressDescribed(fr); name != "" {
		return ", made for Ingress " + name
	}
	return ""
}

// ingressDescribed is the Ingress that a rule of the controller's describes itself with.
func ingressDescribed(fr *computepb.ForwardingRule) string {
	_, rest, ok := strings.Cut(fr.GetDescription(), `"kubernetes.io/ingress-name": "`)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

func portsOf(fr *computepb.ForwardingRule) string {
	if len(fr.GetPorts()) > 0 {
		return strings.Join(fr.GetPorts(), ", ")
	}
	first, last, _ := strings.Cut(fr.GetPortRange(), "-")
	if last == "" || first == last {
		return first
	}
	return fr.GetPortRange()
}
