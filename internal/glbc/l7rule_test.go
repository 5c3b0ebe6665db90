package glbc

import (
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

// walled is newFixture whose Service has numeric target ports.
func walled() *fixture {
	f := newFixture()
	f.svc.Spec.Ports[0].TargetPort = intstr.FromInt32(8080)
	f.svc.Spec.Ports[1].TargetPort = intstr.FromString("grpc")
	f.s.ConfigMaps[IngressUIDConfigMap] = facts.Found(&corev1.ConfigMap{Data: map[string]string{"uid": testIngressUID, "provider-uid": "f00d"}})
	f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		Ports:      []discoveryv1.EndpointPort{{Name: new("grpc"), Port: new(int32(9001)), Protocol: new(corev1.ProtocolTCP)}, {Name: new("http"), Port: new(int32(8080)), Protocol: new(corev1.ProtocolTCP)}},
	}})
	return f
}

// TestDesiredL7Rule has a row for each source of a port or range
// (ingress-controller.md §1.8).
func TestDesiredL7Rule(t *testing.T) {
	t.Parallel()
	toGRPC := func(f *fixture) { f.backend().Service.Port.Number = 9000 }
	second := func(f *fixture, svc *corev1.Service, class string) *networkingv1.Ingress {
		svc.Namespace, svc.Name = "pay", "pay"
		f.s.Services = facts.Found([]*corev1.Service{f.svc, svc})
		ing := ingressNamed("pay", "pay", FinalizerV2)
		ing.Annotations = map[string]string{ClassAnnotation: class}
		ing.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "pay", Port: networkingv1.ServiceBackendPort{Number: 80}}}
		f.s.Ingresses = facts.Found([]*networkingv1.Ingress{f.ing, ing})
		return ing
	}
	onNodes := func() *corev1.Service {
		return &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, NodePort: 30080, TargetPort: intstr.FromInt32(7000)}}}}
	}
	for _, tt := range []struct {
		name    string
		do      func(f *fixture)
		ports   string
		sources string
		partial string
		none    bool
	}{
		{name: "a NEG's target port", do: func(*fixture) {}, ports: "8080"},
		{name: "a named target port, by the slices", do: toGRPC, ports: "8080 9001"},
		{name: "a named one without slices is missing in the rule", do: func(f *fixture) {
			toGRPC(f)
			f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice(nil))
		}, ports: "8080"},
		{name: "a named one of UDP isn't there", do: func(f *fixture) {
			toGRPC(f)
			list, _ := f.s.EndpointSlices.Get()
			list[0].Ports[0].Protocol = new(corev1.ProtocolUDP)
		}, ports: "8080"},
		{name: "slices that couldn't be read may have it", do: func(f *fixture) {
			toGRPC(f)
			f.s.EndpointSlices = facts.Unknown[[]*discoveryv1.EndpointSlice](errDenied)
		}, ports: "8080", partial: "403"},
		{name: "unread slices hide no number", do: func(f *fixture) { f.s.EndpointSlices = facts.Unknown[[]*discoveryv1.EndpointSlice](errDenied) }, ports: "8080"},
		{name: "nodes open all node ports, and not the target port", do: func(f *fixture) { second(f, onNodes(), ClassExternal) }, ports: "30000-32767 8080"},
		{name: "behind an internal class it is a NEG", do: func(f *fixture) { second(f, onNodes(), ClassInternal) }, ports: "7000 8080", sources: "10.129.0.0/23"},
		{name: "another Ingress controller's needs nothing", do: func(f *fixture) { second(f, onNodes(), "nginx") }, ports: "8080"},
		{name: "nor does one of gce-multi-cluster", do: func(f *fixture) { second(f, onNodes(), ClassMultiCluster) }, ports: "8080"},
		{name: "a class that a flag decides may", do: func(f *fixture) { second(f, onNodes(), ClassRegionalExternal) }, ports: "8080", partial: "pay/pay isn't known"},
		{name: "a BackendConfig's port beside the target port", do: func(f *fixture) {
			f.config().Spec.HealthCheck = &facts.BackendConfigCheck{Port: new(int64(9999))}
		}, ports: "8080 9999"},
		{name: "a BackendConfig that couldn't be read", do: func(f *fixture) {
			f.config()
			f.s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
		}, ports: "8080", partial: "403"},
		{name: "a BackendConfig that doesn't exist: the port of a path counts all the same", do: func(f *fixture) { f.service(BackendConfigAnnotation, `{"default":"gone"}`) }, ports: "8080"},
		{name: "wrong protocols: the port counts, the BackendConfig's doesn't", do: func(f *fixture) {
			f.config().Spec.HealthCheck = &facts.BackendConfigCheck{Port: new(int64(9999))}
			f.service(AppProtocolsAnnotation, `{"http":"GRPC"}`)
		}, ports: "8080"},
		{name: "an older purpose of the subnet, for an internal one", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.subnet("europe-west1", "prod", "INTERNAL_HTTPS_LOAD_BALANCER", "ACTIVE")
			subnets, _ := f.s.Subnetworks.Get()
			subnets[0].IpCidrRange = new("10.129.0.0/23")
		}, ports: "8080", sources: "10.129.0.0/23"},
		{name: "an Ingress without class that another controller visibly serves", do: func(f *fixture) {
			ing := second(f, onNodes(), "")
			ing.Finalizers = nil
			ing.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "203.0.113.9"}}
			f.s.IngressClasses = facts.Found([]*networkingv1.IngressClass{{Spec: networkingv1.IngressClassSpec{Controller: "k8s.io/ingress-nginx"}}})
		}, ports: "8080", partial: "pay/pay isn't known"},
		{name: "that of a default backend doesn't", do: func(f *fixture) {
			f.service(BackendConfigAnnotation, `{"default":"gone"}`)
			f.ing.Spec.Rules = nil
		}},
		{name: "a path that is refused", do: func(f *fixture) {
			f.ing.Spec.Rules = nil
			f.rule("a.acme.example", networkingv1.PathTypePrefix, "/*")
			toGRPC(f)
		}, ports: "8080"},
		{name: "of a host that is there twice the last rule", do: func(f *fixture) {
			toGRPC(f)
			f.rule("shop.acme.example", networkingv1.PathTypePrefix, "/")
		}, ports: "8080"},
		{name: "a Service of type ClusterIP without the annotation", do: func(f *fixture) { delete(f.svc.Annotations, NEGAnnotation) }},
		{name: "a Service in a namespace that wasn't read", do: func(f *fixture) {
			second(f, onNodes(), ClassExternal)
			f.s.Services = facts.Found([]*corev1.Service{f.svc})
			f.s.Namespaces = []string{"shop"}
		}, ports: "8080", partial: "Service pay/pay: namespace pay"},
		{name: "a Service that doesn't exist", do: func(f *fixture) {
			second(f, onNodes(), ClassExternal)
			f.s.Services = facts.Found([]*corev1.Service{f.svc})
		}, ports: "8080"},
		{name: "without a default backend, the system's", do: func(f *fixture) {
			f.ing.Spec.DefaultBackend = nil
			system := onNodes()
			system.Namespace, system.Name, system.Spec.Ports[0].Name = "kube-system", "default-http-backend", "http"
			f.s.Services = facts.Found([]*corev1.Service{f.svc, system})
		}, ports: "30000-32767 8080"},
		{name: "the system's, unread", do: func(f *fixture) {
			f.ing.Spec.DefaultBackend = nil
			f.s.Namespaces = []string{"shop"}
		}, ports: "8080", partial: "kube-system/default-http-backend"},
		{name: "the transparent checker, where it is on", do: func(f *fixture) {
			f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`)
			f.s.Events = facts.Found([]*corev1.Event{{Reason: "THCConfigured", InvolvedObject: corev1.ObjectReference{Kind: "Service", Namespace: "shop", Name: "web"}}})
		}, ports: "7877 8080"},
		{name: "the transparent checker, where that isn't known", do: func(f *fixture) { f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`) }, ports: "8080", partial: "transparent"},
		{name: "an internal Ingress without an active subnet", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.subnet("europe-west1", "prod", "REGIONAL_MANAGED_PROXY", "BACKUP")
		}, ports: "8080"},
		{name: "subnets that couldn't be read", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.s.Subnetworks = facts.Unknown[[]*computepb.Subnetwork](errDenied)
		}, ports: "8080", partial: "403"},
		{name: "no Ingress", do: func(f *fixture) { f.s.Ingresses = facts.Found([]*networkingv1.Ingress(nil)) }, none: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := walled()
			subnets, _ := f.s.Subnetworks.Get()
			subnets[0].IpCidrRange = new("10.129.0.0/23")
			tt.do(f)
			r, ok := DesiredL7Rule(f.s).Get()
			if !ok || r.Name != "k8s-fw-l7--f00d" || r.None != tt.none {
				t.Fatalf("%+v, %v", r, ok)
			}
			if got := strings.Join(r.Ports, " "); got != tt.ports {
				t.Errorf("ports %q, want %q", got, tt.ports)
			}
			sources := strings.TrimSpace(tt.sources + " 130.211.0.0/22 35.191.0.0/16")
			if got := strings.Join(r.Sources, " "); !tt.none && got != sources {
				t.Errorf("sources %q, want %q", got, sources)
			}
			if (r.Partial == nil) != (tt.partial == "") || tt.partial != "" && !strings.Contains(r.Partial.Error(), tt.partial) {
				t.Errorf("partial: %v, want %q", r.Partial, tt.partial)
			}
		})
	}
	f := walled()
	f.s.Ingresses = facts.Unknown[[]*networkingv1.Ingress](errDenied)
	if DesiredL7Rule(f.s).Known() {
		t.Error("without the Ingresses nothing is known")
	}
	f = walled()
	r, _ := DesiredL7Rule(f.s).Get()
	if diff := cmp.Diff([]facts.Ref{{Cluster: f.s.ClusterName, Kind: facts.KindService, Namespace: "shop", Name: "web"}}, r.Users["8080"]); diff != "" {
		t.Error(diff)
	}
}

// TestCompareL7Rule: what is missing, and what GLBC never repairs.
func TestCompareL7Rule(t *testing.T) {
	t.Parallel()
	node := nodeNamed("n", "europe-west1-b")
	for _, tt := range []struct {
		name string
		do   func(s *facts.Snapshot, r *computepb.Firewall)
		want RuleDiff
		ok   bool
	}{
		{name: "all is there", do: func(*facts.Snapshot, *computepb.Firewall) {}, ok: true},
		{name: "wider ranges and ports", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.SourceRanges = []string{"0.0.0.0/0"}
			r.Allowed = []*computepb.Allowed{{IPProtocol: new("tcp")}}
		}, ok: true},
		{name: "every protocol", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.Allowed = []*computepb.Allowed{{IPProtocol: new("all")}}
		}, ok: true},
		{name: "two ranges that adjoin", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.Allowed[0].Ports = []string{"31000-32767", "8080", "29000-30999"}
		}, ok: true},
		{name: "two ranges with a hole", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.Allowed[0].Ports = []string{"31001-32767", "8080", "29000-30999"}
		}, want: RuleDiff{MissingPorts: []string{"30000-32767"}}},
		{name: "a port of UDP is none", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.Allowed = append([]*computepb.Allowed{{IPProtocol: new("udp"), Ports: []string{"8080"}}}, &computepb.Allowed{IPProtocol: new("6"), Ports: []string{"30000-32767"}})
		}, want: RuleDiff{MissingPorts: []string{"8080"}}},
		{name: "half of a range", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.SourceRanges = []string{"35.191.0.0/16", "130.211.0.0/23"}
		}, want: RuleDiff{MissingSources: []string{"130.211.0.0/22"}}},
		{name: "disabled", do: func(_ *facts.Snapshot, r *computepb.Firewall) { r.Disabled = new(true) }, want: RuleDiff{Disabled: true}},
		{name: "for egress", do: func(_ *facts.Snapshot, r *computepb.Firewall) { r.Direction = new("EGRESS") }, want: RuleDiff{NotIngress: true}},
		{name: "denying", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.Denied, r.Allowed = []*computepb.Denied{{IPProtocol: new("tcp")}}, nil
		}, want: RuleDiff{NoAllow: true, MissingPorts: []string{"30000-32767", "8080"}}},
		{name: "another network", do: func(_ *facts.Snapshot, r *computepb.Firewall) { r.Network = new(computeV1 + "global/networks/old") }, want: RuleDiff{OtherNetwork: "old"}},
		{name: "another tag than the nodes have", do: func(_ *facts.Snapshot, r *computepb.Firewall) { r.TargetTags = []string{"gke-old-node"} }, want: RuleDiff{NodesOutside: []string{"n"}}},
		{name: "no target is every machine", do: func(_ *facts.Snapshot, r *computepb.Firewall) { r.TargetTags = nil }, ok: true},
		{name: "a node that isn't served needs no tag", do: func(_ *facts.Snapshot, r *computepb.Firewall) { r.TargetTags = []string{"gke-old-node"} }, ok: true},
		{name: "the service account of the nodes", do: func(_ *facts.Snapshot, r *computepb.Firewall) {
			r.TargetTags, r.TargetServiceAccounts = nil, []string{"nodes@shop-prod.iam.gserviceaccount.com"}
		}, ok: true},
		{name: "machines that couldn't be read", do: func(s *facts.Snapshot, r *computepb.Firewall) {
			r.TargetTags = []string{"gke-old-node"}
			s.Instances = facts.Unknown[[]*computepb.Instance](errDenied)
		}, want: RuleDiff{TargetsErr: errDenied}, ok: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := walled()
			n := node.DeepCopy()
			if strings.Contains(tt.name, "isn't served") {
				n.Labels[excludeLabel] = ""
			}
			f.s.Nodes = facts.Found([]*corev1.Node{n})
			f.s.Instances = facts.Found([]*computepb.Instance{{
				SelfLink: new(computeV1 + "zones/europe-west1-b/instances/n"), Tags: &computepb.Tags{Items: []string{"other", "gke-main-node"}},
				ServiceAccounts: []*computepb.ServiceAccount{{Email: new("nodes@shop-prod.iam.gserviceaccount.com")}},
			}})
			rule := &computepb.Firewall{
				Name: new("k8s-fw-l7--f00d"), Network: new(computeV1 + "global/networks/prod"), Direction: new("INGRESS"), TargetTags: []string{"gke-main-node"},
				SourceRanges: []string{"130.211.0.0/22", "35.191.0.0/16"}, Allowed: []*computepb.Allowed{{IPProtocol: new("tcp"), Ports: []string{"30000-32767", "8080"}}},
			}
			tt.do(f.s, rule)
			f.s.Firewalls = facts.Found([]*computepb.Firewall{{Name: new("other")}, rule})
			d, known := CompareL7Rule(f.s, L7Rule{Name: "k8s-fw-l7--f00d", Ports: []string{"30000-32767", "8080"}, Sources: proberRanges}).Get()
			if !known || d.Live != rule || d.Satisfied() != tt.ok {
				t.Errorf("%+v, satisfied %v", d, d.Satisfied())
			}
			d.Live = nil
			if diff := cmp.Diff(tt.want, d, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" { //nolint:errorlint // The same error.
				t.Error(diff)
			}
		})
	}
}

// TestL7RuleAbsent: a rule is absent only where all were read.
func TestL7RuleAbsent(t *testing.T) {
	t.Parallel()
	f := walled()
	want, _ := DesiredL7Rule(f.s).Get()
	f.s.Firewalls = facts.Found([]*computepb.Firewall{{Name: new("k8s-fw-l7--other")}})
	if d, ok := CompareL7Rule(f.s, want).Get(); !ok || !d.Absent || d.Satisfied() {
		t.Errorf("%+v", d)
	}
	f.s.Firewalls = facts.Unknown[[]*computepb.Firewall](errDenied)
	if CompareL7Rule(f.s, want).Known() {
		t.Error("rules that couldn't be read")
	}
	f.s.Firewalls = facts.Found([]*computepb.Firewall(nil))
	f.s.ConfigMaps = nil
	want, _ = DesiredL7Rule(f.s).Get()
	if CompareL7Rule(f.s, want).Known() || want.Name != "" || want.Partial == nil {
		t.Error("without the UID the rule's name isn't known")
	}
}
