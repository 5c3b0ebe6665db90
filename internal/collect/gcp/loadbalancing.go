package gcp

import (
	"context"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// ForwardingRules reads those of all regions and the global ones.
func (r *Reader) ForwardingRules(ctx context.Context, project string) facts.Value[[]*computepb.ForwardingRule] {
	return aggregated(ctx, r, of(facts.ForwardingRules, "forwarding rules", project), compute.NewForwardingRulesRESTClient, (*compute.ForwardingRulesClient).AggregatedList,
		&computepb.AggregatedListForwardingRulesRequest{Project: project, MaxResults: full},
		func(it *compute.ForwardingRulesScopedListPairIterator) any { return it.Response }, (*computepb.ForwardingRulesScopedList).GetForwardingRules)
}

// Addresses reads the reserved addresses of all scopes.
func (r *Reader) Addresses(ctx context.Context, project string) facts.Value[[]*computepb.Address] {
	return aggregated(ctx, r, of(facts.Addresses, "addresses", project), compute.NewAddressesRESTClient, (*compute.AddressesClient).AggregatedList,
		&computepb.AggregatedListAddressesRequest{Project: project, MaxResults: full},
		func(it *compute.AddressesScopedListPairIterator) any { return it.Response }, (*computepb.AddressesScopedList).GetAddresses)
}

// TargetHTTPProxies reads those of all scopes.
func (r *Reader) TargetHTTPProxies(ctx context.Context, project string) facts.Value[[]*computepb.TargetHttpProxy] {
	return aggregated(ctx, r, of(facts.TargetHTTPProxies, "target HTTP proxies", project), compute.NewTargetHttpProxiesRESTClient, (*compute.TargetHttpProxiesClient).AggregatedList,
		&computepb.AggregatedListTargetHttpProxiesRequest{Project: project, MaxResults: full},
		func(it *compute.TargetHttpProxiesScopedListPairIterator) any { return it.Response }, (*computepb.TargetHttpProxiesScopedList).GetTargetHttpProxies)
}

// TargetHTTPSProxies reads those of all scopes.
func (r *Reader) TargetHTTPSProxies(ctx context.Context, project string) facts.Value[[]*computepb.TargetHttpsProxy] {
	return aggregated(ctx, r, of(facts.TargetHTTPSProxies, "target HTTPS proxies", project), compute.NewTargetHttpsProxiesRESTClient, (*compute.TargetHttpsProxiesClient).AggregatedList,
		&computepb.AggregatedListTargetHttpsProxiesRequest{Project: project, MaxResults: full},
		func(it *compute.TargetHttpsProxiesScopedListPairIterator) any { return it.Response }, (*computepb.TargetHttpsProxiesScopedList).GetTargetHttpsProxies)
}

// TargetTCPProxies reads those of all scopes.
func (r *Reader) TargetTCPProxies(ctx context.Context, project string) facts.Value[[]*computepb.TargetTcpProxy] {
	return aggregated(ctx, r, of(facts.TargetTCPProxies, "target TCP proxies", project), compute.NewTargetTcpProxiesRESTClient, (*compute.TargetTcpProxiesClient).AggregatedList,
		&computepb.AggregatedListTargetTcpProxiesRequest{Project: project, MaxResults: full},
		func(it *compute.TargetTcpProxiesScopedListPairIterator) any { return it.Response }, (*computepb.TargetTcpProxiesScopedList).GetTargetTcpProxies)
}

// SSLCertificates reads the Compute certificates of all scopes, Google-managed ones included.
func (r *Reader) SSLCertificates(ctx context.Context, project string) facts.Value[[]*computepb.SslCertificate] {
	return aggregated(ctx, r, of(facts.SSLCertificates, "SSL certificates", project), compute.NewSslCertificatesRESTClient, (*compute.SslCertificatesClient).AggregatedList,
		&computepb.AggregatedListSslCertificatesRequest{Project: project, MaxResults: full},
		func(it *compute.SslCertificatesScopedListPairIterator) any { return it.Response }, (*computepb.SslCertificatesScopedList).GetSslCertificates)
}

// SSLPolicies reads those of all scopes.
func (r *Reader) SSLPolicies(ctx context.Context, project string) facts.Value[[]*computepb.SslPolicy] {
	return aggregated(ctx, r, of(facts.SSLPolicies, "SSL policies", project), compute.NewSslPoliciesRESTClient, (*compute.SslPoliciesClient).AggregatedList,
		&computepb.AggregatedListSslPoliciesRequest{Project: project, MaxResults: full},
		func(it *compute.SslPoliciesScopedListPairIterator) any { return it.Response }, (*computepb.SslPoliciesScopedList).GetSslPolicies)
}

// URLMaps reads those of all scopes.
func (r *Reader) URLMaps(ctx context.Context, project string) facts.Value[[]*computepb.UrlMap] {
	return aggregated(ctx, r, of(facts.URLMaps, "URL maps", project), compute.NewUrlMapsRESTClient, (*compute.UrlMapsClient).AggregatedList,
		&computepb.AggregatedListUrlMapsRequest{Project: project, MaxResults: full},
		func(it *compute.UrlMapsScopedListPairIterator) any { return it.Response }, (*computepb.UrlMapsScopedList).GetUrlMaps)
}

// BackendServices reads those of all scopes, global and regional.
func (r *Reader) BackendServices(ctx context.Context, project string) facts.Value[[]*computepb.BackendService] {
	return aggregated(ctx, r, of(facts.BackendServices, "backend services", project), compute.NewBackendServicesRESTClient, (*compute.BackendServicesClient).AggregatedList,
		&computepb.AggregatedListBackendServicesRequest{Project: project, MaxResults: full},
		func(it *compute.BackendServicesScopedListPairIterator) any { return it.Response }, (*computepb.BackendServicesScopedList).GetBackendServices)
}

// HealthChecks reads those of all scopes.
func (r *Reader) HealthChecks(ctx context.Context, project string) facts.Value[[]*computepb.HealthCheck] {
	return aggregated(ctx, r, of(facts.HealthChecks, "health checks", project), compute.NewHealthChecksRESTClient, (*compute.HealthChecksClient).AggregatedList,
		&computepb.AggregatedListHealthChecksRequest{Project: project, MaxResults: full},
		func(it *compute.HealthChecksScopedListPairIterator) any { return it.Response }, (*computepb.HealthChecksScopedList).GetHealthChecks)
}

// SecurityPolicies reads the Cloud Armor policies of all scopes.
func (r *Reader) SecurityPolicies(ctx context.Context, project string) facts.Value[[]*computepb.SecurityPolicy] {
	return aggregated(ctx, r, of(facts.SecurityPolicies, "security policies", project), compute.NewSecurityPoliciesRESTClient, (*compute.SecurityPoliciesClient).AggregatedList,
		&computepb.AggregatedListSecurityPoliciesRequest{Project: project, MaxResults: full},
		func(it *compute.SecurityPoliciesScopedListPairIterator) any { return it.Response }, (*computepb.SecurityPoliciesScopedList).GetSecurityPolicies)
}

// NEGs reads the network endpoint groups of all scopes.
func (r *Reader) NEGs(ctx context.Context, project string) facts.Value[[]*computepb.NetworkEndpointGroup] {
	return aggregated(ctx, r, of(facts.NEGs, "network endpoint groups", project), compute.NewNetworkEndpointGroupsRESTClient, (*compute.NetworkEndpointGroupsClient).AggregatedList,
		&computepb.AggregatedListNetworkEndpointGroupsRequest{Project: project, MaxResults: full},
		func(it *compute.NetworkEndpointGroupsScopedListPairIterator) any { return it.Response }, (*computepb.NetworkEndpointGroupsScopedList).GetNetworkEndpointGroups)
}

// InstanceGroups reads those of all zones and regions.
func (r *Reader) InstanceGroups(ctx context.Context, project string) facts.Value[[]*computepb.InstanceGroup] {
	return aggregated(ctx, r, of(facts.InstanceGroups, "instance groups", project), compute.NewInstanceGroupsRESTClient, (*compute.InstanceGroupsClient).AggregatedList,
		&computepb.AggregatedListInstanceGroupsRequest{Project: project, MaxResults: full},
		func(it *compute.InstanceGroupsScopedListPairIterator) any { return it.Response }, (*computepb.InstanceGroupsScopedList).GetInstanceGroups)
}

// TargetSSLProxies reads those of a project; they are global, and so the API has no
// aggregated list of them.
func (r *Reader) TargetSSLProxies(ctx context.Context, project string) facts.Value[[]*computepb.TargetSslProxy] {
	return global(ctx, r, of(facts.TargetSSLProxies, "target SSL proxies", project), compute.NewTargetSslProxiesRESTClient, (*compute.TargetSslProxiesClient).List,
		&computepb.ListTargetSslProxiesRequest{Project: project, MaxResults: full},
		func(it *compute.TargetSslProxyIterator) any { return it.Response })
}
