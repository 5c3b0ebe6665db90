package engine

import (
	"fmt"
	"strconv"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

// pathOf is the target's path, with what the signals say that no list shows.
func pathOf(c cause.Case) path.Path {
	evidence := path.Evidence{Logged: c.LoggedUnhealthy()}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged {
			continue
		}
		if says := answered(s.Health); says != "" {
			l := cause.Logged(s)
			evidence.Answered = append(evidence.Answered, path.Answer{Group: l.Group, IP: l.IP, Port: l.Port, Says: says})
		}
	}
	return path.Of(c.Facts, c.Target, evidence)
}

// answered is what came back from an endpoint: a status, or a connection that it
// refused or reset. A packet that a firewall drops gets no answer at all.
func answered(h *signal.Health) string {
	if code := h.StatusCode(); code != 0 {
		return strconv.Itoa(code)
	}
	text := strings.ToLower(h.ResultText)
	for _, word := range []string{"refused", "reset"} {
		if strings.Contains(text, word) {
			return "connection " + word
		}
	}
	return ""
}

// brokenHops are the hops that are seen to be broken, in words. Where no symptom shows
// and no cause explains it, they keep a verdict from being healthy.
func brokenHops(p path.Path) (list []string) {
	for _, h := range p.Hops {
		if h.State == path.Broken {
			list = append(list, fmt.Sprintf("what is wrong with the %s: %s", strings.ReplaceAll(string(h.Station), "-", " "), h.Says))
		}
	}
	return list
}

// hopsChecked are the hops that a person would look at first: the broken ones, names
// that lead elsewhere, though that may be a proxy's address, and what the firewall does,
// which is nowhere else to be seen at a glance.
func hopsChecked(p path.Path) (list []cause.Evidence) {
	for _, h := range p.Hops {
		firewalled := h.Station == path.Firewall && h.State != path.NotApplicable
		elsewhere := h.Station == path.DNS && len(h.Differences) > 0
		if h.Says != "" && (h.State == path.Broken && h.Station != path.HealthCheck || firewalled || elsewhere) {
			list = append(list, cause.Evidence{Source: strings.ReplaceAll(string(h.Station), "-", " "), Says: h.Says})
		}
	}
	return list
}
