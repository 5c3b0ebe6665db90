package glbc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// An XPNCommand is what GLBC asks the security admin of a shared VPC to run: the rule
// that it wants and may not make (ingress-controller.md §1.8, fw-manual-xpn). It is as
// old as its event: a later one may want more.
type XPNCommand struct {
	// Verb is create, update or delete.
	Verb string
	Name string
	// Network is a name, of Project's; an update names none.
	Network, Project string
	// Ports are those of TCP that are allowed; a whole protocol is 0-65535. Other are
	// other protocols.
	Ports         []RulePort
	Other         []string
	Sources, Tags []string
	// Truncated: the event was cut off, as events are at 1 kB. What is here was asked for;
	// there may have been more.
	Truncated bool
	// Text is the command.
	Text string
}

// ParseXPN reads the command in an XPN event's message; ok is false where there is
// none, or the rule's name is cut. Of a command that is cut off the
// last item doesn't count, which may lack its end.
func ParseXPN(message string) (c XPNCommand, ok bool) {
	_, rest, found := strings.Cut(message, "`")
	text, _, closed := strings.Cut(rest, "`")
	words := shellWords(text)
	if !closed && len(words) > 0 {
		words = withoutLastItem(words)
	}
	if !found || len(words) < 5 || !slices.Equal(words[:3], []string{"gcloud", "compute", "firewall-rules"}) {
		return XPNCommand{}, false
	}
	c = XPNCommand{Verb: words[3], Name: words[4], Truncated: !closed, Text: text}
	for i := 5; i < len(words); i++ {
		flag, value, joined := strings.Cut(words[i], "=")
		if !joined && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			i++
			value = words[i]
		}
		c.flag(flag, value)
	}
	switch c.Verb {
	case "create", "update", "delete":
		return c, !strings.HasPrefix(c.Name, "-")
	}
	return XPNCommand{}, false
}

// withoutLastItem takes the last item of the last word's list away, or the word.
func withoutLastItem(words []string) []string {
	last := len(words) - 1
	if i := strings.LastIndexByte(words[last], ','); i >= 0 {
		return append(slices.Clone(words[:last]), words[last][:i])
	}
	return words[:last]
}

func (c *XPNCommand) flag(name, value string) {
	switch name {
	case "--network":
		c.Network = facts.LastSegment(value)
	case "--project":
		c.Project = value
	case "--source-ranges":
		c.Sources = splitNames(value)
	case "--target-tags":
		c.Tags = splitNames(value)
	case "--allow":
		protocol := ""
		for _, spec := range splitNames(value) {
			p, ports, of := strings.Cut(spec, ":")
			if !of && protocol != "" && strings.Trim(spec, "0123456789-") == "" {
				// tcp:80,443: the protocol goes for both.
				p, ports = protocol, spec
			}
			protocol = p
			c.allow(p, ports)
		}
	}
}

func (c *XPNCommand) allow(protocol, ports string) {
	if protocol != "tcp" && protocol != "6" {
		c.Other = append(c.Other, protocol)
		return
	}
	if ports == "" {
		c.Ports = append(c.Ports, RulePort{From: 0, To: 65535})
		return
	}
	low, high, ranged := strings.Cut(ports, "-")
	if !ranged {
		high = low
	}
	from, err := strconv.ParseUint(low, 10, 16)
	to, err2 := strconv.ParseUint(high, 10, 16)
	if err == nil && err2 == nil {
		c.Ports = append(c.Ports, RulePort{From: int32(from), To: int32(to)})
	}
}

// shellWords splits a command at spaces outside double or single quotes.
func shellWords(text string) []string {
	var words []string
	var word strings.Builder
	quote, begun := rune(0), false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, begun = r, true
		case quote == 0 && r == ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// Unmet lists what a live rule lacks of the command, for people; nothing when the rule
// satisfies it, as far as a Truncated one tells. rule is nil where there is none of the name.
func (c XPNCommand) Unmet(rule *computepb.Firewall) []string {
	switch {
	case c.Verb == "delete" && rule != nil:
		return []string{"the rule is still there"}
	case c.Verb == "delete":
		return nil
	case rule == nil:
		return []string{"there is no rule " + c.Name}
	}
	var list []string
	add := func(unmet bool, format string, args ...any) {
		if unmet {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	add(rule.GetDisabled(), "the rule is disabled")
	add(rule.GetDirection() == "EGRESS", "the rule is for egress")
	add(c.Network != "" && facts.LastSegment(rule.GetNetwork()) != c.Network, "the rule is of network %s, not %s", facts.LastSegment(rule.GetNetwork()), c.Network)
	for _, p := range c.Ports {
		add(!ruleAllows(rule, p), "tcp:%s isn't allowed", p)
	}
	for _, source := range c.Sources {
		add(!contained(source, rule.GetSourceRanges()), "source %s isn't admitted", source)
	}
	for _, tag := range c.Tags {
		// A rule without targets goes for all machines of the network.
		all := len(rule.GetTargetTags())+len(rule.GetTargetServiceAccounts()) == 0
		add(!all && !slices.Contains(rule.GetTargetTags(), tag), "machines with tag %s aren't targets", tag)
	}
	return list
}

// LastXPN is the command of the last XPN event on an Ingress; unknown where events are,
// absent where there is none.
func LastXPN(s *facts.Snapshot, ing *networkingv1.Ingress) facts.Value[XPNCommand] {
	events, _ := s.Events.Get()
	var last *corev1.Event
	var command XPNCommand
	for _, e := range events {
		about := e.InvolvedObject.Kind == facts.KindIngress && e.InvolvedObject.Namespace == ing.Namespace && e.InvolvedObject.Name == ing.Name
		if !about || e.Reason != "XPN" || !FromController(e) || last != nil && !facts.EventTime(e).After(facts.EventTime(last)) {
			continue
		}
		if c, ok := ParseXPN(e.Message); ok {
			last, command = e, c
		}
	}
	switch {
	case last != nil:
		return facts.Found(command)
	case !s.Events.Known():
		return facts.Unknown[XPNCommand](s.Events.Err())
	case !wasRead(s, ing.Namespace):
		return facts.Unknown[XPNCommand](errNamespaceNotRead(ing.Namespace))
	}
	return facts.Absent[XPNCommand]()
}

// XPNRule finds the rule that a command is about among those of the network's project;
// unknown where those of another project were read.
func XPNRule(s *facts.Snapshot, c XPNCommand) facts.Value[*computepb.Firewall] {
	if c.Project != "" && s.NetworkProject != "" && c.Project != s.NetworkProject {
		return facts.Unknown[*computepb.Firewall](fmt.Errorf("firewall rules of project %s: %w", c.Project, errNotAsked))
	}
	return inScope(s.Firewalls, scopeGlobal, c.Name)
}
