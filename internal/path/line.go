package path

import (
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// A Segment is one hop in the line of a path. The arrows between segments are the
// caller's, and so is how a broken one stands out.
type Segment struct {
	Text   string
	Broken bool
}

// Arrow stands between the segments of a line.
const Arrow = " → "

// Segments are the hops that apply, in order: `DNS ✓`, `health check ✗ 0 of 3 HEALTHY`,
// `NEG 3/3`, `firewall ?` where nothing is known.
func (p Path) Segments() []Segment {
	var list []Segment
	for _, h := range p.Hops {
		switch h.State {
		case NotApplicable:
		case Broken:
			list = append(list, Segment{strings.TrimSpace(h.title() + " ✗ " + short(h.Says)), true})
		case Unknown:
			list = append(list, Segment{h.title() + " ?", false})
		case OK:
			if h.Station == Group && strings.Contains(h.Says, "/") && !strings.Contains(h.Says, " ") {
				list = append(list, Segment{h.title() + " " + h.Says, false})
				continue
			}
			list = append(list, Segment{h.title() + " ✓", false})
		}
	}
	return list
}

// Line is the path in one line, a broken hop between asterisks.
func (p Path) Line() string {
	var parts []string
	for _, s := range p.Segments() {
		if s.Broken {
			s.Text = "*" + s.Text + "*"
		}
		parts = append(parts, s.Text)
	}
	return strings.Join(parts, Arrow)
}

var titles = map[Station]string{
	DNS: "DNS", Address: "address", ForwardingRule: "forwarding rule", Proxy: "proxy", URLMap: "URL map",
	BackendService: "backend service", HealthCheck: "health check", Firewall: "firewall", Group: "NEG",
	Service: "Service", Pods: "pods", App: "app",
}

// title is what people call the station; a group by what its objects are.
func (h Hop) title() string {
	isNEG := func(r facts.Ref) bool { return r.Kind == facts.KindNEG }
	isGroup := func(r facts.Ref) bool { return r.Kind == facts.KindInstanceGroup }
	if h.Station == Group && slices.ContainsFunc(h.Objects, isGroup) && !slices.ContainsFunc(h.Objects, isNEG) {
		return "instance group"
	}
	return titles[h.Station]
}

// short is the first thing that a hop says, at most as long as a line of a chat bears.
func short(says string) string {
	const longest = 80
	first, _, _ := strings.Cut(says, "; ")
	if r := []rune(first); len(r) > longest {
		return strings.TrimSpace(string(r[:longest-1])) + "…"
	}
	return first
}
