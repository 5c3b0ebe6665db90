package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestRedactKeepsSwitchesAndDropsSecrets(t *testing.T) {
	p := &corev1.Pod{}
	p.Spec.Containers = []corev1.Container{{
		Args: []string{"server", "--insecure", "--db-password=hunter2", "--api-key", "abc", "--token", "--port=8080"},
		Env: []corev1.EnvVar{
			{Name: "ARGOCD_SERVER_INSECURE", Value: "true"},
			{Name: "DATABASE_URL", Value: "postgres://u:hunter2@db"},
			{Name: "EMPTY"},
			{Name: "HOST", Value: "127.0.0.1"},
			{Name: "LISTEN", Value: "0.0.0.0:8080"},
			{Name: "PEER", Value: "10.0.0.9"},
		},
		LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"pg_isready", "--password=hunter2"}}}},
		ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{HTTPHeaders: []corev1.HTTPHeader{
			{Name: "Host", Value: "shop.acme.example"}, {Name: "Authorization", Value: "Bearer hunter2"},
		}}}},
	}}
	redact(&p.Spec)
	c := p.Spec.Containers[0]
	if diff := cmp.Diff([]string{"server", "--insecure", "--db-password=(redacted)", "--api-key", "(redacted)", "--token", "--port=8080"}, c.Args); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]corev1.EnvVar{
		{Name: "ARGOCD_SERVER_INSECURE", Value: "true"},
		{Name: "DATABASE_URL", Value: "(redacted)"},
		{Name: "EMPTY"},
		{Name: "HOST", Value: "127.0.0.1"},
		{Name: "LISTEN", Value: "0.0.0.0:8080"},
		{Name: "PEER", Value: "(redacted)"},
	}, c.Env); diff != "" {
		t.Errorf("env (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pg_isready", "--password=(redacted)"}, c.LivenessProbe.Exec.Command); diff != "" {
		t.Errorf("command of a probe (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]corev1.HTTPHeader{{Name: "Host", Value: "shop.acme.example"}, {Name: "Authorization", Value: "(redacted)"}}, c.ReadinessProbe.HTTPGet.HTTPHeaders); diff != "" {
		t.Errorf("headers of a probe (-want +got):\n%s", diff)
	}
}
