package glbc

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

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
			name: "kube-system lists no Service at all", do: func(f *fixture) { f.ing.Spec.DefaultBackend = nil },
			undecided: []string{"default-backend-missing service-not-found translate"},
		},
		{
			name: "the system default backend is gone", do: func(f *fixture) {
				f.ing.Spec.DefaultBackend = nil
				all, _ := f.s.Services.Get()
				f.s.Services = facts.Found(append(all, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-dns"}}))
			},
			want: []string{"default-backend-missing service-not-found translate"}, blocked: true,
			message: `failed to retrieve the system default backend service "kube-system/default-http-backend"`,
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
