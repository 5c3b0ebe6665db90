package endpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// One endpoint whose node or zone can't be told stops the sync of all NEGs of its Service
// port: nobody is attached or detached any more (ingress-controller.md §1.7,
// ep-node-missing-pod).
var negSyncBlocked = cause.Cause{
	ID:       "endpoint/neg-sync-blocked",
	Title:    "One bad endpoint keeps the Service's NEGs from being synced",
	Needs:    members,
	Explains: append([]cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "endpoint/neg-stale"}, failing...),
	Check:    checkBlocked,
}

func checkBlocked(c cause.Case) (out cause.Outcome) {
	for _, b := range onPods(c) {
		want, _ := glbc.DesiredMembers(c.Facts, b).Get()
		blocks := slices.DeleteFunc(slices.Clone(want.Blocks), func(x glbc.Block) bool { return x.Young })
		x, told := complaining(c, b, "when getting zone for endpoint", glbc.BlockNoNodeName, glbc.BlockNoNode, glbc.BlockNoPodCIDR, glbc.BlockNoZone, "unexpected error when getting pod for endpoint")
		diff, _ := glbc.CompareMembers(c.Facts, b)
		differs := !diff.Settled().Empty()
		sure := slices.DeleteFunc(slices.Clone(blocks), func(x glbc.Block) bool { return x.Unsure })
		switch {
		case len(blocks) > 0 && told:
			out.Findings = append(out.Findings, blocked(c, b, &blocks[0], x, cause.Proven))
		case len(sure) > 0 && differs:
			out.Findings = append(out.Findings, blocked(c, b, &sure[0], x, cause.Likely))
		case told && len(want.Blocks) == 0:
			out.Findings = append(out.Findings, blocked(c, b, nil, x, cause.Likely))
		}
	}
	return out
}

var inMessage = regexp.MustCompile(`endpoint \[([^\]]*)\] in endpoint slice ([^/\s]+)/([^\s:]+)`)

// blocked tells which endpoint it is: from the slices, else from the message.
func blocked(c cause.Case, b glbc.Backend, block *glbc.Block, x complaint, confidence cause.Confidence) cause.Finding {
	f := about(c, b)
	f.Confidence = confidence
	f.Explains = explained(c, b, "endpoint/neg-stale")
	whole(&f)
	ip, slice, node, why := "an endpoint", "", "", x.text
	if m := inMessage.FindStringSubmatch(x.text); m != nil {
		ip, slice = strings.TrimSpace(m[1]), m[3]
	}
	if block != nil {
		ip, slice, node, why = block.IP, block.Slice, block.Node, block.Why
	}
	reason := "its node or zone can't be told"
	for _, r := range []struct{ text, says string }{
		{glbc.BlockNoNodeName, "it names no node"},
		{glbc.BlockNoNode, "its node doesn't exist"},
		{glbc.BlockNoPodCIDR, "its node has no PodCIDR"},
		{glbc.BlockNoZone, "its node is in no zone"},
	} {
		if strings.Contains(why, r.text) {
			reason = r.says
			why = r.text
		}
	}
	if slice != "" {
		f.Subject = facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindEndpointSlice, Namespace: b.Namespace, Name: slice}
	}
	if node != "" && (why == glbc.BlockNoPodCIDR || why == glbc.BlockNoZone) {
		f.Subject = facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindNode, Name: node}
	}
	f.Headline = fmt.Sprintf("The NEGs of Service %s/%s are no longer synced: endpoint %s stops it, %s", b.Namespace, b.Service, ip, reason)
	f.Summary = "One endpoint that the NEG controller can't place stops all others: new pods get no requests, and old ones stay."
	if f.Impact == "" {
		f.Impact = "pods that come get no requests, and endpoints of pods that go stay"
	}
	if block != nil {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.endpointSlices.list", Says: fmt.Sprintf("EndpointSlice %s/%s has %s, and %s", b.Namespace, slice, ip, reason)})
	}
	if x.text != "" {
		f.Evidence, f.Since = append(f.Evidence, x.evidence), began(f, x)
	}
	f.Fix = fixBlocked(f.Subject, b, node, why)
	return f
}

func fixBlocked(subject facts.Ref, b glbc.Backend, node, why string) cause.Fix {
	switch {
	case subject.Kind == facts.KindNode:
		return cause.Fix{
			Summary:  "take the node out, so that its pods come up elsewhere",
			Commands: []string{fmt.Sprintf("kubectl drain %s --ignore-daemonsets --delete-emptydir-data && kubectl delete node %s", node, node)},
		}
	case why == glbc.BlockNoNode && subject.Kind == facts.KindEndpointSlice:
		return cause.Fix{
			Summary:  "take the endpoint of the node that is gone out of the slice; a slice that GKE keeps is made anew",
			Commands: []string{fmt.Sprintf("kubectl delete endpointslice %s -n %s", subject.Name, subject.Namespace)},
		}
	case subject.Kind == facts.KindEndpointSlice:
		return cause.Fix{
			Summary:  "give each endpoint of the slice a nodeName, or take the slice away: addresses outside the cluster can't be in a zonal NEG",
			Commands: []string{fmt.Sprintf("kubectl delete endpointslice %s -n %s", subject.Name, subject.Namespace)},
			Caveat:   "reach such addresses by a hybrid NEG of their own instead",
		}
	}
	return cause.Fix{
		Summary:  "find the endpoint without node and repair its slice",
		Commands: []string{fmt.Sprintf("kubectl get endpointslices -n %s -l kubernetes.io/service-name=%s -o yaml", b.Namespace, b.Service)},
	}
}
