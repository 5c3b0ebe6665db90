package workload

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A Deployment or StatefulSet of the Service's pods wants none of them. The NEG is
// emptied and nothing tells of it: Synced stays True (ingress-controller.md §1.7).
var scaledToZero = cause.Cause{
	ID:       "workload/scaled-to-zero",
	Title:    "The workload behind the Service is scaled to zero",
	Needs:    append([]facts.Kind{facts.Deployments, facts.StatefulSets}, needs...),
	Explains: append([]cause.ID{"workload/all-terminating"}, serving...),
	Check:    checkScale,
}

func checkScale(c cause.Case) (out cause.Outcome) {
	for _, a := range c.Ailing() {
		svc, ok := a.Object.Get()
		if !ok || a.PodsErr != nil || len(a.Live()) > 0 || !c.Facts.Deployments.Known() || !c.Facts.StatefulSets.Known() {
			continue
		}
		off, on := behind(c, svc)
		if len(off) == 0 {
			continue
		}
		if on != "" {
			out.RuledOut = on + " wants pods for this Service"
			continue
		}
		f := a.Finding(c)
		f.Subject, f.Confidence = off[0], cause.Proven
		f.Headline = fmt.Sprintf("%s is scaled to zero, so nothing answers for Service %s/%s", title(f.Subject), a.Namespace, a.Service)
		f.Summary = "With no pods there is no endpoint; the load balancer keeps its address and answers 502 or 503 for all requests."
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: listed(f.Subject), Says: title(f.Subject) + ": spec.replicas = 0", Link: cause.ObjectLink(f.Subject),
		}, cause.Evidence{
			Source: "container.pods.list", Says: fmt.Sprintf("Service %s/%s selects %d pods that live", a.Namespace, a.Service, len(a.Live())), Link: cause.ObjectLink(a.Ref(c.Facts.ClusterName)),
		}, a.Health())
		if ch := c.Wrote(f.Subject, "spec.replicas"); ch != nil && ch.To != nil && *ch.To == "0" {
			f.Change = ch
			if f.Since.IsZero() {
				f.Since = ch.At
			}
		}
		f.Fix = fixScale(f)
		out.Findings = append(out.Findings, f)
	}
	return out
}

func listed(r facts.Ref) string {
	if r.Kind == facts.KindDeployment {
		return string(facts.Deployments)
	}
	return string(facts.StatefulSets)
}

// behind are the workloads whose pods the Service selects: those that want none, and one
// that wants some.
func behind(c cause.Case, svc *corev1.Service) (off []facts.Ref, on string) {
	add := func(kind string, m metav1.ObjectMeta, replicas *int32, template map[string]string) {
		if !glbc.Selects(svc, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Labels: template}}) {
			return
		}
		ref := facts.Ref{Cluster: c.Facts.ClusterName, Kind: kind, Namespace: m.Namespace, Name: m.Name}
		if replicas != nil && *replicas == 0 {
			off = append(off, ref)
		} else {
			on = title(ref)
		}
	}
	deployments, _ := c.Facts.Deployments.Get()
	for _, d := range deployments {
		add(facts.KindDeployment, d.ObjectMeta, d.Spec.Replicas, d.Spec.Template.Labels)
	}
	sets, _ := c.Facts.StatefulSets.Get()
	for _, s := range sets {
		add("StatefulSet", s.ObjectMeta, s.Spec.Replicas, s.Spec.Template.Labels)
	}
	return off, on
}

// fixScale goes back to the number that the log tells, else to two.
func fixScale(f cause.Finding) cause.Fix {
	replicas := "2"
	if f.Change != nil && f.Change.From != nil && *f.Change.From != "0" {
		replicas = *f.Change.From
	}
	return cause.Fix{
		Summary:  "scale it up again; the new pods are attached to the load balancer by themselves",
		Commands: []string{fmt.Sprintf("kubectl scale %s -n %s --replicas=%s", handle(f.Subject), f.Subject.Namespace, replicas)},
		Patches: []cause.Patch{{
			File: title(f.Subject),
			YAML: "apiVersion: apps/v1\nkind: " + f.Subject.Kind + "\nmetadata:\n  name: " + f.Subject.Name + "\n  namespace: " + f.Subject.Namespace + "\nspec:\n  replicas: " + replicas + "\n",
		}},
		Caveat: "an autoscaler doesn't start from zero, and one like KEDA, or a manifest in Git, may set it to zero again",
	}
}
