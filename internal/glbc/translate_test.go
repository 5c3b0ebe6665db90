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

// ingress-controller.md §1.2, one row per cause and its near misses.
func TestTranslateServices(t *testing.T) {
	t.Parallel()
	runTranslations(t, []translation{
		{name: "nothing is wrong", do: func(*fixture) {}},
		{
			name: "no such Service", do: func(f *fixture) { f.backend().Service.Name = "wbe" },
			want: []string{"service-not-found translate"}, message: `could not find service "shop/wbe"`, blocked: true,
		},
		{
			name: "a Service of that name in another namespace", do: func(f *fixture) { f.svc.Namespace = "other" },
			want: []string{"service-not-found translate"}, message: `could not find service "shop/web"`, blocked: true,
		},
		{
			name: "Services that couldn't be read", do: func(f *fixture) { f.s.Services = facts.Unknown[[]*corev1.Service](errDenied) },
			undecided: []string{"service-not-found translate"},
		},
		{
			name: "Services of a namespace that wasn't read", do: func(f *fixture) { f.s.Namespaces, f.svc.Namespace = []string{"argocd"}, "argocd" },
			undecided: []string{"service-not-found translate"},
		},
		{
			name: "a port by a number that is the targetPort", do: func(f *fixture) { f.backend().Service.Port.Number = 8080 },
			want: []string{"service-port-not-found translate"}, message: `could not find port "&ServiceBackendPort{Name:,Number:8080,}" in service "shop/web"`, blocked: true,
		},
		{
			name: "a port by a name that no port has", do: func(f *fixture) { f.backend().Service.Port = networkingv1.ServiceBackendPort{Name: "web"} },
			want: []string{"service-port-not-found translate"}, message: `Name:web,Number:0,`, blocked: true,
		},
		{name: "a port by its name", do: func(f *fixture) { f.backend().Service.Port = networkingv1.ServiceBackendPort{Name: "http"} }},
		{
			name: "ClusterIP without annotation", do: func(f *fixture) { delete(f.svc.Annotations, NEGAnnotation) },
			want: []string{"service-type-needs-neg translate"}, blocked: true,
			message: `service "shop/web" is type "ClusterIP", expected "NodePort" or "LoadBalancer" when not using NEGs`,
		},
		{
			name: "ClusterIP with an annotation that isn't JSON", do: func(f *fixture) { f.service(NEGAnnotation, `{ingress:true}`) },
			want: []string{"service-type-needs-neg translate"}, blocked: true,
		},
		{
			name: "ClusterIP with an annotation whose exposed port isn't a number", do: func(f *fixture) { f.service(NEGAnnotation, `{"ingress":true,"exposed_ports":{"http":{}}}`) },
			want: []string{"service-type-needs-neg translate"}, blocked: true,
		},
		{
			name: "ExternalName", do: func(f *fixture) {
				f.svc.Spec.Type = corev1.ServiceTypeExternalName
				f.service(NEGAnnotation, `{"exposed_ports":{"80":{}}}`)
			},
			want: []string{"service-type-needs-neg translate"}, message: `type "ExternalName"`, blocked: true,
		},
		{name: "NodePort without annotation", do: func(f *fixture) {
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			delete(f.svc.Annotations, NEGAnnotation)
		}},
		{
			name: "internal class with ClusterIP and no annotation", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassInternal)
				delete(f.svc.Annotations, NEGAnnotation)
			},
			want: []string{"service-type-needs-neg translate"}, blocked: true,
		},
		{
			name: "app-protocols with a protocol that doesn't exist", do: func(f *fixture) { f.service(AppProtocolsAnnotation, `{"http":"https"}`) },
			want: []string{"app-protocols-invalid translate"}, blocked: true,
			message: `could not parse "service.alpha.kubernetes.io/app-protocols" annotation on service "shop/web", err: invalid port application protocol: https`,
		},
		{
			name: "app-protocols that isn't JSON", do: func(f *fixture) { f.service(appProtocolsAlpha, `http=HTTP`) },
			want: []string{"app-protocols-invalid translate"}, blocked: true,
		},
		{name: "a bad app-protocols behind a good older one", do: func(f *fixture) {
			f.service(AppProtocolsAnnotation, `{"http":"https"}`, appProtocolsAlpha, `{"http":"HTTP2"}`)
		}},
		{
			name: "a resource for a backend", do: func(f *fixture) {
				*f.backend() = networkingv1.IngressBackend{Resource: &corev1.TypedLocalObjectReference{}}
			},
			want: []string{"backend-not-service translate"}, message: "Ingress Backend is not a service", blocked: true,
		},
		{
			name: "a resource for the default backend", do: func(f *fixture) { f.ing.Spec.DefaultBackend.Service = nil },
			want: []string{"backend-not-service translate"}, blocked: true,
		},
		{
			name: "max-rate that isn't a number", do: func(f *fixture) { f.service(maxRateAnnotation, "many") },
			undecided: []string{"traffic-scaling-invalid translate"}, message: "invalid value for Service annotation networking.gke.io/max-rate-per-endpoint",
		},
		{name: "max-rate above one", do: func(f *fixture) { f.service(maxRateAnnotation, "100", capacityAnnotation, "0.5") }},
		{
			name: "capacity above one", do: func(f *fixture) { f.service(capacityAnnotation, "1.5") },
			undecided: []string{"traffic-scaling-invalid translate"},
		},
		{
			name: "the system default backend is gone", do: func(f *fixture) { f.ing.Spec.DefaultBackend = nil },
			want: []string{"default-backend-missing service-not-found translate"}, blocked: true,
			message: `failed to retrieve the system default backend service "kube-system/default-http-backend" with port "&ServiceBackendPort{Name:http,Number:0,}": could not find service "kube-system/default-http-backend"`,
		},
		{
			name: "the system default backend's namespace wasn't read", do: func(f *fixture) {
				f.ing.Spec.DefaultBackend = nil
				f.s.Namespaces = []string{"shop"}
			},
			undecided: []string{"default-backend-missing service-not-found translate"},
		},
		{name: "the system default backend is there", do: func(f *fixture) {
			f.ing.Spec.DefaultBackend = nil
			f.s.Services = facts.Found([]*corev1.Service{f.svc, {
				ObjectMeta: metav1.ObjectMeta{Namespace: SystemNamespace, Name: DefaultBackendName},
				Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
			}})
		}},
		{
			name: "one fault behind many paths, and another", do: func(f *fixture) {
				f.rule("b.acme.example", networkingv1.PathTypePrefix, "/a", "/b", "")
				f.svc.Name = "other"
			},
			want: []string{"service-not-found translate", "invalid-path prefix-empty translate"}, blocked: true,
		},
		{name: "another controller's Ingress", do: func(f *fixture) {
			f.annotate(ClassAnnotation, "nginx")
			f.svc.Name = "other"
		}},
		{
			name: "a class that hangs on a flag", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassRegionalExternal)
				f.svc.Name = "other"
			},
			undecided: []string{"service-not-found translate"},
		},
	})
}

func TestTranslateConfigs(t *testing.T) {
	t.Parallel()
	annotation := func(v string) func(*fixture) { return func(f *fixture) { f.service(BackendConfigAnnotation, v) } }
	runTranslations(t, []translation{
		{name: "a BackendConfig that is there", do: annotation(`{"default":"config"}`)},
		{
			name: "not JSON", do: annotation(`config`), want: []string{"config-annotation-invalid not-json translate"}, blocked: true,
			message: `error getting BackendConfig for port "&ServiceBackendPort{Name:,Number:80,}" on service "shop/web", err: BackendConfig annotation is invalid json`,
		},
		{
			name: "names none", do: annotation(`{}`), want: []string{"config-annotation-invalid empty translate"}, blocked: true,
			message: "no BackendConfig's found in annotation",
		},
		{
			name: "names one that isn't there", do: annotation(`{"default":"cfg"}`), want: []string{"config-not-found translate"}, blocked: true,
			message: "no BackendConfig for service port exists.",
		},
		{name: "one for another port that isn't there", do: annotation(`{"ports":{"grpc":"cfg"}}`)},
		{name: "by name before number before default", do: annotation(`{"default":"cfg","ports":{"80":"cfg","http":"config"}}`)},
		{name: "by number", do: annotation(`{"default":"cfg","ports":{"80":"config"}}`)},
		{name: "keys that match nothing", do: annotation(`{"ports":{"https":"cfg"}}`)},
		{name: "the older annotation is not read beside the newer", do: func(f *fixture) {
			f.service(BackendConfigAnnotation, `{"default":"config"}`, backendConfigBeta, `bad`)
		}},
		{
			name: "the older annotation alone", do: func(f *fixture) { f.service(backendConfigBeta, `bad`) },
			want: []string{"config-annotation-invalid not-json translate"}, blocked: true,
		},
		{
			name: "BackendConfigs couldn't be read", do: func(f *fixture) {
				f.config()
				f.s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
			}, undecided: []string{"config-not-found translate"},
		},
		{
			name: "the cluster has no BackendConfigs", do: func(f *fixture) {
				f.config()
				f.s.BackendConfigs = facts.Absent[[]*facts.BackendConfig]()
			}, want: []string{"config-not-found translate"}, blocked: true,
		},
		{
			name: "IAP and CDN", do: func(f *fixture) {
				spec := &f.config().Spec
				set(&spec.IAP).Enabled, set(&spec.CDN).Enabled = true, true
			}, want: []string{"config-invalid iap-and-cdn translate"}, blocked: true, message: "BackendConfig shop/config is not valid: iap and cdn cannot be enabled at the same time",
		},
		{name: "IAP, and CDN disabled", do: func(f *fixture) {
			spec := &f.config().Spec
			set(&spec.IAP).Enabled = true
			set(&spec.CDN)
		}},
		{
			name: "an affinity that doesn't exist", do: func(f *fixture) { set(&f.config().Spec.SessionAffinity).AffinityType = "COOKIE" },
			want: []string{"config-invalid affinity translate"}, blocked: true, message: "unsupported AffinityType: COOKIE",
		},
		{name: "an affinity that exists, for a day", do: func(f *fixture) {
			a := set(&f.config().Spec.SessionAffinity)
			a.AffinityType, a.AffinityCookieTTLSec = "GENERATED_COOKIE", new(int64(86400))
		}},
		{
			name: "an affinity for longer than a day", do: func(f *fixture) {
				set(&f.config().Spec.SessionAffinity).AffinityCookieTTLSec = new(int64(86401))
			}, want: []string{"config-invalid affinity-ttl translate"}, blocked: true, message: "unsupported AffinityCookieTtlSec: 86401",
		},
		{
			name: "a sample rate in percent", do: func(f *fixture) { set(&f.config().Spec.Logging).SampleRate = new(50.0) },
			want: []string{"config-invalid sample-rate translate"}, blocked: true, message: "unsupported SampleRate: 50",
		},
		{name: "a full sample rate", do: func(f *fixture) { set(&f.config().Spec.Logging).SampleRate = new(1.0) }},
		{
			name: "IAP on the regional external class", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassRegionalExternal)
				set(&f.config().Spec.IAP).Enabled = true
			}, undecided: []string{"config-invalid iap-regional-external translate"}, message: "IAP configuration is not supported in TPC Environment",
		},
		{
			name: "CDN on the regional external class", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassRegionalExternal)
				set(&f.config().Spec.CDN).Enabled = true
			}, undecided: []string{"config-invalid cdn-regional-external translate"}, message: "CDN configuration is not supported in TPC Environment",
		},
	})
}
