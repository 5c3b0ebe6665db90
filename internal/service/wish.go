package service

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
)

// maxHosts bounds the look-ups of one diagnosis.
const maxHosts = 50

// Wish says what the Refs need, as far as the facts read so far tell: what every
// path of their sort has, and of the rest only what something read so far names. An
// SSL policy that no proxy and no FrontendConfig names isn't read.
func (p Plan) Wish(s *facts.Snapshot, refs []facts.Ref) facts.Wish {
	w := &wish{facts: s}
	for _, r := range subjects(s, refs) {
		switch {
		case r.Kind == facts.KindCertificate:
			w.certificate(r)
		case r.Kind == facts.KindBackendService && s.ClusterName == "" && s.BackendServices.Known():
			w.outside(r)
		case r.Kind == facts.KindGateway:
			w.cluster(r)
			w.gateway(r)
		default:
			w.cluster(r)
			w.ingresses(r)
			if r.Kind == facts.KindCluster {
				w.gateways()
			}
		}
	}
	return w.Wish
}

// subjects are what the refs turned out to be, once that is known.
func subjects(s *facts.Snapshot, refs []facts.Ref) []facts.Ref {
	if len(s.Targets) == 0 {
		return refs
	}
	var list []facts.Ref
	for _, t := range s.Targets {
		if !t.Ref.IsZero() && !slices.Contains(list, t.Ref) {
			list = append(list, t.Ref)
		}
	}
	return list
}

// A wish grows with each subject.
type wish struct {
	facts.Wish
	facts *facts.Snapshot
}

// cluster wants what every path through a cluster has.
func (w *wish) cluster(r facts.Ref) {
	s := w.facts
	w.Want(
		facts.BackendServices, facts.HealthChecks, facts.NEGs, facts.URLMaps, facts.TargetHTTPProxies, facts.TargetHTTPSProxies,
		facts.ForwardingRules, facts.Addresses,
	)
	if r.Kind == facts.KindInstanceGroup || anyGroup(s, "/instanceGroups/") {
		w.Want(facts.InstanceGroups)
	}
	found, ok := s.Cluster.Get()
	if !ok {
		return
	}
	w.network()
	w.Want(facts.Ingresses, facts.Services, facts.EndpointSlices, facts.Pods, facts.Nodes, facts.Events, facts.Namespaces)
	if glbc.EnforcesPolicies(found) {
		w.Want(facts.NetworkPolicies)
	}
	if found.Status != "" && found.Status != "RUNNING" {
		w.Want(facts.Operations)
	}
	if r.Kind == facts.KindCluster {
		// The digest says what is about to run out.
		w.Want(facts.ProjectQuotas, facts.RegionQuotas)
	}
	if r.Kind == facts.KindIngress {
		// What its proxies present is wanted a round before the Ingress is known: domains
		// are looked up in the last one.
		w.proxies(func(description string) bool { return glbc.DescribesIngress(description, r.Namespace, r.Name) })
	}
	if r.Kind == facts.KindCluster || glbc.AddonDisabled(found) {
		w.Needs = append(w.Needs, facts.Gateways)
	}
	if r.Kind != facts.KindIngress && madeByGateway(s) {
		w.Needs = append(w.Needs, facts.Gateways, facts.HTTPRoutes)
	}
	w.namespaces(r)
}

// network wants what lets the probers through, or doesn't. The order in which rules
// and policies are evaluated matters only where there are network policies.
func (w *wish) network() {
	w.Want(facts.Firewalls, facts.NetworkFirewall, facts.RegionFirewall, facts.Instances)
	if firewall.OrderMatters(w.facts.NetworkFirewall, w.facts.RegionFirewall) {
		w.Want(facts.Network)
	}
}

// namespaces are those of the objects that a ref leads to.
func (w *wish) namespaces(r facts.Ref) {
	switch {
	case r.Kind == facts.KindCluster:
		w.EveryNamespace = true
	case r.Namespace != "":
		w.addNamespace(r.Namespace)
	default:
		for _, bs := range glbc.BackendServicesOf(w.facts, r) {
			for _, namespace := range namespacesRouted(w.facts, bs) {
				w.addNamespace(namespace)
			}
		}
	}
}

func (w *wish) addNamespace(name string) {
	if name != "" && !slices.Contains(w.Namespaces, name) {
		w.Namespaces = append(w.Namespaces, name)
	}
}

// ingresses wants what the Ingresses that a ref leads to name.
func (w *wish) ingresses(r facts.Ref) {
	s := w.facts
	all, ok := s.Ingresses.Get()
	if !ok {
		return
	}
	if slices.ContainsFunc(all, mayBeAnothers) {
		w.Want(facts.IngressClasses)
	}
	for _, ing := range all {
		if r.Kind == facts.KindCluster || refOf(s, ing) == r {
			w.ingress(ing)
			w.quotas(glbc.ClassOf(ing).InRegion())
		}
	}
	if !hasL7Rule(s) {
		w.ConfigMaps = append(w.ConfigMaps, glbc.IngressUIDConfigMap)
	}
}

func (w *wish) ingress(ing *networkingv1.Ingress) {
	s := w.facts
	if ing.Annotations[glbc.ManagedCertsAnnotation] != "" {
		// GKE makes these certificates whoever serves the Ingress.
		w.Want(facts.ManagedCertificates)
	}
	if !glbc.Serves(s, ing) {
		return
	}
	w.domains(refOf(s, ing))
	if glbc.ClassOf(ing).Internal {
		w.Want(facts.Subnetworks)
	}
	if ing.Spec.DefaultBackend == nil {
		w.SystemServices = true
	}
	if ing.Annotations[glbc.FrontendConfigAnnotation] != "" {
		w.Want(facts.FrontendConfigs, facts.SSLPolicies)
	}
	if glbc.ConfigMisplacedOn(s, ing) {
		w.Want(facts.BackendConfigs, facts.SecurityPolicies)
	}
	w.hosts(glbc.Hosts(ing))
	w.proxies(func(description string) bool { return glbc.DescribesIngress(description, ing.Namespace, ing.Name) })
	if ing.Annotations[glbc.PreSharedCertAnnotation] != "" || ing.Annotations[glbc.ManagedCertsAnnotation] != "" || len(ing.Spec.TLS) > 0 {
		w.Want(facts.SSLCertificates)
	}
	for _, b := range glbc.Backends(s, ing) {
		w.backend(b)
	}
}

// domains wants to know where the domains of certificates that can't be used lead: they
// needn't be hosts that are served.
func (w *wish) domains(target facts.Ref) {
	for _, a := range glbc.AskedCertificates(w.facts, target) {
		if !a.Failing(w.facts.Now) {
			continue
		}
		for _, d := range a.Domains {
			if !d.Works() {
				w.hosts([]string{d.Name})
			}
		}
	}
}

// mayBeAnothers: the class isn't quite one of GKE's, or neither the class annotation nor a trace of GLBC says whose the
// Ingress is, so that the IngressClasses that are installed count.
func mayBeAnothers(ing *networkingv1.Ingress) bool {
	return glbc.ClassOf(ing).Orphan || ing.Annotations[glbc.ClassAnnotation] == "" && !glbc.TakenUp(ing)
}

// proxies wants what the target HTTPS proxies of a load balancer name.
func (w *wish) proxies(ours func(description string) bool) {
	all, _ := w.facts.TargetHTTPSProxies.Get()
	for _, proxy := range all {
		if ours(proxy.GetDescription()) {
			w.proxy(proxy.GetSslPolicy(), proxy.GetCertificateMap(), proxy.GetSslCertificates())
		}
	}
}

func (w *wish) proxy(policy, certificateMap string, certificates []string) {
	if policy != "" {
		w.Want(facts.SSLPolicies)
	}
	if certificateMap != "" {
		w.Want(facts.CertificateMaps, facts.Certificates)
		w.CertificateMaps = append(w.CertificateMaps, facts.RelativePath(certificateMap))
	}
	if len(certificates) > 0 {
		w.Want(facts.SSLCertificates)
	}
	for _, url := range certificates {
		if strings.Contains(url, "certificatemanager") {
			w.certificatesAt(glbc.LocationOf(facts.RelativePath(url)))
		}
	}
}

// backend wants what a Service port behind a load balancer names.
func (w *wish) backend(b glbc.Backend) {
	s := w.facts
	if bs, ok := b.BackendService.Get(); ok {
		w.groups(bs)
	}
	svc, ok := b.Object.Get()
	if !ok {
		return
	}
	if !b.Gateway && glbc.NamesBackendConfig(svc) {
		w.Want(facts.BackendConfigs, facts.SecurityPolicies)
	}
	if glbc.NEGsDiffer(s, b) {
		w.Needs = append(w.Needs, facts.ServiceNEGs)
	}
	pods, err := glbc.PodsOf(s, b)
	if err == nil && !slices.ContainsFunc(pods, glbc.Lives) {
		w.Want(facts.Deployments, facts.StatefulSets)
	}
	for _, pod := range pods {
		if glbc.WorkloadOf(s.ClusterName, pod).Kind == "ReplicaSet" {
			w.Want(facts.ReplicaSets)
		}
		if glbc.InMesh(pod) {
			w.Needs = append(w.Needs, facts.PeerAuthentications)
		}
	}
	w.configMaps(pods)
}

func (w *wish) groups(bs *computepb.BackendService) {
	w.Groups = append(w.Groups, glbc.ProbedGroups(w.facts, bs)...)
	if bs.GetSecurityPolicy() != "" || bs.GetEdgeSecurityPolicy() != "" {
		w.Want(facts.SecurityPolicies)
	}
}

// quotas wants those of the load balancer's scope where a controller complains of one,
// and those of the region where it says that it is the region's: NEGs count there.
func (w *wish) quotas(regional bool) {
	events, _ := w.facts.Events.Get()
	for _, e := range events {
		if !strings.Contains(strings.ToLower(e.Message), "quota") {
			continue
		}
		w.Want(facts.ProjectQuotas)
		if regional || strings.Contains(e.Message, " in region ") {
			w.Want(facts.RegionQuotas)
		}
	}
}

func (w *wish) hosts(hosts []string) {
	for _, h := range hosts {
		if len(w.Hosts) < maxHosts && h != "" && !strings.Contains(h, "*") && !slices.Contains(w.Hosts, h) {
			w.Hosts = append(w.Hosts, h)
		}
	}
}

// anyGroup: some backend service of the project has a group of this sort.
func anyGroup(s *facts.Snapshot, sort string) bool {
	all, _ := s.BackendServices.Get()
	for _, bs := range all {
		for _, backend := range bs.GetBackends() {
			if strings.Contains(backend.GetGroup(), sort) {
				return true
			}
		}
	}
	return false
}

// madeByGateway: some load balancer of the project is a Gateway's.
func madeByGateway(s *facts.Snapshot) bool {
	all, _ := s.URLMaps.Get()
	return slices.ContainsFunc(all, func(m *computepb.UrlMap) bool { return strings.HasPrefix(m.GetName(), "gkegw1-") })
}

// hasL7Rule: the rule that the Ingress controller makes for the probers is there
// under its name, so that the UID in it needn't be read elsewhere.
func hasL7Rule(s *facts.Snapshot) bool {
	all, ok := s.Firewalls.Get()
	return !ok || slices.ContainsFunc(all, func(f *computepb.Firewall) bool { return strings.HasPrefix(f.GetName(), glbc.L7RulePrefix) })
}
