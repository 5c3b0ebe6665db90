package service

import (
	"cmp"
	"slices"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/history"
)

// maxPaths bounds the paths whose changes one query asks for: those of a whole
// cluster wouldn't fit.
const maxPaths = 30

// onPaths are the objects on the paths of the targets, those next to the backends
// first: what doesn't fit into a filter is at the far end.
func onPaths(s *facts.Snapshot) []facts.Ref {
	var list []facts.Ref
	seen := map[facts.Ref]bool{}
	for _, target := range served(s) {
		for _, o := range history.OnPath(s, target) {
			if !seen[o.Ref] {
				seen[o.Ref] = true
				list = append(list, o.Ref)
			}
		}
	}
	list = append(list, unnamedWorkloads(s)...)
	slices.SortStableFunc(list, func(a, b facts.Ref) int { return cmp.Compare(distance(a.Kind), distance(b.Kind)) })
	return list
}

// unnamedWorkloads stand for all in a namespace where a Service has no pod that would
// name its own: they are read together with the log.
func unnamedWorkloads(s *facts.Snapshot) []facts.Ref {
	var list []facts.Ref
	if s.Deployments.Known() {
		return nil
	}
	for _, b := range backends(s) {
		svc, ok := b.Object.Get()
		pods, err := glbc.PodsOf(s, b)
		if !ok || len(svc.Spec.Selector) == 0 || err != nil || slices.ContainsFunc(pods, glbc.Lives) {
			continue
		}
		for _, kind := range []string{facts.KindDeployment, "StatefulSet"} {
			if r := (facts.Ref{Cluster: s.ClusterName, Kind: kind, Namespace: b.Namespace}); !slices.Contains(list, r) {
				list = append(list, r)
			}
		}
	}
	return list
}

// served are the targets that have a path; of a cluster, its Ingresses.
func served(s *facts.Snapshot) []facts.Ref {
	var list []facts.Ref
	add := func(r facts.Ref) {
		if len(list) < maxPaths && !r.IsZero() && !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	for _, t := range s.Targets {
		if t.Ref.Kind != facts.KindCluster {
			add(t.Ref)
			continue
		}
		all, _ := s.Ingresses.Get()
		for _, ing := range all {
			if glbc.Serves(s, ing) {
				add(refOf(s, ing))
			}
		}
	}
	return list
}

// distance is how far from the backends the objects of a kind are.
func distance(kind string) int {
	if i := slices.Index(nearest, kind); i >= 0 {
		return i
	}
	return len(nearest)
}

var nearest = []string{
	facts.KindService, facts.KindDeployment, "StatefulSet", facts.KindConfigMap, facts.KindBackendConfig,
	facts.KindHealthCheck, facts.KindBackendService, facts.KindNetworkPolicy, facts.KindHealthCheckPolicy, facts.KindGCPBackendPolicy,
	facts.KindIngress, facts.KindGateway, facts.KindHTTPRoute, facts.KindNEG, facts.KindInstanceGroup,
	facts.KindFrontendConfig, facts.KindManagedCertificate, facts.KindCertificate, facts.KindAddress,
}

// A collection is how resource names have a kind of object (gcp-facts.md §2.2).
type collection struct {
	plural   string
	versions []string
	// scales: the number of replicas is written under a name of its own.
	scales bool
}

var kubernetesCollections = map[string]collection{
	facts.KindService:            {plural: "services", versions: []string{"core/v1"}},
	facts.KindConfigMap:          {plural: "configmaps", versions: []string{"core/v1"}},
	facts.KindDeployment:         {plural: "deployments", versions: []string{"apps/v1"}, scales: true},
	"StatefulSet":                {plural: "statefulsets", versions: []string{"apps/v1"}, scales: true},
	facts.KindIngress:            {plural: "ingresses", versions: []string{"networking.k8s.io/v1"}},
	facts.KindNetworkPolicy:      {plural: "networkpolicies", versions: []string{"networking.k8s.io/v1"}},
	facts.KindPeerAuthentication: {plural: "peerauthentications", versions: []string{"security.istio.io/v1", "security.istio.io/v1beta1"}},
	facts.KindBackendConfig:      {plural: "backendconfigs", versions: []string{"cloud.google.com/v1", "cloud.google.com/v1beta1"}},
	facts.KindFrontendConfig:     {plural: "frontendconfigs", versions: []string{"networking.gke.io/v1beta1"}},
	facts.KindManagedCertificate: {plural: "managedcertificates", versions: []string{"networking.gke.io/v1", "networking.gke.io/v1beta2"}},
	facts.KindGateway:            {plural: "gateways", versions: []string{"gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"}},
	facts.KindHTTPRoute:          {plural: "httproutes", versions: []string{"gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"}},
	facts.KindReferenceGrant:     {plural: "referencegrants", versions: []string{"gateway.networking.k8s.io/v1beta1", "gateway.networking.k8s.io/v1"}},
	facts.KindHealthCheckPolicy:  {plural: "healthcheckpolicies", versions: []string{"networking.gke.io/v1"}},
	facts.KindGCPBackendPolicy:   {plural: "gcpbackendpolicies", versions: []string{"networking.gke.io/v1"}},
}

// computeCollections are the collections of resource names (gcp-facts.md §2.3).
var computeCollections = map[string]string{
	facts.KindBackendService:   "backendServices",
	facts.KindHealthCheck:      "healthChecks",
	facts.KindNEG:              "networkEndpointGroups",
	facts.KindInstanceGroup:    "instanceGroups",
	facts.KindFirewallRule:     "firewalls",
	facts.KindURLMap:           "urlMaps",
	facts.KindForwardingRule:   "forwardingRules",
	facts.KindTargetHTTPProxy:  "targetHttpProxies",
	facts.KindTargetHTTPSProxy: "targetHttpsProxies",
	facts.KindTargetSSLProxy:   "targetSslProxies",
	facts.KindTargetTCPProxy:   "targetTcpProxies",
	facts.KindCertificate:      "sslCertificates",
	facts.KindSSLPolicy:        "sslPolicies",
	facts.KindSecurityPolicy:   "securityPolicies",
	facts.KindAddress:          "addresses",
}
