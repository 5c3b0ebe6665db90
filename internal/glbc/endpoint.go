package glbc

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

// An Endpoint is one member of a group as getHealth reports it.
type Endpoint struct {
	// Group is the relative path of the NEG or instance group.
	Group string
	IP    string
	Port  int32
	// State is HEALTHY, UNHEALTHY, DRAINING or UNKNOWN.
	State string
	// Pod is the live pod with that IP; nil for a node of an instance group and for
	// an endpoint whose pod is gone.
	Pod *corev1.Pod
	// Instance is the relative path of the virtual machine; empty where none is told.
	Instance string
	// Node: the endpoint is a node's port, with any of the Service's pods behind it.
	Node bool
	// PodsUnread: Pod may be nil because not all pods of the Service are known.
	PodsUnread bool
	// ByDesign: the node has none of the Service's pods, whose traffic policy keeps each
	// node to its own. Its check fails as it should, and others have pods.
	ByDesign bool
}

// Healthy reports that the load balancer sends requests to it.
func (e Endpoint) Healthy() bool { return e.State == "HEALTHY" }

// Unhealthy reports that the load balancer's check says no, and shouldn't.
func (e Endpoint) Unhealthy() bool { return e.State == "UNHEALTHY" && !e.ByDesign }

// Stale reports a NEG endpoint that surely has no live pod.
func (e Endpoint) Stale() bool { return !e.Node && e.Pod == nil && !e.PodsUnread }

// Endpoints joins the live health of a Backend's groups with the Service's pods.
// err is why some group's health is unknown; the endpoints of the others are
// returned all the same.
func Endpoints(s *facts.Snapshot, b Backend) (list []Endpoint, err error) {
	bs, ok := b.BackendService.Get()
	if !ok {
		return nil, b.BackendService.Err()
	}
	pods, podsErr := PodsOf(s, b)
	for _, group := range ProbedGroups(s, bs) {
		statuses, ok := s.Health[group].Get()
		if !ok {
			if !s.Health[group].IsAbsent() {
				err = s.Health[group].Err()
			}
			continue
		}
		for _, st := range statuses {
			e := endpoint(group.Group, st, pods)
			e.PodsUnread = podsErr != nil
			// A passthrough load balancer tells each once for every forwarding rule.
			if !slices.Contains(list, e) || st.GetForwardingRule() == "" {
				list = append(list, e)
			}
		}
	}
	if err == nil && podsErr != nil {
		err = podsErr
	}
	if podsErr == nil {
		b.keepLocal(list, pods)
	}
	return list, err
}

// keepLocal marks the nodes without a pod of a Service that keeps each node to its own:
// kube-proxy drops what arrives there (ingress-controller.md §1.11; cause-catalogue.md,
// red herrings). Without any pod at all nothing is as it should be.
func (b Backend) keepLocal(list []Endpoint, pods []*corev1.Pod) {
	svc, ok := b.Object.Get()
	pods = slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return !Lives(p) || p.Spec.NodeName == "" })
	if !ok || svc.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal || len(pods) == 0 {
		return
	}
	for i, e := range list {
		list[i].ByDesign = e.Node && (e.Instance != "" || e.IP != "") && !slices.ContainsFunc(pods, func(p *corev1.Pod) bool {
			return p.Spec.NodeName == facts.LastSegment(e.Instance) || e.IP != "" && p.Status.HostIP == e.IP
		})
	}
}

// Lives reports a pod that is neither on its way out nor at its end.
func Lives(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}

func endpoint(group string, st *computepb.HealthStatus, pods []*corev1.Pod) Endpoint {
	e := Endpoint{Group: group, IP: st.GetIpAddress(), Port: st.GetPort(), State: st.GetHealthState(), Instance: facts.RelativePath(st.GetInstance()), Node: strings.Contains(group, "/instanceGroups/")}
	if e.Node {
		return e
	}
	for _, pod := range pods {
		if hasIP(pod, e.IP) || hasIP(pod, st.GetIpv6Address()) {
			e.Pod = pod
		}
	}
	return e
}

func hasIP(pod *corev1.Pod, ip string) bool {
	return ip != "" && (pod.Status.PodIP == ip || slices.ContainsFunc(pod.Status.PodIPs, func(p corev1.PodIP) bool { return p.IP == ip }))
}

// EndpointOf is a pod's own endpoint among list, else the first.
func EndpointOf(list []Endpoint, pod *corev1.Pod) Endpoint {
	if i := slices.IndexFunc(list, func(e Endpoint) bool { return e.Pod == pod }); i >= 0 {
		return list[i]
	}
	return list[0]
}

// PodsOf lists the pods that the Service of a Backend selects. A Service without a
// selector selects none. err is why there may be others; the list is what was found all
// the same.
func PodsOf(s *facts.Snapshot, b Backend) ([]*corev1.Pod, error) {
	svc, ok := b.Object.Get()
	if !ok {
		return nil, b.Object.Err()
	}
	pods, _ := s.Pods.Get()
	var selected []*corev1.Pod
	for _, pod := range pods {
		if Selects(svc, pod) {
			selected = append(selected, pod)
		}
	}
	if !wasRead(s, b.Namespace) {
		return selected, errNamespaceNotRead(b.Namespace)
	}
	return selected, s.Pods.Err()
}

// Selects reports that a Service sends requests to a pod.
func Selects(svc *corev1.Service, pod *corev1.Pod) bool {
	if pod.Namespace != svc.Namespace || len(svc.Spec.Selector) == 0 {
		return false
	}
	for k, v := range svc.Spec.Selector {
		if pod.Labels[k] != v {
			return false
		}
	}
	return true
}

// ServingPort is the port of a pod that a Service port leads to: targetPort as a
// number or as the name of a container port; 0 when it can't be told.
func ServingPort(pod *corev1.Pod, p *corev1.ServicePort) int32 {
	if p == nil {
		return 0
	}
	if p.TargetPort.Type == intstr.String {
		for _, c := range pod.Spec.Containers {
			for _, cp := range c.Ports {
				if cp.Name == p.TargetPort.StrVal {
					return cp.ContainerPort
				}
			}
		}
		return 0
	}
	if n := p.TargetPort.IntVal; n != 0 {
		return n
	}
	return p.Port
}

// CheckedPort is the port of a pod that the health check reaches. A NEG's check
// uses the endpoint's port or a container port; an instance group's uses a node
// port, behind which is the port of the Service that has it; 0 when it can't be
// told.
func CheckedPort(b Backend, check Check, e Endpoint, pod *corev1.Pod) int32 {
	if !e.Node {
		if check.Port != 0 {
			return check.Port
		}
		if e.Port != 0 {
			return e.Port
		}
		return ServingPort(pod, b.ServicePort)
	}
	if b.ServicePort != nil && (check.Port == 0 || check.Port == b.ServicePort.NodePort) {
		return ServingPort(pod, b.ServicePort)
	}
	svc, ok := b.Object.Get()
	if !ok {
		return 0
	}
	for i, p := range svc.Spec.Ports {
		if p.NodePort != 0 && p.NodePort == check.Port {
			return ServingPort(pod, &svc.Spec.Ports[i])
		}
	}
	return 0
}

// Started is when a pod began; its creation, if the kubelet hasn't said yet.
func Started(pod *corev1.Pod) time.Time {
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime.Time
	}
	return pod.CreationTimestamp.Time
}

// ReadyIn is the time that a new pod may take before its endpoint counts as
// broken: its start-up probe, or the time that the check takes to decide, at least
// two minutes (scenario-format.md, `pending`).
func ReadyIn(pod *corev1.Pod, check Check) time.Duration {
	grace := max(2*time.Minute, check.UnhealthyAfter())
	for _, c := range pod.Spec.Containers {
		if p := c.StartupProbe; p != nil {
			period, failures := max(p.PeriodSeconds, 1), max(p.FailureThreshold, 1)
			if p.PeriodSeconds == 0 {
				period = 10
			}
			if p.FailureThreshold == 0 {
				failures = 3
			}
			grace = max(grace, time.Duration(p.InitialDelaySeconds+period*failures)*time.Second)
		}
	}
	return grace
}

// Leaving is when a pod was asked to go; zero for one that wasn't. Its deletion
// timestamp is the end of the time that it was given.
func Leaving(pod *corev1.Pod) time.Time {
	if pod.DeletionTimestamp == nil {
		return time.Time{}
	}
	given := int64(30)
	if g := pod.Spec.TerminationGracePeriodSeconds; g != nil {
		given = *g
	}
	return pod.DeletionTimestamp.Add(-time.Duration(given) * time.Second)
}

// IsReady reports the kubelet's word on a pod: its condition Ready.
func IsReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// WorkloadOf is the object that makes a pod: the Deployment of its ReplicaSet (the
// name less the pod-template-hash), its other owner, or the pod itself.
func WorkloadOf(cluster string, pod *corev1.Pod) facts.Ref {
	for _, o := range pod.OwnerReferences {
		if o.Controller != nil && !*o.Controller {
			continue
		}
		kind, name := o.Kind, o.Name
		if hash := pod.Labels["pod-template-hash"]; kind == "ReplicaSet" && hash != "" && strings.HasSuffix(name, "-"+hash) {
			kind, name = facts.KindDeployment, strings.TrimSuffix(name, "-"+hash)
		}
		return facts.Ref{Cluster: cluster, Kind: kind, Namespace: pod.Namespace, Name: name}
	}
	return facts.Ref{Cluster: cluster, Kind: facts.KindPod, Namespace: pod.Namespace, Name: pod.Name}
}
