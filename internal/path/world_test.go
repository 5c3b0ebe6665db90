package path_test

import (
	"encoding/json"
	"net/netip"
	"path"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"
	"google.golang.org/api/container/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/scenario"
	"plumbline/testdata"
)

// snapshot holds all that a world has, as a complete collection would read it.
func snapshot(t testing.TB, world string) *facts.Snapshot {
	t.Helper()
	sc, _, err := scenario.LoadFS(testdata.FS, "scenarios/healthy/"+world+".txtar", scenario.Options{Worlds: testdata.FS})
	if err != nil {
		t.Fatal(err)
	}
	w := sc.World
	s := &facts.Snapshot{Now: sc.Now, Project: sc.Project, History: facts.Found([]json.RawMessage(nil))}
	compute(t, w, s)
	objects(t, w, s)
	for full, c := range w.Clusters {
		s.ClusterName = full
		s.Cluster = facts.Found(c)
		network(t, w, s, c)
	}
	s.DNS = map[string]facts.Value[facts.DNSRecords]{}
	for host, r := range w.DNS {
		s.DNS[host] = facts.Found(facts.DNSRecords{A: addresses(r.A), AAAA: addresses(r.AAAA), NXDomain: r.NXDOMAIN})
	}
	return s
}

func addresses(list []string) []netip.Addr {
	var out []netip.Addr
	for _, a := range list {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

func compute(t testing.TB, w *scenario.World, s *facts.Snapshot) {
	t.Helper()
	collection(t, w, "forwardingRules", &s.ForwardingRules)
	collection(t, w, "addresses", &s.Addresses)
	collection(t, w, "targetHttpProxies", &s.TargetHTTPProxies)
	collection(t, w, "targetHttpsProxies", &s.TargetHTTPSProxies)
	collection(t, w, "targetSslProxies", &s.TargetSSLProxies)
	collection(t, w, "targetTcpProxies", &s.TargetTCPProxies)
	collection(t, w, "sslCertificates", &s.SSLCertificates)
	collection(t, w, "sslPolicies", &s.SSLPolicies)
	collection(t, w, "urlMaps", &s.URLMaps)
	collection(t, w, "backendServices", &s.BackendServices)
	collection(t, w, "healthChecks", &s.HealthChecks)
	collection(t, w, "securityPolicies", &s.SecurityPolicies)
	collection(t, w, "networkEndpointGroups", &s.NEGs)
	collection(t, w, "instanceGroups", &s.InstanceGroups)
	collection(t, w, "instances", &s.Instances)
	collection(t, w, "subnetworks", &s.Subnetworks)
	collection(t, w, "firewalls", &s.Firewalls)
	manager(t, w, "certificateMaps", &s.CertificateMaps)
	manager(t, w, "certificateMapEntries", &s.CertificateEntries)
	manager(t, w, "certificates", &s.Certificates)
	s.Health = map[facts.BackendGroup]facts.Value[[]*computepb.HealthStatus]{}
	services, _ := s.BackendServices.Get()
	for _, bs := range services {
		for _, g := range glbc.GroupsOf(bs) {
			list, ok := decoded[computepb.HealthStatus](t, w.Health[g.BackendService][facts.ScopePath(g.Group)])
			s.Health[g] = facts.Found(list)
			if !ok {
				s.Health[g] = facts.Found([]*computepb.HealthStatus(nil))
			}
		}
	}
	s.Endpoints = map[string]facts.Value[[]*computepb.NetworkEndpointWithHealthStatus]{}
	negs, _ := s.NEGs.Get()
	for _, neg := range negs {
		p := facts.RelativePath(neg.GetSelfLink())
		list, _ := decoded[computepb.NetworkEndpointWithHealthStatus](t, w.Endpoints[p])
		s.Endpoints[p] = facts.Found(list)
	}
}

func network(t testing.TB, w *scenario.World, s *facts.Snapshot, c *container.Cluster) {
	t.Helper()
	parts := strings.Split(c.NetworkConfig.Network, "/")
	s.NetworkProject, s.NetworkName, s.Region = parts[1], parts[4], glbc.Region(s)
	n := &computepb.Network{}
	parse(t, w.Compute[c.NetworkConfig.Network], n)
	s.Network = facts.Found(n)
	all, _ := s.Firewalls.Get()
	own := slices.DeleteFunc(slices.Clone(all), func(f *computepb.Firewall) bool {
		return facts.RelativePath(f.GetNetwork()) != c.NetworkConfig.Network
	})
	global := &computepb.NetworksGetEffectiveFirewallsResponse{Firewalls: own}
	if raw, ok := w.EffectiveFirewalls[c.NetworkConfig.Network]; ok {
		global = &computepb.NetworksGetEffectiveFirewallsResponse{}
		parse(t, raw, global)
	}
	s.NetworkFirewall = facts.Found(global)
	s.RegionFirewall = facts.Found(&computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse{Firewalls: own})
}

func objects(t testing.TB, w *scenario.World, s *facts.Snapshot) {
	t.Helper()
	s.ConfigMaps = map[string]facts.Value[*corev1.ConfigMap]{}
	kinds := map[string][]*unstructured.Unstructured{}
	for _, list := range w.Kubernetes {
		for _, u := range list {
			kinds[u.GetKind()] = append(kinds[u.GetKind()], u)
			switch id := u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName(); {
			case id == "Namespace /kube-system":
				s.ClusterUID = facts.Found(string(u.GetUID()))
			case u.GetKind() == "ConfigMap":
				s.ConfigMaps[u.GetNamespace()+"/"+u.GetName()] = facts.Found(typed[corev1.ConfigMap](t, u))
			}
		}
	}
	s.Ingresses = listed[networkingv1.Ingress](t, kinds["Ingress"])
	s.IngressClasses = listed[networkingv1.IngressClass](t, kinds["IngressClass"])
	s.Services = listed[corev1.Service](t, kinds["Service"])
	s.EndpointSlices = listed[discoveryv1.EndpointSlice](t, kinds["EndpointSlice"])
	s.Pods = listed[corev1.Pod](t, kinds["Pod"])
	s.Deployments = listed[appsv1.Deployment](t, kinds["Deployment"])
	s.ReplicaSets = listed[appsv1.ReplicaSet](t, kinds["ReplicaSet"])
	s.StatefulSets = listed[appsv1.StatefulSet](t, kinds["StatefulSet"])
	s.Nodes = listed[corev1.Node](t, kinds["Node"])
	s.Events = listed[corev1.Event](t, kinds["Event"])
	s.NetworkPolicies = listed[networkingv1.NetworkPolicy](t, kinds["NetworkPolicy"])
	s.BackendConfigs = listed[facts.BackendConfig](t, kinds["BackendConfig"])
	s.FrontendConfigs = listed[facts.FrontendConfig](t, kinds["FrontendConfig"])
	s.ManagedCertificates = listed[facts.ManagedCertificate](t, kinds["ManagedCertificate"])
	s.ServiceNEGs = listed[facts.ServiceNEG](t, kinds["ServiceNetworkEndpointGroup"])
	s.Gateways = listed[gatewayv1.Gateway](t, kinds["Gateway"])
	s.GatewayClasses = listed[gatewayv1.GatewayClass](t, kinds["GatewayClass"])
	s.HTTPRoutes = listed[gatewayv1.HTTPRoute](t, kinds["HTTPRoute"])
	s.HealthCheckPolicies = listed[facts.HealthCheckPolicy](t, kinds["HealthCheckPolicy"])
	s.GCPBackendPolicies = listed[facts.GCPBackendPolicy](t, kinds["GCPBackendPolicy"])
	s.GCPGatewayPolicies = listed[facts.GCPGatewayPolicy](t, kinds["GCPGatewayPolicy"])
}

func listed[T any](t testing.TB, list []*unstructured.Unstructured) facts.Value[[]*T] {
	t.Helper()
	all := []*T{}
	for _, u := range list {
		all = append(all, typed[T](t, u))
	}
	return facts.Found(all)
}

func typed[T any](t testing.TB, u *unstructured.Unstructured) *T {
	t.Helper()
	o := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, o); err != nil {
		t.Fatalf("%s: %v", u.GetName(), err)
	}
	return o
}

// collection fills a list with a world's resources of one collection, in the order of
// their paths.
func collection[T any, P interface {
	*T
	proto.Message
}](t testing.TB, w *scenario.World, name string, list *facts.Value[[]P],
) {
	t.Helper()
	all := []P{}
	for _, p := range sortedPaths(w.Compute) {
		if path.Base(path.Dir(p)) != name {
			continue
		}
		o := P(new(T))
		parse(t, w.Compute[p], o)
		all = append(all, o)
	}
	*list = facts.Found(all)
}

func sortedPaths[V any](m map[string]V) []string {
	var paths []string
	for p := range m {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

func parse(t testing.TB, raw []byte, o proto.Message) {
	t.Helper()
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, o); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
}

func decoded[T any, P interface {
	*T
	proto.Message
}](t testing.TB, raw json.RawMessage) (list []P, ok bool) {
	t.Helper()
	if raw == nil {
		return nil, false
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		o := P(new(T))
		parse(t, item, o)
		list = append(list, o)
	}
	return list, true
}

func manager[T certificatemanager.CertificateMap | certificatemanager.CertificateMapEntry | certificatemanager.Certificate](
	t testing.TB, w *scenario.World, name string, list *facts.Value[[]*T],
) {
	t.Helper()
	all := []*T{}
	for _, p := range sortedPaths(w.Certificates) {
		if path.Base(path.Dir(p)) != name {
			continue
		}
		o := new(T)
		if err := json.Unmarshal(w.Certificates[p], o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	*list = facts.Found(all)
}
