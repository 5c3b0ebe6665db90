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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

const webNEG = "k8s1-01234567-shop-web-80-89abcdef"

// A memberFixture is Service shop/web with two pods in two zones, as its NEGs have them.
type memberFixture struct {
	*fixture
	slice *discoveryv1.EndpointSlice
	nodes []*corev1.Node
	pods  []*corev1.Pod
}

func newMemberFixture() *memberFixture {
	f := &memberFixture{fixture: newFixture()}
	f.s.Now = time.Unix(2_000_000, 0)
	f.slice = &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "shop", Name: "web-abcde", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}, CreationTimestamp: metav1.NewTime(time.Unix(1_000_000, 0))},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(8080))}, {Name: new("grpc"), Port: new(int32(9090))}},
	}
	var negs []*computepb.NetworkEndpointGroup
	f.s.Endpoints = map[string]facts.Value[[]*computepb.NetworkEndpointWithHealthStatus]{}
	for i, zone := range []string{"b", "c"} {
		node, pod := "node-"+zone, fmt.Sprintf("web-%d", i)
		f.nodes = append(f.nodes, &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: node, Labels: map[string]string{corev1.LabelTopologyZone: "europe-west1-" + zone}},
			Spec:       corev1.NodeSpec{PodCIDR: fmt.Sprintf("10.8.%d.0/24", i), ProviderID: "gce://shop-prod/europe-west1-" + zone + "/" + node},
		})
		f.pods = append(f.pods, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: pod, CreationTimestamp: metav1.NewTime(time.Unix(1_000_000, 0))},
			Status:     corev1.PodStatus{PodIP: fmt.Sprintf("10.8.%d.7", i)},
		})
		f.slice.Endpoints = append(f.slice.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{fmt.Sprintf("10.8.%d.7", i)}, NodeName: &node, TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: pod},
			Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
		})
		negs = append(negs, &computepb.NetworkEndpointGroup{
			Name: new(webNEG), SelfLink: new(computeV1 + "zones/europe-west1-" + zone + "/networkEndpointGroups/" + webNEG),
			Description: new(`{"cluster-uid":"` + testKubeUID + `","namespace":"shop","service-name":"web","port":"80"}`),
		})
		f.attached(zone, fmt.Sprintf("10.8.%d.7", i), 8080)
	}
	f.s.NEGs = facts.Found(negs)
	f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice{f.slice})
	f.s.Nodes, f.s.Pods = facts.Found(f.nodes), facts.Found(f.pods)
	f.s.Cluster = facts.Found(&container.Cluster{IpAllocationPolicy: &container.IPAllocationPolicy{UseIpAliases: true}})
	return f
}

// selected gives the Service a selector, which its pods meet.
func (f *memberFixture) selected() {
	f.svc.Spec.Selector = map[string]string{"app": "web"}
	for _, p := range f.pods {
		p.Labels = f.svc.Spec.Selector
	}
}

func inZone(zone string) string {
	return "projects/shop-prod/zones/europe-west1-" + zone + "/networkEndpointGroups/" + webNEG
}

// attached puts an endpoint into the NEG of a zone; without IP it empties it.
func (f *memberFixture) attached(zone, ip string, port int32) {
	have, _ := f.s.Endpoints[inZone(zone)].Get()
	have = append(have, &computepb.NetworkEndpointWithHealthStatus{NetworkEndpoint: &computepb.NetworkEndpoint{IpAddress: &ip, Port: &port}})
	if ip == "" {
		have = nil
	}
	f.s.Endpoints[inZone(zone)] = facts.Found(have)
}

func TestCompareMembers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(*memberFixture)
		// Each is "zone IP:port"; young ones end in "~".
		missing, stale, wrong []string
		noNEG, blocks         []string
		skipped, leaving      int
		// unsettled: none of them counts.
		unsettled bool
		err       error
	}{
		{name: "all is in order", do: func(*memberFixture) {}},
		{
			name: "one in the slices and in no NEG is missing", do: func(f *memberFixture) { f.attached("c", "", 0) },
			missing: []string{"europe-west1-c 10.8.1.7:8080"},
		},
		{
			name: "one in no slice is stale", do: func(f *memberFixture) { f.attached("b", "10.8.0.99", 8080) },
			stale: []string{"europe-west1-b 10.8.0.99:8080"},
		},
		{
			name: "a port that the slices don't have is wrong",
			do:   func(f *memberFixture) { f.attached("b", "", 0); f.attached("b", "10.8.0.7", 80) }, wrong: []string{"europe-west1-b 10.8.0.7:80"},
		},
		{
			name: "not ready pods are members", do: func(f *memberFixture) {
				f.slice.Endpoints[0].Conditions = discoveryv1.EndpointConditions{Ready: new(false), Serving: new(false), Terminating: new(false)}
			},
		},
		{
			name: "terminating ones aren't, and their detachment may take a moment", do: func(f *memberFixture) { f.slice.Endpoints[0].Conditions.Terminating = new(true) },
			stale: []string{"europe-west1-b 10.8.0.7:8080~"}, leaving: 1,
		},
		{
			name: "a new pod's attachment may take a moment", do: func(f *memberFixture) {
				f.pods[1].CreationTimestamp = metav1.NewTime(f.s.Now.Add(-time.Minute))
				f.attached("c", "", 0)
			},
			missing: []string{"europe-west1-c 10.8.1.7:8080~"},
		},
		{
			name: "a change that the endpoint controller has just written, too", do: func(f *memberFixture) {
				f.slice.Annotations = map[string]string{corev1.EndpointsLastChangeTriggerTime: f.s.Now.Add(-time.Minute).Format(time.RFC3339)}
				f.attached("c", "", 0)
			},
			missing: []string{"europe-west1-c 10.8.1.7:8080~"},
		},
		{
			name: "a zone without NEG", do: func(f *memberFixture) {
				negs, _ := f.s.NEGs.Get()
				f.s.NEGs = facts.Found(negs[:1])
			},
			missing: []string{"europe-west1-c 10.8.1.7:8080"}, noNEG: []string{"europe-west1-c"},
		},
		{
			name: "another cluster's NEG of the same name isn't it", do: func(f *memberFixture) {
				negs, _ := f.s.NEGs.Get()
				negs[1].Description = new(`{"cluster-uid":"another","namespace":"shop","service-name":"web","port":"80"}`)
			},
			missing: []string{"europe-west1-c 10.8.1.7:8080"}, noNEG: []string{"europe-west1-c"},
		},
		{
			name: "a port name that isn't the Service's empties the NEGs", do: func(f *memberFixture) { f.slice.Ports[0].Name = new("web") },
			stale: []string{"europe-west1-b 10.8.0.7:8080", "europe-west1-c 10.8.1.7:8080"},
		},
		{
			name: "without slices the NEGs stay as they are", do: func(f *memberFixture) { f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice(nil)) },
		},
		{
			name: "IPv6 slices are left out", do: func(f *memberFixture) {
				six := f.slice.DeepCopy()
				six.AddressType, six.Endpoints[0].Addresses = discoveryv1.AddressTypeIPv6, []string{"fd00::7"}
				f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice{f.slice, six})
			},
		},
		{
			name: "an endpoint without pod is skipped, in the NEG or not", do: func(f *memberFixture) { f.slice.Endpoints[0].TargetRef = nil }, skipped: 1,
		},
		{
			name: "one whose pod is gone, too", do: func(f *memberFixture) { f.s.Pods = facts.Found(f.pods[1:]) }, skipped: 1,
		},
		{
			name: "pods that couldn't be read take no member away", do: func(f *memberFixture) { f.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied) },
		},
		{
			name: "a missing nodeName blocks", do: func(f *memberFixture) { f.slice.Endpoints[0].NodeName = nil }, blocks: []string{BlockNoNodeName},
		},
		{
			name: "a node that isn't there blocks", do: func(f *memberFixture) { f.slice.Endpoints[0].NodeName = new("gone") }, blocks: []string{BlockNoNode},
		},
		{
			name: "a terminating endpoint blocks nothing", do: func(f *memberFixture) {
				f.slice.Endpoints[0].NodeName, f.slice.Endpoints[0].Conditions.Terminating = new("gone"), new(true)
			},
			stale: []string{"europe-west1-b 10.8.0.7:8080~"}, leaving: 1,
		},
		{
			name: "a node's zone may be that of its virtual machine", do: func(f *memberFixture) { f.nodes[0].Labels = nil },
		},
		{
			name: "a node without any zone blocks", do: func(f *memberFixture) { f.nodes[0].Labels, f.nodes[0].Spec.ProviderID = nil, "kind://node" }, blocks: []string{BlockNoZone},
		},
		{
			name: "a node without PodCIDR may block in a VPC-native cluster", do: func(f *memberFixture) { f.nodes[0].Spec.PodCIDR = "" }, blocks: []string{BlockNoPodCIDR + "?"},
		},
		{
			name: "and does in one that isn't", do: func(f *memberFixture) {
				f.nodes[0].Spec.PodCIDR, f.s.Cluster = "", facts.Found(&container.Cluster{Subnetwork: "nodes"})
			},
			blocks: []string{BlockNoPodCIDR},
		},
		{
			name: "but not on a legacy network, which has no subnetworks", do: func(f *memberFixture) {
				f.nodes[0].Spec.PodCIDR, f.s.Cluster = "", facts.Found(&container.Cluster{})
				f.s.Network = facts.Found(&computepb.Network{IPv4Range: new("10.240.0.0/16")})
			},
		},
		{
			name: "nor surely where nothing tells of the network", do: func(f *memberFixture) {
				f.nodes[0].Spec.PodCIDR, f.s.Cluster = "", facts.Found(&container.Cluster{})
			},
			blocks: []string{BlockNoPodCIDR + "?"},
		},
		{
			name: "a zone's label doesn't help a node without virtual machine", do: func(f *memberFixture) { f.nodes[0].Spec.ProviderID = "" }, blocks: []string{BlockNoZone},
		},
		{
			name: "a new node may get it yet", do: func(f *memberFixture) {
				f.nodes[0].Spec.ProviderID, f.nodes[0].CreationTimestamp = "", metav1.NewTime(f.s.Now.Add(-time.Minute))
			},
			blocks: []string{BlockNoZone + "~"},
		},
		{
			name: "a node's name may be in the topology, as older slices have it", do: func(f *memberFixture) {
				f.slice.Endpoints[0].NodeName = nil
				f.slice.Endpoints[0].DeprecatedTopology = map[string]string{corev1.LabelHostname: "node-b"}
			},
		},
		{
			name: "of an endpoint's addresses the first counts", do: func(f *memberFixture) { f.slice.Endpoints[0].Addresses = []string{"10.8.0.7", "10.8.0.8"} },
		},
		{
			name: "of a pod's addresses one counts", do: func(f *memberFixture) {
				again := f.slice.Endpoints[0]
				again.Addresses = []string{"10.8.0.8"}
				f.slice.Endpoints = append([]discoveryv1.Endpoint{again}, f.slice.Endpoints...)
			},
		},
		{
			name: "a pod that wasn't read may be new", do: func(f *memberFixture) {
				f.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied)
				f.attached("c", "", 0)
			},
			missing: []string{"europe-west1-c 10.8.1.7:8080~"},
		},
		{
			name: "and one that isn't in the slices may have just gone", do: func(f *memberFixture) {
				f.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied)
				f.attached("b", "10.8.0.99", 8080)
			},
			stale: []string{"europe-west1-b 10.8.0.99:8080~"},
		},
		{
			name: "pods that were read in part leave the others open", do: func(f *memberFixture) {
				f.s.Pods = facts.FoundPartly(f.pods[:1], errDenied, "dev")
				f.attached("c", "", 0)
			},
			missing: []string{"europe-west1-c 10.8.1.7:8080~"},
		},
		{
			name: "what has just left the slices may be in the NEG for a moment", do: func(f *memberFixture) {
				f.slice.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kube-controller-manager", Time: new(metav1.NewTime(f.s.Now.Add(-time.Minute)))}}
				f.attached("b", "10.8.0.99", 8080)
			},
			stale: []string{"europe-west1-b 10.8.0.99:8080~"},
		},
		{
			name: "pods without any slice of their Service weren't all that there is", do: func(f *memberFixture) {
				f.selected()
				f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice(nil))
			},
			err: errLacksSlices,
		},
		{
			name: "endpoints in a cluster without nodes weren't all that there is", do: func(f *memberFixture) { f.s.Nodes = facts.Found([]*corev1.Node(nil)) },
			err: errLacksNodes,
		},
		{
			name: "the same where pods couldn't be read", do: func(f *memberFixture) {
				f.selected()
				f.s.EndpointSlices, f.s.Pods = facts.Found([]*discoveryv1.EndpointSlice(nil)), facts.Unknown[[]*corev1.Pod](errDenied)
			},
			err: errLacksSlices,
		},
		{
			name: "slices of pods that are gone, beside others, settle nothing", do: func(f *memberFixture) {
				f.selected()
				f.s.Pods = facts.Found(f.pods[1:])
				f.slice.Endpoints[1].NodeName = new("gone")
				f.attached("b", "10.8.0.99", 8080)
			},
			stale: []string{"europe-west1-b 10.8.0.99:8080"}, unsettled: true, skipped: 1, blocks: []string{BlockNoNode + "~"},
		},
		{
			name: "a NEG that may be another cluster's leaves its zone open", do: func(f *memberFixture) {
				f.s.ClusterUID, f.s.ConfigMaps = facts.Unknown[string](errDenied), nil
				f.attached("c", "", 0)
			},
			err: errWhoseNEG,
		},
		{
			name: "a NEG whose endpoints couldn't be read leaves its zone open", do: func(f *memberFixture) {
				f.s.Endpoints[inZone("c")] = facts.Unknown[[]*computepb.NetworkEndpointWithHealthStatus](errDenied)
				f.attached("b", "", 0)
			},
			missing: []string{"europe-west1-b 10.8.0.7:8080"}, err: errDenied,
		},
		{
			name: "a zone whose NEGs couldn't be read is left open", do: func(f *memberFixture) {
				negs, _ := f.s.NEGs.Get()
				f.s.NEGs = facts.FoundPartly(negs[:1], errDenied, "zones/europe-west1-c")
			},
			err: errDenied,
		},
		{name: "slices that couldn't be read", do: func(f *memberFixture) {
			f.s.EndpointSlices = facts.Unknown[[]*discoveryv1.EndpointSlice](errDenied)
		}, err: errDenied},
		{name: "nodes that couldn't be read", do: func(f *memberFixture) { f.s.Nodes = facts.Unknown[[]*corev1.Node](errDenied) }, err: errDenied},
		{name: "slices of a namespace that wasn't read", do: func(f *memberFixture) { f.s.Namespaces = []string{"other"} }, err: errNotAsked},
		{name: "a Service without NEGs", do: func(f *memberFixture) { delete(f.svc.Annotations, NEGAnnotation) }, err: errNoNEGs},
		{name: "an instance group's nodes aren't listed", do: func(f *memberFixture) {
			delete(f.svc.Annotations, NEGAnnotation)
			f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31080
			f.s.BackendServices = facts.Found([]*computepb.BackendService{{
				Name: new("k8s-be-31080--" + testIngressUID), SelfLink: new(computeV1 + "global/backendServices/k8s-be-31080--" + testIngressUID),
				Description: new(`{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"80"}`),
				Backends:    []*computepb.Backend{{Group: new(computeV1 + "zones/europe-west1-b/instanceGroups/k8s-ig--" + testIngressUID)}},
			}})
		}, err: errGroupMembers},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newMemberFixture()
			tt.do(f)
			diff, err := CompareMembers(f.s, f.web())
			if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			var wrong, blocks []string
			for _, p := range diff.WrongPort {
				wrong = append(wrong, fmt.Sprintf("%s %s:%d", p.Zone, p.IP, p.Have))
			}
			for _, b := range diff.Want.Blocks {
				if b.Unsure {
					b.Why += "?"
				}
				if b.Young {
					b.Why += "~"
				}
				blocks = append(blocks, b.Why)
			}
			for _, d := range []string{
				cmp.Diff(tt.missing, spelled(diff.Missing)), cmp.Diff(tt.stale, spelled(diff.Stale)), cmp.Diff(tt.wrong, wrong),
				cmp.Diff(tt.noNEG, diff.NoNEG), cmp.Diff(tt.blocks, blocks),
				cmp.Diff([]int{tt.skipped, tt.leaving}, []int{len(diff.Want.Skipped), len(diff.Want.Leaving)}),
			} {
				if d != "" {
					t.Error(d)
				}
			}
			settled := diff.Settled()
			if tt.unsettled != (diff.Want.Unsettled != nil) || tt.unsettled && !settled.Empty() {
				t.Errorf("unsettled since %v: %+v", diff.Want.Unsettled, settled)
			}
			for _, m := range append(settled.Missing, settled.Stale...) {
				if m.Young {
					t.Errorf("%s is young", m)
				}
			}
		})
	}
}

func spelled(list []Member) []string {
	var out []string
	for _, m := range list {
		text := m.Zone + " " + m.String()
		if m.Young {
			text += "~"
		}
		out = append(out, text)
	}
	return out
}

func TestMembersOfAPortWithoutSlices(t *testing.T) {
	t.Parallel()
	f := newMemberFixture()
	f.slice.Ports = f.slice.Ports[1:]
	if m, _ := DesiredMembers(f.s, f.web()).Get(); !m.PortUnnamed || m.NoSlices {
		t.Errorf("no slice has the port: %+v", m)
	}
	f.slice.Endpoints = nil
	if m, _ := DesiredMembers(f.s, f.web()).Get(); m.PortUnnamed || m.NoSlices {
		t.Errorf("a slice without endpoints has no ports: %+v", m)
	}
	f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice(nil))
	if m, _ := DesiredMembers(f.s, f.web()).Get(); m.PortUnnamed || !m.NoSlices {
		t.Errorf("no slices: %+v", m)
	}
}

func TestEligibleNodes(t *testing.T) {
	t.Parallel()
	ready := corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}
	node := func(name string, change func(*corev1.Node)) *corev1.Node {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{ProviderID: "gce://shop-prod/europe-west1-b/" + name}, Status: ready}
		change(n)
		return n
	}
	s := &facts.Snapshot{}
	if EligibleNodes(s).Known() {
		t.Error("nodes that weren't read are known")
	}
	s.Nodes = facts.Found([]*corev1.Node{
		node("good", func(*corev1.Node) {}),
		node("cordoned", func(n *corev1.Node) { n.Spec.Unschedulable = true }),
		node("excluded", func(n *corev1.Node) {
			n.Labels = map[string]string{"node.kubernetes.io/exclude-from-external-load-balancers": ""}
		}),
		node("leaving", func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "ToBeDeletedByClusterAutoscaler"}} }),
		node("down", func(n *corev1.Node) { n.Status.Conditions = nil }),
		node("nowhere", func(n *corev1.Node) { n.Spec.ProviderID = "" }),
	})
	g, _ := EligibleNodes(s).Get()
	want := map[string]string{
		"excluded": "label node.kubernetes.io/exclude-from-external-load-balancers", "leaving": "taint ToBeDeletedByClusterAutoscaler",
		"down": "not Ready", "nowhere": "no zone in spec.providerID",
	}
	if diff := cmp.Diff(want, g.Excluded); diff != "" {
		t.Error(diff)
	}
	if len(g.Eligible) != 1 || len(g.Eligible["europe-west1-b"]) != 2 {
		t.Errorf("eligible: %v", g.Eligible)
	}
}

func TestInstanceOf(t *testing.T) {
	t.Parallel()
	node := &corev1.Node{Spec: corev1.NodeSpec{ProviderID: "gce://shop-prod/europe-west1-b/node-1"}}
	s := &facts.Snapshot{}
	s.Instances = facts.FoundPartly([]*computepb.Instance{{Name: new("node-1"), SelfLink: new(computeV1 + "zones/europe-west1-c/instances/node-1")}}, errDenied, "zones/europe-west1-b")
	if v := InstanceOf(s, node); v.Known() {
		t.Error("one in a zone that wasn't read is known")
	}
	s.Instances = facts.Found([]*computepb.Instance{{Name: new("node-1"), SelfLink: new(computeV1 + "zones/europe-west1-c/instances/node-1")}})
	if v := InstanceOf(s, node); !v.IsAbsent() {
		t.Error("one of the same name in another zone is taken for it")
	}
	s.Instances = facts.Found([]*computepb.Instance{{Name: new("node-1"), SelfLink: new(computeV1 + "zones/europe-west1-b/instances/node-1")}})
	if _, ok := InstanceOf(s, node).Get(); !ok {
		t.Error("its own isn't found")
	}
}
