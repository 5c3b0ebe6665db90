package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// An L7RuleDiff is what the live L7 rule lacks of the one that GLBC would make. More
// than that it may have: a flag of the controller, or a Service that wasn't read.
type L7RuleDiff struct {
	// Ref names the rule, there or not.
	Ref  facts.Ref
	Want L7Rule
	// Rule is the live one; nil when Absent.
	Rule   *computepb.Firewall
	Absent bool
	// Disabled and Reversed: the rule is off, or is one for egress or that denies. GLBC
	// repairs neither (ingress-controller.md §1.8, fw-rule-drift).
	Disabled, Reversed bool
	// OtherNetwork is the network that the rule is in, where that isn't the cluster's.
	// GLBC doesn't repair it either.
	OtherNetwork   string
	MissingPorts   []RulePort
	MissingSources []string
	// NodesOutside are the nodes whose machines surely are no targets of the rule, by
	// name. TargetsErr is why there may be more; nil when every node was looked at.
	NodesOutside []string
	TargetsErr   error
}

// Empty reports that the live rule admits all that GLBC wants.
func (d L7RuleDiff) Empty() bool {
	return !d.Absent && !d.Disabled && !d.Reversed && d.OtherNetwork == "" &&
		len(d.MissingPorts)+len(d.MissingSources)+len(d.NodesOutside) == 0
}

// CompareL7Rule compares the cluster's live L7 rule with what GLBC would make. err is
// why nothing can be compared; what Want lacks is in Want.Partial. Where GLBC wants no
// rule, the diff is empty.
func CompareL7Rule(s *facts.Snapshot) (L7RuleDiff, error) {
	want := DesiredL7Rule(s)
	w, ok := want.Get()
	if !ok {
		return L7RuleDiff{}, want.Err()
	}
	project := s.NetworkProject
	if project == "" {
		project = s.Project
	}
	d := L7RuleDiff{Want: w, Ref: facts.Ref{Project: project, Scope: scopeGlobal, Kind: facts.KindFirewallRule, Name: w.Name}}
	found := inScope(s.Firewalls, scopeGlobal, w.Name)
	rule, ok := found.Get()
	switch {
	case found.IsAbsent():
		d.Absent = true
		return d, nil
	case !ok:
		return L7RuleDiff{}, orNotRead(found.Err())
	}
	d.Rule, d.Disabled = rule, rule.GetDisabled()
	d.Reversed = rule.GetDirection() == "EGRESS" || len(rule.GetAllowed()) == 0 && len(rule.GetDenied()) > 0
	for _, p := range w.Ports {
		if !ruleAllows(rule, p) {
			d.MissingPorts = append(d.MissingPorts, p)
		}
	}
	for _, source := range w.Sources {
		if !contained(source, rule.GetSourceRanges()) {
			d.MissingSources = append(d.MissingSources, source)
		}
	}
	// The rules are of one project, so that the name tells the network.
	if want, have := facts.LastSegment(networkOf(s)), facts.LastSegment(rule.GetNetwork()); want != "" && have != "" && want != have {
		d.OtherNetwork = have
	}
	d.targets(s)
	return d, nil
}

// targets finds the nodes that the live rule isn't for, by the tags and service accounts
// of their machines. Nodes that are kept out of load balancing don't count, nor new ones.
func (d *L7RuleDiff) targets(s *facts.Snapshot) {
	if len(d.Rule.GetTargetTags())+len(d.Rule.GetTargetServiceAccounts()) == 0 {
		return
	}
	d.TargetsErr = s.Nodes.Err()
	nodes, _ := s.Nodes.Get()
	for _, n := range nodes {
		if NodeExcluded(n) != "" || s.Now.Sub(n.CreationTimestamp.Time) < grace {
			continue
		}
		machine := InstanceOf(s, n)
		switch m, ok := machine.Get(); {
		case ok && !isTarget(d.Rule, m):
			d.NodesOutside = append(d.NodesOutside, n.Name)
		case !ok:
			err := machine.Err()
			if err == nil {
				err = errNoMachine
			}
			d.TargetsErr = errors.Join(d.TargetsErr, fmt.Errorf("machine of node %s: %w", n.Name, err))
		}
	}
	slices.Sort(d.NodesOutside)
}

var errNoMachine = errors.New("it isn't among the project's")

func isTarget(rule *computepb.Firewall, m *computepb.Instance) bool {
	return slices.ContainsFunc(m.GetTags().GetItems(), func(tag string) bool { return slices.Contains(rule.GetTargetTags(), tag) }) ||
		slices.ContainsFunc(m.GetServiceAccounts(), func(a *computepb.ServiceAccount) bool {
			return slices.Contains(rule.GetTargetServiceAccounts(), a.GetEmail())
		})
}

// ruleAllows reports that a rule lets TCP to every port of a range.
func ruleAllows(rule *computepb.Firewall, want RulePort) bool {
	var specs []string
	for _, a := range rule.GetAllowed() {
		switch strings.ToLower(a.GetIPProtocol()) {
		case "all":
			return true
		case "tcp", "6":
			if len(a.GetPorts()) == 0 {
				return true
			}
			specs = append(specs, a.GetPorts()...)
		}
	}
	for port := want.From; port <= want.To; port++ {
		if !coversPort(specs, port) {
			return false
		}
	}
	return true
}
