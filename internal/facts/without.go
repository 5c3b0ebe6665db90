package facts

import (
	"maps"
	"slices"
)

// Without is the Snapshot as it would be had one kind of read been refused: those
// Values are unknown, and the Gap is named. Tests deny every need in turn.
func (s *Snapshot) Without(k Kind) *Snapshot {
	out := *s
	err := &Error{Needs: string(k), Status: "403 PERMISSION_DENIED", Err: ErrNotRead}
	switch k {
	case Cluster, Clusters:
		deny(&out.Cluster, err)
	case Operations:
		deny(&out.Operations, err)
	case ForwardingRules:
		deny(&out.ForwardingRules, err)
	case Addresses:
		deny(&out.Addresses, err)
	case TargetHTTPProxies:
		deny(&out.TargetHTTPProxies, err)
	case TargetHTTPSProxies:
		deny(&out.TargetHTTPSProxies, err)
	case TargetSSLProxies:
		deny(&out.TargetSSLProxies, err)
	case TargetTCPProxies:
		deny(&out.TargetTCPProxies, err)
	case SSLCertificates:
		deny(&out.SSLCertificates, err)
	case SSLPolicies:
		deny(&out.SSLPolicies, err)
	case CertificateMaps:
		deny(&out.CertificateMaps, err)
	case CertificateEntries:
		deny(&out.CertificateEntries, err)
	case Certificates:
		deny(&out.Certificates, err)
	case URLMaps:
		deny(&out.URLMaps, err)
	case BackendServices:
		deny(&out.BackendServices, err)
	case BackendHealth, RegionBackendHealth:
		out.Health = denyAll(s.Health, err)
	case HealthChecks:
		deny(&out.HealthChecks, err)
	case SecurityPolicies:
		deny(&out.SecurityPolicies, err)
	case NEGs:
		deny(&out.NEGs, err)
	case NEGEndpoints:
		out.Endpoints = denyAll(s.Endpoints, err)
	case InstanceGroups:
		deny(&out.InstanceGroups, err)
	case ProjectQuotas:
		deny(&out.ProjectQuotas, err)
	case RegionQuotas:
		deny(&out.RegionQuotas, err)
	case Network:
		deny(&out.Network, err)
	case Subnetworks:
		deny(&out.Subnetworks, err)
	case Firewalls:
		deny(&out.Firewalls, err)
	case NetworkFirewall:
		deny(&out.NetworkFirewall, err)
	case RegionFirewall:
		deny(&out.RegionFirewall, err)
	case Instances:
		deny(&out.Instances, err)
	case Ingresses:
		deny(&out.Ingresses, err)
	case IngressClasses:
		deny(&out.IngressClasses, err)
	case Services:
		deny(&out.Services, err)
	case EndpointSlices:
		deny(&out.EndpointSlices, err)
	case Pods:
		deny(&out.Pods, err)
	case Deployments:
		deny(&out.Deployments, err)
	case ReplicaSets:
		deny(&out.ReplicaSets, err)
	case StatefulSets:
		deny(&out.StatefulSets, err)
	case Nodes:
		deny(&out.Nodes, err)
	case Events:
		deny(&out.Events, err)
	case NetworkPolicies:
		deny(&out.NetworkPolicies, err)
	case ConfigMaps:
		out.ConfigMaps = denyAll(s.ConfigMaps, err)
	case Namespaces:
		deny(&out.ClusterUID, err)
	case BackendConfigs:
		deny(&out.BackendConfigs, err)
	case FrontendConfigs:
		deny(&out.FrontendConfigs, err)
	case ManagedCertificates:
		deny(&out.ManagedCertificates, err)
	case ThirdPartyObjects:
		out.denyThirdParty(err)
	case Logs:
		deny(&out.History, err)
	case DNS:
		out.DNS = denyAll(s.DNS, err)
	case Probes:
		out.Probes = denyAll(s.Probes, err)
	}
	out.Gaps = append(slices.Clip(s.Gaps), Gap{Needs: string(k), Err: err.Status})
	return &out
}

// denyThirdParty: the CRDs that share one permission.
func (o *Objects) denyThirdParty(err error) {
	deny(&o.ServiceNEGs, err)
	deny(&o.GatewayClasses, err)
	deny(&o.Gateways, err)
	deny(&o.HTTPRoutes, err)
	deny(&o.ReferenceGrants, err)
	deny(&o.GCPBackendPolicies, err)
	deny(&o.HealthCheckPolicies, err)
	deny(&o.GCPGatewayPolicies, err)
	deny(&o.PeerAuthentications, err)
}

func deny[T any](v *Value[T], err error) { *v = Unknown[T](err) }

func denyAll[K comparable, T any](m map[K]Value[T], err error) map[K]Value[T] {
	out := maps.Clone(m)
	for k := range out {
		out[k] = Unknown[T](err)
	}
	return out
}
