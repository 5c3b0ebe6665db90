package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

// NetworkPolicies select the pods and let nobody from outside the cluster in: the packets
// of the load balancer are dropped at the pod, whatever the VPC's firewall says. In a
// NEG they come from Google's ranges; through a node port from the node's own address
// (cause-catalogue.md, network/network-policy-denies).
var policyDenies = cause.Cause{
	ID:    "network/network-policy-denies",
	Title: "A NetworkPolicy keeps the load balancer out of the pods",
	Needs: []facts.Kind{
		facts.ThirdPartyObjects,
		facts.NEGs,
		facts.Clusters,
		facts.Cluster, facts.NetworkPolicies, facts.Pods, facts.Nodes, facts.Services, facts.Ingresses, facts.BackendServices, facts.HealthChecks,
		facts.BackendHealth, facts.RegionBackendHealth, facts.Subnetworks, facts.Logs,
	},
	Explains: unreached,
	Check:    checkPolicyDenies,
}

func checkPolicyDenies(c cause.Case) cause.Outcome {
	cluster, ok := c.Facts.Cluster.Get()
	policies, read := c.Facts.NetworkPolicies.Get()
	if !ok || !glbc.EnforcesPolicies(cluster) {
		return cause.Outcome{}
	}
	if !read || !c.Facts.NetworkPolicies.Known() {
		return cause.Outcome{Undecided: unseenByProxies(c)}
	}
	var list []shut
	admitted, looked := 0, 0
	for _, b := range c.Backends() {
		if b.Service == "" {
			continue
		}
		found, n, ok := shutBy(c, b, policies)
		list, looked = append(list, found...), looked+n
		if ok {
			admitted++
		}
	}
	if len(list) == 0 {
		if admitted > 0 && looked > 0 && c.Has(cause.BackendUnhealthy) {
			return cause.Outcome{RuledOut: "the NetworkPolicies that select the pods let the load balancer in, or none selects them"}
		}
		return cause.Outcome{Undecided: unseenByProxies(c)}
	}
	pods := list[0].pods
	subject := blamed(c, isolating(policies, pods[0]))
	f := podFinding(c, list)
	f.Subject = podRef(c, facts.KindNetworkPolicy, subject.Namespace, subject.Name)
	f.Headline = fmt.Sprintf("NetworkPolicy %s/%s keeps %s out of the pods of %s", subject.Namespace, subject.Name, list[0].out, list[0].Service)
	f.Summary = "It selects the pods, and no policy that does lets those addresses in; rules about pods and namespaces mean none outside the cluster. The packets are dropped without an answer."
	f.Evidence = append(policyEvidence(c, list, policies), podEvidence(c, list)...)
	if f.Change = made(c, f, "spec"); f.Change == nil && subject.CreationTimestamp.After(f.Since) && !f.Since.IsZero() {
		f.Confidence = min(f.Confidence, cause.Likely)
	}
	f.Fix = admit(c, list)
	return cause.Outcome{Findings: []cause.Finding{f}}
}

// shutBy finds the pods of a backend that the policies shut: those behind failing
// endpoints on the port that is asked, all on the port that requests come to. ok: some
// pod was looked at and takes what comes. A HEALTHY pod that the same policies shut
// proves that they aren't all there is.
func shutBy(c cause.Case, b glbc.Backend, policies []*networkingv1.NetworkPolicy) (list []shut, looked int, ok bool) {
	all, bad := glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
	var check glbc.Check
	var pods []*corev1.Pod
	var ends []glbc.Endpoint
	if hc, known := b.HealthCheck.Get(); known {
		check = glbc.CheckOf(hc)
		pods, ends = behindBad(c, b, bad)
	}
	s := shut{Backend: b, all: all, bad: bad, asked: true, confidence: cause.Proven, out: "Google's health checks"}
	for i, pod := range pods {
		if h := saysOf(c, b, ends[i]); h != nil && h.StatusCode() != 0 {
			continue
		}
		looked++
		port := glbc.CheckedPort(b, check, ends[i], pod)
		sources, sure := sendersTo(c, b, bad, pod, firewall.ProberRanges())
		if port == 0 || !shuts(isolating(policies, pod), pod, sources, port) {
			ok = true
			continue
		}
		if !sure {
			s.confidence = cause.Likely
		}
		s.out = kept(isolating(policies, pod), pod, sources, port, ends[i].Node)
		s.pods, s.port = append(s.pods, pod), port
	}
	if len(s.pods) > 0 && !contradicted(all, policies, s.port) && !throughNode(c, b, all, policies, s.port) {
		return []shut{s}, looked, ok
	}
	if r, found := requestsShut(c, b, all, bad, policies); found {
		return []shut{r}, looked, ok
	}
	return nil, looked, ok
}

// sendersTo are the addresses that packets have when they come to a pod. Through a node
// port they are those of the other nodes: what its own node sends, a pod always takes.
// Where the Service keeps the client's address, it is that. sure is false where the way
// through a node leaves something open.
func sendersTo(c cause.Case, b glbc.Backend, bad []glbc.Endpoint, pod *corev1.Pod, ranges []netip.Prefix) (sources []netip.Prefix, sure bool) {
	if len(bad) == 0 || !bad[0].Node {
		return ranges, true
	}
	if keepsClient(b) {
		// Then only the pod's own node leads to it.
		if fails(bad, nodeIP(nodeOf(c, pod))) {
			return ranges, false
		}
		return nil, false
	}
	cluster, _ := c.Facts.Cluster.Get()
	sure = cluster.NetworkConfig == nil || cluster.NetworkConfig.DatapathProvider != "ADVANCED_DATAPATH"
	pods, _ := glbc.PodsOf(c.Facts, b)
	nodes, _ := c.Facts.Nodes.Get()
	for _, n := range nodes {
		if n.Name == pod.Spec.NodeName || !fails(bad, nodeIP(n)) {
			continue
		}
		// A node with a pod of its own fails only some of its checks.
		sure = sure && !slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.Spec.NodeName == n.Name })
		if a, err := netip.ParseAddr(nodeIP(n)); err == nil {
			sources = append(sources, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return sources, sure
}

// keepsClient: the Service hands packets on with the address that they came with, and
// only to pods of the same node.
func keepsClient(b glbc.Backend) bool {
	svc, ok := b.Object.Get()
	return ok && svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}

func fails(bad []glbc.Endpoint, ip string) bool {
	return slices.ContainsFunc(bad, func(e glbc.Endpoint) bool { return ip != "" && e.IP == ip })
}

func nodeOf(c cause.Case, pod *corev1.Pod) *corev1.Node {
	n, _ := glbc.NodeNamed(c.Facts, pod.Spec.NodeName).Get()
	return n
}

// nodeIP is the address that packets have which a node sends on; empty where none is known.
func nodeIP(n *corev1.Node) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}

func shuts(policies []*networkingv1.NetworkPolicy, pod *corev1.Pod, sources []netip.Prefix, port int32) bool {
	return slices.ContainsFunc(sources, func(s netip.Prefix) bool { return len(refused(policies, pod, s, port)) > 0 })
}

// kept says for people what the policies keep out: the ranges where it isn't all.
func kept(policies []*networkingv1.NetworkPolicy, pod *corev1.Pod, sources []netip.Prefix, port int32, node bool) string {
	if node && !slices.Equal(sources, firewall.ProberRanges()) {
		return "what comes over other nodes"
	}
	var out []netip.Prefix
	for _, s := range sources {
		out = append(out, refused(policies, pod, s, port)...)
	}
	if slices.Equal(out, sources) {
		return "Google's health checks"
	}
	return "Google's health checks from " + ranges(out[:min(3, len(out))])
}

// contradicted: a pod that the same policies shut from all probers is HEALTHY.
func contradicted(all []glbc.Endpoint, policies []*networkingv1.NetworkPolicy, port int32) bool {
	return slices.ContainsFunc(all, func(e glbc.Endpoint) bool {
		if !e.Healthy() || e.Pod == nil {
			return false
		}
		return !slices.ContainsFunc(firewall.ProberRanges(), func(s netip.Prefix) bool {
			left := refused(isolating(policies, e.Pod), e.Pod, s, port)
			return len(left) != 1 || left[0] != s
		})
	})
}

// throughNode: a node is HEALTHY from which the same policies shut every pod that it leads
// to.
func throughNode(c cause.Case, b glbc.Backend, all []glbc.Endpoint, policies []*networkingv1.NetworkPolicy, port int32) bool {
	pods, _ := glbc.PodsOf(c.Facts, b)
	return slices.ContainsFunc(all, func(e glbc.Endpoint) bool {
		addr, err := netip.ParseAddr(e.IP)
		if !e.Healthy() || !e.Node || err != nil {
			return false
		}
		sources := []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}
		if keepsClient(b) {
			sources = firewall.ProberRanges()
		}
		takes := func(pod *corev1.Pod) bool {
			switch own := nodeIP(nodeOf(c, pod)) == e.IP; {
			case own && !keepsClient(b):
				return true
			case !own && keepsClient(b):
				return false
			}
			return !shuts(isolating(policies, pod), pod, sources, port)
		}
		return !slices.ContainsFunc(pods, takes)
	})
}

// requestsShut: the health check may pass, and requests come from elsewhere, or to
// another port.
func requestsShut(c cause.Case, b glbc.Backend, all, bad []glbc.Endpoint, policies []*networkingv1.NetworkPolicy) (shut, bool) {
	s := shut{Backend: b, all: all, bad: bad, confidence: cause.Proven}
	var from []netip.Prefix
	for _, p := range c.Passages() {
		if p.Ref(c.Facts.ClusterName) != b.Ref(c.Facts.ClusterName) {
			continue
		}
		for _, v := range p.Verdicts {
			if v.Proxies && v.Err == nil {
				from, s.out = v.Packet.Sources, "the load balancer's proxies ("+ranges(v.Packet.Sources)+")"
			}
		}
	}
	bs, _ := b.BackendService.Get()
	hc, known := b.HealthCheck.Get()
	var asked int32
	if known {
		asked = glbc.CheckOf(hc).Port
	}
	if from == nil && asked != 0 && bs.GetRegion() == "" {
		from, s.out = firewall.ProberRanges(), "the load balancer's requests"
	}
	for _, e := range all {
		if e.Pod == nil || e.Node || from == nil {
			continue
		}
		port := glbc.ServingPort(e.Pod, b.ServicePort)
		if port != 0 && port != asked || s.out != "the load balancer's requests" {
			if shuts(isolating(policies, e.Pod), e.Pod, from, port) {
				s.pods, s.port = append(s.pods, e.Pod), port
			}
		}
	}
	return s, len(s.pods) > 0 && len(s.pods) == len(all)
}

// unseenByProxies says that it can't be told whether the pods take requests, where health
// checks come from elsewhere and so show nothing of it.
func unseenByProxies(c cause.Case) string {
	for _, p := range c.Passages() {
		proxied := slices.ContainsFunc(p.Verdicts, func(v path.FirewallVerdict) bool { return v.Proxies })
		_, err := glbc.PodsOf(c.Facts, p.Backend)
		if proxied && p.Service != "" && (err != nil || !c.Facts.NetworkPolicies.Known()) {
			return "whether NetworkPolicies let the load balancer's proxies in to the pods of " + p.Service
		}
	}
	return ""
}

// blamed is the policy to name: the one that the log tells of, else the youngest.
func blamed(c cause.Case, policies []*networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	sorted := slices.Clone(policies)
	slices.SortStableFunc(sorted, func(a, b *networkingv1.NetworkPolicy) int {
		if told := written(c, b) - written(c, a); told != 0 {
			return told
		}
		if d := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return sorted[0]
}

func written(c cause.Case, p *networkingv1.NetworkPolicy) int {
	ref := podRef(c, facts.KindNetworkPolicy, p.Namespace, p.Name)
	if c.Wrote(ref, "spec") != nil || c.Created(ref) != nil {
		return 1
	}
	return 0
}

func policyEvidence(c cause.Case, list []shut, policies []*networkingv1.NetworkPolicy) []cause.Evidence {
	var all []cause.Evidence
	for _, s := range list {
		var names []string
		for _, p := range isolating(policies, s.pods[0]) {
			add(&names, p.Name)
		}
		add(&all, cause.Evidence{
			Source: "container.networkPolicies.list", Link: cause.ClusterLink(c.Facts.ClusterName),
			Says: fmt.Sprintf("NetworkPolicies that select %s: %s; none lets %s in to port %d", s.pods[0].Name, strings.Join(names, ", "), s.out, s.port),
		})
	}
	cluster, _ := c.Facts.Cluster.Get()
	how := "networkPolicy.enabled = true"
	if cluster.NetworkConfig != nil && cluster.NetworkConfig.DatapathProvider == "ADVANCED_DATAPATH" {
		how = "networkConfig.datapathProvider = ADVANCED_DATAPATH"
	}
	return append(all, cause.Evidence{Source: "container.clusters.get", Says: how + ", so the cluster enforces them", Link: cause.ClusterLink(c.Facts.ClusterName)})
}

// sourcesFor is what a policy must let in so that checks and requests arrive.
func sourcesFor(c cause.Case, s shut) []string {
	var list []string
	if len(s.bad) > 0 && s.bad[0].Node {
		if !keepsClient(s.Backend) {
			nodes, _ := c.Facts.Nodes.Get()
			for _, n := range nodes {
				if ip := nodeIP(n); ip != "" {
					add(&list, ip+"/32")
				}
			}
			return sorted(list)
		}
	}
	for _, p := range firewall.ProberRanges() {
		add(&list, p.String())
	}
	for _, p := range c.Passages() {
		for _, v := range p.Verdicts {
			if v.Proxies && v.Err == nil {
				for _, source := range v.Packet.Sources {
					add(&list, source.String())
				}
			}
		}
	}
	return sorted(list)
}

// portsOf are the ports that the check and requests come to.
func portsOf(s shut, verdicts []path.FirewallVerdict) []int32 {
	list := []int32{s.port}
	for _, v := range verdicts {
		if len(s.bad) == 0 || !s.bad[0].Node {
			add(&list, int32(v.Packet.Port))
		}
	}
	slices.Sort(list)
	return list
}
