package glbc

import (
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// A RuleDiff is what a live firewall rule lacks of what is wanted. GLBC repairs ports,
// sources and target tags at its next sync, nothing else (ingress-controller.md §1.8,
// fw-rule-drift). A rule that lacks something proves nothing by itself: another one may
// admit the same.
type RuleDiff struct {
	// Live is the rule; nil when it is absent.
	Live   *computepb.Firewall
	Absent bool
	// Disabled, NotIngress (it is for egress) and NoAllow (it denies): GLBC doesn't touch
	// those, and the rule admits nothing.
	Disabled, NotIngress, NoAllow bool
	// OtherNetwork is the network that the rule is in, where that isn't the cluster's.
	OtherNetwork string
	// MissingPorts and MissingSources are in the wanted spelling.
	MissingPorts, MissingSources []string
	// NodesOutside are nodes to which the rule doesn't apply: their machines have none of
	// its target tags.
	NodesOutside []string
	// TargetsErr is why that isn't known; nil when it is.
	TargetsErr error
}

// Satisfied reports that the rule has all that is wanted, as far as is known.
func (d RuleDiff) Satisfied() bool {
	return !d.Absent && !d.Disabled && !d.NotIngress && !d.NoAllow && d.OtherNetwork == "" &&
		len(d.MissingPorts)+len(d.MissingSources)+len(d.NodesOutside) == 0
}

// CompareL7Rule compares the cluster's rule with the live one of its name. It is unknown
// where the rules or the name are. What an L7Rule is Partial about isn't missing.
func CompareL7Rule(s *facts.Snapshot, want L7Rule) facts.Value[RuleDiff] {
	if want.Name == "" {
		return facts.Unknown[RuleDiff](errNoIngressUID)
	}
	live := ruleNamed(s, want.Name)
	if !live.Known() {
		return facts.Unknown[RuleDiff](live.Err())
	}
	rule, ok := live.Get()
	if !ok {
		return facts.Found(RuleDiff{Absent: true, MissingPorts: want.Ports, MissingSources: want.Sources})
	}
	d := compareRule(rule, want.Ports, want.Sources)
	if network := networkOf(s); network != "" && facts.RelativePath(rule.GetNetwork()) != network {
		d.OtherNetwork = facts.LastSegment(rule.GetNetwork())
	}
	d.targets(s)
	return facts.Found(d)
}

func ruleNamed(s *facts.Snapshot, name string) facts.Value[*computepb.Firewall] {
	rules, _ := s.Firewalls.Get()
	for _, r := range rules {
		if r.GetName() == name {
			return facts.Found(r)
		}
	}
	if !s.Firewalls.Known() {
		return facts.Unknown[*computepb.Firewall](s.Firewalls.Err())
	}
	return facts.Absent[*computepb.Firewall]()
}

func compareRule(rule *computepb.Firewall, ports, sources []string) RuleDiff {
	d := RuleDiff{
		Live: rule, Disabled: rule.GetDisabled(), NotIngress: rule.GetDirection() == "EGRESS",
		NoAllow: len(rule.GetAllowed()) == 0 && len(rule.GetDenied()) > 0,
	}
	for _, port := range ports {
		if !admitsPorts(rule, port) {
			d.MissingPorts = append(d.MissingPorts, port)
		}
	}
	for _, source := range sources {
		if !contained(source, rule.GetSourceRanges()) {
			d.MissingSources = append(d.MissingSources, source)
		}
	}
	return d
}

// admitsPorts reports that a rule admits TCP to every port of a range.
func admitsPorts(rule *computepb.Firewall, want string) bool {
	low, high, ok := portRange(want)
	if !ok {
		return false
	}
	var spans [][2]int
	for _, a := range rule.GetAllowed() {
		switch protocol := strings.ToLower(a.GetIPProtocol()); {
		case protocol == "all", (protocol == "tcp" || protocol == "6") && len(a.GetPorts()) == 0:
			return true
		case protocol == "tcp", protocol == "6":
			for _, p := range a.GetPorts() {
				if l, h, ok := portRange(p); ok {
					spans = append(spans, [2]int{l, h})
				}
			}
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	for _, span := range spans {
		if span[0] <= low && span[1] >= low {
			low = span[1] + 1
		}
	}
	return low > high
}

func portRange(text string) (low, high int, ok bool) {
	first, last, isRange := strings.Cut(text, "-")
	low, err := strconv.Atoi(first)
	if err != nil {
		return 0, 0, false
	}
	if !isRange {
		return low, low, true
	}
	high, err = strconv.Atoi(last)
	return low, high, err == nil
}

// targets finds the nodes that the rule isn't for.
func (d *RuleDiff) targets(s *facts.Snapshot) {
	tags := d.Live.GetTargetTags()
	if len(tags) == 0 && len(d.Live.GetTargetServiceAccounts()) == 0 {
		return
	}
	nodes, _ := s.Nodes.Get()
	instances, _ := s.Instances.Get()
	if !s.Nodes.Known() || !s.Instances.Known() {
		if d.TargetsErr = s.Nodes.Err(); d.TargetsErr == nil {
			d.TargetsErr = s.Instances.Err()
		}
		return
	}
	byPath := make(map[string]*computepb.Instance, len(instances))
	for _, i := range instances {
		byPath[facts.RelativePath(i.GetSelfLink())] = i
	}
	for _, n := range nodes {
		if i := byPath[instancePath(n)]; i != nil && WhyNotCandidate(n) == "" && !isTarget(d.Live, i) {
			d.NodesOutside = append(d.NodesOutside, n.Name)
		}
	}
	slices.Sort(d.NodesOutside)
}

func isTarget(rule *computepb.Firewall, i *computepb.Instance) bool {
	for _, tag := range i.GetTags().GetItems() {
		if slices.Contains(rule.GetTargetTags(), tag) {
			return true
		}
	}
	return slices.ContainsFunc(i.GetServiceAccounts(), func(a *computepb.ServiceAccount) bool {
		return slices.Contains(rule.GetTargetServiceAccounts(), a.GetEmail())
	})
}

// instancePath is the relative path of a node's machine.
func instancePath(n *corev1.Node) string {
	m := providerID.FindStringSubmatch(n.Spec.ProviderID)
	if m == nil {
		return ""
	}
	return "projects/" + m[1] + "/zones/" + m[2] + "/instances/" + m[3]
}
