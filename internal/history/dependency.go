package history

import (
	"slices"
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

// A Fact is what fails.
type Fact string

// The facts that fail. Health: endpoints aren't HEALTHY. Provisioning: the
// controllers don't build, or don't change, the load balancer. Certificate: a
// certificate can't be used.
const (
	Health       Fact = "health"
	Provisioning Fact = "provisioning"
	Certificate  Fact = "certificate"
)

// A Dependency is an object that a failing fact depends on, and what of it.
type Dependency struct {
	// Object without a Name is every object of its kind in its namespace or project.
	Object facts.Ref
	// Except are objects that Object means and that are known not to matter: firewall
	// rules of another network, or for the way out.
	Except  []facts.Ref
	Station path.Station
	// Fields are prefixes of the paths that matter.
	Fields []string
	// Created and Deleted: so does the object's coming or going.
	Created, Deleted bool
}

// A rule says what of one kind of object a fact depends on.
type rule struct {
	station          path.Station
	fields           []string
	created, deleted bool
}

// The fields that several rules have in common.
var (
	template = []string{"spec.template.spec.containers", "spec.template.spec.initContainers", "spec.template.spec.hostNetwork", "spec.template.metadata.labels", "spec.replicas"}
	checks   = []string{
		"type", "checkIntervalSec", "timeoutSec", "healthyThreshold", "unhealthyThreshold",
		"httpHealthCheck", "httpsHealthCheck", "http2HealthCheck", "tcpHealthCheck", "sslHealthCheck", "grpcHealthCheck",
	}
	firewalls = []string{"allowed", "denied", "sourceRanges", "sourceTags", "sourceServiceAccounts", "targetTags", "targetServiceAccounts", "disabled", "priority", "direction", "network"}
	addons    = []string{signal.HTTPLoadBalancingDisabled, "gatewayApiConfig"}
	// negAnnotations are what the controllers read of a Service (ingress-controller.md
	// §3).
	negAnnotations = []string{
		`metadata.annotations["cloud.google.com/neg"]`,
		`metadata.annotations["cloud.google.com/backend-config"]`, `metadata.annotations["beta.cloud.google.com/backend-config"]`,
		`metadata.annotations["cloud.google.com/app-protocols"]`, `metadata.annotations["service.alpha.kubernetes.io/app-protocols"]`,
	}
	// ingressAnnotations are what the controllers read of an Ingress
	// (ingress-controller.md §3).
	ingressAnnotations = []string{
		`metadata.annotations["kubernetes.io/ingress.class"]`, `metadata.annotations["kubernetes.io/ingress.allow-http"]`,
		`metadata.annotations["kubernetes.io/ingress.global-static-ip-name"]`, `metadata.annotations["kubernetes.io/ingress.regional-static-ip-name"]`,
		`metadata.annotations["ingress.gcp.kubernetes.io/pre-shared-cert"]`, `metadata.annotations["networking.gke.io/managed-certificates"]`,
		`metadata.annotations["networking.gke.io/v1beta1.FrontendConfig"]`,
	}
)

// rules say of each fact which field of which kind can break it. A kind that isn't
// there can't: a certificate makes no endpoint unhealthy. Secrets are never among
// them: their entries don't tell what changed.
var rules = map[Fact]map[string]rule{
	Health: {
		facts.KindHealthCheck:    {path.HealthCheck, checks, false, true},
		facts.KindBackendService: {path.BackendService, []string{"healthChecks", "backends", "protocol", "portName", "port", "network"}, false, true},
		facts.KindNEG:            {path.Group, []string{"networkEndpoints"}, false, true},
		facts.KindInstanceGroup:  {path.Group, []string{"namedPorts", "instances"}, false, true},
		facts.KindFirewallRule:   {path.Firewall, firewalls, true, true},
		facts.KindFirewallPolicy: {path.Firewall, []string{"rules", "associations", "attachmentTarget"}, false, true},
		facts.KindService: {
			path.Service, slices.Concat([]string{"spec.ports", "spec.selector", "spec.type", "spec.externalTrafficPolicy"}, negAnnotations), false, true,
		},
		facts.KindBackendConfig:      {path.HealthCheck, []string{"spec.healthCheck"}, true, true},
		facts.KindHealthCheckPolicy:  {path.HealthCheck, []string{"spec.default", "spec.targetRef"}, true, true},
		facts.KindDeployment:         {path.Pods, template, false, true},
		kindStatefulSet:              {path.Pods, template, false, true},
		facts.KindConfigMap:          {path.App, []string{"data", "binaryData"}, true, true},
		facts.KindNetworkPolicy:      {path.Pods, []string{"spec"}, true, true},
		facts.KindPeerAuthentication: {path.Pods, []string{"spec"}, true, true},
		facts.KindCluster:            {path.Service, []string{signal.HTTPLoadBalancingDisabled, "networkPolicy", "addonsConfig.networkPolicyConfig"}, false, false},
	},
	Provisioning: {
		facts.KindIngress:   {path.URLMap, append([]string{"spec"}, ingressAnnotations...), true, false},
		facts.KindGateway:   {path.URLMap, []string{"spec", "metadata.annotations"}, true, false},
		facts.KindHTTPRoute: {path.URLMap, []string{"spec"}, true, true},
		facts.KindService: {
			path.Service, append([]string{"spec.ports", "spec.type"}, negAnnotations...), false, true,
		},
		facts.KindBackendConfig:      {path.BackendService, []string{"spec"}, false, true},
		facts.KindGCPBackendPolicy:   {path.BackendService, []string{"spec"}, true, true},
		facts.KindHealthCheckPolicy:  {path.HealthCheck, []string{"spec"}, true, true},
		facts.KindFrontendConfig:     {path.Proxy, []string{"spec"}, false, true},
		facts.KindManagedCertificate: {path.Proxy, []string{"spec"}, false, true},
		facts.KindAddress:            {path.Address, []string{"address", "users"}, false, true},
		facts.KindCertificate:        {path.Proxy, nil, false, true},
		facts.KindSSLPolicy:          {path.Proxy, nil, false, true},
		facts.KindCluster:            {path.Service, addons, false, false},
	},
	Certificate: {
		facts.KindManagedCertificate: {path.Proxy, []string{"spec"}, true, true},
		facts.KindIngress: {path.Proxy, []string{
			`metadata.annotations["networking.gke.io/managed-certificates"]`, `metadata.annotations["ingress.gcp.kubernetes.io/pre-shared-cert"]`, "spec.tls",
			`metadata.annotations["kubernetes.io/ingress.global-static-ip-name"]`, `metadata.annotations["kubernetes.io/ingress.regional-static-ip-name"]`,
		}, false, false},
		facts.KindCertificate:      {path.Proxy, []string{"managed", "certificate", "type"}, true, true},
		facts.KindTargetHTTPSProxy: {path.Proxy, []string{"sslCertificates", "certificateMap"}, false, true},
		facts.KindTargetSSLProxy:   {path.Proxy, []string{"sslCertificates", "certificateMap"}, false, true},
		facts.KindForwardingRule:   {path.ForwardingRule, []string{"target", "IPAddress", "portRange", "ports"}, false, true},
		facts.KindAddress:          {path.Address, []string{"address"}, false, true},
	},
}

const kindStatefulSet = "StatefulSet"

// On says what of the objects on a path a failing fact depends on.
func On(failing Fact, objects []Object) []Dependency {
	var list []Dependency
	for _, o := range objects {
		r, ok := rules[failing][o.Ref.Kind]
		if !ok {
			continue
		}
		list = append(list, Dependency{Object: o.Ref, Except: o.Except, Station: r.station, Fields: r.fields, Created: r.created, Deleted: r.deleted})
	}
	return list
}

// means: the Dependency is about an object.
func (d Dependency) means(r facts.Ref) bool {
	if slices.Contains(d.Except, r) {
		return false
	}
	if d.Object.Name != "" {
		return d.Object == r
	}
	return d.Object.Kind == r.Kind && d.Object.Cluster == r.Cluster && d.Object.Project == r.Project && d.Object.Namespace == r.Namespace
}

// on are the fields of a Change that matter.
func (d Dependency) on(c Change) []Field {
	var list []Field
	for _, f := range c.Fields {
		if slices.ContainsFunc(d.Fields, func(prefix string) bool { return within(f.Path, prefix) || f.Removed && within(prefix, f.Path) }) {
			list = append(list, f)
		}
	}
	return list
}

// isVoid: the object's coming or going can't have broken anything: a rule that lets
// through was added, one that doesn't was deleted, or it is about the way out.
func isVoid(c Change) bool {
	if c.Object.Kind != facts.KindFirewallRule || !c.Created && !c.Deleted {
		return false
	}
	known := c.after
	if c.Deleted {
		known = c.before
	}
	_, allows := known.values["allowed"]
	_, denies := known.values["denied"]
	switch {
	case strings.EqualFold(known.values["direction"], "EGRESS"):
		return true
	case c.Created:
		return allows || known.values["disabled"] == "true"
	}
	return denies || known.values["disabled"] == "true"
}
