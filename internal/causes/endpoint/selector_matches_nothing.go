package endpoint

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A Service whose selector fits no pod has no endpoint. The NEG stays empty, Synced stays
// True, and nobody complains (ingress-controller.md §1.7, no-endpoint-slices).
var selectorMatchesNothing = cause.Cause{
	ID:       "endpoint/selector-matches-nothing",
	Title:    "The Service's selector matches no pod",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects, facts.NEGs, facts.EndpointSlices, facts.NEGEndpoints, facts.Deployments, facts.StatefulSets}, paths...),
	Explains: failing,
	Check:    checkSelector,
}

func checkSelector(c cause.Case) (out cause.Outcome) {
	for _, a := range c.Ailing() {
		svc, ok := a.Object.Get()
		if !ok || len(svc.Spec.Selector) == 0 || a.PodsErr != nil || addressed(c, svc) {
			continue
		}
		if len(a.Pods) > 0 {
			out.RuledOut = fmt.Sprintf("the selector of %s matches %d pods", svc.Name, len(a.Pods))
			continue
		}
		meant := candidates(c, svc)
		if slices.ContainsFunc(meant, func(m candidate) bool { return m.fits }) {
			// Its pods are missing for another reason.
			continue
		}
		if f, ok := noPods(c, a, svc, meant); ok {
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}

// addressed: EndpointSlices of the Service have addresses all the same, or weren't read.
func addressed(c cause.Case, svc *corev1.Service) bool {
	all, _ := c.Facts.EndpointSlices.Get()
	for _, s := range all {
		if s.Namespace == svc.Namespace && s.Labels["kubernetes.io/service-name"] == svc.Name && len(s.Endpoints) > 0 {
			return true
		}
	}
	return !c.Facts.EndpointSlices.Known()
}

func noPods(c cause.Case, a cause.Ailing, svc *corev1.Service, meant []candidate) (cause.Finding, bool) {
	f := a.Finding(c)
	f.Subject, f.Confidence = a.Ref(c.Facts.ClusterName), cause.Likely
	known := c.Facts.Deployments.Known() && c.Facts.StatefulSets.Known()
	f.Headline = fmt.Sprintf("The selector of Service %s/%s (%s) matches no pod", svc.Namespace, svc.Name, selectorText(svc.Spec.Selector))
	f.Summary = "Without a pod that has all labels of the selector the Service has no endpoint, and the load balancer nobody to send requests to."
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "container.pods.list", Link: cause.ObjectLink(f.Subject),
		Says: fmt.Sprintf("none of the %d pods in namespace %s has %s", podsIn(c, svc.Namespace), svc.Namespace, selectorText(svc.Spec.Selector)),
	})
	f.Fix = cause.Fix{
		Summary:  "make the selector name labels that the pods have",
		Commands: []string{fmt.Sprintf("kubectl get pods -n %s --show-labels", svc.Namespace)},
	}
	f.Change = wrote(c, svc, "spec.selector", slices.Collect(maps.Values(svc.Spec.Selector))...)
	switch {
	case len(meant) > 0:
		m := meant[0]
		if known || m.runs {
			f.Confidence = cause.Proven
		}
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: m.source, Link: cause.ObjectLink(m.ref), Says: fmt.Sprintf("the pods of %s have %s", title(m.ref), selectorText(m.of(svc.Spec.Selector))),
		})
		f.Fix = m.fix(svc)
		if f.Change == nil {
			f.Change = relabelled(c, m)
		}
	case !known || podsIn(c, svc.Namespace) == 0:
		// As likely a part of a cluster as a cluster with a fault.
		return f, false
	}
	f.Evidence = append(f.Evidence, a.Health())
	return f, true
}

// relabelled is who gave the pods the labels that the Service doesn't know.
func relabelled(c cause.Case, m candidate) *cause.Change {
	for _, path := range []string{"spec.template.metadata.labels", "spec.selector"} {
		if ch := c.Wrote(m.ref, path); ch != nil && ch.To != nil && slices.Contains(slices.Collect(maps.Values(m.labels)), *ch.To) {
			return ch
		}
	}
	return nil
}

func podsIn(c cause.Case, namespace string) (n int) {
	pods, _ := c.Facts.Pods.Get()
	for _, pod := range pods {
		if pod.Namespace == namespace {
			n++
		}
	}
	return n
}

// selectorText spells labels as kubectl does, sorted.
func selectorText(labels map[string]string) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		list = append(list, k+"="+labels[k])
	}
	if len(list) == 0 {
		return "none of these labels"
	}
	return strings.Join(list, ",")
}

// A candidate is a workload that the Service may be meant for.
type candidate struct {
	ref    facts.Ref
	labels map[string]string
	source string
	// fits: the selector matches its pods. runs: some of its pods live.
	fits, runs bool
	score      int
}

// candidates are the workloads of the Service's namespace that share a label with its
// selector or are called like it, the likeliest first.
func candidates(c cause.Case, svc *corev1.Service) (list []candidate) {
	add := func(ref facts.Ref, labels map[string]string, source string, spec corev1.PodSpec, runs bool) {
		if ref.Namespace != svc.Namespace {
			return
		}
		if i := slices.IndexFunc(list, func(m candidate) bool { return m.ref == ref }); i >= 0 {
			list[i].runs = list[i].runs || runs
			return
		}
		pod := &corev1.Pod{Spec: spec}
		pod.Namespace, pod.Labels = svc.Namespace, labels
		m := candidate{ref: ref, labels: labels, source: source, fits: glbc.Selects(svc, pod), runs: runs}
		for k, v := range svc.Spec.Selector {
			if labels[k] == v {
				m.score += 4
			}
		}
		if ref.Name == svc.Name {
			m.score += 4
		}
		if m.score == 0 {
			return
		}
		if slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return declares(pod, glbc.ServingPort(pod, &p)) }) {
			m.score++
		}
		list = append(list, m)
	}
	pods, _ := c.Facts.Pods.Get()
	for _, p := range pods {
		if glbc.Lives(p) {
			add(glbc.WorkloadOf(c.Facts.ClusterName, p), p.Labels, "container.pods.list", p.Spec, true)
		}
	}
	deployments, _ := c.Facts.Deployments.Get()
	for _, d := range deployments {
		add(facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindDeployment, Namespace: d.Namespace, Name: d.Name}, d.Spec.Template.Labels, string(facts.Deployments), d.Spec.Template.Spec, false)
	}
	sets, _ := c.Facts.StatefulSets.Get()
	for _, s := range sets {
		add(facts.Ref{Cluster: c.Facts.ClusterName, Kind: "StatefulSet", Namespace: s.Namespace, Name: s.Name}, s.Spec.Template.Labels, string(facts.StatefulSets), s.Spec.Template.Spec, false)
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return b.score - a.score })
	return list
}

// of are the labels of the keys that a selector names.
func (m candidate) of(selector map[string]string) map[string]string {
	out := map[string]string{}
	for k := range selector {
		if v, ok := m.labels[k]; ok {
			out[k] = v
		}
	}
	if len(out) == 0 {
		for k, v := range m.labels {
			if k != "pod-template-hash" {
				out[k] = v
			}
		}
	}
	return out
}

func (m candidate) fix(svc *corev1.Service) cause.Fix {
	want := m.of(svc.Spec.Selector)
	merge := map[string]any{}
	for k := range svc.Spec.Selector {
		merge[k] = nil
	}
	var yaml strings.Builder
	yaml.WriteString("  selector:\n")
	for _, k := range slices.Sorted(maps.Keys(want)) {
		merge[k] = want[k]
		fmt.Fprintf(&yaml, "    %s: %q\n", k, want[k])
	}
	text, err := json.Marshal(merge)
	if err != nil {
		return cause.Fix{}
	}
	return cause.Fix{
		Summary:  "make the selector name labels that the pods of " + title(m.ref) + " have",
		Commands: []string{fmt.Sprintf(`kubectl patch service %s -n %s --type merge -p '{"spec":{"selector":%s}}'`, svc.Name, svc.Namespace, text)},
		Patches:  []cause.Patch{servicePatch(svc, "", yaml.String())},
		Caveat:   "a chart writes Service and workload from the same values: change it there, or the next release undoes this",
	}
}
