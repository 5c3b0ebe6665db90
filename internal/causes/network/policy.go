package network

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

// inPolicy adds a rule to a policy that comes before one of its rules; where there is no
// room before it, that one must give way.
func inPolicy(s *facts.Snapshot, r firewall.Rule, o opening, purpose string) cause.Fix {
	command, where := policyCommand(s, r)
	matches := fmt.Sprintf(" --direction INGRESS --action allow --src-ip-ranges %s --layer4-configs %s", strings.Join(o.sources, ","), o.allow())
	if at, ok := room(s, r); ok && command != "" {
		return cause.Fix{
			Summary:  fmt.Sprintf("add a rule to policy %s that allows Google's ranges before rule %d", r.Policy, r.Priority),
			Commands: []string{fmt.Sprintf("%s create %d %s%s", command, at, where, matches)},
			Caveat:   purpose + "; no VPC rule helps against a policy that is evaluated first",
		}
	}
	fix := cause.Fix{Summary: fmt.Sprintf("let rule %d of policy %s leave out Google's ranges", r.Priority, r.Policy), Caveat: purpose}
	if command != "" {
		fix.Commands = []string{fmt.Sprintf("%s describe %d %s", command, r.Priority, where)}
	}
	return fix
}

// policyCommand is gcloud's command for the rules of a policy, and the flags that name it.
func policyCommand(s *facts.Snapshot, r firewall.Rule) (command, where string) {
	const network = "gcloud compute network-firewall-policies rules"
	switch r.Layer {
	case firewall.LayerHierarchical:
		return "gcloud compute firewall-policies rules", "--firewall-policy " + r.PolicyName
	case firewall.LayerGlobal:
		return network, fmt.Sprintf("--project %s --firewall-policy %s --global-firewall-policy", networkProject(s), r.PolicyName)
	case firewall.LayerRegional:
		return network, fmt.Sprintf("--project %s --firewall-policy %s --firewall-policy-region %s", networkProject(s), r.PolicyName, s.Region)
	case firewall.LayerVPC, firewall.LayerSystem, firewall.LayerImplied, firewall.LayerUnplaced:
	}
	return "", ""
}

// room is the nearest priority before a policy's rule that no rule of it has.
func room(s *facts.Snapshot, r firewall.Rule) (priority int32, ok bool) {
	taken := map[int32]bool{}
	global, _ := s.NetworkFirewall.Get()
	for _, p := range global.GetFirewallPolicys() {
		if p.GetName() == r.PolicyName {
			for _, rule := range p.GetRules() {
				taken[rule.GetPriority()] = true
			}
		}
	}
	region, _ := s.RegionFirewall.Get()
	for _, p := range region.GetFirewallPolicys() {
		if p.GetName() == r.PolicyName {
			for _, rule := range p.GetRules() {
				taken[rule.GetPriority()] = true
			}
		}
	}
	for at := r.Priority - 1; at >= 0; at-- {
		if !taken[at] {
			return at, true
		}
	}
	return 0, false
}
