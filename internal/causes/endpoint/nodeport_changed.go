package endpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A backend service on instance groups is called after the node port that it sends
// requests to. With another node port the Service needs another backend service; until
// GLBC has made it, all nodes refuse (ingress-gce #19; ingress-controller.md §6).
var nodeportChanged = cause.Cause{
	ID:       "endpoint/nodeport-changed",
	Title:    "The load balancer asks a node port that the Service no longer has",
	Needs:    append([]facts.Kind{facts.InstanceGroups, facts.Events}, paths...),
	Explains: append([]cause.ID{"endpoint/target-port-mismatch", "health/port-mismatch"}, failing...),
	Check:    checkNodePort,
}

var nodePortName = regexp.MustCompile(`^k8s-be-(\d+)-`)

func checkNodePort(c cause.Case) (out cause.Outcome) {
	if len(c.ControllerErrors()) > 0 || slices.ContainsFunc(c.Translation().Faults, func(f glbc.Fault) bool { return !f.Warning }) {
		// Something keeps the controller from following, and that is what to repair.
		return out
	}
	for _, a := range c.Ailing() {
		svc, ok := a.Object.Get()
		bs, found := a.BackendService.Get()
		if !ok || !found || a.ServicePort == nil || a.ServicePort.NodePort == 0 || !instanceGroups(bs) || len(a.Bad) < len(a.All) {
			continue
		}
		asked := askedPort(bs)
		if asked == 0 || slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return p.NodePort == asked }) {
			if asked != 0 {
				out.RuledOut = fmt.Sprintf("%s has the node port %d that the load balancer asks", svc.Name, asked)
			}
			continue
		}
		change := wrotePort(c, svc, "nodePort", itoa(a.ServicePort.NodePort))
		if change != nil && c.Facts.Now.Sub(change.At) < 2*time.Minute {
			out.Pending = "the Service has a new node port, and the controller may be at it"
			continue
		}
		out.Findings = append(out.Findings, moved(c, a, svc, bs, asked, change))
	}
	return out
}

// askedPort is the node port that a backend service sends requests to: the one in its
// name, else its port.
func askedPort(bs *computepb.BackendService) int32 {
	if m := nodePortName.FindStringSubmatch(bs.GetName()); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err == nil {
			return int32(n)
		}
	}
	return bs.GetPort()
}

func moved(c cause.Case, a cause.Ailing, svc *corev1.Service, bs *computepb.BackendService, asked int32, change *cause.Change) cause.Finding {
	f := a.Finding(c)
	f.Subject, f.Confidence, f.Change = a.Ref(c.Facts.ClusterName), cause.Proven, change
	f.Headline = fmt.Sprintf("The load balancer asks node port %d, and Service %s/%s has %d by now", asked, svc.Namespace, svc.Name, a.ServicePort.NodePort)
	f.Summary = "Nothing listens at the old port of any node; the controller would make a backend service for the new one, and hasn't."
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "compute.backendServices.list", Says: fmt.Sprintf("%s sends requests to port %d of the nodes", bs.GetName(), asked), Link: cause.ComputeLink(glbc.Path(bs)),
	}, cause.Evidence{
		Source: "container.services.list", Says: fmt.Sprintf("Service %s/%s port %d has nodePort %d", svc.Namespace, svc.Name, a.ServicePort.Port, a.ServicePort.NodePort), Link: cause.ObjectLink(f.Subject),
	}, a.Health())
	f.Fix = cause.Fix{
		Summary:  "give the Service its old node port back, and keep it in the manifest",
		Commands: []string{patchPort(svc, a.ServicePort, "nodePort", asked)},
		Patches:  []cause.Patch{servicePatch(svc, "", fmt.Sprintf("  ports:\n  - port: %d\n    nodePort: %d\n", a.ServicePort.Port, asked))},
		Caveat:   "deleting and creating a Service draws a new node port each time, unless the manifest names one; NEGs need none",
	}
	return f
}
