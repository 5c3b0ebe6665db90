package testdata_test

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
)

// firewall: the rule for Ingress is as the controller writes it
// (ingress-controller.md §1.8), in the project that has the network.
func (a *audit) firewall() {
	ranges := []string{"130.211.0.0/22", "35.191.0.0/16"}
	ports := map[string]bool{}
	regional := false
	for _, bs := range resources[computepb.BackendService](a, "backendServices") {
		svc, port, instances := (*corev1.Service)(nil), (*corev1.ServicePort)(nil), false
		if len(bs.GetBackends()) > 0 && strings.HasPrefix(bs.GetDescription(), `{"kubernetes.io/service-name"`) {
			svc, port, instances = a.behind(bs.GetName(), bs)
		}
		regional = regional || bs.GetLoadBalancingScheme() == "INTERNAL_MANAGED"
		if instances {
			ports["30000-32767"] = true
		} else if svc != nil {
			for _, p := range a.podsOf(svc) {
				ports[strconv.Itoa(int(glbc.ServingPort(p, port)))] = true
			}
		}
	}
	if regional {
		ranges = append(ranges, a.proxyOnly()...)
	}
	if len(ports) == 0 {
		return
	}
	project := strings.Split(a.cluster.NetworkConfig.Network, "/")[1]
	name := "projects/" + project + "/global/firewalls/" + glbc.FirewallRuleName(a.uid)
	rule, ok := resources[computepb.Firewall](a, "firewalls")[name]
	if !ok {
		a.problemf("there is no firewall rule %s", name)
		return
	}
	var want []string
	for p := range ports {
		want = append(want, p)
	}
	a.equal(name+" allows "+strings.Join(rule.GetAllowed()[0].GetPorts(), ",")+":", rule.GetAllowed()[0].GetPorts(), want)
	a.equal(name+" admits", rule.GetSourceRanges(), ranges)
	a.same(name+" has network", facts.RelativePath(rule.GetNetwork()), a.cluster.NetworkConfig.Network)
	if rule.GetDisabled() || rule.GetDirection() != "INGRESS" {
		a.problemf("%s: disabled %v, %s", name, rule.GetDisabled(), rule.GetDirection())
	}
}

func (a *audit) proxyOnly() []string {
	var ranges []string
	for _, s := range resources[computepb.Subnetwork](a, "subnetworks") {
		if s.GetPurpose() == "REGIONAL_MANAGED_PROXY" && s.GetRole() == "ACTIVE" && facts.RelativePath(s.GetNetwork()) == a.cluster.NetworkConfig.Network {
			ranges = append(ranges, s.GetIpCidrRange())
		}
	}
	if len(ranges) == 0 {
		a.problemf("there is no proxy-only subnetwork")
	}
	return ranges
}

// admitted: Google's probers, and the proxies of a regional load balancer, get
// through to every endpoint.
func (a *audit) admitted() {
	network := resources[computepb.Network](a, "networks")[a.cluster.NetworkConfig.Network]
	rules := slices.Collect(maps.Values(resources[computepb.Firewall](a, "firewalls")))
	n := firewall.Network{
		SelfLink: a.cluster.NetworkConfig.Network, Order: firewall.OrderOf(network),
		Global: facts.Found(&computepb.NetworksGetEffectiveFirewallsResponse{Firewalls: rules}),
		Region: facts.Absent[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse](),
		Rules:  facts.Found(rules),
	}
	for name, list := range a.Health {
		sources := firewall.ProberRanges()
		if strings.Contains(name, "/regions/") {
			for _, r := range a.proxyOnly() {
				sources = append(sources, netip.MustParsePrefix(r))
			}
		}
		for group, text := range list {
			a.reached(n, sources, group, text)
		}
	}
}

func (a *audit) reached(n firewall.Network, sources []netip.Prefix, group string, statuses []byte) {
	var endpoints []struct {
		IPAddress string
		Port      uint16
	}
	if err := json.Unmarshal(statuses, &endpoints); err != nil {
		a.problemf("health of %s: %v", group, err)
	}
	zone := strings.Split(group, "/")[1]
	for _, i := range resources[computepb.Instance](a, "instances") {
		if facts.LastSegment(i.GetZone()) != zone {
			continue
		}
		target := firewall.Target{Tags: facts.Found(i.GetTags().GetItems()), ServiceAccounts: facts.Found([]string{i.GetServiceAccounts()[0].GetEmail()})}
		for _, e := range endpoints {
			v := firewall.Evaluate(n, target, firewall.Packet{Sources: sources, Destination: netip.MustParseAddr(e.IPAddress), Protocol: "tcp", Port: e.Port})
			if v.Outcome != firewall.Allowed {
				a.problemf("%s: what is sent to %s:%d is %s: %v", group, e.IPAddress, e.Port, v.Outcome, v.Parts)
			}
		}
	}
}
