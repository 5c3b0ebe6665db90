package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// weakerThanPermission are the causes that this one makes redundant.
var weakerThanPermission = []cause.ID{"network/health-check-ranges-not-allowed", "network/firewall-port-not-covered", "network/proxy-only-range-not-allowed"}

// In a shared VPC the controller may not write firewall rules in the host project. It
// says so by a Normal event with the command that somebody there must run, and goes on
// (ingress-controller.md §1.8, fw-manual-xpn; ingress-gce #584).
var sharedVPC = cause.Cause{
	ID:       "network/shared-vpc-firewall-permission",
	Title:    "GKE may not write the firewall rule in the host project of the shared VPC",
	Needs:    append([]facts.Kind{facts.Probes, facts.Pods}, slices.Concat(evaluated, []facts.Kind{facts.Events, facts.Cluster})...),
	Explains: explaining(weakerThanPermission...),
	Check:    checkSharedVPC,
}

func checkSharedVPC(c cause.Case) cause.Outcome {
	command, event, ok := asked(c)
	if !ok || c.Facts.NetworkProject == "" || c.Facts.NetworkProject == c.Facts.Project {
		return cause.Outcome{}
	}
	rule := glbc.XPNRule(c.Facts, command)
	live, found := rule.Get()
	if !found && !rule.IsAbsent() {
		return cause.Outcome{}
	}
	unmet := command.Unmet(live)
	if len(unmet) == 0 {
		if admitted(c) == "" {
			return cause.Outcome{}
		}
		return cause.Outcome{RuledOut: "rule " + command.Name + " has all that the controller's event asks for"}
	}
	var list []barrier
	for _, b := range barriers(c) {
		if _, off := b.disabled(c); b.unruled() && !off && wouldOpen(command, b) {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		return cause.Outcome{}
	}
	f := finding(c, list, weakerThanPermission)
	f.Subject = facts.Ref{Project: c.Facts.NetworkProject, Scope: "global", Kind: facts.KindFirewallRule, Name: command.Name}
	f.Headline = fmt.Sprintf("GKE may not write firewall rule %s in host project %s, so %s can't get in to %s", command.Name, c.Facts.NetworkProject, senders(list), ports(list))
	f.Summary = "The cluster's network belongs to the host project, where GKE's service agent lacks the permission; it asks for the rule by an event, and nobody made it."
	f.Evidence = append([]cause.Evidence{
		{Source: "event XPN", Says: event.Message, Link: cause.ObjectLink(c.Target)},
		{Source: "compute.firewalls.list", Says: "in " + c.Facts.NetworkProject + ": " + strings.Join(unmet, ", ")},
	}, evidence(c, list)...)
	f.Fix = run(c, command, list)
	return cause.Outcome{Findings: []cause.Finding{f}}
}

// asked is the command of the controller's newest event, of the API or of the log.
func asked(c cause.Case) (glbc.XPNCommand, cause.Event, bool) {
	if _, ok := c.Ingress(); !ok {
		return glbc.XPNCommand{}, cause.Event{}, false
	}
	for _, e := range c.EventsOf(c.Target) {
		if e.Reason != "XPN" || e.Component != glbc.Controller {
			continue
		}
		if command, ok := glbc.ParseXPN(e.Message); ok && command.Verb != "delete" {
			return command, e, true
		}
	}
	return glbc.XPNCommand{}, cause.Event{}, false
}

// wouldOpen: the command lets in what the barrier keeps out, as far as it can be read.
func wouldOpen(command glbc.XPNCommand, b barrier) bool {
	port := slices.ContainsFunc(command.Ports, func(p glbc.RulePort) bool {
		return p.From <= int32(b.Packet.Port) && int32(b.Packet.Port) <= p.To
	})
	source := slices.ContainsFunc(b.denied(implied), func(s netip.Prefix) bool { return slices.Contains(command.Sources, s.String()) })
	return command.Truncated || port && source
}

// run is the fix: what the controller asks for, or, of a command that was cut off, what
// is known to be missing.
func run(c cause.Case, command glbc.XPNCommand, list []barrier) cause.Fix {
	f := cause.Fix{
		Summary: "let somebody who may write firewall rules in " + c.Facts.NetworkProject + " run what the controller asks for",
		Caveat: "the controller asks again for every new port; it stops once GKE's service agent (service-NUMBER@container-engine-robot) has compute.firewalls.* and " +
			"compute.networks.updatePolicy in " + c.Facts.NetworkProject,
	}
	if command.Truncated {
		o := openingFor(c, list, true)
		f.Commands = []string{o.create(command.Name, usual)}
		return f
	}
	f.Commands = []string{command.Text}
	return f
}
