package backend

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// A pod that is asked to stop is taken out of the NEG at once, and the proxies learn of
// it later; without draining and without a preStop hook that waits, requests still go to
// a process that is gone (ingress-controller.md §1.7, NEG membership).
var noConnectionDraining = cause.Cause{
	ID:       "backend/no-connection-draining",
	Title:    "Requests fail while pods are replaced: nothing drains connections",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.Pods, facts.Events, facts.BackendServices, facts.URLMaps, facts.BackendConfigs, facts.ThirdPartyObjects, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkDraining,
}

// manyAtOnce makes a burst.
const manyAtOnce = 3

func checkDraining(c cause.Case) (out cause.Outcome) {
	for _, t := range trafficOf(c) {
		failed := t.failed(signal.ClosedEarly, signal.ConnectFailed, signal.NoBackend)
		during, apart := split(failed, t.replaced(c))
		switch {
		case t.Service == "" || len(failed) == 0 || !t.podsRead:
		case t.live.GetConnectionDraining().GetDrainingTimeoutSec() > 0:
			out.RuledOut = fmt.Sprintf("%s drains connections for %d s", t.live.GetName(), t.live.GetConnectionDraining().GetDrainingTimeoutSec())
		case t.waitsBeforeStop():
			out.RuledOut = "the pods of " + t.Title() + " have a preStop hook"
		case len(apart) >= len(during):
			out.RuledOut = "the failures didn't come while pods were replaced"
		default:
			out.Findings = append(out.Findings, t.undrained(c, during))
		}
	}
	return out
}

// waitsBeforeStop: the container that serves has a preStop hook in every pod.
func (t *traffic) waitsBeforeStop() bool {
	for _, pod := range t.pods {
		container, _ := t.serving(pod)
		if container == nil || container.Lifecycle == nil || container.Lifecycle.PreStop == nil {
			return false
		}
	}
	return true
}

func (t *traffic) undrained(c cause.Case, during []signal.Signal) cause.Finding {
	confidence := cause.Likely
	if len(during) >= manyAtOnce && c.Facts.Pods.Known() {
		confidence = cause.Proven
	}
	f := t.finding(c, confidence, during)
	workload := t.workload(c.Facts.ClusterName)
	f.Headline = t.Title() + " loses requests whenever its pods are replaced: nothing drains connections"
	f.Summary = "A pod that stops leaves the NEG at once, and proxies still send it requests for some seconds; it has no preStop hook that waits for them, and the backend service no draining."
	f.Evidence = append(
		f.Evidence,
		cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("all of them within %d minutes of pods of %s coming or going", int(afterReplaced.Minutes()), workload), Link: cause.ObjectLink(workload)},
		cause.Evidence{Source: "compute.backendServices.list", Says: t.live.GetName() + " has drainingTimeoutSec = 0", Link: cause.ComputeLink(glbc.Path(t.live))},
		cause.Evidence{Source: "container.pods.list", Says: "the pods have no preStop hook", Link: cause.ObjectLink(workload)},
	)
	f.Impact = countOf(len(during), "request") + " lost in the last rollout"
	f.Fix, _ = t.change(c, setting{
		config: `{"connectionDraining":{"drainingTimeoutSec":60}}`, policy: `{"connectionDraining":{"drainingTimeoutSec":60}}`,
		configYAML: []string{"connectionDraining:", "  drainingTimeoutSec: 60"}, policyYAML: []string{"connectionDraining:", "  drainingTimeoutSec: 60"},
		flag: "--connection-draining-timeout=60",
	})
	f.Subject = workload
	f.Fix.Summary = "Let connections drain for 60 s, and let the pods wait before they stop: both are needed, since draining alone doesn't keep the process alive."
	t.waitBeforeStop(&f.Fix, workload)
	f.Fix.Caveat = "terminationGracePeriodSeconds must be longer than the wait and the slowest request together; the sleep action needs Kubernetes 1.30, before that use exec with sleep."
	return f
}

// waitBeforeStop adds the hook to the workload.
func (t *traffic) waitBeforeStop(fix *cause.Fix, workload facts.Ref) {
	container, _ := t.serving(t.pods[0])
	if container == nil || workload.Kind == facts.KindService {
		return
	}
	kind := map[string]string{facts.KindDeployment: "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}[workload.Kind]
	if kind == "" {
		return
	}
	fix.Commands = append(fix.Commands, fmt.Sprintf(
		`kubectl patch %s %s -n %s -p '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":90,"containers":[{"name":"%s","lifecycle":{"preStop":{"sleep":{"seconds":30}}}}]}}}}'`,
		kind, workload.Name, workload.Namespace, container.Name,
	))
	fix.Patches = append(fix.Patches, cause.Patch{
		File: workload.Kind + " " + workload.Namespace + "/" + workload.Name,
		YAML: "apiVersion: apps/v1\nkind: " + workload.Kind + "\nmetadata:\n  name: " + workload.Name + "\n  namespace: " + workload.Namespace +
			"\nspec:\n  template:\n    spec:\n      terminationGracePeriodSeconds: 90\n      containers:\n      - name: " + container.Name + "\n        lifecycle:\n          preStop:\n            sleep:\n              seconds: 30\n",
	})
}
