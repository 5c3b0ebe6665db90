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

// redact blanks what may be secret in a pod (architecture.md §4.9): the values of
// environment variables, except switches (`true`, `0`), which settings of known
// apps are; the values of flags that name a secret; and the copy of all this that
// kubectl keeps in an annotation.
func redact(p *corev1.Pod) {
	delete(p.Annotations, corev1.LastAppliedConfigAnnotation)
	for _, containers := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range containers {
			redactEnv(containers[i].Env)
			redactArgs(containers[i].Command)
			redactArgs(containers[i].Args)
		}
	}
	for i := range p.Spec.EphemeralContainers {
		redactEnv(p.Spec.EphemeralContainers[i].Env)
		redactArgs(p.Spec.EphemeralContainers[i].Command)
		redactArgs(p.Spec.EphemeralContainers[i].Args)
	}
}

func redactEnv(env []corev1.EnvVar) {
	for i := range env {
		if _, err := strconv.ParseBool(env[i].Value); err != nil && env[i].Value != "" {
			env[i].Value = redacted
		}
	}
}

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
