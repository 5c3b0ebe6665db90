package endpoint

import (
	"fmt"
	"regexp"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Compute refuses what the NEG controller wants to attach. That comes after the sync, so
// Synced stays True all the while (ingress-controller.md §1.7, attach-failed; §4).
var negAttachFailed = cause.Cause{
	ID:       "endpoint/neg-attach-failed",
	Title:    "Compute refuses to attach the pods to the NEG",
	Needs:    members,
	Explains: append([]cause.ID{"endpoint/neg-stale"}, failing...),
	Check:    checkAttach,
}

var attached = regexp.MustCompile(`\(NEG "([^"]+)" in zone "([^"]+)"\)`)

func checkAttach(c cause.Case) (out cause.Outcome) {
	for _, b := range onPods(c) {
		var x complaint
		for _, found := range complaints(c, b) {
			if found.reason == "AttachFailed" && x.reason == "" && !forbidden(found.text) {
				x = found
			}
		}
		if x.reason == "" {
			continue
		}
		if svc, ok := b.Object.Get(); !b.Gateway && ok && !glbc.NEGRequestOf(svc).Ingress {
			continue // nobody wants the NEG any more
		}
		diff, err := glbc.CompareMembers(c.Facts, b)
		missing := diff.Settled().Missing
		if err == nil && len(diff.Missing) == 0 {
			out.RuledOut = "all pods are in their NEGs by now"
			continue
		}
		out.Findings = append(out.Findings, unattached(c, b, x, missing))
	}
	return out
}

// forbidden: the controller lacks a permission, or a quota is reached, which is a fault
// of its own.
func forbidden(text string) bool {
	return strings.Contains(text, "Required '") || strings.Contains(text, "Quota '") || strings.Contains(text, "constraints/")
}

func unattached(c cause.Case, b glbc.Backend, x complaint, missing []glbc.Member) cause.Finding {
	f := about(c, b)
	f.Confidence, f.Since = cause.Likely, began(f, x)
	ids := []cause.ID{"endpoint/neg-stale"}
	if a, ok := ailing(c, b); ok && outdated(c, a) {
		ids = append(ids, failing...)
	}
	f.Explains = ids
	where := ""
	if m := attached.FindStringSubmatch(x.text); m != nil {
		where = " in " + m[2]
	}
	_, inner, _ := strings.Cut(x.text, "googleapi: ")
	if inner == "" {
		inner = x.text
	}
	f.Headline = fmt.Sprintf("Compute refuses to attach pods of Service %s/%s to the NEG%s%s", b.Namespace, b.Service, where, code(inner))
	f.Summary = "The NEG controller asks and Compute says no, so these pods get no requests; the sync itself counts as successful."
	x.evidence.Says = shortened(inner)
	f.Evidence = append(f.Evidence, x.evidence)
	if len(missing) > 0 {
		f.Confidence = cause.Proven
		var list []string
		for _, m := range missing {
			list = append(list, m.String())
		}
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.networkEndpointGroups.listNetworkEndpoints", Says: "not in any NEG: " + listOf(list)})
		if f.Impact == "" {
			f.Impact = plural(len(missing), "pod gets", "pods get") + " no requests"
			f.Severity = cause.Degraded
		}
	}
	f.Fix = fixAttach(c, b, inner, missing)
	if node := f.Fix.Caveat; strings.HasPrefix(node, "node ") {
		f.Subject = facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindNode, Name: strings.TrimPrefix(node, "node ")}
		f.Fix.Caveat = ""
	}
	return f
}

var errorCode = regexp.MustCompile(`^Error (\d+)`)

// code is Compute's answer in a word.
func code(text string) string {
	if m := errorCode.FindStringSubmatch(text); m != nil {
		return " (error " + m[1] + ")"
	}
	return ""
}

// fixAttach says what Compute's words ask for. A node that can't take the endpoint is
// the one to change, which the caveat names.
func fixAttach(c cause.Case, b glbc.Backend, text string, missing []glbc.Member) cause.Fix {
	look := fmt.Sprintf("kubectl get events -n %s --field-selector involvedObject.name=%s,reason=AttachFailed", b.Namespace, b.Service)
	cluster, ok := c.Facts.Cluster.Get()
	switch {
	case ok && !glbc.VPCNative(cluster):
		return cause.Fix{Summary: "use node ports, or a VPC-native cluster: on a routes-based one pods have no addresses that a NEG takes", Commands: []string{
			fmt.Sprintf("kubectl annotate service %s -n %s %s- && kubectl patch service %s -n %s --type merge -p '{\"spec\":{\"type\":\"NodePort\"}}'", b.Service, b.Namespace, glbc.NEGAnnotation, b.Service, b.Namespace),
		}}
	case strings.Contains(text, "xceeded") || strings.Contains(text, "imit"):
		return cause.Fix{Summary: "stay below the limit that Compute names, or have it raised", Commands: []string{look}}
	case len(missing) > 0 && missing[0].Node != "":
		nodes := map[string]bool{}
		for _, m := range missing {
			nodes[m.Node] = true
		}
		fix := cause.Fix{
			Summary:  "move the pods to a node that can take them: what Compute says is about the node's machine or its address range",
			Commands: []string{fmt.Sprintf("kubectl drain %s --ignore-daemonsets --delete-emptydir-data", missing[0].Node)},
		}
		if len(nodes) == 1 && (strings.Contains(text, "nstance") || strings.Contains(text, "alias")) {
			fix.Caveat = "node " + missing[0].Node
		}
		return fix
	}
	return cause.Fix{Summary: "do what Compute's message asks for; the controller tries again by itself", Commands: []string{look}}
}
