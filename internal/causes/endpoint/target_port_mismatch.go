package endpoint

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/path"
)

// The Service sends requests to a port where nobody listens. Nothing compares targetPort
// with what the containers do: the NEG's endpoint takes it as it is
// (ingress-controller.md §1.11.9).
var targetPortMismatch = cause.Cause{
	ID:       "endpoint/target-port-mismatch",
	Title:    "The Service's targetPort is a port where the pods don't listen",
	Needs:    append([]facts.Kind{facts.Instances, facts.ThirdPartyObjects, facts.RegionFirewall, facts.NEGs, facts.Probes, facts.NEGEndpoints}, paths...),
	Explains: failing,
	Check:    checkTargetPort,
}

func checkTargetPort(c cause.Case) (out cause.Outcome) {
	for _, a := range c.Ailing() {
		if f, ok := unnamed(c, a); ok {
			out.Findings = append(out.Findings, f)
		}
	}
	for _, l := range listens(c) {
		confidence, why := l.mismatch(c)
		if l.answered {
			out.RuledOut = fmt.Sprintf("port %d answers", l.port)
		}
		if confidence != 0 {
			out.Findings = append(out.Findings, l.finding(c, confidence, why))
		}
	}
	return out
}

// mismatch weighs what is known. A closed port proves that nobody listens there; that
// somebody does elsewhere, or that the containers name other ports, proves that the port
// is wrong and not the app. A kubelet that gets its answers at the very port contradicts.
func (l listening) mismatch(c cause.Case) (cause.Confidence, cause.Evidence) {
	other, own := l.kubeletsPort()
	ports := declared(l.pods[0])
	undeclared := len(ports) > 0 && !slices.Contains(ports, l.port)
	switch {
	case l.answered || own:
		return 0, cause.Evidence{}
	case len(l.others) > 0 && (l.closed() || l.unreachable):
		return cause.Proven, cause.Evidence{Source: "our probe", Says: fmt.Sprintf("%s answers at port %d", l.pods[0].Name, l.others[0])}
	case l.closed() && other != 0:
		return cause.Proven, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("the kubelet's probe gets its answers from port %d", other)}
	case l.closed() && undeclared:
		return cause.Proven, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("the containers of %s declare %s, not %d", l.pods[0].Name, portsText(ports), l.port)}
	case l.closed():
		return cause.Likely, cause.Evidence{}
	case l.silent && len(l.others) > 0:
		return cause.Likely, cause.Evidence{Source: "our probe", Says: fmt.Sprintf("%s answers at port %d", l.pods[0].Name, l.others[0])}
	case undeclared && !l.silent && !l.unreachable && len(l.Bad) == len(l.All) && admitted(c):
		return cause.Possible, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("the containers of %s declare %s, not %d; that may be all there is to it, or not", l.pods[0].Name, portsText(ports), l.port)}
	}
	return 0, cause.Evidence{}
}

// admitted: the firewall surely lets the probers in, so that it can't be the reason.
func admitted(c cause.Case) bool {
	return slices.ContainsFunc(c.Path().Hops, func(h path.Hop) bool { return h.Station == path.Firewall && h.State == path.OK })
}

func portsText(ports []int32) string {
	var list []string
	for _, p := range ports {
		list = append(list, itoa(p))
	}
	return listOf(list)
}

func itoa(n int32) string { return strconv.Itoa(int(n)) }

func (l listening) finding(c cause.Case, confidence cause.Confidence, why cause.Evidence) cause.Finding {
	svc, _ := l.Object.Get()
	f := l.Finding(c)
	f.Subject, f.Confidence = l.Ref(c.Facts.ClusterName), confidence
	if len(l.pods) < l.of {
		f.Explains = []cause.ID{}
	}
	f.Headline = fmt.Sprintf("Service %s/%s sends requests to port %d of the pods, where nobody listens", l.Namespace, l.Service, l.port)
	if confidence == cause.Possible {
		f.Headline = fmt.Sprintf("Service %s/%s sends requests to port %d of the pods, which no container declares", l.Namespace, l.Service, l.port)
	}
	f.Summary = "Nothing compares targetPort with what the containers do: the load balancer gets the port as it is written."
	f.Evidence = append(f.Evidence, l.refused[:min(2, len(l.refused))]...)
	if why.Says != "" {
		f.Evidence = append(f.Evidence, why)
	}
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "container.services.list", Link: cause.ObjectLink(f.Subject),
		Says: fmt.Sprintf("Service %s/%s port %d → targetPort %s", l.Namespace, l.Service, l.ServicePort.Port, l.ServicePort.TargetPort.String()),
	}, l.Health())
	f.Change = wrotePort(c, svc, "targetPort", l.ServicePort.TargetPort.String())
	f.Fix = l.fix(svc)
	return f
}

// fix aims at the port that answers, or the only one that can be meant.
func (l listening) fix(svc *corev1.Service) cause.Fix {
	kubelets, _ := l.kubeletsPort()
	meant := kubelets
	if len(l.others) > 0 {
		meant = l.others[0]
	}
	rest := slices.DeleteFunc(declared(l.pods[0]), func(p int32) bool { return p == l.port })
	if meant == 0 && len(rest) == 1 {
		meant = rest[0]
	}
	return fixTarget(svc, l.ServicePort, meant, l.pods[0])
}

func fixTarget(svc *corev1.Service, port *corev1.ServicePort, meant int32, pod *corev1.Pod) cause.Fix {
	if meant == 0 {
		return cause.Fix{
			Summary:  "set targetPort to the port at which the app listens, or make the app listen there",
			Commands: []string{fmt.Sprintf("kubectl logs %s -n %s --all-containers | head -50", pod.Name, pod.Namespace)},
			Caveat:   "containerPort in the pod's spec is documentation only: changing it makes nobody listen",
		}
	}
	yaml := fmt.Sprintf("  ports:\n  - port: %d\n    targetPort: %d\n", port.Port, meant)
	if port.Name != "" {
		yaml = fmt.Sprintf("  ports:\n  - name: %s\n    port: %d\n    targetPort: %d\n", port.Name, port.Port, meant)
	}
	return cause.Fix{
		Summary:  fmt.Sprintf("send requests to port %d, at which the pods listen", meant),
		Commands: []string{patchPort(svc, port, "targetPort", meant)},
		Patches:  []cause.Patch{servicePatch(svc, "", yaml)},
		Caveat:   "containerPort in the pod's spec is documentation only: changing that instead makes nobody listen",
	}
}

// unnamed: targetPort is a name that no pod of the Service has for a port, so that its
// EndpointSlices carry no port at all.
func unnamed(c cause.Case, a cause.Ailing) (cause.Finding, bool) {
	svc, ok := a.Object.Get()
	live := a.Live()
	if !ok || a.ServicePort == nil || a.ServicePort.TargetPort.Type != intstr.String || a.PodsErr != nil || len(live) == 0 {
		return cause.Finding{}, false
	}
	name := a.ServicePort.TargetPort.StrVal
	var names []string
	for _, pod := range live {
		for _, ct := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
			for _, p := range ct.Ports {
				if p.Name == name {
					return cause.Finding{}, false
				}
				if text := fmt.Sprintf("%s (%d)", cmp.Or(p.Name, "one without a name"), p.ContainerPort); !slices.Contains(names, text) {
					names = append(names, text)
				}
			}
		}
	}
	f := a.Finding(c)
	f.Subject, f.Confidence = a.Ref(c.Facts.ClusterName), cause.Proven
	f.Headline = fmt.Sprintf("Service %s/%s sends requests to the port named %q, which no pod has", a.Namespace, a.Service, name)
	f.Summary = "A targetPort that is a name must be that of a container port; otherwise the pods are no endpoints of the Service."
	says := "the pods declare no port"
	if len(names) > 0 {
		says = "the pods declare " + listOf(names)
	}
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "container.services.list", Says: fmt.Sprintf("Service %s/%s port %d → targetPort %q", a.Namespace, a.Service, a.ServicePort.Port, name), Link: cause.ObjectLink(f.Subject),
	}, cause.Evidence{Source: "container.pods.list", Says: says, Link: cause.ObjectLink(podRef(c, live[0]))}, a.Health())
	f.Change = wrotePort(c, svc, "targetPort", name)
	meant := int32(0)
	if ports := declared(live[0]); len(ports) == 1 {
		meant = ports[0]
	}
	f.Fix = fixTarget(svc, a.ServicePort, meant, live[0])
	if meant != 0 {
		f.Fix.Caveat = ""
	}
	return f, true
}
