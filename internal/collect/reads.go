package collect

import (
	"context"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"
	"google.golang.org/api/container/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/collect/gcp"
	"plumbline/internal/collect/kube"
	"plumbline/internal/collect/share"
	"plumbline/internal/facts"
)

// A projectRead is one read of what a project has, by what it needs.
type projectRead func(ctx context.Context, f *fanout, r *run, p *project)

// projectReads are shared by all Snapshots of a project.
var projectReads = map[facts.Kind]projectRead{
	facts.ForwardingRules:    projectList(facts.ForwardingRules, func(s *facts.Snapshot) *facts.Value[[]*computepb.ForwardingRule] { return &s.ForwardingRules }, (*gcp.Reader).ForwardingRules),
	facts.Addresses:          projectList(facts.Addresses, func(s *facts.Snapshot) *facts.Value[[]*computepb.Address] { return &s.Addresses }, (*gcp.Reader).Addresses),
	facts.TargetHTTPProxies:  projectList(facts.TargetHTTPProxies, func(s *facts.Snapshot) *facts.Value[[]*computepb.TargetHttpProxy] { return &s.TargetHTTPProxies }, (*gcp.Reader).TargetHTTPProxies),
	facts.TargetHTTPSProxies: projectList(facts.TargetHTTPSProxies, func(s *facts.Snapshot) *facts.Value[[]*computepb.TargetHttpsProxy] { return &s.TargetHTTPSProxies }, (*gcp.Reader).TargetHTTPSProxies),
	facts.TargetSSLProxies:   projectList(facts.TargetSSLProxies, func(s *facts.Snapshot) *facts.Value[[]*computepb.TargetSslProxy] { return &s.TargetSSLProxies }, (*gcp.Reader).TargetSSLProxies),
	facts.TargetTCPProxies:   projectList(facts.TargetTCPProxies, func(s *facts.Snapshot) *facts.Value[[]*computepb.TargetTcpProxy] { return &s.TargetTCPProxies }, (*gcp.Reader).TargetTCPProxies),
	facts.SSLCertificates:    projectList(facts.SSLCertificates, func(s *facts.Snapshot) *facts.Value[[]*computepb.SslCertificate] { return &s.SSLCertificates }, (*gcp.Reader).SSLCertificates),
	facts.SSLPolicies:        projectList(facts.SSLPolicies, func(s *facts.Snapshot) *facts.Value[[]*computepb.SslPolicy] { return &s.SSLPolicies }, (*gcp.Reader).SSLPolicies),
	facts.CertificateMaps:    projectList(facts.CertificateMaps, func(s *facts.Snapshot) *facts.Value[[]*certificatemanager.CertificateMap] { return &s.CertificateMaps }, (*gcp.Reader).CertificateMaps),
	facts.Certificates:       projectList(facts.Certificates, func(s *facts.Snapshot) *facts.Value[[]*certificatemanager.Certificate] { return &s.Certificates }, (*gcp.Reader).Certificates),
	facts.URLMaps:            projectList(facts.URLMaps, func(s *facts.Snapshot) *facts.Value[[]*computepb.UrlMap] { return &s.URLMaps }, (*gcp.Reader).URLMaps),
	facts.BackendServices:    projectList(facts.BackendServices, func(s *facts.Snapshot) *facts.Value[[]*computepb.BackendService] { return &s.BackendServices }, (*gcp.Reader).BackendServices),
	facts.HealthChecks:       projectList(facts.HealthChecks, func(s *facts.Snapshot) *facts.Value[[]*computepb.HealthCheck] { return &s.HealthChecks }, (*gcp.Reader).HealthChecks),
	facts.SecurityPolicies:   projectList(facts.SecurityPolicies, func(s *facts.Snapshot) *facts.Value[[]*computepb.SecurityPolicy] { return &s.SecurityPolicies }, (*gcp.Reader).SecurityPolicies),
	facts.NEGs:               projectList(facts.NEGs, func(s *facts.Snapshot) *facts.Value[[]*computepb.NetworkEndpointGroup] { return &s.NEGs }, (*gcp.Reader).NEGs),
	facts.InstanceGroups:     projectList(facts.InstanceGroups, func(s *facts.Snapshot) *facts.Value[[]*computepb.InstanceGroup] { return &s.InstanceGroups }, (*gcp.Reader).InstanceGroups),
	facts.Instances:          projectList(facts.Instances, func(s *facts.Snapshot) *facts.Value[[]*computepb.Instance] { return &s.Instances }, (*gcp.Reader).Instances),
	facts.ProjectQuotas:      projectList(facts.ProjectQuotas, func(s *facts.Snapshot) *facts.Value[[]*computepb.Quota] { return &s.ProjectQuotas }, (*gcp.Reader).ProjectQuotas),
}

// projectList is the read of one list of a project.
func projectList[T any](kind facts.Kind, dst func(*facts.Snapshot) *facts.Value[[]T], from func(r *gcp.Reader, ctx context.Context, project string) facts.Value[[]T]) projectRead {
	return func(ctx context.Context, f *fanout, r *run, p *project) {
		read(ctx, f, &p.ledger, dst(&p.facts), func(ctx context.Context) facts.Value[[]T] {
			return share.Do(ctx, r.shared, share.Key{Project: p.name, Kind: kind}, r.question.NotBefore, func(ctx context.Context) facts.Value[[]T] {
				return from(r.gcp, ctx, p.name)
			})
		})
	}
}

// A networkRead is one read of a cluster's network, in the project that has it.
type networkRead func(ctx context.Context, f *fanout, r *run, c *cluster)

var networkReads = map[facts.Kind]networkRead{
	facts.Network: networkOne(facts.Network, func(s *facts.Snapshot) *facts.Value[*computepb.Network] { return &s.Network },
		func(r *gcp.Reader, ctx context.Context, s *facts.Snapshot) facts.Value[*computepb.Network] {
			return r.Network(ctx, s.NetworkProject, s.NetworkName)
		}),
	facts.Firewalls: networkOne(facts.Firewalls, func(s *facts.Snapshot) *facts.Value[[]*computepb.Firewall] { return &s.Firewalls },
		func(r *gcp.Reader, ctx context.Context, s *facts.Snapshot) facts.Value[[]*computepb.Firewall] {
			return r.Firewalls(ctx, s.NetworkProject)
		}),
	facts.NetworkFirewall: networkOne(facts.NetworkFirewall, func(s *facts.Snapshot) *facts.Value[*computepb.NetworksGetEffectiveFirewallsResponse] {
		return &s.NetworkFirewall
	},
		func(r *gcp.Reader, ctx context.Context, s *facts.Snapshot) facts.Value[*computepb.NetworksGetEffectiveFirewallsResponse] {
			return r.NetworkFirewall(ctx, s.NetworkProject, s.NetworkName)
		}),
	facts.RegionFirewall: networkOne(facts.RegionFirewall, func(s *facts.Snapshot) *facts.Value[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse] {
		return &s.RegionFirewall
	},
		func(r *gcp.Reader, ctx context.Context, s *facts.Snapshot) facts.Value[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse] {
			return r.RegionFirewall(ctx, s.NetworkProject, s.Region, s.NetworkName)
		}),
	facts.Subnetworks: networkOne(facts.Subnetworks, func(s *facts.Snapshot) *facts.Value[[]*computepb.Subnetwork] { return &s.Subnetworks },
		func(r *gcp.Reader, ctx context.Context, s *facts.Snapshot) facts.Value[[]*computepb.Subnetwork] {
			return r.Subnetworks(ctx, s.NetworkProject)
		}),
	facts.RegionQuotas: networkOne(facts.RegionQuotas, func(s *facts.Snapshot) *facts.Value[[]*computepb.Quota] { return &s.RegionQuotas },
		func(r *gcp.Reader, ctx context.Context, s *facts.Snapshot) facts.Value[[]*computepb.Quota] {
			return r.RegionQuotas(ctx, s.Project, s.Region)
		}),
	facts.Operations: func(ctx context.Context, f *fanout, r *run, c *cluster) {
		_, location, _ := facts.ClusterParts(c.name)
		read(ctx, f, &c.ledger, &c.snap.Operations, func(ctx context.Context) facts.Value[[]*container.Operation] {
			return r.gcp.Operations(ctx, c.project.name, location)
		})
	},
}

// networkOne is a read that all clusters of a network and region share.
func networkOne[T any](kind facts.Kind, dst func(*facts.Snapshot) *facts.Value[T], from func(r *gcp.Reader, ctx context.Context, s *facts.Snapshot) facts.Value[T]) networkRead {
	return func(ctx context.Context, f *fanout, r *run, c *cluster) {
		key := share.Key{Project: c.snap.NetworkProject, Kind: kind, Of: c.snap.Project + "/" + c.snap.NetworkName + "/" + c.snap.Region}
		read(ctx, f, &c.ledger, dst(c.snap), func(ctx context.Context) facts.Value[T] {
			return share.Do(ctx, r.shared, key, r.question.NotBefore, func(ctx context.Context) facts.Value[T] { return from(r.gcp, ctx, c.snap) })
		})
	}
}

// An objectRead is one list of a cluster's Kubernetes API, of one namespace where it
// is namespaced.
type objectRead func(ctx context.Context, f *fanout, c *cluster, namespaces []string)

// wideReads are lists of the whole cluster.
var wideReads = map[facts.Need]objectRead{
	{Kind: facts.Ingresses}:      wide(func(o *facts.Objects) *facts.Value[[]*networkingv1.Ingress] { return &o.Ingresses }, (*kube.Cluster).Ingresses),
	{Kind: facts.IngressClasses}: wide(func(o *facts.Objects) *facts.Value[[]*networkingv1.IngressClass] { return &o.IngressClasses }, (*kube.Cluster).IngressClasses),
	{Kind: facts.Nodes}:          wide(func(o *facts.Objects) *facts.Value[[]*corev1.Node] { return &o.Nodes }, (*kube.Cluster).Nodes),
	{Kind: facts.Namespaces}:     wide(func(o *facts.Objects) *facts.Value[string] { return &o.ClusterUID }, (*kube.Cluster).UID),
	facts.GatewayClasses:         wide(func(o *facts.Objects) *facts.Value[[]*gatewayv1.GatewayClass] { return &o.GatewayClasses }, (*kube.Cluster).GatewayClasses),
	facts.Gateways:               wide(func(o *facts.Objects) *facts.Value[[]*gatewayv1.Gateway] { return &o.Gateways }, (*kube.Cluster).Gateways),
	facts.HTTPRoutes:             wide(func(o *facts.Objects) *facts.Value[[]*gatewayv1.HTTPRoute] { return &o.HTTPRoutes }, (*kube.Cluster).HTTPRoutes),
	facts.ReferenceGrants:        wide(func(o *facts.Objects) *facts.Value[[]*gatewayv1beta1.ReferenceGrant] { return &o.ReferenceGrants }, (*kube.Cluster).ReferenceGrants),
	facts.PeerAuthentications:    wide(func(o *facts.Objects) *facts.Value[[]*facts.PeerAuthentication] { return &o.PeerAuthentications }, (*kube.Cluster).PeerAuthentications),
}

func wide[T any](dst func(*facts.Objects) *facts.Value[T], from func(k *kube.Cluster, ctx context.Context) facts.Value[T]) objectRead {
	return func(ctx context.Context, f *fanout, c *cluster, _ []string) {
		read(ctx, f, &c.ledger, dst(&c.snap.Objects), func(ctx context.Context) facts.Value[T] { return from(c.objs, ctx) })
	}
}

// namespacedReads are lists of the namespaces that a diagnosis involves.
var namespacedReads = map[facts.Need]objectRead{
	{Kind: facts.Services}:            inNamespaces(func(o *facts.Objects) *facts.Value[[]*corev1.Service] { return &o.Services }, (*kube.Cluster).Services),
	{Kind: facts.EndpointSlices}:      inNamespaces(func(o *facts.Objects) *facts.Value[[]*discoveryv1.EndpointSlice] { return &o.EndpointSlices }, (*kube.Cluster).EndpointSlices),
	{Kind: facts.Pods}:                inNamespaces(func(o *facts.Objects) *facts.Value[[]*corev1.Pod] { return &o.Pods }, (*kube.Cluster).Pods),
	{Kind: facts.Deployments}:         inNamespaces(func(o *facts.Objects) *facts.Value[[]*appsv1.Deployment] { return &o.Deployments }, (*kube.Cluster).Deployments),
	{Kind: facts.ReplicaSets}:         inNamespaces(func(o *facts.Objects) *facts.Value[[]*appsv1.ReplicaSet] { return &o.ReplicaSets }, (*kube.Cluster).ReplicaSets),
	{Kind: facts.StatefulSets}:        inNamespaces(func(o *facts.Objects) *facts.Value[[]*appsv1.StatefulSet] { return &o.StatefulSets }, (*kube.Cluster).StatefulSets),
	{Kind: facts.Events}:              inNamespaces(func(o *facts.Objects) *facts.Value[[]*corev1.Event] { return &o.Events }, (*kube.Cluster).Events),
	{Kind: facts.NetworkPolicies}:     inNamespaces(func(o *facts.Objects) *facts.Value[[]*networkingv1.NetworkPolicy] { return &o.NetworkPolicies }, (*kube.Cluster).NetworkPolicies),
	{Kind: facts.BackendConfigs}:      inNamespaces(func(o *facts.Objects) *facts.Value[[]*facts.BackendConfig] { return &o.BackendConfigs }, (*kube.Cluster).BackendConfigs),
	{Kind: facts.FrontendConfigs}:     inNamespaces(func(o *facts.Objects) *facts.Value[[]*facts.FrontendConfig] { return &o.FrontendConfigs }, (*kube.Cluster).FrontendConfigs),
	{Kind: facts.ManagedCertificates}: inNamespaces(func(o *facts.Objects) *facts.Value[[]*facts.ManagedCertificate] { return &o.ManagedCertificates }, (*kube.Cluster).ManagedCertificates),
	facts.ServiceNEGs:                 inNamespaces(func(o *facts.Objects) *facts.Value[[]*facts.ServiceNEG] { return &o.ServiceNEGs }, (*kube.Cluster).ServiceNEGs),
	facts.GCPBackendPolicies:          inNamespaces(func(o *facts.Objects) *facts.Value[[]*facts.GCPBackendPolicy] { return &o.GCPBackendPolicies }, (*kube.Cluster).GCPBackendPolicies),
	facts.HealthCheckPolicies:         inNamespaces(func(o *facts.Objects) *facts.Value[[]*facts.HealthCheckPolicy] { return &o.HealthCheckPolicies }, (*kube.Cluster).HealthCheckPolicies),
	facts.GCPGatewayPolicies:          inNamespaces(func(o *facts.Objects) *facts.Value[[]*facts.GCPGatewayPolicy] { return &o.GCPGatewayPolicies }, (*kube.Cluster).GCPGatewayPolicies),
}

func inNamespaces[T any](dst func(*facts.Objects) *facts.Value[[]T], from func(k *kube.Cluster, ctx context.Context, namespace string) facts.Value[[]T]) objectRead {
	return func(ctx context.Context, f *fanout, c *cluster, namespaces []string) {
		spread(ctx, f, &c.ledger, dst(&c.snap.Objects), namespaces, func(ctx context.Context, namespace string) facts.Value[[]T] {
			return from(c.objs, ctx, namespace)
		})
	}
}
