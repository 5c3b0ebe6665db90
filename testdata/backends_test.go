package testdata_test

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// An endpoint is an address that is asked, and the pods that answer there.
type endpoint struct {
	node, ip string
	port     int32
}

func (e endpoint) String() string { return fmt.Sprintf("%s %s:%d", e.node, e.ip, e.port) }

func texts(list []endpoint) []string {
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, e.String())
	}
	return out
}

func portNumbered(svc *corev1.Service, number int32) *corev1.ServicePort {
	for i := range svc.Spec.Ports {
		if svc.Spec.Ports[i].Port == number {
			return &svc.Spec.Ports[i]
		}
	}
	return nil
}

// inZone are the endpoints that a NEG of a Service port has in a zone.
func (a *audit) inZone(svc *corev1.Service, port *corev1.ServicePort, zone string) []endpoint {
	var list []endpoint
	for _, s := range a.slicesOf(svc) {
		for _, p := range s.Ports {
			for _, e := range s.Endpoints {
				if *p.Name == port.Name && *e.Zone == zone {
					list = append(list, endpoint{*e.NodeName, e.Addresses[0], *p.Port})
				}
			}
		}
	}
	return list
}

// negs: each has the name, the network and the endpoints that the controller gives
// it, and the object that tells of it.
func (a *audit) negs() {
	reported := map[string]string{}
	for _, o := range a.Kubernetes[a.cluster.Name] {
		if o.GetKind() == "ServiceNetworkEndpointGroup" {
			text, _ := json.Marshal(o.Object)
			reported[o.GetNamespace()+"/"+o.GetName()] = string(text)
		}
	}
	for name, neg := range resources[computepb.NetworkEndpointGroup](a, "networkEndpointGroups") {
		svc, port := a.portOf(name, neg)
		if svc == nil {
			continue
		}
		a.same(name+" should be named", glbc.NEGName(a.uid, svc.Namespace, svc.Name, port.Port), neg.GetName())
		a.same(name+" has network", facts.RelativePath(neg.GetNetwork()), a.cluster.NetworkConfig.Network)
		a.same(name+" has subnetwork", facts.RelativePath(neg.GetSubnetwork()), a.cluster.NetworkConfig.Subnetwork)
		want := a.inZone(svc, port, strings.Split(name, "/")[3])
		got := a.listed(name)
		a.equal(name+" has the endpoints", texts(got), texts(want))
		if int(neg.GetSize()) != len(got) {
			a.problemf("%s has size %d and %d endpoints", name, neg.GetSize(), len(got))
		}
		report := reported[svc.Namespace+"/"+neg.GetName()]
		if !strings.Contains(report, strconv.FormatUint(neg.GetId(), 10)) || !strings.Contains(report, name) {
			a.problemf("%s: no ServiceNetworkEndpointGroup tells of it", name)
		}
		if !strings.Contains(svc.Annotations["cloud.google.com/neg-status"], `"`+strconv.Itoa(int(port.Port))+`":"`+neg.GetName()+`"`) ||
			!glbc.NEGRequestOf(svc).Ingress && !strings.Contains(svc.Annotations["cloud.google.com/neg"], `"exposed_ports":{"`+strconv.Itoa(int(port.Port))+`"`) {
			a.problemf("%s: the annotations of %s/%s don't tell of it", name, svc.Namespace, svc.Name)
		}
	}
}

func (a *audit) portOf(name string, neg *computepb.NetworkEndpointGroup) (*corev1.Service, *corev1.ServicePort) {
	d, ok := glbc.ParseNEGDescription(neg.GetDescription())
	if !ok || d.ClusterUID != a.kubeUID {
		a.problemf("%s belongs to another cluster: %s", name, neg.GetDescription())
		return nil, nil
	}
	svc := a.service(d.Namespace, d.Service)
	number, _ := strconv.ParseInt(d.Port, 10, 32)
	if svc == nil || portNumbered(svc, int32(number)) == nil {
		a.problemf("%s: there is no port %s of %s/%s", name, d.Port, d.Namespace, d.Service)
		return nil, nil
	}
	return svc, portNumbered(svc, int32(number))
}

// listed is the answer of listNetworkEndpoints.
func (a *audit) listed(neg string) []endpoint {
	var items []struct {
		NetworkEndpoint struct {
			Instance, IPAddress string
			Port                int32
		}
	}
	if err := json.Unmarshal(a.Endpoints[neg], &items); err != nil {
		a.problemf("%s: endpoints: %v", neg, err)
	}
	var list []endpoint
	for _, i := range items {
		list = append(list, endpoint{i.NetworkEndpoint.Instance, i.NetworkEndpoint.IPAddress, i.NetworkEndpoint.Port})
	}
	return list
}

// instanceGroups: that of a zone has all its nodes, and no zone is without.
func (a *audit) instanceGroups() {
	for name, group := range resources[computepb.InstanceGroup](a, "instanceGroups") {
		size := 0
		for _, n := range objects[corev1.Node](a, "Node") {
			if n.Labels[zoneLabel] == strings.Split(name, "/")[3] {
				size++
			}
		}
		if int(group.GetSize()) != size {
			a.problemf("%s has size %d, the zone %d nodes", name, group.GetSize(), size)
		}
		if strings.HasPrefix(group.GetName(), "k8s-ig--") {
			a.same(name+" should be named", glbc.InstanceGroupName(a.uid), group.GetName())
		}
	}
}

// backendServices: each has the groups of its Service, all their endpoints are
// healthy and answer as the check wants it, and the check is the one that the
// controller would create.
func (a *audit) backendServices() {
	checks := resources[computepb.HealthCheck](a, "healthChecks")
	for name, bs := range resources[computepb.BackendService](a, "backendServices") {
		hc := checks[inScope(name, "healthChecks", bs.GetName())]
		if hc == nil || len(bs.GetHealthChecks()) != 1 || facts.RelativePath(bs.GetHealthChecks()[0]) != inScope(name, "healthChecks", bs.GetName()) {
			a.problemf("%s doesn't have the health check of its name", name)
			continue
		}
		if len(bs.GetBackends()) == 0 && strings.Contains(bs.GetName(), "-gw-serve") {
			continue
		}
		svc, port, instances := a.behind(name, bs)
		if svc == nil {
			continue
		}
		var groups []string
		for _, b := range bs.GetBackends() {
			group := facts.ScopePath(b.GetGroup())
			groups = append(groups, group)
			a.healthy(name, group, a.asked(svc, port, strings.Split(group, "/")[1], instances, b.GetGroup()))
		}
		for group := range a.Health[name] {
			if !slices.Contains(groups, group) {
				a.problemf("%s: health of %s, which isn't a backend", name, group)
			}
		}
		if len(groups) != len(a.cluster.Locations) {
			a.problemf("%s has groups in %d zones of %d", name, len(groups), len(a.cluster.Locations))
		}
		want := a.derived(svc, port, instances, bs)
		got := glbc.CheckOf(hc)
		got.Logging, want.Logging = false, false
		if d := cmp.Diff(want, got); d != "" {
			a.problemf("%s: the controller would derive another check: %s", name, d)
		}
		a.answers(name, svc, port, got)
	}
}

// behind is the Service port that a backend service is of, by its description and
// else by its NEGs; instances tells instance groups from NEGs.
func (a *audit) behind(name string, bs *computepb.BackendService) (svc *corev1.Service, port *corev1.ServicePort, instances bool) {
	d, ok := glbc.ParseDescription(bs.GetDescription())
	if !ok {
		group := facts.RelativePath(bs.GetBackends()[0].GetGroup())
		neg := resources[computepb.NetworkEndpointGroup](a, "networkEndpointGroups")[group]
		svc, port = a.portOf(group, neg)
		return svc, port, false
	}
	if svc = a.service(d.Namespace, d.Service); svc != nil {
		port = glbc.PortOf(svc, d.Port)
	}
	if port == nil {
		a.problemf("%s: there is no Service port %+v", name, d)
		return nil, nil, false
	}
	instances = strings.Contains(bs.GetBackends()[0].GetGroup(), "/instanceGroups/")
	want := glbc.NEGName(a.uid, svc.Namespace, svc.Name, port.Port)
	if instances {
		want = glbc.InstanceGroupBackend(a.uid, port.NodePort)
	}
	a.same(name+" should be named", want, bs.GetName())
	a.same(name+" has protocol", bs.GetProtocol(), glbc.AppProtocol(svc, port.Name))
	return svc, port, instances
}

// asked are the endpoints that a group should have.
func (a *audit) asked(svc *corev1.Service, port *corev1.ServicePort, zone string, instances bool, group string) []endpoint {
	if !instances {
		return a.inZone(svc, port, zone)
	}
	ig := resources[computepb.InstanceGroup](a, "instanceGroups")[facts.RelativePath(group)]
	if !slices.ContainsFunc(ig.GetNamedPorts(), func(p *computepb.NamedPort) bool {
		return p.GetPort() == port.NodePort && p.GetName() == glbc.NamedPort(port.NodePort)
	}) {
		a.problemf("%s has no named port %d", group, port.NodePort)
	}
	var list []endpoint
	for _, n := range objects[corev1.Node](a, "Node") {
		if n.Labels[zoneLabel] == zone {
			list = append(list, endpoint{"", nodeIP(n), port.NodePort})
		}
	}
	return list
}

func (a *audit) healthy(name, group string, want []endpoint) {
	health := &computepb.BackendServiceGroupHealth{}
	if err := protojson.Unmarshal(fmt.Appendf(nil, `{"healthStatus":%s}`, a.Health[name][group]), health); err != nil {
		a.problemf("%s: health of %s: %v", name, group, err)
		return
	}
	var got []string
	for _, s := range health.GetHealthStatus() {
		got = append(got, fmt.Sprintf("%s %s:%d", s.GetHealthState(), s.GetIpAddress(), s.GetPort()))
	}
	var all []string
	for _, e := range want {
		all = append(all, fmt.Sprintf("HEALTHY %s:%d", e.ip, e.port))
	}
	a.equal(name+": health of "+group+" is", got, all)
}

// derived is the check that the controller would create today: of a Gateway's
// backend by its HealthCheckPolicy, of an Ingress' by the readiness probe, of the
// system's default backend GET /healthz (ingress-controller.md §2).
func (a *audit) derived(svc *corev1.Service, port *corev1.ServicePort, instances bool, bs *computepb.BackendService) glbc.Check {
	if strings.HasPrefix(bs.GetName(), "gkegw1-") {
		return a.ofPolicy(svc)
	}
	c := glbc.InferCheck(svc, port, !instances, objects[corev1.Pod](a, "Pod")).Check
	if svc.Namespace == "kube-system" {
		c.Path = "/healthz"
	}
	if instances {
		c.Port = port.NodePort
	}
	return c
}

func (a *audit) ofPolicy(svc *corev1.Service) glbc.Check {
	c := glbc.Check{Type: "HTTP", Path: "/", Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 2, Unhealthy: 2}
	for _, p := range objects[facts.HealthCheckPolicy](a, "HealthCheckPolicy") {
		d := p.Spec.Default
		if p.Namespace != svc.Namespace || p.Spec.TargetRef.Name != svc.Name || p.Spec.TargetRef.Kind != "Service" {
			continue
		}
		c.Interval, c.Timeout = time.Duration(*d.CheckIntervalSec)*time.Second, time.Duration(*d.TimeoutSec)*time.Second
		c.Healthy, c.Unhealthy = int(*d.HealthyThreshold), int(*d.UnhealthyThreshold)
		c.Path = d.Config.HTTP.RequestPath
	}
	return c
}

// answers: every pod answers the check with 200.
func (a *audit) answers(name string, svc *corev1.Service, port *corev1.ServicePort, check glbc.Check) {
	for _, pod := range a.podsOf(svc) {
		status, serves := 0, glbc.ServingPort(pod, port)
		for _, r := range a.Responses {
			onPod, _ := path.Match(r.Pod, pod.Namespace+"/"+pod.Name)
			onPath, _ := path.Match(r.Path, check.Path)
			if onPod && (onPath || r.Path == "*") && r.Port == serves && r.Scheme == check.Scheme() && r.Host == "" {
				status = r.Status
				break
			}
		}
		if status != 200 {
			a.problemf("%s: %s answers %d to %s on %d", name, pod.Name, status, check.Path, serves)
		}
	}
}
