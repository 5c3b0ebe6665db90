package facts

import "strings"

// A Ref names one object: in a cluster (Cluster, Kind, Namespace, Name), the
// cluster itself (Cluster, Kind "Cluster", Name), or in a Google Cloud project
// (Project, Scope, Kind, Name, or ID where a log entry has only the number).
type Ref struct {
	// Cluster is the full name, projects/P/locations/L/clusters/C.
	Cluster string `json:"cluster,omitempty"`
	// Project is the Google Cloud project of an object outside clusters.
	Project string `json:"project,omitempty"`
	// Scope is global, regions/R or zones/Z.
	Scope     string `json:"scope,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// ID is the number that Compute gives an object, as decimal text.
	ID string `json:"id,omitempty"`
	// Port tells one use of a shared instance group from another: the node port that
	// was checked; 0 where nothing needs it.
	Port int `json:"port,omitempty"`
}

// The kinds that a Ref can have.
const (
	KindCluster        = "Cluster"
	KindProject        = "Project"
	KindIngress        = "Ingress"
	KindGateway        = "Gateway"
	KindService        = "Service"
	KindPod            = "Pod"
	KindDeployment     = "Deployment"
	KindConfigMap      = "ConfigMap"
	KindBackendConfig  = "BackendConfig"
	KindBackendService = "BackendService"
	KindHealthCheck    = "HealthCheck"
	KindNEG            = "NetworkEndpointGroup"
	KindInstanceGroup  = "InstanceGroup"
	KindFirewallRule   = "FirewallRule"
	KindCertificate    = "Certificate"
	KindSecret         = "Secret"

	KindIngressClass       = "IngressClass"
	KindHTTPRoute          = "HTTPRoute"
	KindGatewayClass       = "GatewayClass"
	KindFrontendConfig     = "FrontendConfig"
	KindManagedCertificate = "ManagedCertificate"
	KindServiceNEG         = "ServiceNetworkEndpointGroup"
	KindEndpointSlice      = "EndpointSlice"
	KindNode               = "Node"
	KindNetworkPolicy      = "NetworkPolicy"
	KindPeerAuthentication = "PeerAuthentication"
	KindSecurityPolicy     = "SecurityPolicy"
	KindSSLPolicy          = "SSLPolicy"
	KindURLMap             = "URLMap"
	KindTargetHTTPProxy    = "TargetHTTPProxy"
	KindTargetHTTPSProxy   = "TargetHTTPSProxy"
	KindTargetSSLProxy     = "TargetSSLProxy"
	KindTargetTCPProxy     = "TargetTCPProxy"
	KindForwardingRule     = "ForwardingRule"
	KindAddress            = "Address"
	KindHost               = "Host"
	KindNetwork            = "Network"
	KindFirewallPolicy     = "FirewallPolicy"
	KindSubnetwork         = "Subnetwork"
	KindHealthCheckPolicy  = "HealthCheckPolicy"
	KindGCPBackendPolicy   = "GCPBackendPolicy"
	KindReferenceGrant     = "ReferenceGrant"
	KindGCPGatewayPolicy   = "GCPGatewayPolicy"
)

// String is the form of reports: Kind/name or Kind/namespace/name.
func (r Ref) String() string {
	name := r.Name
	if name == "" && r.ID != "" {
		name = "id:" + r.ID
	}
	if r.Namespace == "" {
		return r.Kind + "/" + name
	}
	return r.Kind + "/" + r.Namespace + "/" + name
}

// IsZero reports that the Ref names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// ClusterRef is the Ref of the cluster with this full name.
func ClusterRef(cluster string) Ref {
	return Ref{Cluster: cluster, Kind: KindCluster, Name: cluster[strings.LastIndex(cluster, "/")+1:]}
}

// ClusterName joins the parts of a cluster's full name.
func ClusterName(project, location, name string) string {
	return "projects/" + project + "/locations/" + location + "/clusters/" + name
}

// ClusterParts splits a cluster's full name; all are empty when it isn't one.
func ClusterParts(cluster string) (project, location, name string) {
	p := strings.Split(cluster, "/")
	if len(p) != 6 || p[0] != "projects" || p[2] != "locations" || p[4] != "clusters" {
		return "", "", ""
	}
	return p[1], p[3], p[5]
}

// ProjectOf is the project an object belongs to, of its cluster or its own.
func (r Ref) ProjectOf() string {
	if r.Cluster != "" {
		p, _, _ := ClusterParts(r.Cluster)
		return p
	}
	return r.Project
}

// RelativePath turns a Compute URL (selfLink or partial) into the path from
// `projects/` on, so that two spellings of one object compare equal.
func RelativePath(url string) string {
	if i := strings.Index(url, "projects/"); i >= 0 {
		return url[i:]
	}
	return strings.TrimPrefix(url, "/")
}

// ScopePath is what follows the project in a Compute URL:
// `zones/Z/networkEndpointGroups/G`, `global/backendServices/B`.
func ScopePath(url string) string {
	p := RelativePath(url)
	if rest, ok := strings.CutPrefix(p, "projects/"); ok {
		if _, path, ok := strings.Cut(rest, "/"); ok {
			return path
		}
	}
	return p
}

// ScopeOf is where a Compute resource lies, by its URL: global, regions/R or zones/Z;
// empty when it isn't one.
func ScopeOf(url string) string {
	path := ScopePath(url)
	scope, rest, _ := strings.Cut(path, "/")
	switch scope {
	case "global":
		return scope
	case "regions", "zones":
		name, _, _ := strings.Cut(rest, "/")
		return scope + "/" + name
	}
	return ""
}

// LastSegment is the name at the end of a URL or resource name.
func LastSegment(url string) string { return url[strings.LastIndex(url, "/")+1:] }
