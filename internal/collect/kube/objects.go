package kube

import (
	"context"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// The resources of Kubernetes itself. All are as old as the oldest version that GKE
// still runs, so a 404 is an error.
var (
	ingresses       = resource{needs: facts.Ingresses, group: "networking.k8s.io", version: "v1", plural: "ingresses"}
	ingressClasses  = resource{needs: facts.IngressClasses, group: "networking.k8s.io", version: "v1", plural: "ingressclasses", optional: true}
	networkPolicies = resource{needs: facts.NetworkPolicies, group: "networking.k8s.io", version: "v1", plural: "networkpolicies"}
	endpointSlices  = resource{needs: facts.EndpointSlices, group: "discovery.k8s.io", version: "v1", plural: "endpointslices"}
	deployments     = resource{needs: facts.Deployments, group: "apps", version: "v1", plural: "deployments"}
	replicaSets     = resource{needs: facts.ReplicaSets, group: "apps", version: "v1", plural: "replicasets"}
	statefulSets    = resource{needs: facts.StatefulSets, group: "apps", version: "v1", plural: "statefulsets"}
	services        = resource{needs: facts.Services, version: "v1", plural: "services"}
	pods            = resource{needs: facts.Pods, version: "v1", plural: "pods"}
	nodes           = resource{needs: facts.Nodes, version: "v1", plural: "nodes"}
	events          = resource{needs: facts.Events, version: "v1", plural: "events"}
	configMaps      = resource{needs: facts.ConfigMaps, version: "v1", plural: "configmaps"}
	namespaces      = resource{needs: facts.Namespaces, version: "v1", plural: "namespaces"}
)

// Ingresses reads those of all namespaces.
func (c *Cluster) Ingresses(ctx context.Context) facts.Value[[]*networkingv1.Ingress] {
	return list(ctx, c, ingresses, "", func(i *networkingv1.Ingress) { meta(&i.ObjectMeta, writers) })
}

// IngressClasses reads all; absent where the cluster is older than the resource.
func (c *Cluster) IngressClasses(ctx context.Context) facts.Value[[]*networkingv1.IngressClass] {
	return list(ctx, c, ingressClasses, "", func(i *networkingv1.IngressClass) { meta(&i.ObjectMeta, nothing) })
}

// Services reads those of a namespace.
func (c *Cluster) Services(ctx context.Context, namespace string) facts.Value[[]*corev1.Service] {
	return list(ctx, c, services, namespace, func(s *corev1.Service) { meta(&s.ObjectMeta, writers) })
}

// EndpointSlices reads those of a namespace.
func (c *Cluster) EndpointSlices(ctx context.Context, namespace string) facts.Value[[]*discoveryv1.EndpointSlice] {
	return list(ctx, c, endpointSlices, namespace, func(s *discoveryv1.EndpointSlice) { meta(&s.ObjectMeta, nothing) })
}

// Pods reads those of a namespace, without the values that may be secret.
func (c *Cluster) Pods(ctx context.Context, namespace string) facts.Value[[]*corev1.Pod] {
	return list(ctx, c, pods, namespace, pod)
}

// Deployments reads those of a namespace.
func (c *Cluster) Deployments(ctx context.Context, namespace string) facts.Value[[]*appsv1.Deployment] {
	return list(ctx, c, deployments, namespace, deployment)
}

// ReplicaSets reads those of a namespace.
func (c *Cluster) ReplicaSets(ctx context.Context, namespace string) facts.Value[[]*appsv1.ReplicaSet] {
	return list(ctx, c, replicaSets, namespace, replicaSet)
}

// StatefulSets reads those of a namespace.
func (c *Cluster) StatefulSets(ctx context.Context, namespace string) facts.Value[[]*appsv1.StatefulSet] {
	return list(ctx, c, statefulSets, namespace, statefulSet)
}

// Nodes reads all.
func (c *Cluster) Nodes(ctx context.Context) facts.Value[[]*corev1.Node] {
	return list(ctx, c, nodes, "", node)
}

// Events reads those of a namespace.
func (c *Cluster) Events(ctx context.Context, namespace string) facts.Value[[]*corev1.Event] {
	return list(ctx, c, events, namespace, event)
}

// NetworkPolicies reads those of a namespace.
func (c *Cluster) NetworkPolicies(ctx context.Context, namespace string) facts.Value[[]*networkingv1.NetworkPolicy] {
	return list(ctx, c, networkPolicies, namespace, func(p *networkingv1.NetworkPolicy) { meta(&p.ObjectMeta, nothing) })
}

// UID reads the UID of the namespace kube-system, by which GKE's controllers tell
// clusters apart (ingress-controller.md §6). It is a list, since a get needs a
// permission of its own.
func (c *Cluster) UID(ctx context.Context) facts.Value[string] {
	found := selected(ctx, c, namespaces, "", "metadata.name=kube-system", func(*corev1.Namespace) {})
	all, ok := found.Get()
	switch {
	case !ok:
		return facts.Unknown[string](found.Err())
	case len(all) == 0:
		return facts.Absent[string]()
	}
	return facts.Found(string(all[0].UID))
}

// ConfigMap reads one by namespace/name.
func (c *Cluster) ConfigMap(ctx context.Context, key string) facts.Value[*corev1.ConfigMap] {
	namespace, name, _ := strings.Cut(key, "/")
	return one(ctx, c, configMaps, namespace, name, func(m *corev1.ConfigMap) {
		meta(&m.ObjectMeta, fields)
		m.BinaryData = nil
	})
}
