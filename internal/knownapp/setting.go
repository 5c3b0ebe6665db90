package knownapp

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// A Source is where a setting was found to be decided.
type Source uint8

// Nowhere: nothing says anything, and the app's default holds.
const (
	Nowhere Source = iota
	Args
	Env
	ConfigMap
)

// A Setting is what a known app's configuration says of plain HTTP.
type Setting struct {
	// App is the app's name; empty when the pod runs no known one.
	App string
	// Port is the container port that the setting is about.
	Port int32
	// RedirectsToHTTPS: args, env and ConfigMap were all read, and none of them
	// switches the redirect off. false proves nothing.
	RedirectsToHTTPS bool
	// DecidedBy is what a fix must change.
	DecidedBy Source
	// On: what decides says that plain HTTP is served. Where a redirect is seen all the
	// same, the container hasn't read it.
	On bool
	// RestartOnly: the ConfigMap already says so, but the container started before
	// that change and read the old value.
	RestartOnly bool
	// Says is what was read, for people.
	Says []string
	// Missing is why the setting couldn't be read; nil when it could.
	Missing error
	// ConfigMap and Key are what the container's environment takes the setting from;
	// Exists tells whether the ConfigMap is there, Wired whether the container refers
	// to it at all.
	ConfigMap, Key string
	Exists, Wired  bool
	// Started is when the container began, Changed when the key was written last;
	// Inferred when that moment is only an upper bound.
	Started, Changed time.Time
	Inferred         bool
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
	s := Setting{App: ArgoCD, Port: argoCDListenPort(c), Started: containerStart(pod, c.Name)}
	if on, says := insecureArg(c); says != "" {
		s.Says, s.DecidedBy, s.On, s.RedirectsToHTTPS = append(s.Says, says), Args, on, !on
		return s
	}
	s.Says = append(s.Says, "args: no --insecure")
	return s.env(c, configMap, written)
}

func argoCDListenPort(c *corev1.Container) int32 {
	list := words(c)
	for i, w := range list {
		v, ok := strings.CutPrefix(w, "--port=")
		if !ok && w == "--port" && i+1 < len(list) {
			v, ok = list[i+1], true
		}
		if n, err := strconv.ParseUint(v, 10, 16); ok && err == nil && n > 0 {
			return int32(n)
		}
	}
	return argoCDPort
}

// insecureArg reads --insecure from the command line; says is empty when it isn't
// there.
func insecureArg(c *corev1.Container) (on bool, says string) {
	for _, w := range words(c) {
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
	on, err := strconv.ParseBool(strings.TrimSpace(v))
	return err == nil && on
}

// env reads the environment variable: written out, from a ConfigMap's key, or with
// a whole ConfigMap; then the ConfigMap that Argo CD's manifests name. What comes
// from a Secret is never read, so it stays unknown.
func (s Setting) env(c *corev1.Container, configMap func(string) facts.Value[*corev1.ConfigMap], written func(string) Written) Setting {
	for _, e := range c.Env {
		if e.Name != argoCDEnv {
			continue
		}
		switch {
		case e.ValueFrom == nil:
			s.Says = append(s.Says, "env: "+argoCDEnv+" is written out in the pod")
			s.DecidedBy, s.On = Env, truthy(e.Value)
			s.RedirectsToHTTPS = !s.On
			return s
		case e.ValueFrom.ConfigMapKeyRef != nil:
			s.ConfigMap, s.Key, s.Wired = e.ValueFrom.ConfigMapKeyRef.Name, e.ValueFrom.ConfigMapKeyRef.Key, true
			return s.fromConfigMap(configMap, written)
		}
		s.Missing = facts.ErrNotRead
		return s
	}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef == nil {
			s.Missing = facts.ErrNotRead
			return s
		}
		key, ok := strings.CutPrefix(argoCDEnv, from.Prefix)
		cm := configMap(from.ConfigMapRef.Name)
		if m, found := cm.Get(); ok && found && m.Data[key] != "" || !cm.Known() {
			s.ConfigMap, s.Key, s.Wired = from.ConfigMapRef.Name, key, true
			return s.fromConfigMap(configMap, written)
		}
	}
	s.Says = append(s.Says, "env: no "+argoCDEnv)
	s.ConfigMap, s.Key = ArgoCDConfigMap, ArgoCDKey
	return s.fromConfigMap(configMap, written)
}

func (s Setting) fromConfigMap(configMap func(string) facts.Value[*corev1.ConfigMap], written func(string) Written) Setting {
	cm := configMap(s.ConfigMap)
	m, ok := cm.Get()
	s.DecidedBy, s.Exists = ConfigMap, ok
	last := written(s.ConfigMap)
	switch {
	case !cm.Known():
		s.Missing = cm.Err()
	case last.At.After(s.Started) && !truthy(valueOf(m, s.Key)):
		s.Says = append(s.Says, "ConfigMap "+s.ConfigMap+": written at "+clock(last.At)+", and the container, which runs since "+clock(s.Started)+", has the value from before")
	case !ok:
		s.Says = append(s.Says, "ConfigMap "+s.ConfigMap+" doesn't exist")
		s.RedirectsToHTTPS = true
	case !truthy(m.Data[s.Key]):
		s.Says = append(s.Says, "ConfigMap "+s.ConfigMap+": "+s.Key+" isn't \"true\"")
		s.RedirectsToHTTPS = true
	default:
		s.On = true
		s.stale(m, last)
	}
	return s
}

func valueOf(m *corev1.ConfigMap, key string) string {
	if m == nil {
		return ""
	}
	return m.Data[key]
}

// stale decides for a ConfigMap that switches the redirect off whether the
// container read it: an environment is fixed when the container starts, so a change
// after that hasn't reached it.
func (s *Setting) stale(m *corev1.ConfigMap, logged Written) {
	at, exact := logged.At, logged.Exact
	if at.IsZero() {
		at, exact = keyChanged(m.ManagedFields, s.Key)
	}
	if m.CreationTimestamp.After(at) {
		at, exact = m.CreationTimestamp.Time, true
	}
	s.Changed = at
	if s.Started.IsZero() || !at.After(s.Started) {
		s.Says = append(s.Says, "ConfigMap "+s.ConfigMap+": "+s.Key+" is \"true\"")
		return
	}
	s.RedirectsToHTTPS, s.RestartOnly, s.Inferred = true, true, !exact
	s.Says = append(s.Says, "ConfigMap "+s.ConfigMap+": "+s.Key+" is \"true\" since "+clock(at)+", the container runs since "+clock(s.Started))
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
