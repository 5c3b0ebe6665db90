package knownapp_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/knownapp"
)

func TestHealthOf(t *testing.T) {
	const port = 8080
	for _, tt := range []struct{ name, image, label, want string }{
		{"by image", "docker.io/grafana/grafana:11.2.0", "", "Grafana"},
		{"by image with a digest", "quay.io/keycloak/keycloak@sha256:00ff", "", "Keycloak"},
		{"by a vendor's name", "registry.acme.example/acme-jenkins:1", "", "Jenkins"},
		{"by label", "registry.acme.example/tsdb:1", "prometheus", "Prometheus"},
		{"a tool of the same family", "docker.io/grafana/grafana-image-renderer:3", "", ""},
		{"an app of the house", "registry.acme.example/shop/web:7", "web", ""},
	} {
		pod := &corev1.Pod{}
		pod.Labels = map[string]string{"app.kubernetes.io/name": tt.label}
		pod.Spec.Containers = []corev1.Container{
			{Name: "sidecar", Image: "docker.io/library/kong:3.9"},
			{Name: "app", Image: tt.image, Ports: []corev1.ContainerPort{{ContainerPort: port}}},
		}
		if h, ok := knownapp.HealthOf(pod, port); h.App != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v, want %q", tt.name, h.App, ok, tt.want)
		}
	}
}
