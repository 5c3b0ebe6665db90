package kube

import (
	corev1 "k8s.io/api/core/v1"
)

// pod trims and blanks a pod in place.
func pod(p *corev1.Pod) {
	p.ObjectMeta = ofPod(&p.ObjectMeta)
	p.Spec = podSpec(&p.Spec)
	p.Status = podStatus(&p.Status)
	redact(&p.Spec)
}

func podSpec(s *corev1.PodSpec) corev1.PodSpec {
	return corev1.PodSpec{
		NodeName: s.NodeName, HostNetwork: s.HostNetwork, ReadinessGates: exact(s.ReadinessGates),
		TerminationGracePeriodSeconds: s.TerminationGracePeriodSeconds,
		InitContainers:                containers(s.InitContainers), Containers: containers(s.Containers),
	}
}

func containers(all []corev1.Container) []corev1.Container {
	if all == nil {
		return nil
	}
	out := make([]corev1.Container, len(all))
	for i := range all {
		c := &all[i]
		out[i] = corev1.Container{
			Name: c.Name, Image: c.Image, Command: exact(c.Command), Args: exact(c.Args),
			Ports: exact(c.Ports), Env: exact(c.Env), EnvFrom: exact(c.EnvFrom),
			ReadinessProbe: c.ReadinessProbe, LivenessProbe: c.LivenessProbe, StartupProbe: c.StartupProbe,
			RestartPolicy: c.RestartPolicy,
		}
		if c.Lifecycle != nil && c.Lifecycle.PreStop != nil {
			// What the hook does may hold secrets; how long a sleep takes doesn't.
			out[i].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: c.Lifecycle.PreStop.Sleep}}
		}
	}
	return out
}

func podStatus(s *corev1.PodStatus) corev1.PodStatus {
	return corev1.PodStatus{
		Phase: s.Phase, Reason: s.Reason, Message: s.Message, PodIP: s.PodIP, PodIPs: exact(s.PodIPs), HostIP: s.HostIP,
		StartTime: s.StartTime, Conditions: exact(s.Conditions),
		InitContainerStatuses: statuses(s.InitContainerStatuses), ContainerStatuses: statuses(s.ContainerStatuses),
	}
}

func statuses(all []corev1.ContainerStatus) []corev1.ContainerStatus {
	if all == nil {
		return nil
	}
	out := make([]corev1.ContainerStatus, len(all))
	for i := range all {
		s := &all[i]
		out[i] = corev1.ContainerStatus{
			Name: s.Name, Ready: s.Ready, Started: s.Started, RestartCount: s.RestartCount,
			State: containerState(s.State), LastTerminationState: containerState(s.LastTerminationState),
		}
	}
	return out
}

func containerState(s corev1.ContainerState) corev1.ContainerState {
	if s.Terminated != nil {
		s.Terminated.Message, s.Terminated.ContainerID = "", ""
	}
	return s
}
