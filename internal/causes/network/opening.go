package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
)

// An opening is what a rule must let in so that nothing of the barriers is left.
type opening struct {
	project, network string
	ports, sources   []string
	tags, accounts   []string
}

// openingFor is the opening for all barriers together; that of the cluster's L7 rule,
// where it is known and the barriers are GLBC's.
func openingFor(c cause.Case, list []barrier, l7 bool) opening {
	s := c.Facts
	o := opening{project: networkProject(s), network: s.NetworkName}
	for _, b := range list {
		add(&o.ports, strconv.Itoa(int(b.Packet.Port)))
		for _, p := range b.Packet.Sources {
			add(&o.sources, p.String())
		}
		tags, known := b.Target.Tags.Get()
		if !known {
			tags = b.Target.LikelyTags
		}
		accounts, _ := b.Target.ServiceAccounts.Get()
		switch tag := nodeTag(tags); {
		case tag != "":
			add(&o.tags, tag)
		case len(accounts) > 0:
			add(&o.accounts, accounts[0])
		}
	}
	if want, ok := glbc.DesiredL7Rule(s).Get(); l7 && ok {
		for _, p := range want.Ports {
			add(&o.ports, p.String())
		}
		add(&o.sources, want.Sources...)
	}
	o.ports, o.sources = withoutCovered(o.ports), sorted(o.sources)
	if len(o.tags) > 0 {
		// A rule takes tags or service accounts, not both.
		o.accounts = nil
	}
	return o
}

// withoutCovered leaves out the ports that a range among them has.
func withoutCovered(list []string) []string {
	kept := slices.DeleteFunc(slices.Clone(list), func(text string) bool {
		port, err := strconv.Atoi(text)
		return err == nil && slices.ContainsFunc(list, func(other string) bool {
			low, high, ranged := strings.Cut(other, "-")
			from, _ := strconv.Atoi(low)
			to, _ := strconv.Atoi(high)
			return ranged && from <= port && port <= to
		})
	})
	return sorted(kept)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// nodeTag is the tag by which rules mean a machine: that of GKE's nodes, else its first.
func nodeTag(tags []string) string {
	for _, tag := range tags {
		if strings.HasPrefix(tag, "gke-") && strings.HasSuffix(tag, "-node") {
			return tag
		}
	}
	if len(tags) > 0 {
		return tags[0]
	}
	return ""
}

// create is the command that makes a rule of the opening.
func (o opening) create(name string, priority int32) string {
	text := fmt.Sprintf("gcloud compute firewall-rules create %s --project %s --network %s --direction INGRESS --allow %s --source-ranges %s",
		name, o.project, o.network, o.allow(), strings.Join(o.sources, ","))
	if priority >= 0 {
		text += fmt.Sprintf(" --priority %d", priority)
	}
	switch {
	case len(o.tags) > 0:
		text += " --target-tags " + strings.Join(o.tags, ",")
	case len(o.accounts) > 0:
		text += " --target-service-accounts " + strings.Join(o.accounts, ",")
	}
	return text
}

func (o opening) allow() string {
	var specs []string
	for _, p := range o.ports {
		specs = append(specs, "tcp:"+p)
	}
	return strings.Join(specs, ",")
}

const usual = -1

// newName is a name for a rule of one's own that no rule has yet.
func newName(s *facts.Snapshot) string {
	name := "allow-google-lb-" + s.NetworkName
	for i := 2; liveRule(s, name) != nil; i++ {
		name = fmt.Sprintf("allow-google-lb-%s-%d", s.NetworkName, i)
	}
	return name
}

// liveRule is the VPC rule of that name; nil where none was read.
func liveRule(s *facts.Snapshot, name string) *computepb.Firewall {
	rules, _ := s.Firewalls.Get()
	if effective, ok := s.NetworkFirewall.Get(); ok {
		rules = slices.Concat(rules, effective.GetFirewalls())
	}
	for _, r := range rules {
		if r.GetName() == name && name != "" {
			return r
		}
	}
	return nil
}

// ownRule is the name of the rule that GKE's controller should have for the barriers,
// and the live one; empty where it isn't GLBC's to make, or its name isn't known.
func ownRule(c cause.Case, list []barrier) (name string, live *computepb.Firewall) {
	rules, _ := c.Facts.Firewalls.Get()
	for _, r := range rules {
		if slices.ContainsFunc(list, func(b barrier) bool { return isOwn(c, b, r.GetName()) }) {
			return r.GetName(), r
		}
	}
	if _, ok := c.Ingress(); !ok {
		return "", nil
	}
	name, _ = glbc.L7RuleName(c.Facts).Get()
	return name, nil
}

// widened is the command that adds to a live rule what the opening has more. --allow
// and --source-ranges replace what is there.
func (o opening) widened(rule *computepb.Firewall) string {
	text := fmt.Sprintf("gcloud compute firewall-rules update %s --project %s", rule.GetName(), o.project)
	if allow := o.allowedWith(rule); allow != "" {
		text += " --allow " + allow
	}
	if sources := union(rule.GetSourceRanges(), o.sources); len(sources) > len(rule.GetSourceRanges()) {
		text += " --source-ranges " + strings.Join(sources, ",")
	}
	if targets := union(rule.GetTargetTags(), o.tags); len(rule.GetTargetTags()) > 0 && len(targets) > len(rule.GetTargetTags()) {
		text += " --target-tags " + strings.Join(targets, ",")
	}
	return text
}

// allowedWith is what a rule allows together with the ports of the opening; empty where
// it allows them already.
func (o opening) allowedWith(rule *computepb.Firewall) string {
	var specs []string
	for _, a := range rule.GetAllowed() {
		protocol := strings.ToLower(a.GetIPProtocol())
		if len(a.GetPorts()) == 0 {
			specs = append(specs, protocol)
		}
		for _, p := range a.GetPorts() {
			specs = append(specs, protocol+":"+p)
		}
	}
	before := len(specs)
	for _, p := range o.ports {
		if !slices.ContainsFunc(rule.GetAllowed(), func(a *computepb.Allowed) bool { return allows(a, p) }) {
			specs = append(specs, "tcp:"+p)
		}
	}
	if len(specs) == before {
		return ""
	}
	return strings.Join(specs, ",")
}

func allows(a *computepb.Allowed, port string) bool {
	protocol := strings.ToLower(a.GetIPProtocol())
	if protocol != "tcp" && protocol != "6" && protocol != "all" {
		return false
	}
	return len(a.GetPorts()) == 0 || !slices.Contains(withoutCovered(append(slices.Clone(a.GetPorts()), port)), port) || slices.Contains(a.GetPorts(), port)
}

func union(have, more []string) []string {
	all := slices.Clone(have)
	add(&all, more...)
	return all
}

// bySubject groups barriers by the rule that decides about them.
func bySubject(list []barrier, of func(barrier) (firewall.Rule, bool)) (rules []firewall.Rule, groups [][]barrier) {
	for _, b := range list {
		r, ok := of(b)
		if !ok {
			continue
		}
		i := slices.IndexFunc(rules, func(have firewall.Rule) bool { return same(have, r) })
		if i < 0 {
			rules, groups = append(rules, r), append(groups, nil)
			i = len(rules) - 1
		}
		groups[i] = append(groups[i], b)
	}
	return rules, groups
}

func same(a, b firewall.Rule) bool {
	return a.Layer == b.Layer && a.PolicyName == b.PolicyName && a.Name == b.Name && a.Priority == b.Priority
}
