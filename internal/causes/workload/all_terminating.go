package workload

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A pod that is asked to go is detached from the NEG at once, however long it may take
// (ingress-controller.md §1.7, “NEG membership”). Where none takes its place, nothing is
// left.
var allTerminating = cause.Cause{
	ID:       "workload/all-terminating",
	Title:    "All pods of the Service are terminating, and none takes their place",
	Needs:    append([]facts.Kind{facts.Deployments, facts.StatefulSets, facts.Nodes}, needs...),
	Explains: append([]cause.ID{}, serving...),
	Check:    checkTerminating,
}

// replacing is how long the next pods are waited for.
const replacing = 2 * time.Minute

func checkTerminating(c cause.Case) (out cause.Outcome) {
	for _, a := range c.Ailing() {
		leaving := slices.DeleteFunc(slices.Clone(a.Pods), func(p *corev1.Pod) bool { return p.DeletionTimestamp == nil })
		if a.PodsErr != nil || len(leaving) == 0 || len(a.Live()) > 0 {
			continue
		}
		began := glbc.Leaving(slices.MinFunc(leaving, func(x, y *corev1.Pod) int { return glbc.Leaving(x).Compare(glbc.Leaving(y)) }))
		if c.Facts.Now.Sub(began) < replacing {
			out.Pending = "all pods began to terminate a moment ago, others may take their place"
			continue
		}
		out.Findings = append(out.Findings, terminating(c, a, leaving, began))
	}
	return out
}

func terminating(c cause.Case, a cause.Ailing, leaving []*corev1.Pod, began time.Time) cause.Finding {
	f := a.Finding(c)
	pod := leaving[0]
	f.Subject, f.Confidence = workloadOf(c, pod), cause.Proven
	f.Since = began
	f.Headline = fmt.Sprintf("All pods of Service %s/%s are terminating (%d), and none takes their place", a.Namespace, a.Service, len(leaving))
	f.Summary = "A terminating pod is detached at once, even if it goes on for as long as its grace period; the load balancer has nobody else."
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "container.pods.list", Link: cause.ObjectLink(podRef(c, pod)),
		Says: fmt.Sprintf("%s terminates since %s and had until %s", pod.Name, began.UTC().Format("15:04 UTC"), pod.DeletionTimestamp.UTC().Format("15:04 UTC")),
	})
	force := false
	if node, ok := glbc.NodeNamed(c.Facts, pod.Spec.NodeName).Get(); ok && glbc.NodeExcluded(node) == "not Ready" {
		force = true
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.nodes.list", Says: "its node " + node.Name + " isn't Ready, so nobody ends it"})
	}
	stuck := c.Facts.Now.After(pod.DeletionTimestamp.Add(time.Minute))
	recreate := strategyOf(c, f.Subject) == string(appsv1.RecreateDeploymentStrategyType)
	if recreate {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Deployments), Says: title(f.Subject) + ": strategy Recreate starts no pod before the last old one is gone", Link: cause.ObjectLink(f.Subject)})
	}
	f.Evidence = append(f.Evidence, a.Health())
	f.Fix = fixTerminating(f.Subject, leaving, force || stuck, recreate)
	return f
}

func strategyOf(c cause.Case, r facts.Ref) string {
	all, _ := c.Facts.Deployments.Get()
	for _, d := range all {
		if r.Kind == facts.KindDeployment && d.Namespace == r.Namespace && d.Name == r.Name {
			return string(d.Spec.Strategy.Type)
		}
	}
	return ""
}

func fixTerminating(r facts.Ref, leaving []*corev1.Pod, force, recreate bool) cause.Fix {
	var names []string
	for _, pod := range leaving {
		names = append(names, pod.Name)
	}
	fix := cause.Fix{
		Summary:  "see why no new pod comes up: the workload must want some, and a quota or an admission webhook may refuse them",
		Commands: []string{fmt.Sprintf("kubectl describe %s -n %s", handle(r), r.Namespace)},
		Caveat:   "a preStop hook that waits doesn't help: what terminates is detached at once",
	}
	if force {
		fix.Summary = "end the pods that hang, so that others may take their place"
		fix.Commands = []string{fmt.Sprintf("kubectl delete pods %s -n %s --force --grace-period=0", strings.Join(names, " "), r.Namespace)}
	}
	if recreate {
		fix.Summary += "; with strategy RollingUpdate the next rollout has no gap"
		fix.Patches = []cause.Patch{{
			File: title(r),
			YAML: "apiVersion: apps/v1\nkind: " + r.Kind + "\nmetadata:\n  name: " + r.Name + "\n  namespace: " + r.Namespace + "\nspec:\n  strategy:\n    type: RollingUpdate\n",
		}}
	}
	return fix
}
