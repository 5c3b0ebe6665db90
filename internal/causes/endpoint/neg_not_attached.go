package endpoint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A NEG that no backend service names gets no requests, however full it is. The readiness
// gate opens for its pods all the same, “without health check” (ingress-controller.md §4).
var negNotAttached = cause.Cause{
	ID:       "endpoint/neg-not-attached",
	Title:    "The NEG has the pods, and no backend service uses it",
	Needs:    members,
	Explains: failing,
	Check:    checkAttached,
}

// linking is how long the controllers may take to put a new NEG into use.
const linking = 10 * time.Minute

func checkAttached(c cause.Case) (out cause.Outcome) {
	if len(c.ControllerErrors()) > 0 || slices.ContainsFunc(c.Translation().Faults, func(f glbc.Fault) bool { return !f.Warning }) {
		// The controller says itself why it doesn't go on.
		return out
	}
	for _, b := range onPods(c) {
		bs, ok := b.BackendService.Get()
		if !ok || !c.Facts.NEGs.Known() || instanceGroups(bs) {
			continue
		}
		if idle := idle(c, b, bs); len(idle) > 0 {
			out.Findings = append(out.Findings, unused(c, b, bs, idle))
		}
	}
	return out
}

// idle are a Service port's NEGs that have endpoints, in zones where its backend service
// uses none. One that is left of an earlier name isn't missed where another serves.
func idle(c cause.Case, b glbc.Backend, bs *computepb.BackendService) (list []*computepb.NetworkEndpointGroup) {
	all := glbc.NEGsOf(c.Facts, b)
	served := map[string]bool{}
	for _, neg := range all {
		if used(bs, facts.RelativePath(neg.GetSelfLink())) {
			served[facts.ScopeOf(neg.GetSelfLink())] = true
		}
	}
	for _, neg := range all {
		made, err := time.Parse(time.RFC3339, neg.GetCreationTimestamp())
		if neg.GetSize() > 0 && !served[facts.ScopeOf(neg.GetSelfLink())] && (err != nil || c.Facts.Now.Sub(made) >= linking) {
			list = append(list, neg)
		}
	}
	return list
}

func instanceGroups(bs *computepb.BackendService) bool {
	return slices.ContainsFunc(bs.GetBackends(), func(g *computepb.Backend) bool { return strings.Contains(g.GetGroup(), "/instanceGroups/") })
}

func used(bs *computepb.BackendService, path string) bool {
	return slices.ContainsFunc(bs.GetBackends(), func(g *computepb.Backend) bool { return facts.RelativePath(g.GetGroup()) == path })
}

func unused(c cause.Case, b glbc.Backend, bs *computepb.BackendService, idle []*computepb.NetworkEndpointGroup) cause.Finding {
	f := about(c, b)
	f.Subject, f.Confidence = glbc.BackendServiceRef(bs), cause.Proven
	var zones, commands []string
	pods := int32(0)
	for _, neg := range idle {
		zone := facts.LastSegment(facts.ScopeOf(neg.GetSelfLink()))
		zones, pods = append(zones, zone), pods+neg.GetSize()
		commands = append(commands, fmt.Sprintf("gcloud compute backend-services add-backend %s --project %s %s --network-endpoint-group %s --network-endpoint-group-zone %s --balancing-mode RATE --max-rate-per-endpoint 1",
			bs.GetName(), c.Facts.Project, scopeFlag(f.Subject.Scope), neg.GetName(), zone))
	}
	f.Headline = fmt.Sprintf("Backend service %s doesn't use the NEG of Service %s/%s in %s, which has %s", bs.GetName(), b.Namespace, b.Service, listOf(zones), plural(int(pods), "endpoint", "endpoints"))
	f.Summary = "Endpoints count only where a backend service names their NEG; these pods are in it and get no requests."
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "compute.networkEndpointGroups.list", Says: fmt.Sprintf("%s in %s has %s", idle[0].GetName(), listOf(zones), plural(int(pods), "endpoint", "endpoints")),
	}, cause.Evidence{
		Source: "compute.backendServices.list", Says: fmt.Sprintf("%s has %s, and none in %s", bs.GetName(), plural(len(bs.GetBackends()), "backend", "backends"), listOf(zones)), Link: cause.ComputeLink(glbc.Path(bs)),
	})
	if len(bs.GetBackends()) == 0 {
		f.Severity = cause.Outage
		f.Impact = "no endpoint to send requests to, so the load balancer answers 502 or 503 for this Service"
	} else if f.Impact == "" {
		f.Severity = cause.Degraded
		f.Impact = plural(int(pods), "pod gets", "pods get") + " no requests"
	}
	for _, pod := range livingPods(c, b) {
		if g := glbc.GateOf(pod); g.State == glbc.GateNoCheck {
			f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.pods.list", Says: pod.Name + ": " + shortened(g.Message), Link: cause.ObjectLink(podRef(c, pod))})
			break
		}
	}
	if ch := c.Wrote(f.Subject, "backends"); ch != nil {
		f.Change = ch
	}
	f.Fix = cause.Fix{
		Summary: "add the NEG to the backend service; where GKE made both, it does so itself at the next look at the Ingress, each 10 minutes", Commands: commands,
		Caveat: "where Terraform keeps the backend service, add the NEG there, or the next apply takes it out again",
	}
	return f
}

func scopeFlag(scope string) string {
	if region, ok := strings.CutPrefix(scope, "regions/"); ok {
		return "--region " + region
	}
	return "--global"
}
