package kube

import (
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// redacted stands where a value was that must not leave the collector.
const redacted = "(redacted)"

// secretFlag is a command-line flag whose name says that its value is one; it
// matches --name=value as well as --name alone.
var secretFlag = regexp.MustCompile(`(?i)^-{1,2}[\w.-]*(password|passwd|secret|token|credential|api-?key|private-?key)[\w.-]*(=|$)`)

// redact blanks what may be secret in a pod's spec (architecture.md §4.9): the values
// of environment variables, except switches (`true`, `0`), which settings of known
// apps are, and addresses to listen at that name no place; the values of flags that name a secret, also in the commands of probes;
// and the values of the headers that a probe sends, except Host.
func redact(s *corev1.PodSpec) {
	for _, containers := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range containers {
			c := &containers[i]
			redactEnv(c.Env)
			redactArgs(c.Command)
			redactArgs(c.Args)
			for _, p := range []*corev1.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe} {
				redactProbe(p)
			}
		}
	}
}

func redactEnv(env []corev1.EnvVar) {
	for i := range env {
		if _, err := strconv.ParseBool(env[i].Value); err != nil && env[i].Value != "" && !ownAddress.MatchString(env[i].Value) {
			env[i].Value = redacted
		}
	}
}

// ownAddress is the pod itself, with or without a port: by its loopback address, or by
// all addresses that it has.
var ownAddress = regexp.MustCompile(`^(https?://)?(localhost|127\.0\.0\.1|0\.0\.0\.0|::1?|\[::1?\])?(:\d{1,5})?/?$`)

func redactArgs(args []string) {
	for i, arg := range args {
		if !secretFlag.MatchString(arg) {
			continue
		}
		if name, _, ok := strings.Cut(arg, "="); ok {
			args[i] = name + "=" + redacted
		} else if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			args[i+1] = redacted
		}
	}
}

func redactProbe(p *corev1.Probe) {
	if p == nil {
		return
	}
	if p.Exec != nil {
		redactArgs(p.Exec.Command)
	}
	if p.HTTPGet == nil {
		return
	}
	for i := range p.HTTPGet.HTTPHeaders {
		if h := &p.HTTPGet.HTTPHeaders[i]; !strings.EqualFold(h.Name, "Host") && h.Value != "" {
			h.Value = redacted
		}
	}
}
