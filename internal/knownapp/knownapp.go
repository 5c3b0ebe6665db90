// Package knownapp recognises a few well-known apps behind load balancers and
// reads the setting that decides how they answer a health check (apps.md). It
// stands beside glbc: the collector's plan asks it which ConfigMaps to read, the
// health causes ask it what the setting says. Recognising an app only chooses the
// wording of the fix; a verdict needs an observed answer or a proven setting.
package knownapp

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
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

// argoCDServer is the container that runs argocd-server: by its command, or by
// Argo CD's image and the server's name on pod or container. A command that runs
// another of the image's programs says no.
func argoCDServer(pod *corev1.Pod) *corev1.Container {
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		program := ""
		for _, word := range words(c) {
			if base := word[strings.LastIndex(word, "/")+1:]; strings.HasPrefix(base, "argocd-") {
				program = base
				break
			}
		}
		named := pod.Labels["app.kubernetes.io/name"] == "argocd-server" || c.Name == "argocd-server"
		if program == "argocd-server" || program == "" && named && strings.Contains(c.Image, "argocd") {
			return c
		}
	}
	return nil
}

// words are those of a container's command line, a shell's script taken apart.
func words(c *corev1.Container) []string {
	var list []string
	for _, w := range slices.Concat(c.Command, c.Args) {
		list = append(list, strings.Fields(w)...)
	}
	return list
}

// ConfigMaps are those that the known app in a pod takes its setting from.
func ConfigMaps(pod *corev1.Pod) []string {
	c := argoCDServer(pod)
	if c == nil {
		return nil
	}
	names := []string{ArgoCDConfigMap}
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if ref := envRef(c); ref != nil {
		add(ref.Name)
	}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef != nil {
			add(from.ConfigMapRef.Name)
		}
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
