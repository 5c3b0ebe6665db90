package kube

import (
	"context"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/facts"
)

// The resources that come as CustomResourceDefinitions; a cluster that doesn't serve
// one has none of its objects. Each is read in one version, since a second try would
// cost a call in every cluster that has none: the version that every GKE release in
// support serves. BackendConfig v1 came with 1.16, the Gateway API's v1 with its
// release 1.0; ReferenceGrant is served as v1 only from 1.5 on, as v1beta1 always;
// PeerAuthentication v1 came with Istio 1.22.
var (
	backendConfigs      = custom(facts.BackendConfigs, "cloud.google.com", "v1", "backendconfigs")
	frontendConfigs     = custom(facts.FrontendConfigs, "networking.gke.io", "v1beta1", "frontendconfigs")
	managedCertificates = custom(facts.ManagedCertificates, "networking.gke.io", "v1", "managedcertificates")
	serviceNEGs         = custom(facts.ThirdPartyObjects, "networking.gke.io", "v1beta1", "servicenetworkendpointgroups")
	gatewayClasses      = custom(facts.ThirdPartyObjects, "gateway.networking.k8s.io", "v1", "gatewayclasses")
	gateways            = custom(facts.ThirdPartyObjects, "gateway.networking.k8s.io", "v1", "gateways")
	httpRoutes          = custom(facts.ThirdPartyObjects, "gateway.networking.k8s.io", "v1", "httproutes")
	referenceGrants     = custom(facts.ThirdPartyObjects, "gateway.networking.k8s.io", "v1beta1", "referencegrants")
	gcpBackendPolicies  = custom(facts.ThirdPartyObjects, "networking.gke.io", "v1", "gcpbackendpolicies")
	healthCheckPolicies = custom(facts.ThirdPartyObjects, "networking.gke.io", "v1", "healthcheckpolicies")
	gcpGatewayPolicies  = custom(facts.ThirdPartyObjects, "networking.gke.io", "v1", "gcpgatewaypolicies")
	peerAuthentications = custom(facts.ThirdPartyObjects, "security.istio.io", "v1", "peerauthentications")
)

func custom(needs facts.Kind, group, version, plural string) resource {
	return resource{needs: needs, group: group, version: version, plural: plural, optional: true}
}

// BackendConfigs reads those of a namespace; absent where the CRD isn't installed,
// as with all that follow.
func (c *Cluster) BackendConfigs(ctx context.Context, namespace string) facts.Value[[]*facts.BackendConfig] {
	return list(ctx, c, backendConfigs, namespace, func(o *facts.BackendConfig) { meta(&o.ObjectMeta, nothing) })
}

// FrontendConfigs reads those of a namespace.
func (c *Cluster) FrontendConfigs(ctx context.Context, namespace string) facts.Value[[]*facts.FrontendConfig] {
	return list(ctx, c, frontendConfigs, namespace, func(o *facts.FrontendConfig) { meta(&o.ObjectMeta, nothing) })
}

// ManagedCertificates reads those of a namespace.
func (c *Cluster) ManagedCertificates(ctx context.Context, namespace string) facts.Value[[]*facts.ManagedCertificate] {
	return list(ctx, c, managedCertificates, namespace, func(o *facts.ManagedCertificate) { meta(&o.ObjectMeta, nothing) })
}

// ServiceNEGs reads those of a namespace.
func (c *Cluster) ServiceNEGs(ctx context.Context, namespace string) facts.Value[[]*facts.ServiceNEG] {
	return list(ctx, c, serviceNEGs, namespace, func(o *facts.ServiceNEG) { meta(&o.ObjectMeta, nothing) })
}

// GatewayClasses reads all.
func (c *Cluster) GatewayClasses(ctx context.Context) facts.Value[[]*gatewayv1.GatewayClass] {
	return list(ctx, c, gatewayClasses, "", func(o *gatewayv1.GatewayClass) { meta(&o.ObjectMeta, nothing) })
}

// Gateways reads those of all namespaces.
func (c *Cluster) Gateways(ctx context.Context) facts.Value[[]*gatewayv1.Gateway] {
	return list(ctx, c, gateways, "", func(o *gatewayv1.Gateway) { meta(&o.ObjectMeta, nothing) })
}

// HTTPRoutes reads those of all namespaces.
func (c *Cluster) HTTPRoutes(ctx context.Context) facts.Value[[]*gatewayv1.HTTPRoute] {
	return list(ctx, c, httpRoutes, "", func(o *gatewayv1.HTTPRoute) { meta(&o.ObjectMeta, nothing) })
}

// ReferenceGrants reads those of all namespaces: a grant lies where it leads to.
func (c *Cluster) ReferenceGrants(ctx context.Context) facts.Value[[]*gatewayv1beta1.ReferenceGrant] {
	return list(ctx, c, referenceGrants, "", func(o *gatewayv1beta1.ReferenceGrant) { meta(&o.ObjectMeta, nothing) })
}

// GCPBackendPolicies reads those of a namespace.
func (c *Cluster) GCPBackendPolicies(ctx context.Context, namespace string) facts.Value[[]*facts.GCPBackendPolicy] {
	return list(ctx, c, gcpBackendPolicies, namespace, func(o *facts.GCPBackendPolicy) { meta(&o.ObjectMeta, nothing) })
}

// HealthCheckPolicies reads those of a namespace.
func (c *Cluster) HealthCheckPolicies(ctx context.Context, namespace string) facts.Value[[]*facts.HealthCheckPolicy] {
	return list(ctx, c, healthCheckPolicies, namespace, func(o *facts.HealthCheckPolicy) { meta(&o.ObjectMeta, nothing) })
}

// GCPGatewayPolicies reads those of a namespace.
func (c *Cluster) GCPGatewayPolicies(ctx context.Context, namespace string) facts.Value[[]*facts.GCPGatewayPolicy] {
	return list(ctx, c, gcpGatewayPolicies, namespace, func(o *facts.GCPGatewayPolicy) { meta(&o.ObjectMeta, nothing) })
}

// PeerAuthentications reads those of all namespaces: those of the mesh's root
// namespace hold in every one.
func (c *Cluster) PeerAuthentications(ctx context.Context) facts.Value[[]*facts.PeerAuthentication] {
	return list(ctx, c, peerAuthentications, "", func(o *facts.PeerAuthentication) { meta(&o.ObjectMeta, nothing) })
}
