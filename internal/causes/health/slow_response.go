package health

import (
	"fmt"
	"strings"
	"time"

	"plumbline/internal/cause"
)

// The prober connects, and the answer doesn't come within timeoutSec (gcp-facts.md §3:
// TIMEOUT, and no connectLatency where it couldn't connect). What a firewall drops looks
// alike, so that without a connection the rules must be known to let the probers in.
var slowResponse = cause.Cause{
	ID:       "health/slow-response",
	Title:    "The app answers the health check too late",
	Needs:    firewallNeeds,
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing},
	Check:    checkSlow,
}

func checkSlow(c cause.Case) cause.Outcome {
	return judge(c, (*backend).tooSlow, (*backend).slowFinding, (*backend).nothing)
}

func (b *backend) tooSlow() (cause.Confidence, answer) {
	if len(b.rejected(true)) > 0 {
		return 0, answer{}
	}
	silent := b.refused == "no answer in time"
	for _, h := range b.logged {
		text := strings.ToLower(h.ResultText)
		switch {
		case h.Detailed != "TIMEOUT":
		case h.ConnectLatency != "":
			return cause.Proven, answer{}
		case strings.Contains(text, "connect") && !silent || !b.admitted():
		case silent || strings.Contains(text, "timeout") || strings.Contains(text, "timed out"):
			return cause.Likely, answer{}
		}
	}
	return 0, answer{}
}

func (b *backend) slowFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	f.Headline = fmt.Sprintf("%s answers the health check on %s too late: it waits %d s", b.app(), b.check.Path, seconds(b.check.Timeout))
	f.Summary = fmt.Sprintf("The prober gets through to the pods and has no answer after timeoutSec, %d s.", seconds(b.check.Timeout))
	f.Contract = b.contract(a)
	for _, h := range b.logged {
		if h.Detailed == "TIMEOUT" {
			says := fmt.Sprintf("%s:%d TIMEOUT: %s", h.IP, h.Port, h.ResultText)
			if h.ConnectLatency != "" {
				says += ", connected after " + h.ConnectLatency
			}
			f.Evidence = append([]cause.Evidence{{Source: "health-check log", Says: strings.ReplaceAll(says, "HTTP response: , Error: ", "")}}, f.Evidence...)
			break
		}
	}
	if b.admitted() {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.firewalls.list", Says: "the rules let Google's probers in on that port"})
	}
	f.Fix = b.fixTimeout(f.Subject)
	return f
}

// patience is how long the check should wait: as long as the kubelet does, or double.
func (b *backend) patience() time.Duration {
	wait := 2 * b.check.Timeout
	if probe, _, ok := b.readinessProbe(); ok {
		wait = max(wait, time.Duration(probe.TimeoutSeconds)*time.Second)
	}
	return wait
}
