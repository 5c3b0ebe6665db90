package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestRedactKeepsSwitchesAndDropsSecrets(t *testing.T) {
	p := &corev1.Pod{}
	p.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: `{"env":"hunter2"}`, "kept": "yes"}
	p.Spec.Containers = []corev1.Container{{
		Args: []string{"server", "--insecure", "--db-password=hunter2", "--api-key", "abc", "--token", "--port=8080"},
		Env: []corev1.EnvVar{
			{Name: "ARGOCD_SERVER_INSECURE", Value: "true"},
			{Name: "DATABASE_URL", Value: "postgres://u:hunter2@db"},
			{Name: "EMPTY"},
		},
	}}
	redact(p)
	c := p.Spec.Containers[0]
	if diff := cmp.Diff([]string{"server", "--insecure", "--db-password=(redacted)", "--api-key", "(redacted)", "--token", "--port=8080"}, c.Args); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]corev1.EnvVar{
		{Name: "ARGOCD_SERVER_INSECURE", Value: "true"},
		{Name: "DATABASE_URL", Value: "(redacted)"},
		{Name: "EMPTY"},
	}, c.Env); diff != "" {
		t.Errorf("env (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"kept": "yes"}, p.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}
