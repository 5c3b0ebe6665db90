package backend

import (
	"fmt"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A capacityScaler of 0 drains a group: it gets no request however healthy it is. With
// all groups drained nothing answers (cause-catalogue.md, backend).
var capacityZero = cause.Cause{
	ID:       "backend/capacity-zero",
	Title:    "Every group of the backend service has capacity 0",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.BackendServices, facts.URLMaps, facts.Logs},
	Explains: []cause.ID{cause.BackendUnhealthy, cause.RequestsFailing},
	Check:    checkCapacity,
}

// capacityAnnotation sets the capacity of a Service's groups where the cluster has
// traffic scaling (ingress-controller.md §3).
const capacityAnnotation = "networking.gke.io/capacity-scaler"

func checkCapacity(c cause.Case) (out cause.Outcome) {
	for _, t := range trafficOf(c) {
		switch {
		case glbc.TakesNothing(t.live):
			out.Findings = append(out.Findings, t.drained(c))
		case c.Has(cause.RequestsFailing):
			out.RuledOut = t.live.GetName() + " has a group with capacity"
		}
	}
	return out
}

func (t *traffic) drained(c cause.Case) cause.Finding {
	f := t.finding(c, cause.Proven, nil)
	f.Severity = cause.Outage
	f.Subject = t.service()
	f.Headline = "No group of " + t.Title() + " takes requests: capacityScaler is 0"
	f.Summary = "A capacityScaler of 0 drains a group; with all of them drained the load balancer has nobody to send requests to."
	f.Impact = "every request to " + t.Title() + " is answered with 502 or 503 by the load balancer"
	for _, b := range t.live.GetBackends() {
		says := facts.ScopePath(b.GetGroup()) + " has capacityScaler 0"
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.backendServices.list", Says: says, Link: cause.ComputeLink(glbc.Path(t.live))})
		f.Fix.Commands = append(f.Fix.Commands, t.restore(c, b))
		if ch := c.Wrote(t.service(), "backends["+groupKey(b)+"].capacityScaler"); f.Change == nil && ch != nil && ch.To != nil && isZero(*ch.To) {
			f.Change = ch
			f.Since = ch.At
		}
	}
	f.Fix.Summary = "Give the groups their capacity back."
	svc, ok := t.Object.Get()
	if v, set := "", false; ok {
		if v, set = svc.Annotations[capacityAnnotation]; set && isZero(v) {
			return t.drainedByAnnotation(c, f)
		}
	}
	if t.Service != "" {
		f.Fix.Caveat = "GKE leaves the capacity of existing groups alone; for a group that it adds later it is 1."
	}
	return f
}

// drainedByAnnotation: the controller would write 0 again, so the Service must change.
func (t *traffic) drainedByAnnotation(c cause.Case, f cause.Finding) cause.Finding {
	f.Subject = t.Ref(c.Facts.ClusterName)
	f.Evidence = append([]cause.Evidence{{Source: "container.services.list", Says: "annotation " + capacityAnnotation + " = 0", Link: cause.ObjectLink(f.Subject)}}, f.Evidence...)
	f.Fix = cause.Fix{
		Summary:  "Set the annotation to 1.0: the controller writes it into every group.",
		Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s="1.0"`, t.Service, t.Namespace, capacityAnnotation)},
		Patches: []cause.Patch{{
			File: "Service " + t.Namespace + "/" + t.Service,
			YAML: "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + t.Service + "\n  namespace: " + t.Namespace + "\n  annotations:\n    " + capacityAnnotation + ": \"1.0\"\n",
		}},
	}
	if ch := c.Wrote(f.Subject, `metadata.annotations["`+capacityAnnotation+`"]`); ch != nil && ch.To != nil && isZero(*ch.To) {
		f.Change, f.Since = ch, ch.At
	}
	return f
}

func (t *traffic) restore(c cause.Case, b *computepb.Backend) string {
	group, scope := facts.LastSegment(b.GetGroup()), facts.ScopeOf(b.GetGroup())
	flag := "--network-endpoint-group"
	if strings.Contains(b.GetGroup(), "/instanceGroups/") {
		flag = "--instance-group"
	}
	where := ""
	switch {
	case scope == "global":
		where = " --global-network-endpoint-group"
	case strings.HasPrefix(scope, "regions/"):
		where = " " + flag + "-region=" + strings.TrimPrefix(scope, "regions/")
	default:
		where = " " + flag + "-zone=" + strings.TrimPrefix(scope, "zones/")
	}
	return "gcloud compute backend-services update-backend " + t.live.GetName() + " " + flag + "=" + group + where + " --capacity-scaler=1 --project " + c.Facts.Project + scopeFlag(t.service())
}

// groupKey is how writes of a backend service call a group: zone/name.
func groupKey(b *computepb.Backend) string {
	return facts.LastSegment(facts.ScopeOf(b.GetGroup())) + "/" + facts.LastSegment(b.GetGroup())
}

func isZero(text string) bool {
	text = strings.Trim(text, `"`)
	return text != "" && strings.Trim(text, "0.") == "" && text != "."
}
