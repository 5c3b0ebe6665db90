package glbc

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func annotatedService(key, value string) *corev1.Service {
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}}}
	if key != "" {
		svc.Annotations[key] = value
	}
	return svc
}

// TestWithBackendConfig: a fix for one port must not take another port's
// BackendConfig away, which may hold IAP.
func TestWithBackendConfig(t *testing.T) {
	web := &corev1.ServicePort{Name: "web", Port: 80}
	for _, tt := range []struct{ name, have, want string }{
		{"none yet", "", `{"default":"new"}`},
		{"another port's", `{"ports":{"admin":"iap"}}`, `{"ports":{"admin":"iap","web":"new"}}`},
		{"a default for the others", `{"default":"old"}`, `{"default":"old","ports":{"web":"new"}}`},
		{"unreadable", `{`, `{"default":"new"}`},
	} {
		key := "cloud.google.com/backend-config"
		if tt.have == "" {
			key = ""
		}
		if got := WithBackendConfig(annotatedService(key, tt.have), web, "new"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestBackendConfigOf(t *testing.T) {
	const key = "cloud.google.com/backend-config"
	web := &corev1.ServicePort{Name: "web", Port: 80}
	for _, tt := range []struct{ key, have, want string }{
		{key, `{"default":"d","ports":{"web":"p","80":"n"}}`, "p"},
		{key, `{"default":"d","ports":{"80":"n"}}`, "n"},
		{key, `{"default":"d","ports":{"admin":"x"}}`, "d"},
		{key, `{"ports":{"admin":"x"}}`, ""},
		{"beta." + key, `{"default":"b"}`, "b"},
		{key, `nonsense`, ""},
	} {
		if got := BackendConfigOf(annotatedService(tt.key, tt.have), web); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.have, got, tt.want)
		}
	}
}

func TestNeedsNEG(t *testing.T) {
	for _, tt := range []struct {
		kind corev1.ServiceType
		neg  string
		want bool
	}{
		{corev1.ServiceTypeClusterIP, "", true},
		{"", "", true},
		{corev1.ServiceTypeClusterIP, `{"ingress":true}`, false},
		{corev1.ServiceTypeClusterIP, `{"ingress":false}`, true},
		{corev1.ServiceTypeClusterIP, `{"exposed_ports":{"80":{}}}`, true},
		{corev1.ServiceTypeClusterIP, `{ingress:true}`, true},
		{corev1.ServiceTypeExternalName, "", true},
		{corev1.ServiceTypeNodePort, "", false},
		{corev1.ServiceTypeLoadBalancer, "", false},
	} {
		svc := annotatedService(NEGAnnotation, tt.neg)
		if tt.neg == "" {
			svc = annotatedService("", "")
		}
		svc.Spec.Type = tt.kind
		if got := NeedsNEG(svc); got != tt.want {
			t.Errorf("%q with %q: %v, want %v", tt.kind, tt.neg, got, tt.want)
		}
	}
}
