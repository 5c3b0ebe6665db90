package path_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

func TestService(t *testing.T) {
	run(t, []row{
		{name: "it is there", station: path.Service, want: path.OK, says: "argocd-server:80"},
		{
			name: "it doesn't exist", station: path.Service, want: path.Broken, says: "Service argocd/argocd-server doesn't exist", also: []path.Station{path.URLMap},
			do: func(f *fixture) {
				without(&f.s.Services, func(s *corev1.Service) bool { return s.Namespace == "argocd" })
			},
		},
		{
			name: "its namespace wasn't read", station: path.Service, want: path.Unknown,
			do: func(f *fixture) {
				without(&f.s.Services, func(s *corev1.Service) bool { return s.Namespace == "argocd" })
				f.s.Namespaces = []string{"shop"}
			},
		},
		{
			name: "it hasn't the port", station: path.Service, want: path.Broken, says: "no port 80", differs: "spec.ports", also: []path.Station{path.URLMap},
			do: func(f *fixture) { f.service().Spec.Ports = f.service().Spec.Ports[1:] },
		},
		{
			name: "it needs a NEG", station: path.Service, want: path.Broken, says: "of type ClusterIP without NEG", differs: "neg", also: []path.Station{path.URLMap},
			do: func(f *fixture) { delete(f.service().Annotations, glbc.NEGAnnotation) },
		},
		{
			name: "nginx needs no NEG", station: path.Service, want: path.OK,
			do: func(f *fixture) {
				f.ingress().Annotations[glbc.ClassAnnotation] = "nginx"
				delete(f.service().Annotations, glbc.NEGAnnotation)
			},
		},
		{
			name: "its targetPort is no pod's", station: path.Service, want: path.Broken, says: "leads to port web, which no pod has", differs: "targetPort",
			do: func(f *fixture) { f.service().Spec.Ports[0].TargetPort = intstr.FromString("web") },
		},
		{
			name: "its targetPort is a name of the pods'", station: path.Service, want: path.OK,
			do: func(f *fixture) { f.service().Spec.Ports[0].TargetPort = intstr.FromString("server") },
		},
	})
}

func ready(p *corev1.Pod, status corev1.ConditionStatus) {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady {
			c.Status = status
		}
	}
}

func TestPods(t *testing.T) {
	run(t, []row{
		{name: "all ready", station: path.Pods, want: path.OK, says: "3/3 ready"},
		{
			name: "one isn't ready", station: path.Pods, want: path.OK, says: "2/3 ready",
			do: func(f *fixture) { ready(f.pods()[0], corev1.ConditionFalse) },
		},
		{
			name: "none is ready", station: path.Pods, want: path.Broken, says: "0/3 of argocd-server ready",
			do: func(f *fixture) {
				for _, p := range f.pods() {
					ready(p, corev1.ConditionFalse)
				}
			},
		},
		{
			name: "none is ready yet", station: path.Pods, want: path.Unknown, says: "within their start",
			do: func(f *fixture) {
				for _, p := range f.pods() {
					ready(p, corev1.ConditionFalse)
					p.Status.StartTime = new(metav1.NewTime(f.s.Now.Add(-time.Minute)))
				}
			},
		},
		{
			name: "the selector matches nothing", station: path.Pods, want: path.Broken, says: "no pod matches", differs: "selector",
			do: func(f *fixture) { f.service().Spec.Selector = map[string]string{"app": "argo"} },
		},
		{
			name: "the selector matches nothing that was read", station: path.Pods, want: path.Unknown,
			do: func(f *fixture) {
				f.service().Spec.Selector = map[string]string{"app": "argo"}
				f.s.Pods = facts.FoundPartly(f.pods(), errScope, "global")
			},
		},
		{
			name: "a Service without a selector", station: path.Pods, want: path.NotApplicable,
			do: func(f *fixture) { f.service().Spec.Selector = nil },
		},
	})
}

func TestApp(t *testing.T) {
	answer := func(v facts.Value[facts.ProbeAnswer]) func(f *fixture) {
		return func(f *fixture) {
			f.s.Probes = map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer]{
				{Namespace: "argocd", Pod: f.pods()[0].Name, Port: 8080, Scheme: "http", Path: "/healthz"}: v,
			}
		}
	}
	run(t, []row{
		{name: "nothing was probed, and every endpoint is HEALTHY", station: path.App, want: path.OK, says: "answers the health check"},
		{name: "200", station: path.App, want: path.OK, says: "http://:8080/healthz answers 200", do: answer(facts.Found(facts.ProbeAnswer{Status: 200}))},
		{name: "a redirect", station: path.App, want: path.Broken, says: "answers 307", do: answer(facts.Found(facts.ProbeAnswer{Status: 307}))},
		{name: "204 isn't 200", station: path.App, want: path.Broken, says: "answers 204", do: answer(facts.Found(facts.ProbeAnswer{Status: 204}))},
		{name: "refused", station: path.App, want: path.Broken, says: "refuses", do: answer(facts.Found(facts.ProbeAnswer{Unreachable: "connection refused"}))},
		{name: "a timeout on the API server's way", station: path.App, want: path.Unknown, do: answer(facts.Found(facts.ProbeAnswer{Unreachable: "timeout"}))},
		{name: "the probe wasn't allowed", station: path.App, want: path.Unknown, do: answer(facts.Unknown[facts.ProbeAnswer](errScope))},
		{
			name: "somebody else's pod", station: path.App, want: path.OK, says: "answers the health check",
			do: func(f *fixture) {
				f.s.Probes = map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer]{
					{Namespace: "shop", Pod: "web", Port: 8080, Scheme: "http", Path: "/"}: facts.Found(facts.ProbeAnswer{Status: 500}),
				}
			},
		},
	})
}
