package kube

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

func core(plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: plural}
}

func networking(plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: plural}
}

// Ingresses reads those of all namespaces.
func (c *Cluster) Ingresses(ctx context.Context) facts.Value[[]*networkingv1.Ingress] {
	return list(ctx, c, query{needs: facts.Ingresses, resource: networking("ingresses")}, typed[networkingv1.Ingress])
}

// IngressClasses reads all; absent where the cluster is older than the resource.
func (c *Cluster) IngressClasses(ctx context.Context) facts.Value[[]*networkingv1.IngressClass] {
	return orAbsent(list(ctx, c, query{needs: facts.IngressClasses, resource: networking("ingressclasses")}, typed[networkingv1.IngressClass]))
}

// Gateways reads those of all namespaces; absent where the CRD isn't installed.
func (c *Cluster) Gateways(ctx context.Context) facts.Value[[]*gatewayv1.Gateway] {
	resource := schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"}
	return orAbsent(list(ctx, c, query{needs: facts.ThirdPartyObjects, resource: resource}, typed[gatewayv1.Gateway]))
}

// Services reads those of a namespace; empty means all.
func (c *Cluster) Services(ctx context.Context, namespace string) facts.Value[[]*corev1.Service] {
	return list(ctx, c, query{needs: facts.Services, resource: core("services"), namespace: namespace}, typed[corev1.Service])
}

// Pods reads those of a namespace, without the values that may be secret; empty
// means all.
func (c *Cluster) Pods(ctx context.Context, namespace string) facts.Value[[]*corev1.Pod] {
	return list(ctx, c, query{needs: facts.Pods, resource: core("pods"), namespace: namespace}, pod)
}

// Events reads those of a namespace; empty means all.
func (c *Cluster) Events(ctx context.Context, namespace string) facts.Value[[]*corev1.Event] {
	return list(ctx, c, query{needs: facts.Events, resource: core("events"), namespace: namespace}, typed[corev1.Event])
}

// UID reads the UID of the namespace kube-system, by which GKE's controllers tell
// clusters apart (ingress-controller.md §6). It is a list, since a get needs a
// permission of its own.
func (c *Cluster) UID(ctx context.Context) facts.Value[string] {
	found := list(ctx, c, query{needs: facts.Namespaces, resource: core("namespaces"), fields: "metadata.name=kube-system"}, typed[corev1.Namespace])
	namespaces, ok := found.Get()
	switch {
	case !ok:
		return facts.Unknown[string](found.Err())
	case len(namespaces) == 0:
		return facts.Absent[string]()
	}
	return facts.Found(string(namespaces[0].UID))
}

// ConfigMap reads one by namespace/name.
func (c *Cluster) ConfigMap(ctx context.Context, key string) facts.Value[*corev1.ConfigMap] {
	namespace, name, _ := strings.Cut(key, "/")
	q := query{needs: facts.ConfigMaps, resource: core("configmaps"), namespace: namespace}
	object, err := c.objects.Resource(q.resource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if isNotFound(err) {
		return facts.Absent[*corev1.ConfigMap]()
	}
	if err != nil {
		return unread[*corev1.ConfigMap](ctx, c, q, err)
	}
	configMap, err := typed[corev1.ConfigMap](object)
	if err != nil {
		return unread[*corev1.ConfigMap](ctx, c, q, err)
	}
	return facts.Found(configMap)
}

// orAbsent makes a resource that the API server doesn't know an absent one.
func orAbsent[T any](v facts.Value[T]) facts.Value[T] {
	var failed *facts.Error
	if errors.As(v.Err(), &failed) && isNotFound(failed.Err) {
		return facts.Absent[T]()
	}
	return v
}

func pod(u *unstructured.Unstructured) (*corev1.Pod, error) {
	p, err := typed[corev1.Pod](u)
	if err != nil {
		return nil, err
	}
	redact(p)
	return p, nil
}
