package glbc

import (
	"errors"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

const base = "https://www.googleapis.com/compute/v1/projects/p/"

func backendService(name, description string, groups ...string) *computepb.BackendService {
	bs := &computepb.BackendService{Name: &name, SelfLink: new(base + "global/backendServices/" + name), Description: &description}
	for _, g := range groups {
		bs.Backends = append(bs.Backends, &computepb.Backend{Group: new(base + "zones/z-a/networkEndpointGroups/" + g)})
	}
	return bs
}

func neg(name, uid string) *computepb.NetworkEndpointGroup {
	return &computepb.NetworkEndpointGroup{
		Name: &name, SelfLink: new(base + "zones/z-a/networkEndpointGroups/" + name),
		Description: new(`{"cluster-uid":"` + uid + `","namespace":"shop","service-name":"web","port":"80"}`),
	}
}

const byNumber = `{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"\u0026ServiceBackendPort{Name:,Number:80,}"}`

// TestBackendServiceOf: two clusters of a project may have the same namespace and
// Service; what tells them apart decides, and nothing is guessed.
func TestBackendServiceOf(t *testing.T) {
	service := func(annotations map[string]string) *corev1.Service {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: annotations},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80, NodePort: 30080, TargetPort: intstr.FromInt32(8080)}, {Name: "admin", Port: 81}}},
		}
	}
	ing := func(annotations map[string]string, port networkingv1.ServiceBackendPort) *networkingv1.Ingress {
		return &networkingv1.Ingress{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: annotations},
			Spec:       networkingv1.IngressSpec{DefaultBackend: &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: port}}},
		}
	}
	port80 := networkingv1.ServiceBackendPort{Number: 80}
	for _, tt := range []struct {
		name     string
		services []*computepb.BackendService
		negs     []*computepb.NetworkEndpointGroup
		uid      facts.Value[string]
		svc      *corev1.Service
		ing      *networkingv1.Ingress
		want     string
		unknown  bool
	}{
		{name: "the only one", services: []*computepb.BackendService{backendService("a", byNumber)}, want: "a"},
		{name: "named port in the Ingress, number in the description", services: []*computepb.BackendService{backendService("a", byNumber)}, ing: ing(nil, networkingv1.ServiceBackendPort{Name: "http"}), want: "a"},
		{name: "another port of the Service", services: []*computepb.BackendService{backendService("a", byNumber)}, ing: ing(nil, networkingv1.ServiceBackendPort{Number: 81})},
		{name: "somebody else's", services: []*computepb.BackendService{backendService("a", "made by hand")}},
		{name: "the UID of kube-system decides", services: []*computepb.BackendService{backendService("a", byNumber, "n-a"), backendService("b", byNumber, "n-b")}, negs: []*computepb.NetworkEndpointGroup{neg("n-a", "other"), neg("n-b", "mine")}, uid: facts.Found("mine"), want: "b"},
		{name: "one that is certainly another cluster's", services: []*computepb.BackendService{backendService("a", byNumber, "n-a")}, negs: []*computepb.NetworkEndpointGroup{neg("n-a", "other")}, uid: facts.Found("mine")},
		{name: "the NEG's name on the Service decides", services: []*computepb.BackendService{backendService("a", byNumber), backendService("b", byNumber)}, svc: service(map[string]string{NEGStatusAnnotation: `{"network_endpoint_groups":{"80":"b"},"zones":["z-a"]}`}), want: "b"},
		{name: "the Ingress's annotation decides in instance-group mode", services: []*computepb.BackendService{backendService("k8s-be-30080--one", byNumber), backendService("k8s-be-30080--two", byNumber)}, ing: ing(map[string]string{"ingress.kubernetes.io/backends": `{"k8s-be-30080--two":"HEALTHY"}`}, port80), want: "k8s-be-30080--two"},
		{name: "without a description, the NEG's name", services: []*computepb.BackendService{backendService("b", "")}, svc: service(map[string]string{NEGStatusAnnotation: `{"network_endpoint_groups":{"80":"b"}}`}), want: "b"},
		{name: "nothing tells them apart", services: []*computepb.BackendService{backendService("a", byNumber), backendService("b", byNumber)}, unknown: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.svc == nil {
				tt.svc = service(nil)
			}
			if tt.ing == nil {
				tt.ing = ing(nil, port80)
			}
			s := &facts.Snapshot{
				LoadBalancing: facts.LoadBalancing{BackendServices: facts.Found(tt.services), NEGs: facts.Found(tt.negs)},
				Objects:       facts.Objects{ClusterUID: tt.uid, Services: facts.Found([]*corev1.Service{tt.svc}), Ingresses: facts.Found([]*networkingv1.Ingress{tt.ing})},
			}
			got := Backends(s, tt.ing)[0].BackendService
			bs, _ := got.Get()
			if bs.GetName() != tt.want || !got.Known() != tt.unknown {
				t.Errorf("got %q, known %v; want %q, unknown %v", bs.GetName(), got.Known(), tt.want, tt.unknown)
			}
		})
	}
}

// A list that lacks a scope says nothing of what lies in it.
func TestWhatAPartialListLacksIsUnknown(t *testing.T) {
	t.Parallel()
	const region = "regions/europe-west1"
	ing := &networkingv1.Ingress{}
	ing.Namespace, ing.Annotations = "shop", map[string]string{ClassAnnotation: "gce-internal"}
	ing.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	partly := errors.New("no answer from " + region)
	for name, tt := range map[string]struct {
		class string
		known bool
	}{
		"an internal Ingress's lies in the region that is missing": {"gce-internal", false},
		"an external Ingress's is global":                          {"gce", true},
	} {
		ing.Annotations[ClassAnnotation] = tt.class
		s := &facts.Snapshot{ClusterName: "projects/p/locations/europe-west1/clusters/main"}
		s.BackendServices = facts.FoundPartly([]*computepb.BackendService{}, partly, region)
		s.Ingresses, s.Services = facts.Found([]*networkingv1.Ingress{ing}), facts.Found([]*corev1.Service{})
		if got := Backends(s, ing)[0].BackendService; got.Known() != tt.known {
			t.Errorf("%s: known %v, want %v", name, got.Known(), tt.known)
		}
	}
	hc := "https://www.googleapis.com/compute/v1/projects/p/" + region + "/healthChecks/web"
	s := &facts.Snapshot{}
	s.HealthChecks = facts.FoundPartly([]*computepb.HealthCheck{}, partly, region)
	bs := &computepb.BackendService{HealthChecks: []string{hc}}
	if got := BackendOf(s, bs).HealthCheck; got.IsAbsent() || got.Known() {
		t.Errorf("the health check of a missing region is %v", got)
	}
}
