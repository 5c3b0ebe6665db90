package facts

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"
)

// Objects are a cluster's Kubernetes objects, trimmed to what is read of them. A
// list is absent where the cluster doesn't know its resource: the CRD isn't
// installed.
type Objects struct {
	// Namespaces are those that namespaced lists were read of; empty means all. The
	// lists of the whole cluster are Ingresses, IngressClasses, Gateways,
	// GatewayClasses, HTTPRoutes and Nodes: blast radius needs them.
	Namespaces []string

	Ingresses       Value[[]*networkingv1.Ingress]
	IngressClasses  Value[[]*networkingv1.IngressClass]
	Services        Value[[]*corev1.Service]
	EndpointSlices  Value[[]*discoveryv1.EndpointSlice]
	Pods            Value[[]*corev1.Pod]
	Deployments     Value[[]*appsv1.Deployment]
	ReplicaSets     Value[[]*appsv1.ReplicaSet]
	StatefulSets    Value[[]*appsv1.StatefulSet]
	Nodes           Value[[]*corev1.Node]
	Events          Value[[]*corev1.Event]
	NetworkPolicies Value[[]*networkingv1.NetworkPolicy]
	// ConfigMaps are those that a known app names, and kube-system/ingress-uid, by
	// namespace/name.
	ConfigMaps map[string]Value[*corev1.ConfigMap]
	// ClusterUID is the UID of the namespace kube-system, which GKE's controllers
	// write into the description of a NEG as `cluster-uid`
	// (ingress-controller.md §6).
	ClusterUID Value[string]

	BackendConfigs      Value[[]*BackendConfig]
	FrontendConfigs     Value[[]*FrontendConfig]
	ManagedCertificates Value[[]*ManagedCertificate]
	ServiceNEGs         Value[[]*ServiceNEG]

	GatewayClasses      Value[[]*gatewayv1.GatewayClass]
	Gateways            Value[[]*gatewayv1.Gateway]
	HTTPRoutes          Value[[]*gatewayv1.HTTPRoute]
	ReferenceGrants     Value[[]*gatewayv1beta1.ReferenceGrant]
	GCPBackendPolicies  Value[[]*GCPBackendPolicy]
	HealthCheckPolicies Value[[]*HealthCheckPolicy]
	GCPGatewayPolicies  Value[[]*GCPGatewayPolicy]
	PeerAuthentications Value[[]*PeerAuthentication]
}

// Unread makes every list that wasn't read unknown for one reason: the control
// plane couldn't be asked. Nil leaves them as not read.
func (o *Objects) Unread(err error) {
	if err == nil {
		return
	}
	deny(&o.Ingresses, err)
	deny(&o.IngressClasses, err)
	deny(&o.Services, err)
	deny(&o.EndpointSlices, err)
	deny(&o.Pods, err)
	deny(&o.Deployments, err)
	deny(&o.ReplicaSets, err)
	deny(&o.StatefulSets, err)
	deny(&o.Nodes, err)
	deny(&o.Events, err)
	deny(&o.NetworkPolicies, err)
	deny(&o.ClusterUID, err)
	deny(&o.BackendConfigs, err)
	deny(&o.FrontendConfigs, err)
	deny(&o.ManagedCertificates, err)
	o.denyThirdParty(err)
}
