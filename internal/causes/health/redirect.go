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
	Needs:    []facts.Kind{facts.ThirdPartyObjects, facts.NEGs, facts.Ingresses, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth, facts.Pods, facts.Probes, facts.Logs},
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing},
	Check:    checkRedirect,
}

func checkRedirect(c cause.Case) cause.Outcome {
	return judge(c, (*backend).redirectsElsewhere, (*backend).redirectFinding, (*backend).notRedirect)
}

// redirectsElsewhere: our own probe's answer proves it; the logged status alone
// doesn't say where to.
func (b *backend) redirectsElsewhere() (cause.Confidence, answer) {
	probed, logged := b.redirects()
	for _, a := range probed {
		if !b.toHTTPS(a) {
			return b.capped(cause.Proven), a
		}
	}
	if confidence, _ := b.redirectsToHTTPS(); confidence == 0 && !b.asked() && len(logged) > 0 {
		return cause.Likely, logged[0]
	}
	return 0, answer{}
}

// notRedirect is the evidence against the cause, where there is any.
func (b *backend) notRedirect() string {
	if probed, logged := b.redirects(); len(probed)+len(logged) > 0 {
		return ""
	}
	if other := b.otherAnswer(); other != "" {
		return other + ", no redirect"
	}
	return ""
}

func (b *backend) redirectFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	f.Headline = fmt.Sprintf("The app answers the health check with %d; Google accepts only 200", a.status)
	if a.location != "" {
		f.Headline = fmt.Sprintf("The app redirects the health check%s (%d); Google accepts only 200", b.leads(a), a.status)
	}
	f.Summary = b.summary(a)
	f.Contract = b.contract(a)
	f.Fix = b.fixPath(a)
	return f
}
