package history

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// An Object is one that lies on the path of a target; without a Name, all of its
// kind in its namespace or project.
type Object struct {
	Ref facts.Ref
	// Except are those that Ref means and that the path doesn't meet.
	Except []facts.Ref
}

// OnPath lists the objects on the path of a target that people and controllers
// write, each once, those next to the backends first. What can't be read leaves out
// what only it names.
func OnPath(s *facts.Snapshot, target facts.Ref) []Object {
	w := &walk{facts: s}
	switch target.Kind {
	case facts.KindIngress:
		all, _ := s.Ingresses.Get()
		for _, ing := range all {
			if ing.Namespace == target.Namespace && ing.Name == target.Name {
				w.ingress(ing)
			}
		}
		w.add(target)
	case facts.KindGateway:
		w.gateway(target)
	case facts.KindBackendService:
		for _, bs := range glbc.BackendServicesOf(s, target) {
			w.backendService(bs)
			w.frontOf(bs)
		}
	case facts.KindCertificate:
		w.add(target)
		w.usersOf(target)
		return w.list
	}
	w.surroundings()
	return w.list
}

// surroundings adds the cluster and the network, which are part of every path.
func (w *walk) surroundings() {
	if w.facts.ClusterName != "" {
		w.add(facts.ClusterRef(w.facts.ClusterName))
	}
	w.firewalls()
}

type walk struct {
	facts *facts.Snapshot
	list  []Object
}

func (w *walk) add(refs ...facts.Ref) {
	for _, r := range refs {
		if !r.IsZero() && !slices.ContainsFunc(w.list, func(o Object) bool { return o.Ref == r }) {
			w.list = append(w.list, Object{Ref: r})
		}
	}
}

// inCluster is the Ref of an object of the cluster.
func (w *walk) inCluster(kind, namespace, name string) facts.Ref {
	return facts.Ref{Cluster: w.facts.ClusterName, Kind: kind, Namespace: namespace, Name: name}
}

// compute adds a Compute resource by its URL.
func (w *walk) compute(kind, url string) {
	if r := glbc.ComputeRef(kind, url); r.Name != "" && r.Project != "" {
		w.add(r)
	}
}

func (w *walk) ingress(ing *networkingv1.Ingress) {
	for _, b := range glbc.Backends(w.facts, ing) {
		w.backend(b)
	}
	if ing.Spec.DefaultBackend == nil {
		w.add(w.inCluster(facts.KindService, glbc.SystemNamespace, glbc.DefaultBackendName))
	}
	for name := range strings.SplitSeq(ing.Annotations[glbc.ManagedCertsAnnotation], ",") {
		if name = strings.TrimSpace(name); name != "" {
			w.add(w.inCluster(facts.KindManagedCertificate, ing.Namespace, name))
		}
	}
	if name := ing.Annotations[glbc.FrontendConfigAnnotation]; name != "" {
		w.add(w.inCluster(facts.KindFrontendConfig, ing.Namespace, name))
	}
	w.namedBy(ing)
	w.describedFor(func(description string) bool { return glbc.DescribesIngress(description, ing.Namespace, ing.Name) })
}

// scopeOf is where an Ingress's Compute resources lie: an internal one's in a region.
func (w *walk) scopeOf(ing *networkingv1.Ingress) string {
	switch {
	case !glbc.ClassOf(ing).Internal:
		return "global"
	case w.facts.Region != "":
		return "regions/" + w.facts.Region
	}
	return ""
}

// namedBy adds what an Ingress's annotations name, whether it is still there or not:
// addresses and certificates that people set, and what the controller wrote of what
// it built (ingress-controller.md §3).
func (w *walk) namedBy(ing *networkingv1.Ingress) {
	scope := w.scopeOf(ing)
	if scope == "" {
		return
	}
	for _, a := range named {
		for name := range strings.SplitSeq(ing.Annotations[a.key], ",") {
			if name = strings.TrimSpace(name); name != "" {
				w.add(facts.Ref{Project: w.facts.Project, Scope: scope, Kind: a.kind, Name: name})
			}
		}
	}
	var backends map[string]string
	if json.Unmarshal([]byte(ing.Annotations["ingress.kubernetes.io/backends"]), &backends) != nil {
		return
	}
	for name := range backends {
		if strings.HasPrefix(name, "k8s1-") { // its health check has its name
			w.add(facts.Ref{Project: w.facts.Project, Scope: scope, Kind: facts.KindHealthCheck, Name: name})
		}
		w.add(facts.Ref{Project: w.facts.Project, Scope: scope, Kind: facts.KindBackendService, Name: name})
	}
}

// named are the annotations of an Ingress whose value is the name of a Compute
// resource, or several with commas.
var named = []struct{ key, kind string }{
	{"kubernetes.io/ingress.global-static-ip-name", facts.KindAddress},
	{"kubernetes.io/ingress.regional-static-ip-name", facts.KindAddress},
	{glbc.PreSharedCertAnnotation, facts.KindCertificate},
	{"ingress.kubernetes.io/ssl-cert", facts.KindCertificate},
	{"ingress.kubernetes.io/forwarding-rule", facts.KindForwardingRule},
	{"ingress.kubernetes.io/https-forwarding-rule", facts.KindForwardingRule},
	{"ingress.kubernetes.io/target-proxy", facts.KindTargetHTTPProxy},
	{"ingress.kubernetes.io/https-target-proxy", facts.KindTargetHTTPSProxy},
	{"ingress.kubernetes.io/url-map", facts.KindURLMap},
}

// describedFor adds the front of a load balancer by the descriptions that the
// controller wrote.
func (w *walk) describedFor(ours func(description string) bool) {
	s := w.facts
	rules, _ := s.ForwardingRules.Get()
	for _, fr := range rules {
		if ours(fr.GetDescription()) {
			w.forwardingRule(fr)
		}
	}
	plain, _ := s.TargetHTTPProxies.Get()
	for _, p := range plain {
		if ours(p.GetDescription()) {
			w.compute(facts.KindTargetHTTPProxy, p.GetSelfLink())
			w.compute(facts.KindURLMap, p.GetUrlMap())
		}
	}
	secure, _ := s.TargetHTTPSProxies.Get()
	for _, p := range secure {
		if ours(p.GetDescription()) {
			w.httpsProxy(p)
		}
	}
}

func (w *walk) httpsProxy(p *computepb.TargetHttpsProxy) {
	w.compute(facts.KindTargetHTTPSProxy, p.GetSelfLink())
	w.compute(facts.KindURLMap, p.GetUrlMap())
	w.compute(facts.KindSSLPolicy, p.GetSslPolicy())
	for _, c := range p.GetSslCertificates() {
		w.compute(facts.KindCertificate, c)
	}
}

// forwardingRule adds the rule and the reserved address that it has.
func (w *walk) forwardingRule(fr *computepb.ForwardingRule) {
	w.compute(facts.KindForwardingRule, fr.GetSelfLink())
	addresses, _ := w.facts.Addresses.Get()
	for _, a := range addresses {
		if a.GetAddress() != "" && a.GetAddress() == fr.GetIPAddress() {
			w.compute(facts.KindAddress, a.GetSelfLink())
		}
	}
}

// firewalls adds all rules of the network, those in other networks and those for the
// way out excepted, and all network policies of its project.
func (w *walk) firewalls() {
	s := w.facts
	project := cmp.Or(s.NetworkProject, s.Project)
	if project == "" {
		return
	}
	rules := Object{Ref: facts.Ref{Project: project, Kind: facts.KindFirewallRule}}
	all, _ := s.Firewalls.Get()
	for _, f := range all {
		if f.GetDirection() == "EGRESS" || s.NetworkName != "" && facts.LastSegment(f.GetNetwork()) != s.NetworkName {
			rules.Except = append(rules.Except, facts.Ref{Project: project, Scope: "global", Kind: facts.KindFirewallRule, Name: f.GetName()})
		}
	}
	w.list = append(w.list, rules, Object{Ref: facts.Ref{Project: project, Kind: facts.KindFirewallPolicy}})
}
