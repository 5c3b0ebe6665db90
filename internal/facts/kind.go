package facts

import "strings"

// A Kind is one sort of read. Its text is the IAM permission that the read
// needs, which is also how a gap is named in reports and in `expect.gaps`
// (scenario-format.md: an aggregated list is denied by the collection's own
// `.list`, Kubernetes reads by `container.<plural>.list`).
type Kind string

// The reads of a diagnosis.
const (
	Cluster         Kind = "container.clusters.get"
	Clusters        Kind = "container.clusters.list"
	BackendServices Kind = "compute.backendServices.list"
	BackendHealth   Kind = "compute.backendServices.get"
	HealthChecks    Kind = "compute.healthChecks.list"
	NEGs            Kind = "compute.networkEndpointGroups.list"
	NEGEndpoints    Kind = "compute.networkEndpointGroups.get"
	InstanceGroups  Kind = "compute.instanceGroups.list"
	Firewalls       Kind = "compute.firewalls.list"
	Ingresses       Kind = "container.ingresses.list"
	IngressClasses  Kind = "container.ingressClasses.list"
	Gateways        Kind = "container.thirdPartyObjects.list"
	Services        Kind = "container.services.list"
	Pods            Kind = "container.pods.list"
	Events          Kind = "container.events.list"
	ConfigMaps      Kind = "container.configMaps.list"
	Namespaces      Kind = "container.namespaces.list"
	Logs            Kind = "logging.logEntries.list"
	Probes          Kind = "container.pods.proxy"

	// RegionBackendHealth is getHealth of a regional backend service.
	RegionBackendHealth Kind = "compute.regionBackendServices.get"
)

// Kinds lists every Kind; tests deny each of them in turn.
var Kinds = []Kind{
	Cluster, Clusters, BackendServices, BackendHealth, RegionBackendHealth, HealthChecks, NEGs, NEGEndpoints, InstanceGroups, Firewalls,
	Ingresses, IngressClasses, Gateways, Services, Pods, Events, ConfigMaps, Namespaces, Logs, Probes,
}

// A Gap is a read that failed, named by what it needs.
type Gap struct {
	// Needs is the permission or source: a Kind's text, or `kubernetes/CLUSTER`
	// for a control plane that can't be reached.
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
	return strings.HasPrefix(string(k), "container.") && k != Cluster && k != Clusters
}
