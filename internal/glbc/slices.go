package glbc

import (
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// slicesOf are the EndpointSlices of a Backend's Service, by their label.
func slicesOf(s *facts.Snapshot, b Backend) []*discoveryv1.EndpointSlice {
	all, _ := s.EndpointSlices.Get()
	return slices.DeleteFunc(slices.Clone(all), func(e *discoveryv1.EndpointSlice) bool {
		return e.Namespace != b.Namespace || e.Labels[discoveryv1.LabelServiceName] != b.Service
	})
}

var (
	errLacksNodes  = errors.New("the Service has endpoints and the cluster no node; they weren't read together")
	errLacksSlices = errors.New("the Service has a selector and no EndpointSlice, which every such Service has; they weren't read with its pods")
	errOutOfStep   = errors.New("the Service's EndpointSlices name pods that don't exist; they weren't read at one moment, or not all of them")
)

// lacksSlices: that no slice of the Service was read can't be all. The endpoint slice
// controller makes one for each Service with a selector; only where no pod was found
// either may it not have got to it.
func lacksSlices(s *facts.Snapshot, b Backend) bool {
	svc, ok := b.Object.Get()
	if !ok || len(svc.Spec.Selector) == 0 {
		return false
	}
	pods, _ := s.Pods.Get()
	return !s.Pods.Known() || slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.DeletionTimestamp == nil && Selects(svc, p) })
}

// outOfStep is errOutOfStep where the slices are of another moment than the pods: those
// of a Service with a selector follow its pods. Without one they may name anything.
func outOfStep(s *facts.Snapshot, b Backend) error {
	if svc, ok := b.Object.Get(); !ok || len(svc.Spec.Selector) == 0 {
		return nil
	}
	for _, slice := range slicesOf(s, b) {
		for i := range slice.Endpoints {
			e := &slice.Endpoints[i]
			if !terminating(e) && podNamed(e) != "" && podOf(s, b.Namespace, e).IsAbsent() {
				return errOutOfStep
			}
		}
	}
	return nil
}

// podAddresses is the IPv4 address by which the controller calls each pod of a Service's
// slices: the first of its last endpoint that isn't terminating.
func podAddresses(list []*discoveryv1.EndpointSlice) map[string]string {
	ips := map[string]string{}
	for _, slice := range list {
		if slice.AddressType != discoveryv1.AddressTypeIPv4 {
			continue
		}
		for i := range slice.Endpoints {
			e := &slice.Endpoints[i]
			if pod := podNamed(e); pod != "" && len(e.Addresses) > 0 && !terminating(e) {
				ips[pod] = e.Addresses[0]
			}
		}
	}
	return ips
}

// podNamed is the pod that an endpoint targets; empty where it targets none.
func podNamed(e *discoveryv1.Endpoint) string {
	if e.TargetRef == nil || e.TargetRef.Kind != facts.KindPod {
		return ""
	}
	return e.TargetRef.Name
}

// nodeOf is an endpoint's node. Slices that were converted from v1beta1 have it in the
// topology alone.
func nodeOf(e *discoveryv1.Endpoint) string {
	if e.NodeName != nil && *e.NodeName != "" {
		return *e.NodeName
	}
	return e.DeprecatedTopology[corev1.LabelHostname]
}

func terminating(e *discoveryv1.Endpoint) bool {
	return e.Conditions.Terminating != nil && *e.Conditions.Terminating
}

// slicePort is the port that a slice has under the name of the Service port; 0 when it
// has none.
func slicePort(slice *discoveryv1.EndpointSlice, name string) int32 {
	for _, p := range slice.Ports {
		have := ""
		if p.Name != nil {
			have = *p.Name
		}
		if have == name && p.Port != nil {
			return *p.Port
		}
	}
	return 0
}

// podOf finds the pod of an endpoint: absent where it names none, or one that isn't
// there.
func podOf(s *facts.Snapshot, namespace string, e *discoveryv1.Endpoint) facts.Value[*corev1.Pod] {
	name := podNamed(e)
	if name == "" {
		return facts.Absent[*corev1.Pod]()
	}
	pods, _ := s.Pods.Get()
	for _, p := range pods {
		if p.Namespace == namespace && p.Name == name {
			return facts.Found(p)
		}
	}
	if !s.Pods.Known() {
		return facts.Unknown[*corev1.Pod](s.Pods.Err())
	}
	return facts.Absent[*corev1.Pod]()
}

// grace is the time that the NEG controller may take for a change.
const grace = 2 * time.Minute

// inMotion: the pod is new or leaving.
func inMotion(now time.Time, pod *corev1.Pod) bool {
	return pod.DeletionTimestamp != nil || now.Sub(pod.CreationTimestamp.Time) < grace
}

// changedLately: the slice is new, or its controller wrote it a moment ago.
func changedLately(now time.Time, slice *discoveryv1.EndpointSlice) bool {
	if now.Sub(slice.CreationTimestamp.Time) < grace {
		return true
	}
	if slices.ContainsFunc(slice.ManagedFields, func(f metav1.ManagedFieldsEntry) bool { return f.Time != nil && now.Sub(f.Time.Time) < grace }) {
		return true
	}
	at, err := time.Parse(time.RFC3339, slice.Annotations[corev1.EndpointsLastChangeTriggerTime])
	return err == nil && now.Sub(at) < grace
}
