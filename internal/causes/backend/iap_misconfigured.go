package backend

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// Identity-Aware Proxy needs an OAuth client, whose ID and secret the controller reads
// out of a Secret: without them nothing of the Ingress is applied (ingress-controller.md
// §1.3, bc-iap-secret; website#1181). Secrets are never read here: the controller's event
// tells. Switched on and set up badly, it lets nobody in.
var iapMisconfigured = cause.Cause{
	ID:       "backend/iap-misconfigured",
	Title:    "Identity-Aware Proxy is switched on and can't let anybody in",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.Events, facts.BackendServices, facts.URLMaps, facts.BackendConfigs, facts.Logs},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.RequestsFailing},
	Check:    checkIAP,
}

func checkIAP(c cause.Case) (out cause.Outcome) {
	for _, e := range c.ControllerErrors() {
		if f, ok := iapRefused(c, e); ok && len(out.Findings) == 0 {
			out.Findings = append(out.Findings, f)
		}
	}
	if len(out.Findings) > 0 {
		return out
	}
	if secret := secretUnseen(c); secret != "" {
		out.Undecided = "whether Secret " + secret + ", which Identity-Aware Proxy needs, is complete: only events tell, and they couldn't be read"
	}
	for _, t := range trafficOf(c) {
		answered := t.failed(signal.ByIAP)
		if !t.live.GetIap().GetEnabled() || len(answered) == 0 {
			continue
		}
		if f, ok := t.letsNobodyIn(c, answered); ok {
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}

// secretUnseen is a Secret that a BackendConfig of the Ingress names for Identity-Aware
// Proxy, of which nothing can be known without events.
func secretUnseen(c cause.Case) string {
	if _, ok := c.Ingress(); !ok || c.Facts.Events.Known() {
		return ""
	}
	for _, b := range c.Backends() {
		svc, ok := b.Object.Get()
		if !ok {
			continue
		}
		config, ok := glbc.BackendConfigNamed(c.Facts, b.Namespace, glbc.BackendConfigOf(svc, b.ServicePort)).Get()
		if ok && config.Spec.IAP != nil && config.Spec.IAP.Enabled && config.Spec.IAP.OAuthClientCredentials != nil {
			return b.Namespace + "/" + config.Spec.IAP.OAuthClientCredentials.SecretName
		}
	}
	return ""
}

// The words of the controller (ingress-controller.md §1.3).
var (
	badSecret  = regexp.MustCompile(`BackendConfig (\S+)/(\S+) is not valid: (?:error retrieving secret (\S+?):|secret (\S+) missing (client_id|client_secret) data)`)
	noWayBack  = "Cannot switch to default OAuth once IAP credentials have been set"
	missingKey = "client_id and client_secret"
)

func iapRefused(c cause.Case, e cause.ControllerError) (cause.Finding, bool) {
	f := cause.Finding{
		Confidence: cause.Proven, Severity: cause.Blocked, Affected: []facts.Ref{c.Target}, Since: e.Began,
		Evidence: []cause.Evidence{{Source: "event " + e.Reason, Says: e.Message, Link: e.Link}},
		Impact:   "no change to this Ingress takes effect: hosts, paths and certificates wait with it",
	}
	if ing, ok := c.Ingress(); ok {
		f.Hosts = glbc.Hosts(ing)
	}
	if c.Has(cause.IngressNotProvisioned) {
		f.Impact = "this Ingress gets no load balancer"
	}
	if m := badSecret.FindStringSubmatch(e.Message); m != nil {
		namespace, config, secret := m[1], m[2], m[3]+m[4]
		f.Subject = facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindBackendConfig, Namespace: namespace, Name: config}
		what := "is missing"
		if m[5] != "" {
			what = "has no key " + m[5]
		}
		f.Headline = fmt.Sprintf("The Secret %s/%s for Identity-Aware Proxy %s, %s", namespace, secret, what, c.Effect())
		f.Summary = fmt.Sprintf("BackendConfig %s switches Identity-Aware Proxy on with the OAuth client in that Secret; the controller needs the keys %s, in lower case, and stops without them.", config, missingKey)
		f.Fix = cause.Fix{
			Summary: "Write both keys with their values, which are on the page of the OAuth client, into a file oauth.env, a line each, and make the Secret of it.",
			Commands: []string{
				fmt.Sprintf("kubectl create secret generic %s -n %s --from-env-file=oauth.env --dry-run=client -o yaml | kubectl apply -f -", secret, namespace),
			},
			Caveat: "Where nobody needs Identity-Aware Proxy, set iap.enabled: false in the BackendConfig instead.",
		}
		return f, true
	}
	if !strings.Contains(e.Message, noWayBack) {
		return f, false
	}
	f.Subject = c.Target
	f.Headline = "Identity-Aware Proxy can't go back to Google's own OAuth client, " + c.Effect()
	f.Summary = "A backend service that once had an OAuth client of its own keeps it; the BackendConfig now names none."
	f.Fix = cause.Fix{Summary: "Name the OAuth client's Secret in the BackendConfig again, or switch Identity-Aware Proxy off there, wait for a sync, and on again."}
	return f, true
}

// fewRefusals of people may be right.
const fewRefusals = 5

// letsNobodyIn: Identity-Aware Proxy fails by itself, or refuses all that come. A
// redirect to the sign-in page is its work.
func (t *traffic) letsNobodyIn(c cause.Case, answered []signal.Signal) (f cause.Finding, ok bool) {
	broken := slices.DeleteFunc(slices.Clone(answered), func(s signal.Signal) bool { return s.Request.Status < 500 })
	refused := slices.DeleteFunc(slices.Clone(answered), func(s signal.Signal) bool { return s.Request.Status != 401 && s.Request.Status != 403 })
	let := slices.ContainsFunc(t.requests, func(s signal.Signal) bool { return s.Request.Failure() == "" })
	switch {
	case len(broken) > 0 && !let:
		f = t.finding(c, cause.Likely, broken)
		f.Headline = fmt.Sprintf("Identity-Aware Proxy in front of %s answers %d by itself", t.Title(), broken[0].Request.Status)
		f.Summary = "It can't do its work: the OAuth client is wrong or deleted, or two policies claim the request."
		f.Impact = countOf(len(broken), "request") + " failed in Identity-Aware Proxy, none reached the app"
	case len(refused) >= fewRefusals && !let && c.Facts.History.Known():
		f = t.finding(c, cause.Likely, refused)
		f.Headline = fmt.Sprintf("Identity-Aware Proxy lets nobody through to %s", t.Title())
		f.Summary = fmt.Sprintf("All requests seen were answered %d by it and none by the app: nobody who comes has the role IAP-secured Web App User here, or clients send no token that it takes.", refused[0].Request.Status)
		f.Impact = countOf(len(refused), "request") + " refused, none reached the app"
	default:
		return f, false
	}
	f.Severity = cause.Outage
	says := t.live.GetName() + " has Identity-Aware Proxy on"
	if id := t.live.GetIap().GetOauth2ClientId(); id != "" {
		says += " with the OAuth client " + id
	}
	f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.backendServices.list", Says: says, Link: cause.ComputeLink(glbc.Path(t.live))})
	f.Subject = t.service()
	f.Fix = cause.Fix{
		Summary: "Look at who has access and grant the role to those who should have it; check that the OAuth client still exists.",
		Commands: []string{
			"gcloud iap web get-iam-policy --resource-type=backend-services --service=" + t.live.GetName() + " --project " + c.Facts.Project,
		},
	}
	return f, true
}
