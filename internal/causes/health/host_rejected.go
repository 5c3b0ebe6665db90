package health

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The app serves its own host names only, and the check names the endpoint's address
// (gcp-facts.md §9; Kong/kong-dist-kubernetes #33). A BackendConfig can't set the Host;
// GKE takes it from the readiness probe, when it creates the check
// (ingress-controller.md §2).
var hostRejected = cause.Cause{
	ID:       "health/host-rejected",
	Title:    "The app turns the health check away for the host that it names",
	Needs:    questionNeeds,
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing, "health/path-not-found", "health/status-not-200"},
	Check:    checkHost,
}

func checkHost(c cause.Case) cause.Outcome {
	return judge(c, (*backend).wrongHost, (*backend).hostFinding, (*backend).nothing)
}

// wrongHost is never proven, since our own probe can't choose the Host that it sends:
// the API server's name goes out. The same request gets a pod Ready with a Host of its
// own; or it gets 200 from us, while Google's prober is turned away for longer than it
// takes to change its mind.
func (b *backend) wrongHost() (cause.Confidence, answer) {
	probed, logged := b.rejected(true), b.rejected(false)
	if b.readyPods() == 0 {
		return 0, answer{}
	}
	if host := b.probesHost(); host != "" && host != b.check.Host {
		if confidence, a := b.rejection(); confidence != 0 && ofHosts(a.status) {
			return min(confidence, cause.Likely), a
		}
	}
	if len(probed) == 0 && b.asked() && len(logged) > 0 && ofHosts(logged[0].status) && b.settled(logged[0].at) {
		return cause.Likely, logged[0]
	}
	return 0, answer{}
}

// ofHosts are the answers of servers that don't serve a host.
func ofHosts(status int) bool { return status == 400 || status == 404 || status == 421 }

// settled: since then the check would have called an endpoint HEALTHY that answers 200.
func (b *backend) settled(at time.Time) bool {
	return b.in.Facts.Now.Sub(at) > max(2*time.Minute, time.Duration(b.check.Healthy+1)*b.check.Interval)
}

// probesHost is the Host that the readiness probe sends with the check's own request;
// empty where it asks something else.
func (b *backend) probesHost() string {
	probe, container, ok := b.readinessProbe()
	if !ok || probe.HTTPGet == nil {
		return ""
	}
	get := probe.HTTPGet
	if glbc.ProbePort(container, get.Port) != b.port || glbc.ProbePath(get) != b.check.Path || (scheme(get) == "") != (b.check.Type == "HTTP") {
		return ""
	}
	return hostHeader(get)
}

func hostHeader(get *corev1.HTTPGetAction) string {
	for _, h := range get.HTTPHeaders {
		if h.Name == "Host" {
			return h.Value
		}
	}
	return ""
}

func (b *backend) hostFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	sent := "the endpoint's address"
	if b.check.Host != "" {
		sent = b.check.Host
	}
	host := b.probesHost()
	f.Headline = fmt.Sprintf("%s answers the health check with %d for its Host, %s", b.app(), a.status, sent)
	f.Summary = "The app serves its own host names only; Google's check names " + sent + "."
	f.Contract = b.contract(a)
	if host != "" {
		f.Summary = fmt.Sprintf("The readiness probe asks the same with Host %s and the pods are Ready; Google's check names %s.", host, sent)
		f.Evidence = append([]cause.Evidence{{Source: "container.pods.list", Says: fmt.Sprintf("the readiness probe asks %s with Host %s", b.where(), host)}}, f.Evidence...)
	}
	f.Fix = b.fixHost(host)
	return f
}

// fixHost edits the check, which GKE keeps: no BackendConfig has a Host.
func (b *backend) fixHost(host string) cause.Fix {
	if host == "" && len(b.Hosts) > 0 {
		host = b.Hosts[0]
	}
	if host == "" {
		host = "HOST"
	}
	hc, _ := b.HealthCheck.Get()
	f := cause.Fix{
		Summary:  fmt.Sprintf("give the health check the host that the app serves, %s; or let the app answer %s for every host", host, b.check.Path),
		Commands: []string{fmt.Sprintf("gcloud compute health-checks update %s %s --project=%s %s --host=%s", checkKind(b.check.Type), hc.GetName(), projectOf(hc.GetSelfLink()), scopeFlag(hc.GetRegion()), host)},
		Caveat:   "a BackendConfig has no field for it, and editing the readiness probe does not reach an existing check; GKE keeps the edit",
	}
	if b.Gateway {
		name, _ := b.policyName()
		f.Caveat = neverFromProbe
		f.Commands = []string{b.applyPolicyWith(b.check.Type, fmt.Sprintf(`"requestPath":"%s","host":"%s"`, b.check.Path, host))}
		f.Summary = fmt.Sprintf("give the check the host that the app serves, %s, by HealthCheckPolicy %s; or let the app answer %s for every host", host, name, b.check.Path)
	}
	return f
}

func projectOf(selfLink string) string {
	return glbc.ComputeRef(facts.KindHealthCheck, selfLink).Project
}
