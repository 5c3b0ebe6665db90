package cause

import (
	"strconv"
	"strings"

	"plumbline/internal/glbc"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

func (c Case) path() path.Path { return path.Of(c.Facts, c.Target, c.evidence()) }

// evidence is what the log says of endpoints. Of each the newest entry counts: what it
// answered before that says nothing of the way that packets take now.
func (c Case) evidence() path.Evidence {
	evidence := path.Evidence{Logged: c.LoggedUnhealthy()}
	seen := map[glbc.LoggedEndpoint]bool{}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || seen[Logged(s)] {
			continue
		}
		l := Logged(s)
		seen[l] = true
		if says := answered(s.Health); says != "" {
			evidence.Answered = append(evidence.Answered, path.Answer{Group: l.Group, IP: l.IP, Port: l.Port, Says: says})
		}
	}
	return evidence
}

// A Passage is what the firewall does to the packets for one backend of the target.
type Passage struct {
	glbc.Backend
	Verdicts []path.FirewallVerdict
}

func (c Case) passages() []Passage {
	evidence := c.evidence()
	var list []Passage
	for _, b := range c.Backends() {
		if verdicts := path.FirewallVerdicts(c.Facts, b, evidence); len(verdicts) > 0 {
			list = append(list, Passage{Backend: b, Verdicts: verdicts})
		}
	}
	return list
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
