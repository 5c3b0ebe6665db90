package endpoint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// The NEGs hold other endpoints than the Service has pods, and nobody makes them equal:
// the controller is off, has given up after 15 tries (ingress-controller.md §0.8), or has
// lost the Service (ingress-gce #2697).
var negStale = cause.Cause{
	ID:       "endpoint/neg-stale",
	Title:    "The NEGs hold other endpoints than the Service has pods",
	Needs:    members,
	Explains: failing,
	Check:    checkStale,
}

func checkStale(c cause.Case) (out cause.Outcome) {
	for _, b := range onPods(c) {
		diff, err := glbc.CompareMembers(c.Facts, b)
		settled := diff.Settled()
		settled.Missing = untold(c, b, settled.Missing)
		settled.WrongPort = behind(b, settled.WrongPort)
		switch {
		case err == nil && diff.Empty() && len(diff.Want.List) > 0 && c.Has(cause.BackendUnhealthy):
			out.RuledOut = "the NEGs hold what the Service has pods"
		case !settled.Empty() && !diff.Want.Changed:
			out.Findings = append(out.Findings, stale(c, b, settled))
		}
	}
	if len(out.Findings) > 0 {
		out.RuledOut = ""
	}
	return out
}

// untold leaves out what the load balancer tells the health of: it has it.
func untold(c cause.Case, b glbc.Backend, missing []glbc.Member) []glbc.Member {
	told, _ := glbc.Endpoints(c.Facts, b)
	return slices.DeleteFunc(slices.Clone(missing), func(m glbc.Member) bool {
		return slices.ContainsFunc(told, func(e glbc.Endpoint) bool { return e.IP == m.IP && e.Port == m.Port })
	})
}

// behind leaves out what has the Service's own targetPort: there the EndpointSlices lag,
// not the NEG.
func behind(b glbc.Backend, wrong []glbc.PortDifference) []glbc.PortDifference {
	return slices.DeleteFunc(slices.Clone(wrong), func(p glbc.PortDifference) bool {
		return b.ServicePort != nil && b.ServicePort.TargetPort.IntVal == p.Have
	})
}

func stale(c cause.Case, b glbc.Backend, diff glbc.MemberDiff) cause.Finding {
	f := about(c, b)
	f.Confidence, f.Explains = cause.Likely, []cause.ID{}
	if a, ok := ailing(c, b); ok && outdated(c, a) {
		f.Explains = failing
	}
	var gone, missing, wrong []string
	for _, m := range diff.Stale {
		gone = append(gone, m.String())
	}
	for _, m := range diff.Missing {
		missing = append(missing, m.String())
	}
	for _, p := range diff.WrongPort {
		wrong = append(wrong, fmt.Sprintf("%s with port %d, not %d", p.IP, p.Have, p.Port))
	}
	f.Headline = fmt.Sprintf("The NEGs of Service %s/%s are out of date: %s", b.Namespace, b.Service, counts(len(gone), len(missing), len(wrong)))
	f.Summary = "The load balancer sends requests to what is in the NEG, not to what the Service has; nobody makes the two equal."
	if f.Impact == "" {
		f.Severity = cause.Degraded
		f.Impact = counts(len(gone), len(missing), len(wrong))
	}
	for _, l := range []struct {
		says string
		list []string
	}{{"in a NEG, and no pod has the address: ", gone}, {"in no NEG of its zone: ", missing}, {"in a NEG ", wrong}} {
		if len(l.list) > 0 {
			f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.networkEndpointGroups.listNetworkEndpoints", Says: l.says + listOf(l.list)})
		}
	}
	if neg, ok := glbc.ServiceNEG(c.Facts, b).Get(); ok && !neg.LastSync.IsZero() {
		if changed := lastChange(c, b); changed.After(neg.LastSync) {
			f.Confidence, f.Since = cause.Proven, changed
			f.Evidence = append(f.Evidence, cause.Evidence{Source: neg.Ref.String(), Says: fmt.Sprintf("synced last at %s, and the pods changed at %s", stamp(neg.LastSync), stamp(changed))})
		}
	}
	for _, e := range c.EventsOf(b.Ref(c.Facts.ClusterName)) {
		if e.Reason == "RetryFailed" && e.Type == corev1.EventTypeWarning {
			f.Confidence = cause.Proven
			f.Evidence = append(f.Evidence, cause.Evidence{Source: "event RetryFailed", Says: shortened(e.Message), Link: cause.ObjectLink(f.Subject)})
			break
		}
	}
	f.Fix = cause.Fix{
		Summary:  "touch the Service, so that the NEG controller takes it up again",
		Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite resynced="$(date +%%s)"`, b.Service, b.Namespace)},
		Caveat:   "editing the NEG by hand helps for a moment only: the controller undoes it, once it runs",
	}
	return f
}

func counts(gone, missing, wrong int) string {
	var list []string
	for _, n := range []struct {
		n         int
		one, many string
	}{{gone, "endpoint without a pod", "endpoints without a pod"}, {missing, "pod that is in none", "pods that are in none"}, {wrong, "pod with another port", "pods with another port"}} {
		if n.n > 0 {
			list = append(list, plural(n.n, n.one, n.many))
		}
	}
	return strings.Join(list, ", ")
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// lastChange is when the Service's pods changed last, as its EndpointSlices tell.
func lastChange(c cause.Case, b glbc.Backend) (at time.Time) {
	all, _ := c.Facts.EndpointSlices.Get()
	for _, s := range all {
		if s.Namespace != b.Namespace || s.Labels[discoveryv1.LabelServiceName] != b.Service {
			continue
		}
		if t, err := time.Parse(time.RFC3339, s.Annotations[corev1.EndpointsLastChangeTriggerTime]); err == nil && t.After(at) {
			at = t
		}
	}
	return at
}

// livingPods are the Service's pods that neither leave nor are at their end.
func livingPods(c cause.Case, b glbc.Backend) (list []*corev1.Pod) {
	pods, _ := glbc.PodsOf(c.Facts, b)
	for _, p := range pods {
		if glbc.Lives(p) {
			list = append(list, p)
		}
	}
	return list
}
