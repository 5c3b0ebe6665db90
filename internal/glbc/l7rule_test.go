package glbc

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

func liveRule(ports ...string) *computepb.Firewall {
	return &computepb.Firewall{
		Name: new("k8s-fw-l7--" + testIngressUID), SelfLink: new(computeV1 + "global/firewalls/k8s-fw-l7--" + testIngressUID),
		Network: new(computeV1 + "global/networks/prod"), Direction: new("INGRESS"), TargetTags: []string{"gke-main-node"},
		SourceRanges: []string{"130.211.0.0/22", "35.191.0.0/16"}, Allowed: []*computepb.Allowed{{IPProtocol: new("tcp"), Ports: ports}},
	}
}

func TestCompareL7Rule(t *testing.T) {
	t.Parallel()
	type outcome struct {
		Ports, Sources               []string
		Absent, Disabled, Reversed   bool
		MissingPorts, MissingSources []string
		Partial                      bool
		Network                      string
		Outside                      []string
		TargetsUnknown               bool
	}
	probers := []string{"130.211.0.0/22", "35.191.0.0/16"}
	rules := func(list ...*computepb.Firewall) facts.Value[[]*computepb.Firewall] { return facts.Found(list) }
	for _, tt := range []struct {
		name string
		do   func(*fixture)
		want outcome
		err  error
	}{
		{name: "the NEG's target port", do: func(*fixture) {}, want: outcome{Ports: []string{"8080"}, Sources: probers}},
		{
			name: "a wider range does", do: func(f *fixture) { f.s.Firewalls = rules(liveRule("8000-9000")) },
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "a port next to it doesn't", do: func(f *fixture) { f.s.Firewalls = rules(liveRule("8081-9000")) },
			want: outcome{Ports: []string{"8080"}, Sources: probers, MissingPorts: []string{"8080"}},
		},
		{
			name: "ports of UDP don't", do: func(f *fixture) {
				r := liveRule("8080")
				r.Allowed[0].IPProtocol = new("udp")
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, MissingPorts: []string{"8080"}},
		},
		{
			name: "a source that was taken out", do: func(f *fixture) {
				r := liveRule("8080")
				r.SourceRanges = []string{"35.191.0.0/16", "130.211.0.0/24"}
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, MissingSources: []string{"130.211.0.0/22"}},
		},
		{
			name: "a rule that is off", do: func(f *fixture) {
				r := liveRule("8080")
				r.Disabled = new(true)
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Disabled: true},
		},
		{
			name: "a rule of the name that denies", do: func(f *fixture) {
				r := liveRule("8080")
				r.Allowed, r.Denied = nil, []*computepb.Denied{{IPProtocol: new("tcp"), Ports: []string{"8080"}}}
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Reversed: true, MissingPorts: []string{"8080"}},
		},
		{name: "no rule", do: func(f *fixture) { f.s.Firewalls = rules() }, want: outcome{Ports: []string{"8080"}, Sources: probers, Absent: true}},
		{
			name: "another cluster's rule isn't it", do: func(f *fixture) {
				r := liveRule("8080")
				r.Name, r.SelfLink = new("k8s-fw-l7--ffffffffffffffff"), new(computeV1+"global/firewalls/k8s-fw-l7--ffffffffffffffff")
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Absent: true},
		},
		{name: "rules that couldn't be read", do: func(f *fixture) { f.s.Firewalls = facts.Unknown[[]*computepb.Firewall](errDenied) }, err: errDenied},
		{name: "a UID that couldn't be read", do: func(f *fixture) { f.s.ConfigMaps = nil }, err: errNoFirewallUID},
		{
			name: "the provider's UID goes before the other", do: func(f *fixture) {
				f.s.ConfigMaps[IngressUIDConfigMap] = facts.Found(&corev1.ConfigMap{Data: map[string]string{"uid": "other", "provider-uid": testIngressUID}})
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "a named target port is what the slices say", do: func(f *fixture) {
				f.svc.Spec.Ports[0].TargetPort = intstr.FromString("web")
				f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice{{
					ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
					Ports:      []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(3000))}, {Name: new("http"), Port: new(int32(3001)), Protocol: new(corev1.ProtocolUDP)}, {Name: new("web"), Port: new(int32(3002))}},
				}})
			},
			want: outcome{Ports: []string{"3000"}, Sources: probers, MissingPorts: []string{"3000"}},
		},
		{
			name: "without slices a named one adds nothing", do: func(f *fixture) {
				f.svc.Spec.Ports[0].TargetPort = intstr.FromString("web")
				f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice(nil))
			},
			want: outcome{Sources: probers},
		},
		{
			name: "slices that couldn't be read leave it open", do: func(f *fixture) { f.svc.Spec.Ports[0].TargetPort = intstr.FromString("web") },
			want: outcome{Sources: probers, Partial: true},
		},
		{
			name: "an instance group takes all node ports", do: func(f *fixture) {
				delete(f.svc.Annotations, NEGAnnotation)
				f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31080
				f.s.Firewalls = rules(liveRule("30000-31000", "31001-32766"))
			},
			want: outcome{Ports: []string{"30000-32767"}, Sources: probers, MissingPorts: []string{"30000-32767"}},
		},
		{
			name: "ranges that meet cover them", do: func(f *fixture) {
				delete(f.svc.Annotations, NEGAnnotation)
				f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31080
				f.s.Firewalls = rules(liveRule("30000-31000", "31001-32767"))
			},
			want: outcome{Ports: []string{"30000-32767"}, Sources: probers},
		},
		{
			name: "a BackendConfig's fixed port comes with it", do: func(f *fixture) { set(&f.config().Spec.HealthCheck).Port = new(int64(9000)) },
			want: outcome{Ports: []string{"8080", "9000"}, Sources: probers, MissingPorts: []string{"9000"}},
		},
		{
			name: "a BackendConfig that couldn't be read may bring one", do: func(f *fixture) {
				f.config()
				f.s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Partial: true},
		},
		{
			name: "an internal load balancer brings the proxies", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassInternal)
				subnets, _ := f.s.Subnetworks.Get()
				subnets[0].IpCidrRange = new("10.129.0.0/23")
			},
			want: outcome{Ports: []string{"8080"}, Sources: []string{"10.129.0.0/23", "130.211.0.0/22", "35.191.0.0/16"}, MissingSources: []string{"10.129.0.0/23"}},
		},
		{
			name: "subnets that couldn't be read leave them open", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassInternal)
				f.s.Subnetworks = facts.Unknown[[]*computepb.Subnetwork](errDenied)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Partial: true},
		},
		{
			name: "Services of a namespace that wasn't read leave it open", do: func(f *fixture) {
				other := ingressNamed("dev", "storefront")
				other.Annotations = map[string]string{ClassAnnotation: ClassExternal}
				other.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: toWeb()}
				f.s.Ingresses, f.s.Namespaces = facts.Found([]*networkingv1.Ingress{f.ing, other}), []string{"shop"}
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Partial: true},
		},
		{
			name: "the system's default backend counts where none is named", do: func(f *fixture) {
				f.ing.Spec.DefaultBackend = nil
				f.s.Services = facts.Found([]*corev1.Service{f.svc, {
					ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "default-http-backend"},
					Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080), NodePort: 30842}}},
				}})
			},
			want: outcome{Ports: []string{"8080", "30000-32767"}, Sources: probers, MissingPorts: []string{"30000-32767"}},
		},
		{
			name: "of rules for one host the last counts", do: func(f *fixture) {
				f.grpcOnly()
				f.rule("shop.acme.example", networkingv1.PathTypePrefix, "/")
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "of equal paths the last counts", do: func(f *fixture) {
				f.grpcOnly()
				paths := &f.ing.Spec.Rules[0].HTTP.Paths
				*paths = append(*paths, networkingv1.HTTPIngressPath{Path: "/", PathType: new(networkingv1.PathTypePrefix), Backend: networkingv1.IngressBackend{Service: toWeb()}})
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "a path that GLBC refuses brings no port", do: func(f *fixture) {
				f.grpcOnly()
				f.ing.Spec.Rules[0].HTTP.Paths[0].Path = "/*"
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "another host's does", do: func(f *fixture) { f.grpcOnly() },
			want: outcome{Ports: []string{"8080", "9090"}, Sources: probers, MissingPorts: []string{"9090"}},
		},
		{
			name: "pods without a slice leave a named target port open", do: func(f *fixture) {
				f.svc.Spec.Ports[0].TargetPort, f.svc.Spec.Selector = intstr.FromString("web"), map[string]string{"app": "web"}
				f.s.Pods = facts.Found([]*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: f.svc.Spec.Selector}}})
				f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice(nil))
			},
			want: outcome{Sources: probers, Partial: true},
		},
		{
			name: "a rule of another network", do: func(f *fixture) {
				r := liveRule("8080")
				r.Network = new(computeV1 + "global/networks/dev")
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Network: "dev"},
		},
		{
			name: "a cluster that couldn't be read has any network", do: func(f *fixture) {
				r := liveRule("8080")
				r.Network = new(computeV1 + "global/networks/dev")
				f.s.Firewalls, f.s.Cluster = rules(r), facts.Unknown[*container.Cluster](errDenied)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "a node whose machine lacks the tag", do: func(f *fixture) { f.machines("gke-main-node", "other") },
			want: outcome{Ports: []string{"8080"}, Sources: probers, Outside: []string{"node-1"}},
		},
		{
			name: "a service account instead does", do: func(f *fixture) {
				f.machines("other")
				machines, _ := f.s.Instances.Get()
				machines[0].ServiceAccounts = []*computepb.ServiceAccount{{Email: new("nodes@acme.example")}}
				r := liveRule("8080")
				r.TargetServiceAccounts = []string{"nodes@acme.example"}
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "a rule without targets is for all", do: func(f *fixture) {
				f.machines("other")
				r := liveRule("8080")
				r.TargetTags = nil
				f.s.Firewalls = rules(r)
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "a node that is kept out of load balancing doesn't count", do: func(f *fixture) {
				f.machines("other")
				nodes, _ := f.s.Nodes.Get()
				nodes[0].Labels = map[string]string{"node.kubernetes.io/exclude-from-external-load-balancers": ""}
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers},
		},
		{
			name: "machines of a zone that couldn't be read may be targets", do: func(f *fixture) {
				f.machines("other", "other")
				machines, _ := f.s.Instances.Get()
				f.s.Instances = facts.FoundPartly(machines[:0], errDenied, "zones/europe-west1-b")
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, TargetsUnknown: true},
		},
		{
			name: "nodes that couldn't be read, too", do: func(f *fixture) { f.s.Nodes = facts.Unknown[[]*corev1.Node](errDenied) },
			want: outcome{Ports: []string{"8080"}, Sources: probers, TargetsUnknown: true},
		},
		{
			name: "a new Ingress doesn't count yet", do: func(f *fixture) {
				other := ingressNamed("shop", "new")
				other.Annotations = map[string]string{ClassAnnotation: ClassExternal}
				other.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Name: "grpc"}}}
				other.CreationTimestamp = metav1.NewTime(f.s.Now.Add(-time.Minute))
				f.s.Ingresses = facts.Found([]*networkingv1.Ingress{f.ing, other})
			},
			want: outcome{Ports: []string{"8080"}, Sources: probers, Partial: true},
		},
		{name: "without Ingresses there is none to be", do: func(f *fixture) { f.s.Ingresses = facts.Found([]*networkingv1.Ingress(nil)) }},
		{name: "another controller's don't count", do: func(f *fixture) { f.annotate(ClassAnnotation, "nginx") }},
		{name: "Ingresses that couldn't be read", do: func(f *fixture) { f.s.Ingresses = facts.Unknown[[]*networkingv1.Ingress](errDenied) }, err: errDenied},
		{name: "the add-on is off", do: func(f *fixture) {
			f.s.Cluster = facts.Found(&container.Cluster{AddonsConfig: &container.AddonsConfig{HttpLoadBalancing: &container.HttpLoadBalancing{Disabled: true}}})
		}, err: errAddonOff},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture()
			f.s.Now = time.Unix(2_000_000, 0)
			f.svc.Spec.Ports[0].TargetPort = intstr.FromInt32(8080)
			f.s.Firewalls = rules(liveRule("8080"))
			f.machines("gke-main-node")
			tt.do(f)
			d, err := CompareL7Rule(f.s)
			if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			got := outcome{
				Ports: spelledPorts(d.Want.Ports), Sources: d.Want.Sources, Absent: d.Absent, Disabled: d.Disabled, Reversed: d.Reversed,
				MissingPorts: spelledPorts(d.MissingPorts), MissingSources: d.MissingSources, Partial: d.Want.Partial != nil,
				Network: d.OtherNetwork, Outside: d.NodesOutside, TargetsUnknown: d.TargetsErr != nil,
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// grpcOnly makes the first path lead to the pods' port 9090 rather than to the default backend's.
func (f *fixture) grpcOnly() {
	f.svc.Spec.Ports[1].TargetPort = intstr.FromInt32(9090)
	f.backend().Service = &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Name: "grpc"}}
}

// machines makes a node on a machine for each tag.
func (f *fixture) machines(tags ...string) {
	var nodes []*corev1.Node
	var list []*computepb.Instance
	for i, tag := range tags {
		name := fmt.Sprintf("node-%d", i)
		nodes = append(nodes, &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{ProviderID: "gce://shop-prod/europe-west1-b/" + name},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		})
		list = append(list, &computepb.Instance{Name: &name, SelfLink: new(computeV1 + "zones/europe-west1-b/instances/" + name), Tags: &computepb.Tags{Items: []string{tag}}})
	}
	f.s.Nodes, f.s.Instances = facts.Found(nodes), facts.Found(list)
}

func spelledPorts(list []RulePort) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return out
}
