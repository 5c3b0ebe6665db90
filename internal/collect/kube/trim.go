package kube

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What is kept of an object. Everything else is dropped as soon as it is decoded,
// and a kept list is copied, so that it doesn't hold the memory of what was dropped.
//
//	every object      all of metadata but generateName, resourceVersion, managedFields
//	                  and the annotation last-applied-configuration
//	Ingress, Service  and of managedFields who wrote when (manager, operation, subresource)
//	ConfigMap         and of managedFields which fields; data, no binaryData
//	Pod               of metadata no generation, finalizers or annotations but sidecar.istio.io/*;
//	                  spec: nodeName, hostNetwork, readinessGates, terminationGracePeriodSeconds, containers;
//	                  status: phase, reason, message, IPs, startTime, conditions, states of containers
//	container         name, image, command, args, ports, env (values blanked, see redact), envFrom, probes,
//	                  restartPolicy, whether there is a preStop hook
//	container state   without what the app itself said (terminated.message), images and IDs
//	Deployment, ReplicaSet, StatefulSet
//	                  replicas, selector, strategy, the pods' template as a Pod; status
//	Node              no annotations; spec: providerID, podCIDRs, taints, unschedulable;
//	                  status: addresses, the condition Ready
//	Event             no metadata but name, namespace, UID and time; of the rest no action, related
//	                  object or reporting instance
//	all others        spec and status as they are

// kept is how much stays of managedFields.
type kept uint8

const (
	nothing kept = iota
	// writers: who wrote, when, by which operation.
	writers
	// fields: and which fields.
	fields
)

// sidecar is the prefix of the annotations that Istio leaves on a pod.
const sidecar = "sidecar.istio.io/"

// meta trims the metadata of an object in place.
func meta(m *metav1.ObjectMeta, keep kept) {
	m.GenerateName, m.ResourceVersion = "", ""
	delete(m.Annotations, corev1.LastAppliedConfigAnnotation)
	m.ManagedFields = managed(m.ManagedFields, keep)
}

func managed(all []metav1.ManagedFieldsEntry, keep kept) []metav1.ManagedFieldsEntry {
	if keep == nothing || all == nil {
		return nil
	}
	out := make([]metav1.ManagedFieldsEntry, len(all))
	for i, f := range all {
		out[i] = metav1.ManagedFieldsEntry{Manager: f.Manager, Operation: f.Operation, Subresource: f.Subresource, Time: f.Time}
		if keep == fields {
			out[i].FieldsType, out[i].FieldsV1 = f.FieldsType, f.FieldsV1
		}
	}
	return out
}

// ofPod is what is kept of the metadata of a pod, or of a template of one.
func ofPod(m *metav1.ObjectMeta) metav1.ObjectMeta {
	out := metav1.ObjectMeta{
		Name: m.Name, Namespace: m.Namespace, UID: m.UID, Labels: m.Labels, OwnerReferences: exact(m.OwnerReferences),
		CreationTimestamp: m.CreationTimestamp, DeletionTimestamp: m.DeletionTimestamp,
	}
	for k, v := range m.Annotations {
		if strings.HasPrefix(strings.TrimPrefix(k, "traffic."), sidecar) {
			if out.Annotations == nil {
				out.Annotations = map[string]string{}
			}
			out.Annotations[k] = v
		}
	}
	return out
}

func deployment(d *appsv1.Deployment) {
	meta(&d.ObjectMeta, nothing)
	s := d.Spec
	d.Spec = appsv1.DeploymentSpec{
		Replicas: s.Replicas, Selector: s.Selector, Strategy: s.Strategy, MinReadySeconds: s.MinReadySeconds, Paused: s.Paused,
		ProgressDeadlineSeconds: s.ProgressDeadlineSeconds, Template: template(&s.Template),
	}
	d.Status.Conditions = exact(d.Status.Conditions)
}

func replicaSet(r *appsv1.ReplicaSet) {
	meta(&r.ObjectMeta, nothing)
	r.Spec.Template = template(&r.Spec.Template)
	r.Status.Conditions = exact(r.Status.Conditions)
}

func statefulSet(t *appsv1.StatefulSet) {
	meta(&t.ObjectMeta, nothing)
	s := t.Spec
	t.Spec = appsv1.StatefulSetSpec{
		Replicas: s.Replicas, Selector: s.Selector, ServiceName: s.ServiceName, UpdateStrategy: s.UpdateStrategy,
		PodManagementPolicy: s.PodManagementPolicy, MinReadySeconds: s.MinReadySeconds, Template: template(&s.Template),
	}
	t.Status.Conditions = exact(t.Status.Conditions)
}

func template(t *corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	out := corev1.PodTemplateSpec{ObjectMeta: ofPod(&t.ObjectMeta), Spec: podSpec(&t.Spec)}
	redact(&out.Spec)
	return out
}

func node(n *corev1.Node) {
	meta(&n.ObjectMeta, nothing)
	n.Annotations = nil
	s, st := n.Spec, n.Status
	n.Spec = corev1.NodeSpec{ProviderID: s.ProviderID, PodCIDR: s.PodCIDR, PodCIDRs: exact(s.PodCIDRs), Taints: exact(s.Taints), Unschedulable: s.Unschedulable}
	n.Status = corev1.NodeStatus{Addresses: exact(st.Addresses)}
	for _, c := range st.Conditions {
		if c.Type == corev1.NodeReady {
			n.Status.Conditions = []corev1.NodeCondition{c}
		}
	}
}

func event(e *corev1.Event) {
	m := e.ObjectMeta
	e.ObjectMeta = metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, UID: m.UID, CreationTimestamp: m.CreationTimestamp}
	e.Action, e.Related, e.ReportingInstance = "", nil, ""
}

// exact copies a slice that decoding made larger than it need be.
func exact[T any](s []T) []T {
	if s == nil {
		return nil
	}
	out := make([]T, len(s))
	copy(out, s)
	return out
}
