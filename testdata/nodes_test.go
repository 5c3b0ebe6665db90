package testdata_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

const zoneLabel = "topology.kubernetes.io/zone"

func nodeIP(n *corev1.Node) string {
	for _, address := range n.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	return ""
}

func (a *audit) node(name string) *corev1.Node {
	for _, n := range objects[corev1.Node](a, "Node") {
		if n.Name == name {
			return n
		}
	}
	a.problemf("there is no node %q", name)
	return &corev1.Node{}
}

// nodes: each is a running instance in the cluster's network, whose pods' range is
// an alias of it or routed to it, and has the tags that the cluster's rules target.
func (a *audit) nodes() {
	instances := resources[computepb.Instance](a, "instances")
	routes := resources[computepb.Route](a, "routes")
	subnet := resources[computepb.Subnetwork](a, "subnetworks")[a.cluster.NetworkConfig.Subnetwork]
	nodes := objects[corev1.Node](a, "Node")
	if len(instances) != len(nodes) {
		a.problemf("%d nodes, %d instances", len(nodes), len(instances))
	}
	for _, n := range nodes {
		zone := n.Labels[zoneLabel]
		path := "projects/" + a.project + "/zones/" + zone + "/instances/" + n.Name
		i, ok := instances[path]
		if !ok {
			a.problemf("node %s has no instance", n.Name)
			continue
		}
		nic := i.GetNetworkInterfaces()[0]
		a.same(path+" has network", facts.RelativePath(nic.GetNetwork()), a.cluster.NetworkConfig.Network)
		a.same(path+" has subnetwork", facts.RelativePath(nic.GetSubnetwork()), a.cluster.NetworkConfig.Subnetwork)
		a.same(path+" has address", nic.GetNetworkIP(), nodeIP(n))
		a.same(path+" has status", i.GetStatus(), "RUNNING")
		a.same(n.Name+" has providerID", n.Spec.ProviderID, "gce://"+a.project+"/"+zone+"/"+n.Name)
		if !slices.Contains(a.cluster.Locations, zone) {
			a.problemf("node %s is in zone %s", n.Name, zone)
		}
		a.within("node "+n.Name, nodeIP(n), subnet.GetIpCidrRange())
		a.within("node "+n.Name, strings.Split(n.Spec.PodCIDR, "/")[0], a.cluster.ClusterIpv4Cidr)
		aliased := slices.ContainsFunc(nic.GetAliasIpRanges(), func(r *computepb.AliasIpRange) bool { return r.GetIpCidrRange() == n.Spec.PodCIDR })
		routed := slices.ContainsFunc(slices.Collect(maps.Values(routes)), func(r *computepb.Route) bool {
			return r.GetDestRange() == n.Spec.PodCIDR && facts.RelativePath(r.GetNextHopInstance()) == path && i.GetCanIpForward()
		})
		if !aliased && !routed {
			a.problemf("%s of node %s is neither an alias range nor a route", n.Spec.PodCIDR, n.Name)
		}
		for rule, r := range resources[computepb.Firewall](a, "firewalls") {
			for _, tag := range r.GetTargetTags() {
				if !slices.Contains(i.GetTags().GetItems(), tag) {
					a.problemf("%s doesn't have the target tag %s of %s", path, tag, rule)
				}
			}
		}
	}
}

func (a *audit) same(what, got, want string) {
	if got != want {
		a.problemf("%s %s, it should be %s", what, got, want)
	}
}

func (a *audit) within(what, address, prefix string) {
	ip, err := netip.ParseAddr(address)
	p, perr := netip.ParsePrefix(prefix)
	if err != nil || perr != nil || !p.Contains(ip) {
		a.problemf("%s: %q is outside %q", what, address, prefix)
	}
}

// workloads: pods lie on their nodes, and belong to a ReplicaSet and a Deployment
// that want so many.
func (a *audit) workloads() {
	pods := map[string]int32{}
	owners := map[string]metav1.Object{}
	for _, d := range objects[appsv1.Deployment](a, "Deployment") {
		owners[string(d.UID)] = d
	}
	for _, r := range objects[appsv1.ReplicaSet](a, "ReplicaSet") {
		owners[string(r.UID)] = r
	}
	for _, p := range objects[corev1.Pod](a, "Pod") {
		n := a.node(p.Spec.NodeName)
		a.within("pod "+p.Name, p.Status.PodIP, n.Spec.PodCIDR)
		a.same("pod "+p.Name+" has host", p.Status.HostIP, nodeIP(n))
		if !glbc.IsReady(p) {
			a.problemf("pod %s isn't ready", p.Name)
		}
		for _, gate := range p.Spec.ReadinessGates {
			if !slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
				return c.Type == gate.ConditionType && c.Status == corev1.ConditionTrue
			}) {
				a.problemf("pod %s: readiness gate %s isn't true", p.Name, gate.ConditionType)
			}
		}
		for o := metav1.Object(p); o != nil; {
			o = a.owner(o, owners)
			if o != nil {
				pods[string(o.GetUID())]++
			}
		}
	}
	for _, d := range objects[appsv1.Deployment](a, "Deployment") {
		a.replicas("Deployment/"+d.Name, d.Spec.Replicas, d.Status.ReadyReplicas, pods[string(d.UID)])
	}
	for _, r := range objects[appsv1.ReplicaSet](a, "ReplicaSet") {
		a.replicas("ReplicaSet/"+r.Name, r.Spec.Replicas, r.Status.ReadyReplicas, pods[string(r.UID)])
	}
}

// owner is the controller of an object; nil for a Deployment.
func (a *audit) owner(o metav1.Object, owners map[string]metav1.Object) metav1.Object {
	ref := metav1.GetControllerOf(o)
	if ref == nil {
		if _, ok := o.(*appsv1.Deployment); !ok {
			a.problemf("%s has no owner", o.GetName())
		}
		return nil
	}
	found := owners[string(ref.UID)]
	if found == nil || found.GetName() != ref.Name || found.GetNamespace() != o.GetNamespace() {
		a.problemf("%s: there is no owner %s/%s", o.GetName(), ref.Kind, ref.Name)
		return nil
	}
	return found
}

func (a *audit) replicas(what string, want *int32, ready, pods int32) {
	if want == nil || *want != ready || *want != pods {
		a.problemf("%s: %d replicas, %d ready, %d pods", what, *want, ready, pods)
	}
}

// slices: a Service's slices have the pods that it selects, and its ports as those
// pods name them.
func (a *audit) slices() {
	for _, svc := range objects[corev1.Service](a, "Service") {
		name := svc.Namespace + "/" + svc.Name
		a.within("Service "+name, svc.Spec.ClusterIP, a.cluster.ServicesIpv4Cidr)
		var want []string
		for _, p := range a.podsOf(svc) {
			for _, port := range svc.Spec.Ports {
				want = append(want, fmt.Sprint(p.UID, p.Name, p.Status.PodIP, p.Spec.NodeName, a.node(p.Spec.NodeName).Labels[zoneLabel], port.Name, glbc.ServingPort(p, &port)))
			}
		}
		var got []string
		for _, s := range a.slicesOf(svc) {
			if ref := metav1.GetControllerOf(s); ref == nil || ref.UID != svc.UID {
				a.problemf("%s: slice %s isn't its own", name, s.Name)
			}
			for _, e := range s.Endpoints {
				if !*e.Conditions.Ready || *e.Conditions.Terminating {
					a.problemf("%s: %s isn't ready", name, e.Addresses[0])
				}
				for _, port := range s.Ports {
					got = append(got, fmt.Sprint(e.TargetRef.UID, e.TargetRef.Name, e.Addresses[0], *e.NodeName, *e.Zone, *port.Name, *port.Port))
				}
			}
		}
		a.equal(name+": the slices have", got, want)
	}
}

func (a *audit) podsOf(svc *corev1.Service) []*corev1.Pod {
	return slices.DeleteFunc(objects[corev1.Pod](a, "Pod"), func(p *corev1.Pod) bool { return !glbc.Selects(svc, p) })
}

func (a *audit) slicesOf(svc *corev1.Service) []*discoveryv1.EndpointSlice {
	return slices.DeleteFunc(objects[discoveryv1.EndpointSlice](a, "EndpointSlice"), func(s *discoveryv1.EndpointSlice) bool {
		return s.Namespace != svc.Namespace || s.Labels[discoveryv1.LabelServiceName] != svc.Name
	})
}

func (a *audit) service(namespace, name string) *corev1.Service {
	for _, svc := range objects[corev1.Service](a, "Service") {
		if svc.Namespace == namespace && svc.Name == name {
			return svc
		}
	}
	return nil
}
