// Package knownapp recognises a few well-known apps behind load balancers and
// reads the setting that decides how they answer a health check (apps.md). It
// stands beside glbc: the collector's plan asks it which ConfigMaps to read, the
// health causes ask it what the setting says. Recognising an app only chooses the
// wording of the fix; a verdict needs an observed answer or a proven setting.
package knownapp

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// ArgoCD is the name of Argo CD's API server.
const ArgoCD = "Argo CD"

// Where Argo CD keeps the setting (apps.md, “Argo CD in detail”).
const (
	ArgoCDConfigMap = "argocd-cmd-params-cm"
	ArgoCDKey       = "server.insecure"
	argoCDEnv       = "ARGOCD_SERVER_INSECURE"
	argoCDPort      = 8080
)

// Of names the app that a pod runs; empty when it isn't a known one.
func Of(pod *corev1.Pod) string {
	if argoCDServer(pod) != nil {
		return ArgoCD
	}
	return ""
}

// argoCDServer is the container that runs argocd-server: by its command, or by
// Argo CD's image in a pod that is labelled as the server.
func argoCDServer(pod *corev1.Pod) *corev1.Container {
	for i, c := range pod.Spec.Containers {
		for _, word := range append(append([]string{}, c.Command...), c.Args...) {
			if word == "argocd-server" || strings.HasSuffix(word, "/argocd-server") {
				return &pod.Spec.Containers[i]
			}
		}
	}
	name := pod.Labels["app.kubernetes.io/name"]
	component := pod.Labels["app.kubernetes.io/component"]
	for i, c := range pod.Spec.Containers {
		if !strings.Contains(c.Image, "argocd") {
			continue
		}
		if name == "argocd-server" || component == "server" || c.Name == "argocd-server" {
			return &pod.Spec.Containers[i]
		}
	}
	return nil
}

// ConfigMaps are those that the known app in a pod takes its setting from.
func ConfigMaps(pod *corev1.Pod) []string {
	c := argoCDServer(pod)
	if c == nil {
		return nil
	}
	names := []string{ArgoCDConfigMap}
	if ref := envRef(c); ref != nil && ref.Name != "" && ref.Name != ArgoCDConfigMap {
		names = append(names, ref.Name)
	}
	return names
}

func envRef(c *corev1.Container) *corev1.ConfigMapKeySelector {
	for _, e := range c.Env {
		if e.Name == argoCDEnv && e.ValueFrom != nil {
			return e.ValueFrom.ConfigMapKeyRef
		}
	}
	return nil
}

// A Setting is what a known app's configuration says of plain HTTP.
type Setting struct {
	// App is the app's name; empty when the pod runs no known one.
	App string
	// Port is the container port that the setting is about.
	Port int32
	// RedirectsToHTTPS: args, env and ConfigMap were all read, and none of them
	// switches the redirect off. false proves nothing.
	RedirectsToHTTPS bool
	// RestartOnly: the ConfigMap already says so, but the container started before
	// that change and read the old value.
	RestartOnly bool
	// Says is what was read, for people.
	Says []string
	// Missing is why the setting couldn't be read; nil when it could.
	Missing error
	// ConfigMap and Changed are set where a ConfigMap decides: its name and when it was
	// changed last; Inferred when that moment is only an upper bound.
	ConfigMap string
	Changed   time.Time
	Inferred  bool
}

// A Written is when the log says that a ConfigMap's key was written last; zero
// when it doesn't say. Exact: that write certainly gave the key a new value.
type Written struct {
	At    time.Time
	Exact bool
}

// SettingOf reads the setting of the app in a pod, from the pod itself and from
// ConfigMaps of its namespace.
func SettingOf(pod *corev1.Pod, configMap func(name string) facts.Value[*corev1.ConfigMap], written func(name string) Written) Setting {
	c := argoCDServer(pod)
	if c == nil {
		return Setting{}
	}
	s := Setting{App: ArgoCD, Port: argoCDListenPort(c)}
	if on, says := insecureArg(c); says != "" {
		s.Says, s.RedirectsToHTTPS = append(s.Says, says), !on
		return s
	}
	s.Says = append(s.Says, "args: no --insecure")
	return s.env(pod, c, configMap, written)
}

func argoCDListenPort(c *corev1.Container) int32 {
	words := append(append([]string{}, c.Command...), c.Args...)
	for i, w := range words {
		v, ok := strings.CutPrefix(w, "--port=")
		if !ok && w == "--port" && i+1 < len(words) {
			v, ok = words[i+1], true
		}
		if n := atoi(v); ok && n > 0 {
			return n
		}
	}
	return argoCDPort
}

func atoi(v string) (n int32) {
	for _, r := range v {
		if r < '0' || r > '9' || n > 6553 {
			return 0
		}
		n = n*10 + r - '0'
	}
	return n
}

// insecureArg reads --insecure from the command line; says is empty when it isn't
// there.
func insecureArg(c *corev1.Container) (on bool, says string) {
	for _, w := range append(append([]string{}, c.Command...), c.Args...) {
		if w == "--insecure" {
			return true, "args: --insecure"
		}
		if v, ok := strings.CutPrefix(w, "--insecure="); ok {
			return truthy(v), "args: " + w
		}
	}
	return false, ""
}

func truthy(v string) bool {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "true", "1", "t":
		return true
	}
	return false
}

// env reads the environment variable, which is written out or comes from a
// ConfigMap; then the ConfigMap that Argo CD's manifests name. An environment is
// fixed when the container starts.
func (s Setting) env(pod *corev1.Pod, c *corev1.Container, configMap func(string) facts.Value[*corev1.ConfigMap], written func(string) Written) Setting {
	name, key := ArgoCDConfigMap, ArgoCDKey
	for _, e := range c.Env {
		if e.Name != argoCDEnv {
			continue
		}
		if e.ValueFrom == nil {
			s.Says = append(s.Says, "env: "+argoCDEnv+" is written out in the pod")
			s.RedirectsToHTTPS = !truthy(e.Value)
			return s
		} else if ref := e.ValueFrom.ConfigMapKeyRef; ref != nil {
			name, key = ref.Name, ref.Key
		} else {
			s.Missing = facts.ErrNotRead
			return s
		}
	}
	cm := configMap(name)
	s.ConfigMap = name
	m, ok := cm.Get()
	switch {
	case !cm.Known():
		s.RedirectsToHTTPS, s.Missing = false, cm.Err()
	case !ok || !truthy(m.Data[key]):
		s.Says = append(s.Says, "ConfigMap "+name+": "+key+" isn't \"true\"")
		s.RedirectsToHTTPS = true
	default:
		s.stale(pod, c, m, key, written(name))
	}
	return s
}

// stale decides for a ConfigMap that switches the redirect off whether the
// container read it: a change after the container's start hasn't reached it.
func (s *Setting) stale(pod *corev1.Pod, c *corev1.Container, m *corev1.ConfigMap, key string, logged Written) {
	started := containerStart(pod, c.Name)
	at, exact := logged.At, logged.Exact
	if at.IsZero() {
		at, exact = keyChanged(m.ManagedFields, key)
	}
	if m.CreationTimestamp.After(at) {
		at, exact = m.CreationTimestamp.Time, true
	}
	s.Changed = at
	if started.IsZero() || !at.After(started) {
		s.RedirectsToHTTPS = false
		s.Says = append(s.Says, "ConfigMap "+s.ConfigMap+": "+key+" is \"true\"")
		return
	}
	s.RedirectsToHTTPS, s.RestartOnly, s.Inferred = true, true, !exact
	s.Says = append(s.Says, "ConfigMap "+s.ConfigMap+": "+key+" is \"true\" since "+clock(at)+", the container runs since "+clock(started))
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// keyChanged is the time that managedFields give for a key: exact when that write
// was about nothing else.
func keyChanged(fields []metav1.ManagedFieldsEntry, key string) (at time.Time, exact bool) {
	for _, f := range fields {
		if f.FieldsV1 == nil || f.Time == nil || !strings.Contains(f.FieldsV1.GetRawString(), `"f:`+key+`"`) {
			continue
		}
		if f.Time.After(at) {
			at, exact = f.Time.Time, dataKeys(f.FieldsV1.GetRawBytes()) == 1
		}
	}
	return at, exact
}

func containerStart(pod *corev1.Pod, container string) time.Time {
	for _, st := range pod.Status.ContainerStatuses {
		if st.Name == container && st.State.Running != nil {
			return st.State.Running.StartedAt.Time
		}
	}
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime.Time
	}
	return pod.CreationTimestamp.Time
}
