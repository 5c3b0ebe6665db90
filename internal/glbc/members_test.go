package glbc

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// town has Service shop/web with pods web-1 in zone z-a and web-2 in z-b, attached to
// its NEGs an hour ago.
type town struct {
	s          *facts.Snapshot
	svc        *corev1.Service
	slice      *discoveryv1.EndpointSlice
	nodes      []*corev1.Node
	pods       []*corev1.Pod
	bs         *computepb.BackendService
	negA, negB []*computepb.NetworkEndpointWithHealthStatus
}

const (
	pathA = "projects/shop-prod/zones/z-a/networkEndpointGroups/k8s1-web"
	pathB = "projects/shop-prod/zones/z-b/networkEndpointGroups/k8s1-web"
)

func endpointIn(ip, node, pod string) discoveryv1.Endpoint {
	return discoveryv1.Endpoint{
		Addresses: []string{ip}, NodeName: &node, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
		TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: pod},
	}
}

func inNEG(ip string, port int32) *computepb.NetworkEndpointWithHealthStatus {
	return &computepb.NetworkEndpointWithHealthStatus{NetworkEndpoint: &computepb.NetworkEndpoint{IpAddress: &ip, Port: &port}}
}

func newTown() *town {
	s, svc := shop()
	s.Now = time.Unix(2_000_000, 0)
	w := &town{
		s: s, svc: svc,
		slice: &discoveryv1.EndpointSlice{
			ObjectMeta:  metav1.ObjectMeta{Namespace: "shop", Name: "web-x", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
			AddressType: discoveryv1.AddressTypeIPv4,
			Ports:       []discoveryv1.EndpointPort{{Name: new("other"), Port: new(int32(1))}, {Name: new("http"), Port: new(int32(8080))}},
			Endpoints:   []discoveryv1.Endpoint{endpointIn("10.8.0.1", "n-a", "web-1"), endpointIn("10.8.1.1", "n-b", "web-2")},
		},
		nodes: []*corev1.Node{nodeNamed("n-a", "z-a"), nodeNamed("n-b", "z-b")},
		pods:  []*corev1.Pod{aged(s, "web-1", time.Hour), aged(s, "web-2", time.Hour)},
		bs:    &computepb.BackendService{SelfLink: new(computeV1 + "global/backendServices/k8s1-web")},
		negA:  []*computepb.NetworkEndpointWithHealthStatus{inNEG("10.8.0.1", 8080)},
		negB:  []*computepb.NetworkEndpointWithHealthStatus{inNEG("10.8.1.1", 8080)},
	}
	for _, zone := range []string{"z-a", "z-b"} {
		w.bs.Backends = append(w.bs.Backends, &computepb.Backend{Group: new(computeV1 + "zones/" + zone + "/networkEndpointGroups/k8s1-web")})
	}
	return w
}

func aged(s *facts.Snapshot, name string, age time.Duration) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, CreationTimestamp: metav1.NewTime(s.Now.Add(-age))}}
}

// seal puts what was changed into the Snapshot.
func (w *town) seal() Backend {
	w.s.Nodes = facts.Found(w.nodes)
	w.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice{w.slice})
	w.s.Pods = facts.Found(w.pods)
	w.s.Endpoints = map[string]facts.Value[[]*computepb.NetworkEndpointWithHealthStatus]{pathA: facts.Found(w.negA), pathB: facts.Found(w.negB)}
	b := backendOf(w.s, w.svc)
	b.BackendService = facts.Found(w.bs)
	return b
}

func told(list []Member) string {
	var out []string
	for _, m := range list {
		out = append(out, m.Zone+" "+m.IP+":"+fieldText(Check{Port: m.Port}, FieldPort)+" "+m.Pod)
	}
	return strings.Join(out, ", ")
}

// TestDesiredMembers has a row for each rule of ingress-controller.md §1.7 (bottom), and
// for the silent causes beside them.
func TestDesiredMembers(t *testing.T) {
	t.Parallel()
	const both = "z-a 10.8.0.1:8080 web-1, z-b 10.8.1.1:8080 web-2"
	const onlyB = "z-b 10.8.1.1:8080 web-2"
	for _, tt := range []struct {
		name     string
		do       func(w *town)
		want     string
		left     string
		blocking string
		unnamed  bool
	}{
		{name: "every endpoint", do: func(*town) {}, want: both},
		{name: "ready isn't asked for", do: func(w *town) { w.slice.Endpoints[0].Conditions.Ready = new(false) }, want: both},
		{name: "nor serving", do: func(w *town) { w.slice.Endpoints[0].Conditions.Serving = new(false) }, want: both},
		{name: "terminating is", do: func(w *town) { w.slice.Endpoints[0].Conditions.Terminating = new(true) }, want: onlyB, left: "terminating"},
		{name: "a slice of another Service", do: func(w *town) { w.slice.Labels[discoveryv1.LabelServiceName] = "web2" }, unnamed: true},
		{name: "another port name", do: func(w *town) { w.slice.Ports[1].Name = new("web") }, unnamed: true},
		{name: "a port without a name for a Service port with one", do: func(w *town) { w.slice.Ports[1].Name = nil }, unnamed: true},
		{name: "no names on both sides", do: func(w *town) { w.svc.Spec.Ports[0].Name, w.slice.Ports[1].Name = "", new("") }, want: both},
		{name: "the port is the slice's, not the targetPort", do: func(w *town) { w.slice.Ports[1].Port = new(int32(9)) }, want: "z-a 10.8.0.1:9 web-1, z-b 10.8.1.1:9 web-2"},
		{name: "IPv6", do: func(w *town) { w.slice.AddressType = discoveryv1.AddressTypeIPv6 }, left: "no IPv4 address"},
		{name: "no node named", do: func(w *town) { w.slice.Endpoints[0].NodeName = nil }, want: onlyB, blocking: "endpoint has missing nodeName field"},
		{name: "a node by the old topology", do: func(w *town) {
			w.slice.Endpoints[0].NodeName = nil
			w.slice.Endpoints[0].DeprecatedTopology = map[string]string{corev1.LabelHostname: "n-a"}
		}, want: both},
		{name: "a node that is gone", do: func(w *town) { w.nodes = w.nodes[1:] }, want: onlyB, blocking: "endpoint corresponds to an non-existing node (n-a)"},
		{name: "a node without provider ID, though its label names a zone", do: func(w *town) {
			w.nodes[0].Spec.ProviderID, w.nodes[0].Labels[corev1.LabelTopologyZone] = "", "z-a"
		}, want: onlyB, blocking: "endpoint has missing zone field: zone is missing for node n-a"},
		{name: "a node without pod CIDR", do: func(w *town) { w.nodes[0].Spec.PodCIDR = "" }, want: onlyB, blocking: "endpoint corresponds to a node with PodCIDR not set (n-a)"},
		{name: "a terminating endpoint on a node that is gone blocks nothing", do: func(w *town) {
			w.nodes = w.nodes[1:]
			w.slice.Endpoints[0].Conditions.Terminating = new(true)
		}, want: onlyB, left: "terminating"},
		{name: "nor does one of another port", do: func(w *town) {
			w.nodes = w.nodes[1:]
			w.slice.Ports = w.slice.Ports[:1]
		}, unnamed: true},
		{name: "a node that isn't ready keeps its endpoints", do: func(w *town) { w.nodes[0].Status.Conditions[0].Status = corev1.ConditionUnknown }, want: both},
		{name: "an endpoint of a slice made by hand", do: func(w *town) { w.slice.Endpoints[0].TargetRef = nil }, want: onlyB, left: "targets no pod"},
		{name: "one whose pod is gone", do: func(w *town) { w.pods = w.pods[1:] }, want: onlyB, left: "doesn't exist"},
		{name: "a pod's address is that of its endpoint that stays", do: func(w *town) {
			old := endpointIn("10.8.0.7", "n-a", "web-1")
			old.Conditions.Terminating = new(true)
			w.slice.Endpoints = append(w.slice.Endpoints, old)
		}, want: both, left: "terminating"},
		{name: "an endpoint twice", do: func(w *town) { w.slice.Endpoints = append(w.slice.Endpoints, w.slice.Endpoints[0]) }, want: both},
		{name: "a node of another subnet", do: func(w *town) { w.nodes[0].Labels[nodeSubnetLabel] = "additional" }, want: onlyB},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTown()
			tt.do(w)
			m := DesiredMembers(w.s, w.seal())
			if got := told(m.List); got != tt.want || m.Err != nil {
				t.Errorf("members %q, want %q; %v", got, tt.want, m.Err)
			}
			if got := whys(m.LeftOut); (got == "") != (tt.left == "") || !strings.Contains(got, tt.left) {
				t.Errorf("left out %q, want %q", got, tt.left)
			}
			if got := whys(m.Blocking); got != tt.blocking {
				t.Errorf("blocking %q, want %q", got, tt.blocking)
			}
			if m.PortNamed == tt.unnamed {
				t.Errorf("the port is named: %v", m.PortNamed)
			}
		})
	}
}

func whys(list []LeftOut) string {
	var out []string
	for _, l := range list {
		out = append(out, l.Why)
	}
	return strings.Join(out, "; ")
}

// TestMembersUnknown: each read that is missing leaves the members open, but for the
// pods', which the slices stand for.
func TestMembersUnknown(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(s *facts.Snapshot, b *Backend){
		"slices": func(s *facts.Snapshot, _ *Backend) {
			s.EndpointSlices = facts.Unknown[[]*discoveryv1.EndpointSlice](errDenied)
		},
		"nodes":      func(s *facts.Snapshot, _ *Backend) { s.Nodes = facts.Unknown[[]*corev1.Node](errDenied) },
		"Service":    func(_ *facts.Snapshot, b *Backend) { b.Object = facts.Unknown[*corev1.Service](errDenied) },
		"no Service": func(_ *facts.Snapshot, b *Backend) { b.Object = facts.Absent[*corev1.Service]() },
		"no port":    func(_ *facts.Snapshot, b *Backend) { b.ServicePort = nil },
		"namespace":  func(s *facts.Snapshot, _ *Backend) { s.Namespaces = []string{"other"} },
	} {
		w := newTown()
		b := w.seal()
		do(w.s, &b)
		if m := DesiredMembers(w.s, b); m.Err == nil || len(m.List) > 0 {
			t.Errorf("%s: %+v", name, m)
		}
		if c := CompareMembers(w.s, b); c.Err == nil || len(c.Diffs) > 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
	w := newTown()
	b := w.seal()
	w.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied)
	if m := DesiredMembers(w.s, b); m.Err != nil || len(m.List) != 2 {
		t.Errorf("without pods: %+v", m)
	}
}

type memberDiff struct {
	Fault    MemberFault
	At       string
	InFlight bool
}

// TestCompareMembers: what is missing, stale or on another port, zone by zone, and what
// may be on its way.
func TestCompareMembers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		do     func(w *town)
		after  func(w *town, b *Backend)
		want   []memberDiff
		frozen bool
		unread bool
	}{
		{name: "all is attached", do: func(*town) {}},
		{name: "a pod isn't attached", do: func(w *town) { w.negA = nil }, want: []memberDiff{{MemberMissing, "z-a 10.8.0.1", false}}},
		{name: "a pod that began a minute ago", do: func(w *town) { w.negA, w.pods[0] = nil, aged(w.s, "web-1", time.Minute) }, want: []memberDiff{{MemberMissing, "z-a 10.8.0.1", true}}},
		{name: "a pod that waited an hour for a node and began a minute ago", do: func(w *town) {
			w.negA = nil
			w.pods[0].Status.StartTime = new(metav1.NewTime(w.s.Now.Add(-time.Minute)))
		}, want: []memberDiff{{MemberMissing, "z-a 10.8.0.1", true}}},
		{name: "an endpoint that no pod has", do: func(w *town) { w.negA = append(w.negA, inNEG("10.8.0.9", 8080)) }, want: []memberDiff{{MemberStale, "z-a 10.8.0.9", false}}},
		{name: "an endpoint in the wrong zone's NEG", do: func(w *town) { w.negA, w.negB = w.negB, w.negA }, want: []memberDiff{{MemberMissing, "z-a 10.8.0.1", false}, {MemberStale, "z-a 10.8.1.1", false}, {MemberStale, "z-b 10.8.0.1", false}, {MemberMissing, "z-b 10.8.1.1", false}}},
		{name: "another port", do: func(w *town) { w.negA = []*computepb.NetworkEndpointWithHealthStatus{inNEG("10.8.0.1", 3000)} }, want: []memberDiff{{MemberWrongPort, "z-a 10.8.0.1", false}}},
		{name: "the right port and one too many", do: func(w *town) { w.negA = append(w.negA, inNEG("10.8.0.1", 3000)) }, want: []memberDiff{{MemberStale, "z-a 10.8.0.1", false}}},
		{name: "a pod on its way out is still attached", do: func(w *town) {
			w.slice.Endpoints[0].Conditions.Terminating = new(true)
			w.pods[0].DeletionTimestamp, w.pods[0].DeletionGracePeriodSeconds = new(metav1.NewTime(w.s.Now.Add(29*time.Second))), new(int64(30))
		}, want: []memberDiff{{MemberStale, "z-a 10.8.0.1", true}}},
		{name: "a pod that has been on its way out for long", do: func(w *town) {
			w.slice.Endpoints[0].Conditions.Terminating = new(true)
			w.pods[0].DeletionTimestamp, w.pods[0].DeletionGracePeriodSeconds = new(metav1.NewTime(w.s.Now.Add(time.Hour))), new(int64(7200))
		}, want: []memberDiff{{MemberStale, "z-a 10.8.0.1", false}}},
		{name: "an endpoint whose pod is gone isn't on its way out", do: func(w *town) { w.pods = w.pods[1:] }, want: []memberDiff{{MemberStale, "z-a 10.8.0.1", false}}},
		{name: "a zone without NEG", do: func(w *town) { w.bs.Backends = w.bs.Backends[1:] }, want: []memberDiff{{MemberNoNEG, "z-a 10.8.0.1", false}}},
		{name: "a zone that the cluster left", do: func(w *town) { w.slice.Endpoints, w.negA = w.slice.Endpoints[1:], nil }},
		{name: "a NEG that couldn't be read tells nothing of its zone", do: func(w *town) { w.negB = nil }, after: func(w *town, _ *Backend) {
			w.s.Endpoints[pathA] = facts.Unknown[[]*computepb.NetworkEndpointWithHealthStatus](errDenied)
		}, want: []memberDiff{{MemberMissing, "z-b 10.8.1.1", false}}, unread: true},
		{name: "a NEG that nobody asked about", do: func(*town) {}, after: func(w *town, _ *Backend) { delete(w.s.Endpoints, pathA) }, unread: true},
		{name: "a blocked sync stays as it is", do: func(w *town) {
			w.slice.Endpoints[1].NodeName = nil
			w.negA = nil
		}, want: []memberDiff{{MemberMissing, "z-a 10.8.0.1", false}, {MemberStale, "z-b 10.8.1.1", false}}, frozen: true},
		{name: "no slice: what was there stays", do: func(w *town) { w.slice.Namespace = "elsewhere" }, want: []memberDiff{{MemberStale, "z-a 10.8.0.1", false}, {MemberStale, "z-b 10.8.1.1", false}}, frozen: true},
		{name: "pods that couldn't be read may be new", do: func(w *town) { w.negA = nil }, after: func(w *town, _ *Backend) { w.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied) }, want: []memberDiff{{MemberMissing, "z-a 10.8.0.1", true}}},
		{name: "an endpoint on a node of another subnet is nobody's fault", do: func(w *town) { w.nodes[0].Labels[nodeSubnetLabel] = "additional" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTown()
			tt.do(w)
			b := w.seal()
			if tt.after != nil {
				tt.after(w, &b)
			}
			c := CompareMembers(w.s, b)
			var got []memberDiff
			for _, d := range c.Diffs {
				got = append(got, memberDiff{d.Fault, d.Zone + " " + d.IP, d.InFlight})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || c.Err != nil {
				t.Error(diff, c.Err)
			}
			if c.Frozen != tt.frozen || (len(c.Unread) > 0) != tt.unread {
				t.Errorf("frozen %v, unread %v", c.Frozen, c.Unread)
			}
		})
	}
}

// TestServiceNEG: the labels tell whose it is, the messages what is wrong.
func TestServiceNEG(t *testing.T) {
	t.Parallel()
	w := newTown()
	b := w.seal()
	named := func(service, port string) *facts.ServiceNEG {
		return &facts.ServiceNEG{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "k8s1-" + service, Labels: map[string]string{negServiceLabel: service, negPortLabel: port}}}
	}
	mine := named("web", "80")
	mine.Status.Conditions = []metav1.Condition{
		{Type: "Initialized", Status: metav1.ConditionTrue, Reason: "NegInitializationSuccessful"},
		{Type: "Synced", Status: metav1.ConditionFalse, Reason: "NegSyncFailed", Message: `unexpected error when getting zone for endpoint ["10.8.0.1"] in endpoint slice shop/web-x: endpoint corresponds to an non-existing node: failed to get node n-a`},
	}
	mine.Status.NetworkEndpointGroups = slices.Grow(mine.Status.NetworkEndpointGroups, 1)[:1]
	mine.Status.NetworkEndpointGroups[0].SelfLink = "https://www.googleapis.com/compute/v1/" + pathA
	mine.Status.NetworkEndpointGroups[0].State = "INACTIVE"
	for _, tt := range []struct {
		name          string
		all           facts.Value[[]*facts.ServiceNEG]
		found, absent bool
	}{
		{name: "by its labels", all: facts.Found([]*facts.ServiceNEG{named("web2", "80"), named("web", "81"), mine}), found: true},
		{name: "one of another namespace", all: facts.Found([]*facts.ServiceNEG{{ObjectMeta: metav1.ObjectMeta{Namespace: "pay", Labels: mine.Labels}}}), absent: true},
		{name: "none for the port", all: facts.Found([]*facts.ServiceNEG{named("web", "81")}), absent: true},
		{name: "the CRD isn't installed", all: facts.Absent[[]*facts.ServiceNEG](), absent: true},
		{name: "they couldn't be read", all: facts.Unknown[[]*facts.ServiceNEG](errDenied)},
		{name: "two of them", all: facts.Found([]*facts.ServiceNEG{mine, mine})},
	} {
		w.s.ServiceNEGs = tt.all
		got := ServiceNEGOf(w.s, b)
		if _, found := got.Get(); found != tt.found || got.IsAbsent() != tt.absent {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	w.s.ServiceNEGs, w.s.Namespaces = facts.Found([]*facts.ServiceNEG{}), []string{"other"}
	if ServiceNEGOf(w.s, b).IsAbsent() {
		t.Error("another namespace's tell nothing")
	}
	st := NEGStatusOf(mine)
	if st.Initialized.Failed() || !st.Synced.Failed() || st.Synced.Fault != NEGNodeNotFound {
		t.Errorf("%+v", st)
	}
	if diff := cmp.Diff([]NEGZone{{Zone: "z-a", Path: pathA, State: "INACTIVE"}}, st.Zones); diff != "" {
		t.Error(diff)
	}
	if none := NEGStatusOf(named("web", "80")); none.Synced.Failed() || none.Synced.Set {
		t.Errorf("a condition that isn't there hasn't failed: %+v", none)
	}
}

// TestNEGFaults: fragments of ingress-controller.md §1.7.
func TestNEGFaults(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]NEGFault{
		`Failed to sync NEG "k8s1-x" (will retry): unexpected error when getting zone for endpoint ["10.0.0.1"] in endpoint slice a/b: endpoint has missing nodeName field`: NEGNodeMissing,
		"endpoint corresponds to a node with PodCIDR not set":                                                     NEGPodCIDR,
		"endpoint has missing zone field: zone is missing for node n":                                             NEGZoneMissing,
		"endpoint corresponds to an non-existing pod":                                                             NEGPodMissing,
		`found conflicting description in neg n: expected description of NEG object "z"/"n" to be {}, but got {}`: NEGNameTaken,
		"found conflicting description in neg n: NEG is used by another syncer in the same cluster and namespace": NEGNameShared,
		"custom NEG name exceeds 56 characters limit":                                                             NEGNameTooLong,
		"found a custom named neg n with an empty description":                                                    NEGUndescribed,
		"googleapi: Error 403: Quota 'NETWORK_ENDPOINT_GROUPS' exceeded.  Limit: 100.0 globally., quotaExceeded":  NEGQuota,
		"googleapi: Error 403: Required 'compute.networkEndpointGroups.attachNetworkEndpoints' permission":        NEGDenied,
		"googleapi: Error 404: The resource 'projects/p' was not found, notFound":                                 NEGNotFound,
		"something else": "", "": "",
	} {
		if got := NEGFaultOf(message); got != want {
			t.Errorf("%s: %q, want %q", message, got, want)
		}
	}
}
