package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

// nodePortRange are the ports of nodes, of which the rule admits all or none
// (ingress-controller.md §1.8).
const nodePortRange = "30000-32767"

// An L7Rule is the cluster's one firewall rule for probers and proxies as GLBC would
// build it (ingress-controller.md §1.8).
type L7Rule struct {
	// Name is empty where the cluster's UID isn't known.
	Name string
	// None: no Ingress is GLBC's, so that it removes the rule.
	None bool
	// Ports are single ports and nodePortRange, as the rule spells them; Sources ranges.
	// Both are in order, without doubles.
	Ports, Sources []string
	// Users are the Services behind each port, in order of the Ingresses.
	Users map[string][]facts.Ref
	// Partial is why there may be more ports or sources than those: Services, slices or
	// subnets that couldn't be read. Nil when the lists are complete.
	Partial error
}

// systemBackendRef is the Service to which an Ingress without default backend leads.
var systemBackendRef = networkingv1.IngressServiceBackend{
	Name: systemBackend, Port: networkingv1.ServiceBackendPort{Name: systemBackendPort},
}

// DesiredL7Rule gathers what all Ingresses of the cluster need. It is unknown where
// those couldn't be read.
func DesiredL7Rule(s *facts.Snapshot) facts.Value[L7Rule] {
	ingresses, ok := s.Ingresses.Get()
	if !s.Ingresses.Known() || !ok {
		return facts.Unknown[L7Rule](s.Ingresses.Err())
	}
	g := gathering{s: s, L7Rule: L7Rule{None: true, Users: map[string][]facts.Ref{}}}
	uid, err := firewallUID(s)
	g.partly(err)
	if err == nil {
		g.Name = FirewallRuleName(uid)
	}
	for _, ing := range ingresses {
		switch class := ClassIn(s, ing); {
		case class.Unsure || class.Served && WhyNotServed(s, ing) != "":
			g.partly(fmt.Errorf("whether GLBC serves Ingress %s/%s isn't known", ing.Namespace, ing.Name))
		case class.Served:
			g.ingress(ing, class)
		}
	}
	if g.None && g.Partial == nil {
		return facts.Found(g.L7Rule)
	}
	g.Sources = append(g.Sources, proberRanges...)
	slices.Sort(g.Sources)
	g.Sources = slices.Compact(g.Sources)
	for port := range g.Users {
		g.Ports = append(g.Ports, port)
	}
	slices.Sort(g.Ports)
	return facts.Found(g.L7Rule)
}

// firewallUID is what the rule's name ends in.
func firewallUID(s *facts.Snapshot) (string, error) {
	v, asked := s.ConfigMaps[IngressUIDConfigMap]
	cm, ok := v.Get()
	if !asked || !ok {
		return "", errNoIngressUID
	}
	if uid := cm.Data["provider-uid"]; uid != "" {
		return uid, nil
	}
	return IngressUID(s), nil
}

type gathering struct {
	L7Rule

	s *facts.Snapshot
}

func (g *gathering) partly(err error) {
	if err != nil && (g.Partial == nil || !strings.Contains(g.Partial.Error(), err.Error())) {
		g.Partial = errors.Join(g.Partial, err)
	}
}

func (g *gathering) need(port string, by facts.Ref) {
	if !slices.Contains(g.Users[port], by) {
		g.Users[port] = append(g.Users[port], by)
	}
}

// ingress adds what one Ingress needs. What stops its sync doesn't stop this: ports that
// are in order count, whatever else is wrong.
func (g *gathering) ingress(ing *networkingv1.Ingress, class Class) {
	g.None = false
	if class.InRegion() {
		ranges, err := proxyRanges(g.s, class)
		g.Sources = append(g.Sources, ranges...)
		g.partly(err)
	}
	switch d := ing.Spec.DefaultBackend; {
	case d == nil:
		g.servicePort(systemNamespace, systemBackendRef, class, true)
	case d.Service != nil:
		g.servicePort(ing.Namespace, *d.Service, class, true)
	}
	for _, sb := range ruleServices(ing) {
		g.servicePort(ing.Namespace, sb, class, false)
	}
}

// ruleServices are the Services that the rules of an Ingress lead to in the URL map: of a
// host that is there twice the last rule counts, and paths that GLBC refuses don't.
func ruleServices(ing *networkingv1.Ingress) []networkingv1.IngressServiceBackend {
	byHost := map[string][]networkingv1.IngressServiceBackend{}
	var hosts []string
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		var list []networkingv1.IngressServiceBackend
		for _, p := range r.HTTP.Paths {
			if _, refused := ExpandPath(p); refused == nil && p.Backend.Service != nil {
				list = append(list, *p.Backend.Service)
			}
		}
		if _, twice := byHost[r.Host]; !twice {
			hosts = append(hosts, r.Host)
		}
		byHost[r.Host] = list
	}
	var all []networkingv1.IngressServiceBackend
	for _, h := range hosts {
		all = append(all, byHost[h]...)
	}
	return all
}

// servicePort adds the ports for one Service port. One that GLBC refuses needs none; with
// annotations that are wrong only a default backend counts as refused.
func (g *gathering) servicePort(namespace string, sb networkingv1.IngressServiceBackend, class Class, isDefault bool) {
	found := ServiceOf(g.s, namespace, sb.Name)
	svc, ok := found.Get()
	if !ok {
		if !found.IsAbsent() {
			g.partly(fmt.Errorf("reading Service %s/%s: %w", namespace, sb.Name, found.Err()))
		}
		return
	}
	port := PortOf(svc, sb.Port)
	if port == nil || NeedsNEG(svc) {
		return
	}
	config := configFor(g.s, svc, port)
	wrong := appProtocolsFault(svc) != "" || config.stopped != ""
	if wrong && isDefault {
		return
	}
	by := facts.Ref{Cluster: g.s.ClusterName, Kind: facts.KindService, Namespace: namespace, Name: sb.Name}
	if class.InRegion() || NEGRequestOf(svc).Ingress {
		numbers, err := targetPorts(g.s, svc, port)
		g.partly(err)
		for _, n := range numbers {
			g.need(strconv.Itoa(int(n)), by)
		}
	} else {
		g.need(nodePortRange, by)
	}
	if wrong {
		return
	}
	g.partly(config.err)
	if config.check != nil && config.check.Port != nil {
		g.need(strconv.FormatInt(*config.check.Port, 10), by)
	}
	if transparent(svc) {
		if on, err := transparentFor(g.s, Backend{Namespace: namespace, Service: sb.Name}, svc, NEGRequestOf(svc).Ingress, config); err != nil {
			g.partly(err)
		} else if on {
			g.need(strconv.Itoa(transparentPort), by)
		}
	}
}

// targetPorts are the ports of pods behind a Service port: the number, or what the
// Service's slices say for a name. A Service without slices has none, and its port is
// missing in the rule.
func targetPorts(s *facts.Snapshot, svc *corev1.Service, port *corev1.ServicePort) ([]int32, error) {
	if port.TargetPort.Type == intstr.Int {
		if n := port.TargetPort.IntVal; n != 0 {
			return []int32{n}, nil
		}
		return []int32{port.Port}, nil
	}
	switch {
	case !s.EndpointSlices.Known():
		return nil, s.EndpointSlices.Err()
	case !wasRead(s, svc.Namespace):
		return nil, errNamespaceNotRead(svc.Namespace)
	}
	var list []int32
	for _, slice := range slicesOf(s, svc) {
		for _, p := range slice.Ports {
			if p.Protocol != nil && *p.Protocol == corev1.ProtocolTCP && p.Name != nil && *p.Name == port.Name && p.Port != nil {
				list = append(list, *p.Port)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// proxyRanges are the ranges of the proxy-only subnet from which a regional load balancer
// of a class sends requests. Without an active one GLBC builds the rule without it.
func proxyRanges(s *facts.Snapshot, class Class) ([]string, error) {
	region, network := "regions/"+Region(s), networkOf(s)
	subnets, _ := s.Subnetworks.Get()
	var ranges []string
	for _, subnet := range subnets {
		managed := subnet.GetPurpose() == "REGIONAL_MANAGED_PROXY" || class.Internal && subnet.GetPurpose() == "INTERNAL_HTTPS_LOAD_BALANCER"
		if managed && subnet.GetRole() == "ACTIVE" && scopeIn(subnet.GetSelfLink()) == region && network != "" && facts.RelativePath(subnet.GetNetwork()) == network {
			ranges = append(ranges, subnet.GetIpCidrRange())
		}
	}
	switch {
	case network == "":
		return nil, errNoNetwork
	case len(ranges) == 0 && !s.Subnetworks.IsAbsent() && s.Subnetworks.Lacks(region):
		return nil, s.Subnetworks.Err()
	}
	return ranges[:min(len(ranges), 1)], nil
}
