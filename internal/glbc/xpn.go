package glbc

import (
	"errors"
	"slices"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// An XPNCommand is the firewall change that GLBC can't make itself in the host project
// of a shared VPC and asks a person for, as the gcloud command in its event
// (ingress-controller.md §1.8, fw-manual-xpn). A create or an update names all that the
// rule should have.
type XPNCommand struct {
	// Verb is create, update or delete.
	Verb string
	Name string
	// Network is a name; empty for an update.
	Network, Project string
	// Ports are of TCP, Sources ranges, Tags network tags.
	Ports, Sources, Tags []string
	// Truncated: the event was cut off, so that lists may be longer.
	Truncated bool
	// Text is the command, for people.
	Text string
}

const (
	xpnReason = "XPN"
	xpnPrefix = "Firewall change required by security admin: `"
)

// ParseXPN reads the message of an XPN event; ok is false for any other.
func ParseXPN(message string) (c XPNCommand, ok bool) {
	_, text, ok := strings.Cut(message, xpnPrefix)
	if !ok {
		return XPNCommand{}, false
	}
	text, _, whole := strings.Cut(text, "`")
	words := commandWords(text)
	if len(words) < 5 || !slices.Equal(words[:3], []string{"gcloud", "compute", "firewall-rules"}) {
		return XPNCommand{}, false
	}
	switch words[3] {
	case "create", "update", "delete":
	default:
		return XPNCommand{}, false
	}
	c = XPNCommand{Verb: words[3], Name: words[4], Truncated: !whole, Text: text}
	flags := words[5:]
	for i := 0; i+1 < len(flags); i += 2 {
		list := strings.Split(flags[i+1], ",")
		if c.Truncated && i+2 >= len(flags) {
			list = list[:len(list)-1] // The last word may lack its end.
		}
		c.flag(flags[i], list)
	}
	return c, true
}

func (c *XPNCommand) flag(name string, list []string) {
	switch name {
	case "--network":
		c.Network = strings.Join(list, ",")
	case "--project":
		c.Project = strings.Join(list, ",")
	case "--source-ranges":
		c.Sources = list
	case "--target-tags":
		c.Tags = list
	case "--allow":
		for _, a := range list {
			if port, ok := strings.CutPrefix(strings.ToLower(a), "tcp:"); ok {
				c.Ports = append(c.Ports, port)
			}
		}
	}
}

// commandWords splits a command at spaces outside double quotes.
func commandWords(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// LastXPN is the latest command that GLBC asks for, which it writes on every Ingress that
// doesn't suppress it, and the Ingress that has it. Any of them stands for the cluster.
func LastXPN(s *facts.Snapshot) (c XPNCommand, on facts.Ref, at time.Time, ok bool) {
	events, _ := s.Events.Get()
	for _, e := range events {
		if e.Reason != xpnReason || e.InvolvedObject.Kind != facts.KindIngress || ok && facts.EventTime(e).Before(at) {
			continue
		}
		if parsed, is := ParseXPN(e.Message); is {
			c, at, ok = parsed, facts.EventTime(e), true
			on = facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: e.InvolvedObject.Namespace, Name: e.InvolvedObject.Name}
		}
	}
	return c, on, at, ok
}

// suppressXPN keeps an Ingress free of XPN events.
const suppressXPN = "networking.gke.io/suppress-firewall-xpn-error"

// SuppressesXPN reports that the Ingress asks for no XPN events, so that their absence
// says nothing. A word that isn't a boolean suppresses nothing.
func SuppressesXPN(ing *networkingv1.Ingress) bool {
	switch ing.Annotations[suppressXPN] {
	case "1", "t", "T", "true", "TRUE", "True":
		return true
	}
	return false
}

var errOtherProject = errors.New("the firewall rules of the command's project weren't read")

// Compare tells what the live rules lack of the command; of a delete only whether the
// rule is Absent.
func (c XPNCommand) Compare(s *facts.Snapshot) facts.Value[RuleDiff] {
	if c.Project != "" && s.NetworkProject != "" && c.Project != s.NetworkProject {
		return facts.Unknown[RuleDiff](errOtherProject)
	}
	live := ruleNamed(s, c.Name)
	rule, ok := live.Get()
	switch {
	case !live.Known():
		return facts.Unknown[RuleDiff](live.Err())
	case !ok:
		return facts.Found(RuleDiff{Absent: true, MissingPorts: c.Ports, MissingSources: c.Sources})
	case c.Verb == "delete":
		return facts.Found(RuleDiff{Live: rule})
	}
	d := compareRule(rule, c.Ports, c.Sources)
	if network := facts.LastSegment(rule.GetNetwork()); c.Network != "" && network != c.Network {
		d.OtherNetwork = network
	}
	d.targets(s)
	return facts.Found(d)
}

// Done reports that somebody made the change, as far as a cut-off command tells.
func (c XPNCommand) Done(s *facts.Snapshot) facts.Value[bool] {
	d, ok := c.Compare(s).Get()
	switch {
	case !ok:
		return facts.Unknown[bool](c.Compare(s).Err())
	case c.Verb == "delete":
		return facts.Found(d.Absent)
	case d.Satisfied() && c.Truncated:
		return facts.Unknown[bool](errTruncated)
	}
	return facts.Found(d.Satisfied())
}

var errTruncated = errors.New("the event is cut off, and what it still says is done")
