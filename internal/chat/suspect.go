package chat

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/history"
)

// rootSuspects are how many the root message names; the rest is in the thread.
const rootSuspects = 2

// suspected says which changes can have caused what no cause explains, or that there
// are none. Where the log couldn't be read, the gaps say so.
func (w writer) suspected(subject facts.Ref) string {
	d := w.notice.Diagnosis
	switch {
	case len(d.Suspects) > 0:
		return w.nearest(d.Suspects)
	case d.HistoryRead && len(d.Open) > 0:
		return w.noChange(subject)
	}
	return ""
}

// nearest are the first suspects, one a line.
func (w writer) nearest(list []history.Suspect) string {
	shown := list[:min(rootSuspects, len(list))]
	lines := make([]string, len(shown))
	for i, s := range shown {
		lines[i] = w.suspect(s)
	}
	if rest := len(list) - len(shown); rest > 0 {
		lines[len(lines)-1] += fmt.Sprintf("; %d more in the thread", rest)
	}
	return strings.Join(lines, "\n")
}

// suspects are all of them, for the thread.
func (w writer) suspects(list []history.Suspect) []string {
	lines := make([]string, len(list))
	for i, s := range list {
		lines[i] = "• " + w.suspect(s)
	}
	return lines
}

// suspect is who changed what with which tool, when, and how long before it broke.
func (w writer) suspect(s history.Suspect) string {
	what := kindWord(s.Object.Kind) + " " + say(name(s.Object), maxName)
	what = w.link(what, cause.EntryLink(s.Object.ProjectOf(), s.Entry, s.At), rootLink)
	line := somebody(s.By, s.Controller) + " " + s.Action() + " " + what + details(s)
	if word := s.Caller.Word(); word != "" && !s.Controller {
		line += " with " + word
	}
	line += ", " + w.when(s.At)
	if s.Dated && s.Lead > 0 {
		line += ", " + span(s.Lead) + " before the first failure"
	}
	return line
}

// details are the fields, the first two with their values.
func details(s history.Suspect) string {
	if len(s.Fields) == 0 {
		if s.Created || s.Deleted {
			return ""
		}
		return " (the log doesn't tell which fields)"
	}
	var parts []string
	for _, f := range s.Fields[:min(2, len(s.Fields))] {
		c := cause.Change{From: f.From, To: f.To, Removed: f.Removed}
		parts = append(parts, say(f.Path, maxName)+values(c))
	}
	if rest := len(s.Fields) - len(parts); rest > 0 {
		parts = append(parts, fmt.Sprintf("%d more", rest))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// kindWord is a kind as people say it.
func kindWord(kind string) string {
	switch kind {
	case facts.KindBackendService:
		return "backend service"
	case facts.KindHealthCheck:
		return "health check"
	case facts.KindNEG:
		return "NEG"
	case facts.KindInstanceGroup:
		return "instance group"
	case facts.KindFirewallRule:
		return "firewall rule"
	case facts.KindFirewallPolicy:
		return "firewall policy"
	case facts.KindCertificate:
		return "certificate"
	case facts.KindURLMap:
		return "URL map"
	case facts.KindTargetHTTPProxy, facts.KindTargetHTTPSProxy, facts.KindTargetSSLProxy, facts.KindTargetTCPProxy:
		return "target proxy"
	case facts.KindForwardingRule:
		return "forwarding rule"
	case facts.KindAddress:
		return "address"
	case facts.KindCluster:
		return "cluster"
	}
	return say(kind, maxName)
}
