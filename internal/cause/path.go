package cause

import (
	"strconv"
	"strings"

	"plumbline/internal/path"
	"plumbline/internal/signal"
)

func (c Case) path() path.Path {
	evidence := path.Evidence{Logged: c.LoggedUnhealthy()}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged {
			continue
		}
		if says := answered(s.Health); says != "" {
			l := Logged(s)
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
