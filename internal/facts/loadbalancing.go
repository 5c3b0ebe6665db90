package facts

import (
	"net/netip"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"
)

// LoadBalancing is what a project has of load balancers, in all scopes.
type LoadBalancing struct {
	ForwardingRules    Value[[]*computepb.ForwardingRule]
	Addresses          Value[[]*computepb.Address]
	TargetHTTPProxies  Value[[]*computepb.TargetHttpProxy]
	TargetHTTPSProxies Value[[]*computepb.TargetHttpsProxy]
	TargetSSLProxies   Value[[]*computepb.TargetSslProxy]
	TargetTCPProxies   Value[[]*computepb.TargetTcpProxy]
	SSLCertificates    Value[[]*computepb.SslCertificate]
	SSLPolicies        Value[[]*computepb.SslPolicy]
	// CertificateMaps, CertificateEntries and Certificates are Certificate Manager's,
	// of location global; their names are projects/P/locations/L/….
	CertificateMaps    Value[[]*certificatemanager.CertificateMap]
	CertificateEntries Value[[]*certificatemanager.CertificateMapEntry]
	Certificates       Value[[]*certificatemanager.Certificate]
	URLMaps            Value[[]*computepb.UrlMap]
	BackendServices    Value[[]*computepb.BackendService]
	HealthChecks       Value[[]*computepb.HealthCheck]
	SecurityPolicies   Value[[]*computepb.SecurityPolicy]
	NEGs               Value[[]*computepb.NetworkEndpointGroup]
	InstanceGroups     Value[[]*computepb.InstanceGroup]
	// Health is the answer of getHealth, by backend service and group.
	Health map[BackendGroup]Value[[]*computepb.HealthStatus]
	// Endpoints is the answer of listNetworkEndpoints, by the NEG's relative path.
	Endpoints map[string]Value[[]*computepb.NetworkEndpointWithHealthStatus]
	// ProjectQuotas and RegionQuotas are those of the project and of the cluster's
	// region.
	ProjectQuotas Value[[]*computepb.Quota]
	RegionQuotas  Value[[]*computepb.Quota]
}

// Networking is the cluster's VPC network, which a shared VPC keeps in its host
// project.
type Networking struct {
	// NetworkProject is the project that has the network, NetworkName its name, Region
	// the region of the load balancer's backends; empty where nothing tells.
	NetworkProject, NetworkName, Region string

	Network Value[*computepb.Network]
	// Firewalls are the VPC rules of NetworkProject, of all its networks.
	Firewalls Value[[]*computepb.Firewall]
	// NetworkFirewall is the answer of networks.getEffectiveFirewalls: VPC rules,
	// hierarchical and global network policies; RegionFirewall that of the region's
	// policies (gcp-facts.md §7).
	NetworkFirewall Value[*computepb.NetworksGetEffectiveFirewallsResponse]
	RegionFirewall  Value[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse]
	Subnetworks     Value[[]*computepb.Subnetwork]
	// Instances are the virtual machines of the cluster's project; nodes are found
	// among them by spec.providerID.
	Instances Value[[]*computepb.Instance]
}

// DNSRecords are what a host resolves to.
type DNSRecords struct {
	A, AAAA []netip.Addr
	// CAA are those of the closest parent domain that has any (RFC 8659).
	CAA []CAA
	// NXDomain: the name doesn't exist.
	NXDomain bool
}

// A CAA record says who may issue certificates.
type CAA struct {
	// Domain is where the record stands: the host, or a parent of it.
	Domain string
	Flag   uint8
	// Tag is issue, issuewild or iodef.
	Tag, Value string
}
