package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

func TestUsed(t *testing.T) {
	t.Parallel()
	f := newFixture()
	name := NEGName(testIngressUID, "shop", "web", 80)
	f.s.BackendServices = facts.Found([]*computepb.BackendService{{
		Name: &name, SelfLink: new(computeV1 + "global/backendServices/" + name),
		Description: new(`{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"&ServiceBackendPort{Name:,Number:80,}"}`),
	}})
	byName, other, nginx := newFixture().ing, newFixture().ing, newFixture().ing
	byName.Name, other.Name, nginx.Name = "by-name", "other", "nginx"
	byName.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port = networkingv1.ServiceBackendPort{Name: "http"}
	byName.Spec.DefaultBackend = nil
	other.Spec.DefaultBackend.Service.Port.Number = 9000
	other.Spec.Rules = nil
	nginx.Annotations[ClassAnnotation] = "nginx"
	f.s.Ingresses = facts.Found([]*networkingv1.Ingress{f.ing, byName, other, nginx})
	list, err := Used(f.s, "projects/shop-prod/global/backendServices/"+name)
	var got []string
	for _, r := range list {
		got = append(got, r.Name)
	}
	if diff := cmp.Diff([]string{"storefront", "by-name"}, got); diff != "" || err != nil {
		t.Errorf("%v; %s", err, diff)
	}
	f.s.Ingresses = facts.Unknown[[]*networkingv1.Ingress](errDenied)
	if list, err := Used(f.s, "x"); err == nil || len(list) > 0 {
		t.Errorf("%v, %v where Ingresses couldn't be read", list, err)
	}
}
