package glbc

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func probed(name string, age time.Duration, probe *corev1.Probe, ports ...corev1.ContainerPort) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{"app": "web"}, CreationTimestamp: metav1.NewTime(time.Unix(1_000_000, 0).Add(-age))},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Ports: ports, ReadinessProbe: probe}}},
	}
}

func get(path string, port intstr.IntOrString, change func(*corev1.HTTPGetAction)) *corev1.Probe {
	p := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: port}}}
	if change != nil {
		change(p.HTTPGet)
	}
	return p
}

// TestInferCheck has a row for each condition of ingress-controller.md §2.
func TestInferCheck(t *testing.T) {
	port8080, named := corev1.ContainerPort{ContainerPort: 8080}, corev1.ContainerPort{Name: "http", ContainerPort: 8080}
	number := intstr.FromInt32(8080)
	for _, tt := range []struct {
		name     string
		pods     []*corev1.Pod
		target   intstr.IntOrString
		protocol string
		selector map[string]string
		path     string
		why      string
	}{
		{name: "derived", pods: []*corev1.Pod{probed("a", 0, get("/ready", number, nil), port8080)}, path: "/ready"},
		{name: "a path without a slash", pods: []*corev1.Pod{probed("a", 0, get("ready", number, nil), port8080)}, path: "/ready"},
		{name: "named port on both sides", pods: []*corev1.Pod{probed("a", 0, get("/ready", intstr.FromString("http"), nil), named)}, target: intstr.FromString("http"), path: "/ready"},
		{name: "the oldest pod decides", pods: []*corev1.Pod{probed("new", 0, get("/new", number, nil), port8080), probed("old", time.Hour, get("/old", number, nil), port8080)}, path: "/old"},
		{name: "an older pod without a probe doesn't keep a younger one from deciding", pods: []*corev1.Pod{probed("old", time.Hour, nil, port8080), probed("new", 0, get("/new", number, nil), port8080)}, path: "/new"},
		{name: "one header called Host", pods: []*corev1.Pod{probed("a", 0, get("/ready", number, func(g *corev1.HTTPGetAction) {
			g.HTTPHeaders = []corev1.HTTPHeader{{Name: "Host", Value: "x"}}
		}), port8080)}, path: "/ready"},
		{name: "no probe", pods: []*corev1.Pod{probed("a", 0, nil, port8080)}, path: "/", why: "no readiness probe"},
		{name: "no pod", path: "/", why: "no pod matches"},
		{name: "a command", pods: []*corev1.Pod{probed("a", 0, &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{}}}, port8080)}, path: "/", why: "isn't an HTTP request"},
		{name: "a host", pods: []*corev1.Pod{probed("a", 0, get("/ready", number, func(g *corev1.HTTPGetAction) { g.Host = "x" }), port8080)}, path: "/", why: "names a host"},
		{name: "another header", pods: []*corev1.Pod{probed("a", 0, get("/ready", number, func(g *corev1.HTTPGetAction) {
			g.HTTPHeaders = []corev1.HTTPHeader{{Name: "X-Forwarded-Proto", Value: "https"}}
		}), port8080)}, path: "/", why: "sends headers"},
		{name: "an https backend with the default scheme", pods: []*corev1.Pod{probed("a", 0, get("/ready", number, nil), port8080)}, protocol: "HTTPS", path: "/", why: "speaks HTTP, the backend HTTPS"},
		{name: "HTTP2 wants https", pods: []*corev1.Pod{probed("a", 0, get("/ready", number, func(g *corev1.HTTPGetAction) { g.Scheme = corev1.URISchemeHTTPS }), port8080)}, protocol: "HTTP2", path: "/ready"},
		{name: "the second of two names of a port", pods: []*corev1.Pod{probed("a", 0, get("/ready", intstr.FromString("http"), nil), corev1.ContainerPort{Name: "http3", ContainerPort: 8080, Protocol: corev1.ProtocolUDP}, named)}, path: "/ready"},
		{name: "an undeclared port", pods: []*corev1.Pod{probed("a", 0, get("/ready", number, nil))}, path: "/", why: "doesn't declare the port 8080"},
		{name: "another port", pods: []*corev1.Pod{probed("a", 0, get("/ready", intstr.FromInt32(9000), nil), port8080, corev1.ContainerPort{ContainerPort: 9000})}, path: "/", why: "asks port 9000"},
		{name: "somebody else's pod", selector: map[string]string{"app": "other"}, pods: []*corev1.Pod{probed("a", 0, get("/ready", number, nil), port8080)}, path: "/", why: "no pod matches"},
		{name: "an empty selector looks at every pod", selector: map[string]string{}, pods: []*corev1.Pod{probed("a", 0, get("/ready", number, nil), port8080)}, path: "/ready"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.selector == nil {
				tt.selector = map[string]string{"app": "web"}
			}
			if tt.target == (intstr.IntOrString{}) {
				tt.target = number
			}
			svc := annotatedService("", "")
			svc.Namespace, svc.Spec.Selector = "shop", tt.selector
			if tt.protocol != "" {
				svc.Annotations[AppProtocolsAnnotation] = `{"web":"` + tt.protocol + `"}`
			}
			got := InferCheck(svc, &corev1.ServicePort{Name: "web", Port: 80, TargetPort: tt.target}, true, tt.pods)
			if got.Check.Path != tt.path || (got.Why == "") != (tt.why == "") || !strings.Contains(got.Why, tt.why) {
				t.Errorf("path %q, why %q; want %q, %q", got.Check.Path, got.Why, tt.path, tt.why)
			}
		})
	}
}

// TestInferredTimes: period and timeout come from the probe, an instance group's
// interval is a minute longer, thresholds are the controller's.
func TestInferredTimes(t *testing.T) {
	probe := get("/ready", intstr.FromInt32(8080), nil)
	probe.PeriodSeconds, probe.TimeoutSeconds, probe.FailureThreshold = 20, 3, 7
	pods := []*corev1.Pod{probed("a", 0, probe, corev1.ContainerPort{ContainerPort: 8080})}
	svc := annotatedService("", "")
	svc.Namespace, svc.Spec.Selector = "shop", map[string]string{"app": "web"}
	port := &corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(8080)}
	neg, group := InferCheck(svc, port, true, pods).Check, InferCheck(svc, port, false, pods).Check
	if neg.Interval != 20*time.Second || neg.Timeout != 3*time.Second || neg.Unhealthy != 2 {
		t.Errorf("NEG: %+v", neg)
	}
	if group.Interval != 80*time.Second || group.Timeout != 3*time.Second || group.Unhealthy != 10 {
		t.Errorf("instance group: %+v", group)
	}
	if d := InferCheck(svc, port, false, nil).Check; d.Interval != time.Minute || d.Timeout != time.Minute || d.Path != "/" {
		t.Errorf("instance group's default: %+v", d)
	}
}
