package glbc

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

const computeV1 = "https://www.googleapis.com/compute/v1/projects/shop-prod/"

// A fixture is Ingress shop/storefront with one Service, all in order; rows break it.
type fixture struct {
	s   *facts.Snapshot
	ing *networkingv1.Ingress
	svc *corev1.Service
	bc  *facts.BackendConfig
	fc  *facts.FrontendConfig
}

func newFixture() *fixture {
	f := &fixture{
		s:   &facts.Snapshot{ClusterName: "projects/shop-prod/locations/europe-west1/clusters/main", Project: "shop-prod"},
		ing: ingressNamed("shop", "storefront", FinalizerV2),
		svc: &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{NEGAnnotation: `{"ingress":true}`}},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Ports: []corev1.ServicePort{{Name: "http", Port: 80}, {Name: "grpc", Port: 9000}}},
		},
		bc: &facts.BackendConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "config"}},
		fc: &facts.FrontendConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "front"}},
	}
	f.ing.Annotations = map[string]string{ClassAnnotation: ClassExternal}
	f.ing.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: toWeb()}
	f.rule("shop.acme.example", networkingv1.PathTypePrefix, "/")
	s := f.s
	s.ClusterUID = facts.Found(testKubeUID)
	s.ConfigMaps = map[string]facts.Value[*corev1.ConfigMap]{"kube-system/ingress-uid": facts.Found(&corev1.ConfigMap{Data: map[string]string{"uid": testIngressUID}})}
	s.Services = facts.Found([]*corev1.Service{f.svc})
	s.Ingresses = facts.Found([]*networkingv1.Ingress{f.ing})
	s.Pods = facts.Found([]*corev1.Pod(nil))
	s.BackendConfigs = facts.Found([]*facts.BackendConfig{f.bc})
	s.FrontendConfigs = facts.Found([]*facts.FrontendConfig{f.fc})
	s.BackendServices = facts.Found([]*computepb.BackendService(nil))
	s.HealthChecks = facts.Found([]*computepb.HealthCheck(nil))
	s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup(nil))
	s.SecurityPolicies = facts.Found([]*computepb.SecurityPolicy{{Name: new("armor"), SelfLink: new(computeV1 + "global/securityPolicies/armor")}})
	s.SSLPolicies = facts.Found([]*computepb.SslPolicy{
		{Name: new("modern"), SelfLink: new(computeV1 + "global/sslPolicies/modern")},
		{Name: new("regional"), SelfLink: new(computeV1 + "regions/europe-west1/sslPolicies/regional")},
	})
	s.SSLCertificates = facts.Found([]*computepb.SslCertificate{
		{Name: new("shop"), SelfLink: new(computeV1 + "global/sslCertificates/shop")},
		{Name: new("shop-eu"), SelfLink: new(computeV1 + "regions/europe-west1/sslCertificates/shop-eu")},
	})
	s.Addresses = facts.Found([]*computepb.Address{
		{Name: new("shop"), SelfLink: new(computeV1 + "global/addresses/shop")},
		{Name: new("shop-eu"), SelfLink: new(computeV1 + "regions/europe-west1/addresses/shop-eu")},
	})
	s.Cluster = facts.Found(&container.Cluster{NetworkConfig: &container.NetworkConfig{Network: "projects/shop-prod/global/networks/prod"}})
	f.subnet("europe-west1", "prod", "REGIONAL_MANAGED_PROXY", "ACTIVE")
	return f
}

func toWeb() *networkingv1.IngressServiceBackend {
	return &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}
}

func (f *fixture) rule(host string, kind networkingv1.PathType, paths ...string) {
	http := &networkingv1.HTTPIngressRuleValue{}
	for _, p := range paths {
		http.Paths = append(http.Paths, networkingv1.HTTPIngressPath{Path: p, PathType: &kind, Backend: networkingv1.IngressBackend{Service: toWeb()}})
	}
	f.ing.Spec.Rules = append(f.ing.Spec.Rules, networkingv1.IngressRule{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: http}})
}

func (f *fixture) backend() *networkingv1.IngressBackend {
	return &f.ing.Spec.Rules[0].HTTP.Paths[0].Backend
}

func (f *fixture) annotate(kv ...string) {
	for i := 0; i < len(kv); i += 2 {
		f.ing.Annotations[kv[i]] = kv[i+1]
	}
}

func (f *fixture) service(kv ...string) {
	for i := 0; i < len(kv); i += 2 {
		f.svc.Annotations[kv[i]] = kv[i+1]
	}
}

func (f *fixture) subnet(region, network, purpose, role string) {
	f.s.Subnetworks = facts.Found([]*computepb.Subnetwork{{
		Name: new("proxies"), SelfLink: new(computeV1 + "regions/" + region + "/subnetworks/proxies"),
		Network: new(computeV1 + "global/networks/" + network), Purpose: &purpose, Role: &role,
	}})
}

// config makes the Service use the BackendConfig.
func (f *fixture) config() *facts.BackendConfig {
	f.service(BackendConfigAnnotation, `{"default":"config"}`)
	return f.bc
}

func (f *fixture) front() *facts.FrontendConfig {
	f.annotate(FrontendConfigAnnotation, "front")
	return f.fc
}

// set makes a section of a custom resource, whose type has no name.
func set[T any](p **T) *T {
	*p = new(T)
	return *p
}

var errDenied = errors.New("403 PERMISSION_DENIED")

type translation struct {
	name string
	do   func(f *fixture)
	// want is "code stage" or "code variant stage" of each fault, undecided that of
	// those that can't be told.
	want, undecided []string
	// message is what one of the faults says.
	message string
	blocked bool
}

func (tt translation) check(t *testing.T) {
	t.Helper()
	f := newFixture()
	tt.do(f)
	got := Translate(f.s, f.ing)
	if diff := cmp.Diff(tt.want, words(got.Faults)); diff != "" {
		t.Errorf("faults: %s", diff)
	}
	if diff := cmp.Diff(tt.undecided, words(got.Undecided)); diff != "" {
		t.Errorf("undecided: %s", diff)
	}
	if got.Blocked() != tt.blocked {
		t.Errorf("blocked %v, want %v", got.Blocked(), tt.blocked)
	}
	all := append(slices.Clone(got.Faults), got.Undecided...)
	if tt.message != "" && !slices.ContainsFunc(all, func(f Fault) bool { return strings.Contains(f.Message, tt.message) }) {
		t.Errorf("no fault says %q: %+v", tt.message, all)
	}
	for _, f := range got.Faults {
		if f.Err != nil || f.On.IsZero() || f.Stage.String() == "" {
			t.Errorf("%+v", f)
		}
	}
	for _, f := range got.Undecided {
		if f.Err == nil {
			t.Errorf("%s is undecided for no reason", f.Code)
		}
	}
}

func words(list []Fault) []string {
	var out []string
	for _, f := range list {
		w := string(f.Code)
		if f.Variant != "" {
			w += " " + f.Variant
		}
		out = append(out, w+" "+f.Stage.String())
	}
	return out
}

func runTranslations(t *testing.T, rows []translation) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.check(t)
		})
	}
}
