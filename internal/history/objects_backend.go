package history

import (
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/knownapp"
)

// Behind lists the objects that decide whether the endpoints of one backend are
// healthy: of an Ingress with several, those of the others aren't among them.
func Behind(s *facts.Snapshot, b glbc.Backend) []Object {
	w := &walk{facts: s}
	w.backend(b)
	w.surroundings()
	return w.list
}

// backend adds what stands behind one Service port, and what its Service names.
func (w *walk) backend(b glbc.Backend) {
	s := w.facts
	if bs, ok := b.BackendService.Get(); ok {
		w.backendService(bs)
	}
	if b.Service == "" {
		return
	}
	w.add(w.inCluster(facts.KindService, b.Namespace, b.Service))
	svc, ok := b.Object.Get()
	if !ok {
		return
	}
	if name := glbc.BackendConfigOf(svc, b.ServicePort); name != "" {
		w.add(w.inCluster(facts.KindBackendConfig, b.Namespace, name))
		if bc, ok := glbc.BackendConfigNamed(s, b.Namespace, name).Get(); ok && bc.Spec.SecurityPolicy != nil && bc.Spec.SecurityPolicy.Name != "" {
			w.add(facts.Ref{Project: s.Project, Scope: "global", Kind: facts.KindSecurityPolicy, Name: bc.Spec.SecurityPolicy.Name})
		}
	}
	pods, _ := glbc.PodsOf(s, b)
	for _, pod := range pods {
		if ref := glbc.WorkloadOf(s.ClusterName, pod); ref.Kind == facts.KindDeployment || ref.Kind == kindStatefulSet {
			w.add(ref)
		}
		for _, name := range knownapp.ConfigMaps(pod) {
			w.add(w.inCluster(facts.KindConfigMap, pod.Namespace, name))
		}
	}
	if len(pods) == 0 {
		w.workloads(svc)
	}
	if cluster, ok := s.Cluster.Get(); !ok || glbc.EnforcesPolicies(cluster) {
		w.add(w.inCluster(facts.KindNetworkPolicy, b.Namespace, ""))
	}
	if slices.ContainsFunc(pods, glbc.InMesh) {
		w.add(w.inCluster(facts.KindPeerAuthentication, b.Namespace, ""), w.inCluster(facts.KindPeerAuthentication, glbc.MeshNamespace, ""))
	}
}

// workloads adds what would make the pods of a Service that has none.
func (w *walk) workloads(svc *corev1.Service) {
	makes := func(kind, name string, labels map[string]string) {
		pod := &corev1.Pod{}
		pod.Namespace, pod.Labels = svc.Namespace, labels
		if glbc.Selects(svc, pod) {
			w.add(w.inCluster(kind, svc.Namespace, name))
		}
	}
	deployments, _ := w.facts.Deployments.Get()
	for _, d := range deployments {
		if d.Namespace == svc.Namespace {
			makes(facts.KindDeployment, d.Name, d.Spec.Template.Labels)
		}
	}
	sets, _ := w.facts.StatefulSets.Get()
	for _, d := range sets {
		if d.Namespace == svc.Namespace {
			makes(kindStatefulSet, d.Name, d.Spec.Template.Labels)
		}
	}
}

func (w *walk) backendService(bs *computepb.BackendService) {
	w.compute(facts.KindBackendService, bs.GetSelfLink())
	for _, hc := range bs.GetHealthChecks() {
		w.compute(facts.KindHealthCheck, hc)
	}
	for _, b := range bs.GetBackends() {
		kind := facts.KindNEG
		if strings.Contains(b.GetGroup(), "/instanceGroups/") {
			kind = facts.KindInstanceGroup
		}
		w.compute(kind, b.GetGroup())
	}
	w.compute(facts.KindSecurityPolicy, bs.GetSecurityPolicy())
}

// frontOf adds what sends requests to a backend service, by reference.
func (w *walk) frontOf(bs *computepb.BackendService) {
	s := w.facts
	urlMaps := map[string]bool{}
	for _, m := range glbc.URLMapsOf(s, bs) {
		urlMaps[facts.RelativePath(m.GetSelfLink())] = true
		w.compute(facts.KindURLMap, m.GetSelfLink())
	}
	targets := []string{glbc.Path(bs)}
	secure, _ := s.TargetHTTPSProxies.Get()
	for _, p := range secure {
		if urlMaps[facts.RelativePath(p.GetUrlMap())] {
			w.httpsProxy(p)
			targets = append(targets, facts.RelativePath(p.GetSelfLink()))
		}
	}
	plain, _ := s.TargetHTTPProxies.Get()
	for _, p := range plain {
		if urlMaps[facts.RelativePath(p.GetUrlMap())] {
			w.compute(facts.KindTargetHTTPProxy, p.GetSelfLink())
			targets = append(targets, facts.RelativePath(p.GetSelfLink()))
		}
	}
	ssl, _ := s.TargetSSLProxies.Get()
	for _, p := range ssl {
		if facts.RelativePath(p.GetService()) == glbc.Path(bs) {
			w.compute(facts.KindTargetSSLProxy, p.GetSelfLink())
			targets = append(targets, facts.RelativePath(p.GetSelfLink()))
			for _, c := range p.GetSslCertificates() {
				w.compute(facts.KindCertificate, c)
			}
		}
	}
	tcp, _ := s.TargetTCPProxies.Get()
	for _, p := range tcp {
		if facts.RelativePath(p.GetService()) == glbc.Path(bs) {
			w.compute(facts.KindTargetTCPProxy, p.GetSelfLink())
			targets = append(targets, facts.RelativePath(p.GetSelfLink()))
		}
	}
	w.rulesTo(targets)
}

// rulesTo adds the forwarding rules that lead to any of these.
func (w *walk) rulesTo(targets []string) {
	rules, _ := w.facts.ForwardingRules.Get()
	for _, fr := range rules {
		if slices.Contains(targets, facts.RelativePath(fr.GetTarget())) || slices.Contains(targets, facts.RelativePath(fr.GetBackendService())) {
			w.forwardingRule(fr)
		}
	}
}

// usersOf adds the proxies that a certificate of Compute's is attached to, and what
// leads to them.
func (w *walk) usersOf(certificate facts.Ref) {
	s := w.facts
	uses := func(list []string) bool {
		return slices.ContainsFunc(list, func(url string) bool {
			return glbc.ComputeRef(facts.KindCertificate, url) == certificate
		})
	}
	var targets []string
	secure, _ := s.TargetHTTPSProxies.Get()
	for _, p := range secure {
		if uses(p.GetSslCertificates()) {
			w.compute(facts.KindTargetHTTPSProxy, p.GetSelfLink())
			targets = append(targets, facts.RelativePath(p.GetSelfLink()))
		}
	}
	ssl, _ := s.TargetSSLProxies.Get()
	for _, p := range ssl {
		if uses(p.GetSslCertificates()) {
			w.compute(facts.KindTargetSSLProxy, p.GetSelfLink())
			targets = append(targets, facts.RelativePath(p.GetSelfLink()))
		}
	}
	w.rulesTo(targets)
}
