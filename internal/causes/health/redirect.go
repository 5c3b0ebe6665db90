package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// The app answers the health check with a redirect elsewhere: a login page, a base
// path. Google's check takes 200 only (ingress-gce #1768, #621).
var redirect = cause.Cause{
	ID:       "health/redirect",
	Title:    "The app answers the health check with a redirect; Google accepts only 200",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth, facts.Pods, facts.Probes, facts.Logs},
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG},
	Check:    checkRedirect,
}

func checkRedirect(c cause.Case) cause.Outcome {
	bad := failing(c)
	if len(bad) == 0 {
		return recovered(c)
	}
	var out cause.Outcome
	for _, b := range bad {
		confidence, a := b.redirectsElsewhere()
		if confidence == 0 {
			if other := b.otherAnswer(); other != "" {
				out.RuledOut = other + ", no redirect"
			}
			continue
		}
		out.Findings = append(out.Findings, b.redirectFinding(c, confidence, a))
	}
	if len(out.Findings) > 0 {
		out.RuledOut = ""
	}
	return out
}

// redirectsElsewhere: our own probe's answer proves it; the logged status alone
// doesn't say where to.
func (b *backend) redirectsElsewhere() (cause.Confidence, answer) {
	probed, logged := b.redirects()
	for _, a := range probed {
		if !b.toHTTPS(a) {
			return cause.Proven, a
		}
	}
	if confidence, _ := b.redirectsToHTTPS(); confidence == 0 && !b.asked() && len(logged) > 0 {
		return cause.Likely, logged[0]
	}
	return 0, answer{}
}

func (b *backend) redirectFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	f.Headline = fmt.Sprintf("The app answers the health check with %d; Google accepts only 200", a.status)
	if a.location != "" {
		f.Headline = fmt.Sprintf("The app redirects the health check to %s (%d); Google accepts only 200", a.location, a.status)
	}
	f.Summary = "The kubelet accepts every status from 200 to 399 and calls the pods Ready; Google's check wants 200."
	f.Contract = b.contract(a)
	f.Fix = b.fixPath(a)
	return f
}
