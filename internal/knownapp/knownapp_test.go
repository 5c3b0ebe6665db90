package knownapp

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

var (
	started = time.Date(2026, 11, 17, 13, 0, 0, 0, time.UTC)
	earlier = metav1.NewTime(started.Add(-time.Hour))
	later   = metav1.NewTime(started.Add(time.Hour))
)

func argoPod(args []string, env ...corev1.EnvVar) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "argocd", Name: "argocd-server-1", CreationTimestamp: earlier},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "argocd-server", Image: "quay.io/argoproj/argocd:v3.1.8", Args: append([]string{"/usr/local/bin/argocd-server"}, args...), Env: env}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "argocd-server", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(started)}},
		}}},
	}
}

func fromConfigMap() corev1.EnvVar {
	return corev1.EnvVar{Name: argoCDEnv, ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: ArgoCDConfigMap}, Key: ArgoCDKey}}}
}

func configMap(value string, created metav1.Time, fields ...metav1.ManagedFieldsEntry) facts.Value[*corev1.ConfigMap] {
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ArgoCDConfigMap, CreationTimestamp: created, ManagedFields: fields}}
	if value != "" {
		cm.Data = map[string]string{ArgoCDKey: value}
	}
	return facts.Found(cm)
}

func owns(at metav1.Time, keys string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: "kubectl-patch", Time: &at, FieldsV1: fieldsOf(`{"f:data":{` + keys + `}}`)}
}

func TestSettingOf(t *testing.T) {
	onlyKey := `"f:server.insecure":{}`
	for _, tt := range []struct {
		name      string
		pod       *corev1.Pod
		cm        facts.Value[*corev1.ConfigMap]
		written   Written
		redirects bool
		restart   bool
		inferred  bool
		missing   bool
	}{
		{name: "nothing switches it off", pod: argoPod(nil, fromConfigMap()), cm: configMap("", earlier), redirects: true},
		{name: "the ConfigMap doesn't exist", pod: argoPod(nil, fromConfigMap()), cm: facts.Absent[*corev1.ConfigMap](), redirects: true},
		{name: "the ConfigMap says false", pod: argoPod(nil, fromConfigMap()), cm: configMap("false", earlier), redirects: true},
		{name: "the ConfigMap says true since before the start", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", earlier)},
		{name: "the ConfigMap can't be read", pod: argoPod(nil, fromConfigMap()), cm: facts.Unknown[*corev1.ConfigMap](errors.New("403")), missing: true},
		{name: "the key was taken out after the start, so the container still has it", pod: argoPod(nil, fromConfigMap()), cm: configMap("", earlier), written: Written{At: later.Time, Exact: true}},
		{name: "the key was taken out before the start", pod: argoPod(nil, fromConfigMap()), cm: configMap("", earlier), written: Written{At: earlier.Time, Exact: true}, redirects: true},
		{name: "a whole ConfigMap as environment", pod: withEnvFrom(argoPod(nil), corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: ArgoCDConfigMap}}}), cm: facts.Found(&corev1.ConfigMap{Data: map[string]string{argoCDEnv: "true"}})},
		{name: "a Secret as environment is never read", pod: withEnvFrom(argoPod(nil), corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{}}), cm: configMap("", earlier), missing: true},
		{name: "--insecure in a shell's script", pod: argoPod([]string{"-c", "exec argocd-server --insecure"}), cm: configMap("", earlier)},
		{name: "--insecure", pod: argoPod([]string{"--insecure"}, fromConfigMap()), cm: configMap("", earlier)},
		{name: "--insecure=false wins over the ConfigMap", pod: argoPod([]string{"--insecure=false"}, fromConfigMap()), cm: configMap("true", earlier), redirects: true},
		{name: "another flag that only begins alike", pod: argoPod([]string{"--insecure-port"}, fromConfigMap()), cm: configMap("", earlier), redirects: true},
		{name: "written out in the environment", pod: argoPod(nil, corev1.EnvVar{Name: argoCDEnv, Value: "true"}), cm: configMap("", earlier)},
		{name: "written out as false wins over the ConfigMap", pod: argoPod(nil, corev1.EnvVar{Name: argoCDEnv, Value: "false"}), cm: configMap("true", earlier), redirects: true},
		{name: "the log tells of a change after the start", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", earlier), written: Written{At: later.Time, Exact: true}, redirects: true, restart: true},
		{name: "the log tells of a change before the start", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", earlier, owns(later, onlyKey)), written: Written{At: earlier.Time, Exact: true}},
		{name: "a write after the start that may have been about other keys", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", earlier), written: Written{At: later.Time}, redirects: true, restart: true, inferred: true},
		{name: "managedFields of this key alone", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", earlier, owns(later, onlyKey)), redirects: true, restart: true},
		{name: "managedFields of several keys are an upper bound", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", earlier, owns(later, onlyKey+`,"f:server.log.level":{}`)), redirects: true, restart: true, inferred: true},
		{name: "managedFields of another key say nothing", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", earlier, owns(later, `"f:server.log.level":{}`))},
		{name: "the ConfigMap was created after the start", pod: argoPod(nil, fromConfigMap()), cm: configMap("true", later), redirects: true, restart: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := SettingOf(tt.pod, func(string) facts.Value[*corev1.ConfigMap] { return tt.cm }, func(string) Written { return tt.written })
			if got.App != ArgoCD || got.Port != 8080 {
				t.Fatalf("app %q port %d", got.App, got.Port)
			}
			if got.RedirectsToHTTPS != tt.redirects || got.RestartOnly != tt.restart || got.Inferred != tt.inferred || (got.Missing != nil) != tt.missing {
				t.Errorf("got redirects %v restart %v inferred %v missing %v", got.RedirectsToHTTPS, got.RestartOnly, got.Inferred, got.Missing)
			}
		})
	}
}

func TestConfigMapsOfKnownAppsOnly(t *testing.T) {
	repo := argoPod(nil)
	repo.Spec.Containers[0].Args = []string{"/usr/local/bin/argocd-repo-server"}
	repo.Spec.Containers[0].Name = "argocd-repo-server"
	grafana := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "grafana", Image: "grafana/grafana"}}}}
	if got := ConfigMaps(argoPod(nil, fromConfigMap())); len(got) != 1 || got[0] != ArgoCDConfigMap {
		t.Errorf("argocd-server takes its setting from %q", got)
	}
	for name, pod := range map[string]*corev1.Pod{"Argo CD's repo server": repo, "Grafana": grafana} {
		if got := ConfigMaps(pod); len(got) != 0 {
			t.Errorf("%s is taken for Argo CD's server: %q", name, got)
		}
	}
}

func TestListenPort(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want int32
	}{
		{nil, 8080},
		{[]string{"--port", "9090"}, 9090},
		{[]string{"--port=9091"}, 9091},
		{[]string{"--port"}, 8080},
		{[]string{"--port=x"}, 8080},
		{[]string{"--port=99999999999"}, 8080},
	} {
		pod := argoPod(tt.args)
		if got := argoCDListenPort(&pod.Spec.Containers[0]); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.args, got, tt.want)
		}
	}
}

func withEnvFrom(pod *corev1.Pod, from ...corev1.EnvFromSource) *corev1.Pod {
	pod.Spec.Containers[0].EnvFrom = from
	return pod
}

func fieldsOf(raw string) *metav1.FieldsV1 {
	var f metav1.FieldsV1
	f.SetRawString(raw)
	return &f
}
