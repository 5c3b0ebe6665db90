package glbc_test

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/scenario"
	"plumbline/testdata"
)

// The worlds are clusters in good order, and GLBC made what stands before their
// Services: the model must find nothing wrong, nothing missing and nothing different.
func TestHealthyWorldsAreWhatGLBCMakes(t *testing.T) {
	t.Parallel()
	for _, name := range healthyWorlds {
		s := snapshot(t, name)
		ingresses, _ := s.Ingresses.Get()
		if len(ingresses) == 0 {
			t.Fatalf("%s has %d Ingresses", name, len(ingresses))
		}
		for _, ing := range ingresses {
			at := name + ": " + ing.Namespace + "/" + ing.Name
			tr := glbc.Translate(s, ing)
			if !tr.Class.Served || len(tr.Faults) > 0 || len(tr.Quirks) > 0 {
				t.Errorf("%s: class %+v, faults %+v, quirks %+v", at, tr.Class, tr.Faults, tr.Quirks)
			}
			if p := glbc.Stopped(s, ing); p.Missing != 0 || p.Reached != glbc.StageStatus || p.Err != nil {
				t.Errorf("%s: reached %s, %s is missing: %v, %v", at, p.Reached, p.Missing, p.Object, p.Err)
			}
			compareMap(t, at, s, ing, tr)
			for _, b := range glbc.Backends(s, ing) {
				bs, _ := b.BackendService.Get()
				if want, _ := glbc.BackendName(s, tr.Class, b).Get(); bs.GetName() != want {
					t.Errorf("%s: backend service %s, GLBC would call it %s", at, bs.GetName(), want)
				}
				if owner, ok := glbc.OwnerOf(s, bs.GetName()); !ok || owner.Name != b.Service {
					t.Errorf("%s: %s is of %v", at, bs.GetName(), owner)
				}
				compareBackend(t, at+", "+b.Title(), s, b)
			}
			compareCommand(t, at, s, ing)
		}
		compareRule(t, name, s)
	}
}

// compareBackend: check, members and the NEG controller's word are in order.
func compareBackend(t *testing.T, at string, s *facts.Snapshot, b glbc.Backend) {
	t.Helper()
	hc, ok := b.HealthCheck.Get()
	want := glbc.DesiredCheck(s, b)
	if !ok || want.Err != nil || len(want.Unknown) > 0 || (want.Pod == nil) != (glbc.MadeFrom(hc) == glbc.FromDefault) {
		t.Errorf("%s: check %v, desired %v, unknown %v, no probe since %q", at, b.HealthCheck.Err(), want.Err, want.Unknown, want.WhyNoProbe)
	}
	for _, d := range glbc.CompareCheck(hc, want) {
		t.Errorf("%s: the check's %s is %s, GLBC would make it %s (%s): %s", at, d.Field, d.Have, d.Want, d.Origin, d.Why)
	}
	nodes, _ := glbc.EligibleNodes(s).Get()
	if len(nodes.Eligible) != 2 || len(nodes.Excluded) > 0 {
		t.Errorf("%s: nodes %+v", at, nodes)
	}
	if !want.NEG {
		if !glbc.DesiredMembers(s, b).IsAbsent() || !glbc.ServiceNEG(s, b).IsAbsent() {
			t.Errorf("%s: it has instance groups and NEGs", at)
		}
		return
	}
	diff, err := glbc.CompareMembers(s, b)
	if err != nil || !diff.Empty() || len(diff.Want.List) == 0 || len(diff.Want.Blocks)+len(diff.Want.Skipped)+len(diff.Want.Leaving) > 0 {
		t.Errorf("%s: members %+v, %v", at, diff, err)
	}
	for _, m := range diff.Want.List {
		node, _ := glbc.NodeNamed(s, m.Node).Get()
		if _, exists := glbc.InstanceOf(s, node).Get(); !exists || m.Pod == nil || m.Young {
			t.Errorf("%s: member %s: %+v", at, m, m)
		}
	}
	sync, ok := glbc.ServiceNEG(s, b).Get()
	if !ok || sync.Initialized.Status != metav1.ConditionTrue || sync.Synced.Status != metav1.ConditionTrue || sync.LastSync.IsZero() || len(sync.Zones) != 2 {
		t.Errorf("%s: the NEG controller says %+v", at, sync)
	}
}

// compareCommand: what GLBC asked the security admin for was done.
func compareCommand(t *testing.T, at string, s *facts.Snapshot, ing *networkingv1.Ingress) {
	t.Helper()
	command := glbc.LastXPN(s, ing)
	c, ok := command.Get()
	if shared := s.NetworkProject != s.Project; ok != shared || !command.Known() {
		t.Errorf("%s: a command %+v, %v", at, c, command.Err())
	}
	if !ok {
		return
	}
	rule, _ := glbc.XPNRule(s, c).Get()
	if unmet := c.Unmet(rule); len(unmet) > 0 || len(c.Ports) == 0 || len(c.Sources) != 2 || len(c.Tags) == 0 || c.Project != s.NetworkProject {
		t.Errorf("%s: unmet %v of %+v", at, unmet, c)
	}
}

func compareRule(t *testing.T, at string, s *facts.Snapshot) {
	t.Helper()
	d, err := glbc.CompareL7Rule(s)
	if err != nil || !d.Empty() || d.Rule == nil || d.Want.Partial != nil || len(d.Want.Ports) == 0 {
		t.Errorf("%s: the firewall rule: %v, %v, lacks %v %v; wanted for %+v", at, err, d.Want.Partial, d.MissingPorts, d.MissingSources, d.Want)
		return
	}
	var ports []string
	for _, p := range d.Want.Ports {
		ports = append(ports, p.String())
	}
	if have := d.Rule.GetAllowed()[0].GetPorts(); !slices.Equal(ports, have) {
		t.Errorf("%s: the rule has %v, GLBC would make it %v", at, have, ports)
	}
	sources := slices.Sorted(slices.Values(d.Rule.GetSourceRanges()))
	if !slices.Equal(sources, slices.Sorted(slices.Values(d.Want.Sources))) {
		t.Errorf("%s: the rule has %v, GLBC would make it %v", at, sources, d.Want.Sources)
	}
}

func compareMap(t *testing.T, at string, s *facts.Snapshot, ing *networkingv1.Ingress, tr glbc.Translation) {
	t.Helper()
	f := glbc.FrontendOf(s, ing)
	m, ok := f.URLMap.Get()
	if !ok || f.IP() != glbc.Address(ing) {
		t.Errorf("%s: URL map %v, address %s", at, f.URLMap.Err(), f.IP())
		return
	}
	if diff, err := glbc.CompareURLMap(tr.Map, m, glbc.BackendNames(s, ing)); err != nil || len(diff) > 0 {
		t.Errorf("%s: the URL map differs: %+v, %v", at, diff, err)
	}
	for _, pm := range m.GetPathMatchers() {
		if host := tr.Map.Hosts[0]; len(tr.Map.Hosts) == 1 && pm.GetName() != host.PathMatcher {
			t.Errorf("%s: path matcher %s, want %s", at, pm.GetName(), host.PathMatcher)
		}
	}
	if owner, ok := glbc.OwnerOf(s, m.GetName()); !ok || owner != glbc.RefOf(s, ing) {
		t.Errorf("%s: %s is of %v", at, m.GetName(), owner)
	}
}

// snapshot holds all that a world has of what the model reads.
func snapshot(t *testing.T, name string) *facts.Snapshot {
	t.Helper()
	sc, _, err := scenario.LoadFS(testdata.FS, "scenarios/healthy/"+name+".txtar", scenario.Options{Worlds: testdata.FS})
	if err != nil {
		t.Fatal(err)
	}
	s := &facts.Snapshot{Now: sc.Now, Project: sc.Project}
	s.ConfigMaps = map[string]facts.Value[*corev1.ConfigMap]{}
	collection(t, sc.World, "forwardingRules", &s.ForwardingRules)
	collection(t, sc.World, "addresses", &s.Addresses)
	collection(t, sc.World, "targetHttpProxies", &s.TargetHTTPProxies)
	collection(t, sc.World, "targetHttpsProxies", &s.TargetHTTPSProxies)
	collection(t, sc.World, "sslCertificates", &s.SSLCertificates)
	collection(t, sc.World, "urlMaps", &s.URLMaps)
	collection(t, sc.World, "backendServices", &s.BackendServices)
	collection(t, sc.World, "healthChecks", &s.HealthChecks)
	collection(t, sc.World, "networkEndpointGroups", &s.NEGs)
	collection(t, sc.World, "instanceGroups", &s.InstanceGroups)
	collection(t, sc.World, "firewalls", &s.Firewalls)
	collection(t, sc.World, "subnetworks", &s.Subnetworks)
	collection(t, sc.World, "instances", &s.Instances)
	for full, c := range sc.World.Clusters {
		s.ClusterName, s.Cluster = full, facts.Found(c)
		s.NetworkProject, _, _ = strings.Cut(strings.TrimPrefix(c.NetworkConfig.Network, "projects/"), "/")
	}
	s.Endpoints = map[string]facts.Value[[]*computepb.NetworkEndpointWithHealthStatus]{}
	for neg, raw := range sc.World.Endpoints {
		s.Endpoints[neg] = facts.Found(endpoints(t, raw))
	}
	var ingresses []*networkingv1.Ingress
	var services []*corev1.Service
	var pods []*corev1.Pod
	var endpointSlices []*discoveryv1.EndpointSlice
	var nodes []*corev1.Node
	var events []*corev1.Event
	var serviceNEGs []*facts.ServiceNEG
	for _, objects := range sc.World.Kubernetes {
		for _, u := range objects {
			switch id := u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName(); {
			case u.GetKind() == "Ingress":
				ingresses = append(ingresses, typed[networkingv1.Ingress](t, u))
			case u.GetKind() == "Service":
				services = append(services, typed[corev1.Service](t, u))
			case u.GetKind() == "Pod":
				pods = append(pods, typed[corev1.Pod](t, u))
			case u.GetKind() == "EndpointSlice":
				endpointSlices = append(endpointSlices, typed[discoveryv1.EndpointSlice](t, u))
			case u.GetKind() == "Node":
				nodes = append(nodes, typed[corev1.Node](t, u))
			case u.GetKind() == "Event":
				events = append(events, typed[corev1.Event](t, u))
			case u.GetKind() == "ServiceNetworkEndpointGroup":
				serviceNEGs = append(serviceNEGs, typed[facts.ServiceNEG](t, u))
			case u.GetKind() == "Gateway":
				addTo(&s.Gateways, typed[gatewayv1.Gateway](t, u))
			case u.GetKind() == "GatewayClass":
				addTo(&s.GatewayClasses, typed[gatewayv1.GatewayClass](t, u))
			case u.GetKind() == "HTTPRoute":
				addTo(&s.HTTPRoutes, typed[gatewayv1.HTTPRoute](t, u))
			case u.GetKind() == "ReferenceGrant":
				addTo(&s.ReferenceGrants, typed[gatewayv1beta1.ReferenceGrant](t, u))
			case u.GetKind() == "HealthCheckPolicy":
				addTo(&s.HealthCheckPolicies, typed[facts.HealthCheckPolicy](t, u))
			case id == "Namespace /kube-system":
				s.ClusterUID = facts.Found(string(u.GetUID()))
			case id == "ConfigMap kube-system/ingress-uid":
				s.ConfigMaps["kube-system/ingress-uid"] = facts.Found(typed[corev1.ConfigMap](t, u))
			}
		}
	}
	s.Ingresses, s.Services, s.Pods = facts.Found(ingresses), facts.Found(services), facts.Found(pods)
	s.EndpointSlices, s.Nodes, s.Events, s.ServiceNEGs = facts.Found(endpointSlices), facts.Found(nodes), facts.Found(events), facts.Found(serviceNEGs)
	s.BackendConfigs, s.FrontendConfigs = facts.Found([]*facts.BackendConfig(nil)), facts.Found([]*facts.FrontendConfig(nil))
	return s
}

func endpoints(t *testing.T, raw json.RawMessage) []*computepb.NetworkEndpointWithHealthStatus {
	t.Helper()
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		t.Fatal(err)
	}
	var list []*computepb.NetworkEndpointWithHealthStatus
	for _, item := range items {
		e := &computepb.NetworkEndpointWithHealthStatus{}
		if err := protojson.Unmarshal(item, e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func addTo[T any](list *facts.Value[[]T], o T) {
	all, _ := list.Get()
	*list = facts.Found(append(all, o))
}

func typed[T any](t *testing.T, u *unstructured.Unstructured) *T {
	t.Helper()
	o := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, o); err != nil {
		t.Fatalf("%s: %v", u.GetName(), err)
	}
	return o
}

// collection fills a list with a world's resources of one collection.
func collection[T any, P interface {
	*T
	proto.Message
}](t *testing.T, w *scenario.World, name string, list *facts.Value[[]P],
) {
	t.Helper()
	var all []P
	for p, raw := range w.Compute {
		if path.Base(path.Dir(p)) != name {
			continue
		}
		o := P(new(T))
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, o); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		all = append(all, o)
	}
	*list = facts.Found(all)
}
