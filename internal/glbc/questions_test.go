package glbc_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

func TestQuestionsTo(t *testing.T) {
	get := func(path string, port intstr.IntOrString, change func(*corev1.HTTPGetAction)) *corev1.Probe {
		p := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: port}}}
		if change != nil {
			change(p.HTTPGet)
		}
		return p
	}
	at := func(port int32, scheme, path string) facts.ProbeRequest {
		return facts.ProbeRequest{Namespace: "shop", Pod: "web-1", Port: port, Scheme: scheme, Path: path}
	}
	named := intstr.FromString("http")
	check := glbc.Check{Type: "HTTP", Path: "/"}
	asks := at(8080, "http", "/")
	for _, tt := range []struct {
		name  string
		probe *corev1.Probe
		check glbc.Check
		want  glbc.Questions
	}{
		{"the kubelet asks another path of the same port", get("ready", named, nil), check, glbc.Questions{Check: asks, Readiness: at(8080, "http", "/ready")}},
		{"the kubelet asks the same", get("/", named, nil), check, glbc.Questions{Check: asks}},
		{"no probe tells what the port speaks", nil, check, glbc.Questions{Check: asks, Swapped: at(8080, "https", "/")}},
		{
			"the kubelet speaks TLS there", get("/ready", named, func(g *corev1.HTTPGetAction) { g.Scheme = corev1.URISchemeHTTPS }), check,
			glbc.Questions{Check: asks, Readiness: at(8080, "https", "/ready")},
		},
		{
			"a probe with headers can't be repeated", get("/ready", named, func(g *corev1.HTTPGetAction) { g.HTTPHeaders = []corev1.HTTPHeader{{Name: "Host", Value: "shop"}} }), check,
			glbc.Questions{Check: asks},
		},
		{
			"the check asks a port of its own", nil,
			glbc.Check{Type: "HTTP", Path: "/up", Port: 9090},
			glbc.Questions{Check: at(9090, "http", "/up"), Serving: at(8080, "http", "/up"), Swapped: at(9090, "https", "/up")},
		},
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1"}}
		pod.Spec.Containers = []corev1.Container{{Name: "web", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}, ReadinessProbe: tt.probe}}
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		b := glbc.Backend{Namespace: "shop", Service: "web", ServicePort: &corev1.ServicePort{Port: 80, TargetPort: named}}
		if got := glbc.QuestionsTo(b, tt.check, glbc.Endpoint{IP: "10.8.0.21", Port: 8080, Pod: pod}, pod); got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.name, got, tt.want)
		}
	}
}
