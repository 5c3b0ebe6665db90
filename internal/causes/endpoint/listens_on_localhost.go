package endpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A process that listens at 127.0.0.1 is reached from within its pod only: kubectl
// port-forward and commands in the container work, the load balancer's packets come to
// the pod's address and are refused.
var listensOnLocalhost = cause.Cause{
	ID:       "endpoint/listens-on-localhost",
	Title:    "The app listens at localhost only, so nobody outside the pod reaches it",
	Needs:    append([]facts.Kind{facts.NEGs, facts.Probes, facts.NEGEndpoints}, paths...),
	Explains: append([]cause.ID{"endpoint/target-port-mismatch"}, failing...),
	Check:    checkLocalhost,
}

func checkLocalhost(c cause.Case) (out cause.Outcome) {
	for _, l := range listens(c) {
		local, ok := localOf(l.pods[0], l.port)
		_, own := l.kubeletsPort()
		if !ok || own || l.answered || l.silent || !l.closed() && local.index < 0 && local.env == "" {
			continue
		}
		f := l.Finding(c)
		f.Subject, f.Confidence = glbc.WorkloadOf(c.Facts.ClusterName, l.pods[0]), cause.Proven
		if len(l.pods) < l.of {
			f.Explains = []cause.ID{"endpoint/target-port-mismatch"}
		}
		if !l.closed() {
			f.Confidence = cause.Likely
		}
		f.Headline = fmt.Sprintf("%s listens at localhost only: port %d is closed to everybody outside the pod", title(f.Subject), l.port)
		f.Summary = "At 127.0.0.1 a process is reached from within its pod alone; the load balancer, like our probe, comes to the pod's own address."
		f.Evidence = append([]cause.Evidence{{Source: "container.pods.list", Says: local.says, Link: cause.ObjectLink(podRef(c, l.pods[0]))}}, l.refused[:min(2, len(l.refused))]...)
		f.Evidence = append(f.Evidence, l.Health())
		f.Fix = local.fix(f.Subject)
		out.Findings = append(out.Findings, f)
	}
	return out
}

// A localBinding is what shows that a container listens at localhost.
type localBinding struct {
	says string
	// container is its place in the pod, field and index that of the argument, -1 for
	// none; env names the variable; value is what should stand there instead.
	container int
	name      string
	field     string
	index     int
	env       string
	value     string
	words     []string
}

var (
	loopback = regexp.MustCompile(`^((?:https?://)?)(?:localhost|127\.0\.0\.1|\[::1\]|::1)(?::(\d+))?/?$`)
	inProbe  = regexp.MustCompile(`(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)`)
	// listener are the ends of names of flags and variables that say where to listen.
	listener = regexp.MustCompile(`(?i)^(.*[-_.])?(host|bind|bind-?addr(ess)?|addr|address|listen|listen-?addr(ess)?|urls)$`)
	// elsewhere are words in such names that mean another server, or another port.
	elsewhere = regexp.MustCompile(`(?i)(db|database|sql|pg|postgres|mongo|redis|cache|amqp|rabbit|kafka|nats|elastic|smtp|mail|statsd|otel|jaeger|trace|telemetry|agent|vault|consul|admin|metrics|debug|pprof|upstream|backend|proxy|peer|target|remote|client|advertise|api-?server)`)
)

// localOf looks at what the pod's containers were told, and at a command by which the
// kubelet asks the app from within.
func localOf(pod *corev1.Pod, port int32) (localBinding, bool) {
	for i, c := range pod.Spec.Containers {
		if serves := len(c.Ports) == 0 || declares(&corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{c}}}, port) || !declares(pod, port); !serves {
			continue
		}
		for _, of := range []struct {
			field string
			words []string
		}{{"command", c.Command}, {"args", c.Args}} {
			if at, value, told, ok := localArgument(of.words, port); ok {
				return localBinding{says: "container " + c.Name + " is started with " + told, container: i, name: c.Name, field: of.field, index: at, value: value, words: of.words}, true
			}
		}
		for _, e := range c.Env {
			if to, ok := opened(e.Value, port); ok && says(strings.ReplaceAll(e.Name, "_", "-")) {
				return localBinding{says: "container " + c.Name + " has " + e.Name + "=" + e.Value, container: i, name: c.Name, index: -1, env: e.Name, value: to}, true
			}
		}
		for _, p := range []*corev1.Probe{c.ReadinessProbe, c.LivenessProbe} {
			if p == nil || p.Exec == nil || !glbc.IsReady(pod) && !glbcReady(pod) {
				continue
			}
			if m := inProbe.FindStringSubmatch(strings.Join(p.Exec.Command, " ")); m != nil && m[1] == itoa(port) {
				return localBinding{says: "the kubelet asks from within the pod, at " + m[0] + ", and gets its answer", container: i, name: c.Name, index: -1}, true
			}
		}
	}
	return localBinding{}, false
}

func says(name string) bool { return listener.MatchString(name) && !elsewhere.MatchString(name) }

// opened is an address to listen at with all of the pod's addresses in the place of
// localhost; ok is false for any other, and for one of another port.
func opened(value string, port int32) (string, bool) {
	m := loopback.FindStringSubmatch(value)
	switch {
	case m == nil || m[2] != "" && m[2] != itoa(port):
		return "", false
	case m[2] != "":
		return m[1] + "0.0.0.0:" + m[2], true
	}
	return m[1] + "0.0.0.0", true
}

// localArgument finds a flag that says to listen at localhost, in one word or two.
func localArgument(list []string, port int32) (at int, value, told string, ok bool) {
	for i, word := range list {
		name, given, cut := strings.Cut(strings.TrimPrefix(strings.TrimLeft(word, "-"), "D"), "=")
		switch {
		case cut && strings.HasPrefix(word, "-"):
			if to, ok := opened(given, port); ok && says(name) {
				return i, word[:len(word)-len(given)] + to, word, true
			}
		case strings.HasPrefix(word, "-") && i+1 < len(list):
			name = strings.TrimLeft(word, "-")
			if to, ok := opened(list[i+1], port); ok && (says(name) || slices.Contains([]string{"b", "H", "l"}, name)) {
				return i + 1, to, word + " " + list[i+1], true
			}
		}
	}
	return 0, "", "", false
}

func (b localBinding) fix(subject facts.Ref) cause.Fix {
	fix := cause.Fix{
		Summary:  "make the app listen at 0.0.0.0, all addresses of the pod",
		Commands: []string{fmt.Sprintf("kubectl edit %s/%s -n %s", strings.ToLower(subject.Kind), subject.Name, subject.Namespace)},
		Caveat:   "a port-forward and commands inside the container work all the same: they come from within the pod",
	}
	head := "kind: " + subject.Kind + "\nmetadata:\n  name: " + subject.Name + "\n  namespace: " + subject.Namespace + "\nspec:\n  template:\n    spec:\n      containers:\n      - name: " + b.name + "\n"
	switch {
	case b.env != "":
		fix.Commands = []string{fmt.Sprintf("kubectl set env %s/%s -n %s -c %s %s=%s", strings.ToLower(subject.Kind), subject.Name, subject.Namespace, b.name, b.env, b.value)}
		fix.Patches = []cause.Patch{{File: title(subject), YAML: head + "        env:\n        - name: " + b.env + "\n          value: " + b.value + "\n"}}
	case b.index >= 0:
		fix.Commands = []string{fmt.Sprintf(`kubectl patch %s %s -n %s --type json -p '[{"op":"replace","path":"/spec/template/spec/containers/%d/%s/%d","value":%q}]'`,
			strings.ToLower(subject.Kind), subject.Name, subject.Namespace, b.container, b.field, b.index, b.value)}
		fix.Patches = []cause.Patch{{File: title(subject), YAML: head + "        " + b.field + ":\n" + b.list()}}
	}
	return fix
}

// list is the command or the arguments as they should be.
func (b localBinding) list() string {
	var yaml strings.Builder
	for i, word := range b.words {
		if i == b.index {
			word = b.value
		}
		fmt.Fprintf(&yaml, "        - %q\n", word)
	}
	return yaml.String()
}
