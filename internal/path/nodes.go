package path

import (
	"regexp"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
)

// A spot is an endpoint as packets see it: the address and port that they go to, and
// the instance that has them.
type spot struct {
	ip             string
	port           int32
	instance, zone string
	// proven: the endpoint answered a prober, so that packets get in.
	proven bool
}

// spotsOf are the endpoints of a Backend's groups: those of getHealth, of the NEGs where
// that has none, else those that the NEGs should have, or the cluster's nodes.
func spotsOf(s *facts.Snapshot, b glbc.Backend, e Evidence) []spot {
	bs, ok := b.BackendService.Get()
	if !ok {
		return nil
	}
	var list []spot
	for _, g := range glbc.GroupsOf(bs) {
		list = append(list, groupSpots(s, b, g, e)...)
	}
	if len(list) == 0 {
		list = desiredSpots(s, b, bs)
	}
	return list
}

func groupSpots(s *facts.Snapshot, b glbc.Backend, g facts.BackendGroup, e Evidence) []spot {
	var list []spot
	zone := strings.TrimPrefix(facts.ScopeOf(g.Group), "zones/")
	statuses, _ := s.Health[g].Get()
	for _, st := range statuses {
		p := spot{ip: st.GetIpAddress(), port: st.GetPort(), instance: facts.LastSegment(st.GetInstance()), zone: zone}
		p.proven = st.GetHealthState() == "HEALTHY" || slices.ContainsFunc(e.Answered, func(a Answer) bool {
			return a.about(s, b, glbc.Endpoint{Group: g.Group, IP: p.ip, Port: p.port})
		})
		list = append(list, p)
	}
	members, _ := s.Endpoints[g.Group].Get()
	for _, m := range members {
		ep := m.GetNetworkEndpoint()
		i := slices.IndexFunc(list, func(p spot) bool { return p.ip == ep.GetIpAddress() && p.port == ep.GetPort() })
		if i < 0 && len(statuses) == 0 {
			list = append(list, spot{ip: ep.GetIpAddress(), port: ep.GetPort(), zone: zone})
			i = len(list) - 1
		}
		if i >= 0 && list[i].instance == "" {
			list[i].instance = facts.LastSegment(ep.GetInstance())
		}
	}
	for i := range list {
		if list[i].instance == "" {
			list[i].instance, list[i].zone = instanceWith(s, list[i].ip, list[i].zone)
		}
	}
	return list
}

// instanceWith is the instance behind an address: that of the pod's node, or of the node
// itself.
func instanceWith(s *facts.Snapshot, ip, zone string) (instance, at string) {
	node := ""
	pods, _ := s.Pods.Get()
	for _, pod := range pods {
		if pod.Status.PodIP == ip && ip != "" {
			node = pod.Spec.NodeName
		}
	}
	nodes, _ := s.Nodes.Get()
	for _, n := range nodes {
		if n.Name == node || node == "" && slices.ContainsFunc(n.Status.Addresses, func(a corev1.NodeAddress) bool { return a.Address == ip }) {
			return instanceOf(n)
		}
	}
	return "", zone
}

var providerID = regexp.MustCompile(`^gce://[^/]+/([^/]+)/([^/]+)$`)

// instanceOf is the instance of a node, by its spec.providerID (gce://P/Z/NAME).
func instanceOf(n *corev1.Node) (instance, zone string) {
	if m := providerID.FindStringSubmatch(n.Spec.ProviderID); m != nil {
		return m[2], m[1]
	}
	return "", ""
}

// desiredSpots are where endpoints should be.
func desiredSpots(s *facts.Snapshot, b glbc.Backend, bs *computepb.BackendService) []spot {
	if b.Service == "" || b.ServicePort == nil {
		return nil
	}
	var list []spot
	nodes, _ := s.Nodes.Get()
	if strings.Contains(groupOf(bs), "/instanceGroups/") {
		for _, n := range nodes {
			instance, zone := instanceOf(n)
			list = append(list, spot{port: b.ServicePort.NodePort, instance: instance, zone: zone})
		}
		return list
	}
	members, _ := glbc.DesiredMembers(s, b).Get()
	for _, m := range members.List {
		p := spot{ip: m.IP, port: m.Port, zone: m.Zone}
		for _, n := range nodes {
			if n.Name == m.Node {
				p.instance, _ = instanceOf(n)
			}
		}
		list = append(list, p)
	}
	return list
}

func groupOf(bs *computepb.BackendService) string {
	if len(bs.GetBackends()) == 0 {
		return ""
	}
	return bs.GetBackends()[0].GetGroup()
}

// targetOf is an instance as firewall rules see it. Secure tags are never read.
func targetOf(s *facts.Snapshot, p spot) firewall.Target {
	all, _ := s.Instances.Get()
	for _, in := range all {
		if in.GetName() != p.instance || p.instance == "" || facts.ScopeOf(in.GetSelfLink()) != "zones/"+p.zone {
			continue
		}
		var accounts []string
		for _, a := range in.GetServiceAccounts() {
			accounts = append(accounts, a.GetEmail())
		}
		return firewall.Target{Tags: facts.Found(in.GetTags().GetItems()), ServiceAccounts: facts.Found(accounts)}
	}
	return firewall.Target{LikelyTags: likelyTags(s)}
}

// likelyTags is the tag that the nodes of the cluster have: GKE's own rules target it,
// whose names begin with gke-CLUSTER-HASH.
func likelyTags(s *facts.Snapshot) []string {
	cluster, ok := s.Cluster.Get()
	if !ok {
		return nil
	}
	hash := cluster.Id[:min(8, len(cluster.Id))]
	if hash == "" {
		return nil
	}
	var tags []string
	for _, r := range vpcRules(s) {
		if !strings.HasPrefix(r.GetName(), "gke-") || !strings.Contains(r.GetName(), "-"+hash+"-") {
			continue
		}
		for _, tag := range r.GetTargetTags() {
			if strings.HasSuffix(tag, "-"+hash+"-node") && !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// vpcRules are the VPC rules that were read, by whichever method.
func vpcRules(s *facts.Snapshot) []*computepb.Firewall {
	rules, _ := s.Firewalls.Get()
	if effective, ok := s.NetworkFirewall.Get(); ok {
		rules = append(slices.Clone(rules), effective.GetFirewalls()...)
	}
	return rules
}
