package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// The app answers the health check with a redirect to https. The kubelet follows
// it and calls the pod Ready; Google's check takes 200 only and calls it UNHEALTHY
// (gcp-facts.md §9; apps.md, “Argo CD in detail”; ingress-gce #1768).
var redirectToHTTPS = cause.Cause{
	ID:       "health/redirect-to-https",
	Title:    "The app answers the health check with a redirect to https; Google accepts only 200",
	Needs:    []facts.Kind{facts.ThirdPartyObjects, facts.NEGs, facts.Ingresses, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth, facts.Pods, facts.ConfigMaps, facts.Probes, facts.Logs},
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing, "health/redirect"},
	Check:    checkRedirectToHTTPS,
}

func checkRedirectToHTTPS(c cause.Case) cause.Outcome {
	return judge(c, (*backend).redirectsToHTTPS, (*backend).httpsFinding, (*backend).notHTTPS)
}

// redirectsToHTTPS weighs what is known: the probe's own answer, then the logged
// status with the app's proven setting, then the setting alone. An answer that
// contradicts the setting, or none at all, takes the setting's word away; so does a
// log that may hold such an answer and couldn't be read. A probe
// that can't connect says little, since the way from the API server isn't Google's:
// it only keeps the rest from being proof.
func (b *backend) redirectsToHTTPS() (cause.Confidence, answer) {
	probed, logged := b.redirects()
	for _, a := range probed {
		if b.toHTTPS(a) {
			return cause.Proven, a
		}
	}
	switch {
	case b.asked() || !b.settingDecides() || b.otherAnswer() != "":
		return 0, answer{}
	case len(logged) > 0 && (b.setting.Inferred || b.refused != ""):
		return cause.Likely, logged[0]
	case len(logged) > 0:
		return cause.Proven, logged[0]
	case b.silent != "" || b.refused != "" || b.unread:
		return 0, answer{}
	}
	return cause.Likely, answer{}
}

// notHTTPS is the evidence against the cause, where there is any.
func (b *backend) notHTTPS() string {
	if other := b.notRedirect(); other != "" {
		return other
	}
	if probed, _ := b.redirects(); len(probed) > 0 {
		return fmt.Sprintf("%s got %d%s, which is another place", probed[0].source, probed[0].status, b.leads(probed[0]))
	}
	if b.check.Type != "HTTP" {
		return "the check speaks " + b.check.Type
	}
	return ""
}

func (b *backend) httpsFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	app := b.setting.App
	if app == "" {
		app = "The app"
	}
	f := b.finding(c, confidence)
	f.Headline = app + " answers the health check with a redirect to https; Google accepts only 200"
	f.Summary = b.summary(a)
	f.Contract = b.contract(a)
	if b.setting.RedirectsToHTTPS {
		for _, says := range b.setting.Says {
			f.Evidence = append(f.Evidence, cause.Evidence{Source: "pod " + b.pods[0].Name, Says: says})
		}
	}
	f.Change = b.switchedOn(c)
	f.Fix = b.fixHTTPS(f.Subject)
	return f
}
