package facts

import "strings"

// A Kind is one sort of read. Its text is the IAM permission that the read
// needs, which is also how a gap is named in reports and in `expect.gaps`
// (scenario-format.md: an aggregated list is denied by the collection's own
// `.list`, Kubernetes reads by `container.<plural>.list`).
type Kind string

// The reads of the cluster and of what the GKE API tells of it.
const (
	Cluster    Kind = "container.clusters.get"
	Clusters   Kind = "container.clusters.list"
	Operations Kind = "container.operations.list"
)

// The reads of load balancing, global and regional alike.
const (
	ForwardingRules    Kind = "compute.forwardingRules.list"
	Addresses          Kind = "compute.addresses.list"
	TargetHTTPProxies  Kind = "compute.targetHttpProxies.list"
	TargetHTTPSProxies Kind = "compute.targetHttpsProxies.list"
	TargetSSLProxies   Kind = "compute.targetSslProxies.list"
	TargetTCPProxies   Kind = "compute.targetTcpProxies.list"
	SSLCertificates    Kind = "compute.sslCertificates.list"
	SSLPolicies        Kind = "compute.sslPolicies.list"
	CertificateMaps    Kind = "certificatemanager.certmaps.list"
	CertificateEntries Kind = "certificatemanager.certmapentries.list"
	Certificates       Kind = "certificatemanager.certs.list"
	URLMaps            Kind = "compute.urlMaps.list"
	BackendServices    Kind = "compute.backendServices.list"
	BackendHealth      Kind = "compute.backendServices.get"
	HealthChecks       Kind = "compute.healthChecks.list"
	SecurityPolicies   Kind = "compute.securityPolicies.list"
	NEGs               Kind = "compute.networkEndpointGroups.list"
	NEGEndpoints       Kind = "compute.networkEndpointGroups.get"
	InstanceGroups     Kind = "compute.instanceGroups.list"
	ProjectQuotas      Kind = "compute.projects.get"
	RegionQuotas       Kind = "compute.regions.get"

	// RegionBackendHealth is getHealth of a regional backend service.
	RegionBackendHealth Kind = "compute.regionBackendServices.get"
)

// The reads of the network, in the project that has it.
const (
	Network         Kind = "compute.networks.get"
	Subnetworks     Kind = "compute.subnetworks.list"
	Firewalls       Kind = "compute.firewalls.list"
	NetworkFirewall Kind = "compute.networks.getEffectiveFirewalls"
	RegionFirewall  Kind = "compute.networks.getRegionEffectiveFirewalls"
	Instances       Kind = "compute.instances.list"
)

// The reads of a cluster's Kubernetes API. CRDs that GKE's IAM doesn't know share
// one permission: Gateways, their routes and policies, ServiceNetworkEndpointGroups,
// PeerAuthentications.
const (
	Ingresses           Kind = "container.ingresses.list"
	IngressClasses      Kind = "container.ingressClasses.list"
	Services            Kind = "container.services.list"
	EndpointSlices      Kind = "container.endpointSlices.list"
	Pods                Kind = "container.pods.list"
	Deployments         Kind = "container.deployments.list"
	ReplicaSets         Kind = "container.replicaSets.list"
	StatefulSets        Kind = "container.statefulSets.list"
	Nodes               Kind = "container.nodes.list"
	Events              Kind = "container.events.list"
	NetworkPolicies     Kind = "container.networkPolicies.list"
	ConfigMaps          Kind = "container.configMaps.list"
	Namespaces          Kind = "container.namespaces.list"
	BackendConfigs      Kind = "container.backendConfigs.list"
	FrontendConfigs     Kind = "container.frontendConfigs.list"
	ManagedCertificates Kind = "container.managedCertificates.list"
	ThirdPartyObjects   Kind = "container.thirdPartyObjects.list"
	Probes              Kind = "container.pods.proxy"
)

// Logs is the one log query of a diagnosis.
const Logs Kind = "logging.logEntries.list"

// DNS is the look-up of hosts; a gap names the host as well: dns/HOST.
const DNS Kind = "dns"

// Kinds lists every Kind, in the order in which gaps are told; tests deny each of
// them in turn.
var Kinds = []Kind{
	Cluster, Clusters, Operations,
	DNS, Addresses, ForwardingRules, TargetHTTPProxies, TargetHTTPSProxies, TargetSSLProxies, TargetTCPProxies,
	SSLCertificates, SSLPolicies, CertificateMaps, CertificateEntries, Certificates, URLMaps,
	BackendServices, BackendHealth, RegionBackendHealth, HealthChecks, SecurityPolicies, NEGs, NEGEndpoints, InstanceGroups,
	Network, Subnetworks, NetworkFirewall, RegionFirewall, Firewalls, Instances, ProjectQuotas, RegionQuotas,
	Ingresses, IngressClasses, ThirdPartyObjects, Services, EndpointSlices, Pods, Deployments, ReplicaSets, StatefulSets, Nodes, Events,
	NetworkPolicies, BackendConfigs, FrontendConfigs, ManagedCertificates, ConfigMaps, Namespaces, Logs, Probes,
}

// A Gap is a read that failed, named by what it needs.
type Gap struct {
	// Needs is the permission or source: a Kind's text, `kubernetes/CLUSTER` for a
	// control plane that can't be reached, `dns/HOST` for a look-up that failed.
	Needs string
	// Err is what the read said, short: "403 PERMISSION_DENIED".
	Err string
}

// An Error is why a read failed: which Kind, the HTTP status or gRPC code as
// text, and what it was read of. Adapters return it, wrapped once.
type Error struct {
	// Needs names the gap, see Gap.Needs.
	Needs string
	// Status is the short form for people: "403 PERMISSION_DENIED", "timeout".
	Status string
	// Err is the adapter's error.
	Err error
}

// Error says what was read and what came back.
func (e *Error) Error() string { return "reading " + e.Needs + ": " + e.Status }

// Unwrap returns the adapter's error.
func (e *Error) Unwrap() error { return e.Err }

// InCluster reports a read that the control plane of a cluster answers.
func (k Kind) InCluster() bool {
	return strings.HasPrefix(string(k), "container.") && k != Cluster && k != Clusters && k != Operations
}
