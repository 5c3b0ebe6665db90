package glbc

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

// shop has one Service shop/web with NEGs, port 80 to 8080, and one pod with a probe.
func shop() (*facts.Snapshot, *corev1.Service) {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{NEGAnnotation: `{"ingress":true}`}},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Selector: map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, NodePort: 30080, TargetPort: intstr.FromInt32(8080)}},
		},
	}
	probe := get("/ready", intstr.FromInt32(8080), nil)
	probe.PeriodSeconds, probe.TimeoutSeconds = 20, 3
	s := &facts.Snapshot{}
	s.Services = facts.Found([]*corev1.Service{svc})
	s.Pods = facts.Found([]*corev1.Pod{probed("web-1", 0, probe, corev1.ContainerPort{ContainerPort: 8080})})
	s.Ingresses = facts.Found([]*networkingv1.Ingress(nil))
	s.BackendConfigs = facts.Found([]*facts.BackendConfig(nil))
	return s, svc
}

func backendOf(s *facts.Snapshot, svc *corev1.Service) Backend {
	b := Backend{
		Namespace: svc.Namespace, Service: svc.Name, Port: networkingv1.ServiceBackendPort{Number: 80},
		Object: ServiceOf(s, svc.Namespace, svc.Name), ServicePort: &svc.Spec.Ports[0],
		BackendService: facts.Absent[*computepb.BackendService](), HealthCheck: facts.Absent[*computepb.HealthCheck](),
	}
	return b
}

func withConfig(s *facts.Snapshot, svc *corev1.Service, check facts.BackendConfigCheck) {
	bc := &facts.BackendConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "bc"}}
	bc.Spec.HealthCheck = &check
	s.BackendConfigs = facts.Found([]*facts.BackendConfig{bc})
	svc.Annotations[BackendConfigAnnotation] = `{"default":"bc"}`
}

func sources(d Desired) string {
	var out []string
	for _, f := range CheckFields {
		switch {
		case d.Unknown[f] != nil:
			out = append(out, string(f)+"=?")
		case d.From[f].Source != FromDefault:
			out = append(out, string(f)+"="+string(d.From[f].Source))
		}
	}
	return strings.Join(out, ", ")
}

// TestDesiredCheck has a row for each step of the derivation
// (ingress-controller.md §2): what wins over what, and what unknown hides.
func TestDesiredCheck(t *testing.T) {
	t.Parallel()
	const s15 = 15 * time.Second
	fromProbe := Check{Type: "HTTP", Path: "/ready", Interval: 20 * time.Second, Timeout: 3 * time.Second, Healthy: 1, Unhealthy: 2}
	byDefault := Check{Type: "HTTP", Path: "/", Interval: s15, Timeout: s15, Healthy: 1, Unhealthy: 2}
	const probeFour = "requestPath=readiness probe, host=readiness probe, checkIntervalSec=readiness probe, timeoutSec=readiness probe"
	const allUnknown = "type=?, port=?, requestPath=?, host=?, checkIntervalSec=?, timeoutSec=?, healthyThreshold=?, unhealthyThreshold=?, logConfig.enable=?"
	thc := Check{Type: "HTTP", Port: 7877, Path: "/api/podhealth", Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 1, Unhealthy: 10}
	optIn := func(svc *corev1.Service) {
		svc.Annotations["networking.gke.io/transparent-health-checker"] = `{"enabled":true}`
	}
	thcEvent := func(s *facts.Snapshot, reasons ...string) {
		var events []*corev1.Event
		for i, r := range reasons {
			events = append(events, &corev1.Event{Reason: r, InvolvedObject: corev1.ObjectReference{Kind: "Service", Namespace: "shop", Name: "web"}, LastTimestamp: metav1.NewTime(time.Unix(int64(i), 0))})
		}
		s.Events = facts.Found(events)
	}
	for _, tt := range []struct {
		name    string
		do      func(s *facts.Snapshot, svc *corev1.Service, b *Backend)
		want    Check
		from    string
		stopped string
	}{
		{name: "the probe's path, host and times over the defaults", want: fromProbe, from: probeFour},
		{name: "no pod yet", do: func(s *facts.Snapshot, _ *corev1.Service, _ *Backend) { s.Pods = facts.Found([]*corev1.Pod(nil)) }, want: byDefault},
		{name: "pods that couldn't be read leave the probe's fields open, and only those", do: func(s *facts.Snapshot, _ *corev1.Service, _ *Backend) {
			s.Pods = facts.Unknown[[]*corev1.Pod](errDenied)
		}, from: "requestPath=?, host=?, checkIntervalSec=?, timeoutSec=?"},
		{name: "pods of which some are missing, too", do: func(s *facts.Snapshot, _ *corev1.Service, _ *Backend) {
			pods, _ := s.Pods.Get()
			s.Pods = facts.FoundPartly(pods, errDenied, "zones/z")
		}, from: "requestPath=?, host=?, checkIntervalSec=?, timeoutSec=?"},
		{name: "pods of other namespaces don't tell", do: func(s *facts.Snapshot, _ *corev1.Service, b *Backend) {
			b.Object = ServiceOf(s, "shop", "web")
			s.Namespaces = []string{"other"}
		}, from: "requestPath=?, host=?, checkIntervalSec=?, timeoutSec=?"},
		{
			name: "a BackendConfig's fields over the probe's, the rest stays", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
				withConfig(s, svc, facts.BackendConfigCheck{RequestPath: new("/bc"), Port: new(int64(9000)), UnhealthyThreshold: new(int64(5))})
			}, want: Check{Type: "HTTP", Port: 9000, Path: "/bc", Interval: 20 * time.Second, Timeout: 3 * time.Second, Healthy: 1, Unhealthy: 5},
			from: "port=BackendConfig, requestPath=BackendConfig, host=readiness probe, checkIntervalSec=readiness probe, timeoutSec=readiness probe, unhealthyThreshold=BackendConfig",
		},
		{name: "a BackendConfig makes fields known that unread pods would hide", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			withConfig(s, svc, facts.BackendConfigCheck{RequestPath: new("/bc"), TimeoutSec: new(int64(4)), Type: new("HTTPS")})
			s.Pods = facts.Unknown[[]*corev1.Pod](errDenied)
		}, from: "type=BackendConfig, requestPath=BackendConfig, host=?, checkIntervalSec=?, timeoutSec=BackendConfig"},
		{name: "BackendConfigs that couldn't be read hide all but the Host, which they can't set", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			withConfig(s, svc, facts.BackendConfigCheck{})
			s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
		}, from: "type=?, port=?, requestPath=?, host=readiness probe, checkIntervalSec=?, timeoutSec=?, healthyThreshold=?, unhealthyThreshold=?"},
		{name: "unread BackendConfigs hide nothing where none is named", do: func(s *facts.Snapshot, _ *corev1.Service, _ *Backend) {
			s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
		}, want: fromProbe, from: probeFour},
		{name: "a BackendConfig for another port doesn't apply", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			withConfig(s, svc, facts.BackendConfigCheck{RequestPath: new("/bc")})
			svc.Annotations[BackendConfigAnnotation] = `{"ports":{"8080":"bc"}}`
		}, want: fromProbe, from: probeFour},
		{name: "a BackendConfig that doesn't exist stops the controller", do: func(_ *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			svc.Annotations[BackendConfigAnnotation] = `{"default":"gone"}`
		}, want: fromProbe, from: probeFour, stopped: "BackendConfig shop/gone doesn't exist"},
		{name: "so does the CRD that isn't installed", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			svc.Annotations[BackendConfigAnnotation] = `{"default":"gone"}`
			s.BackendConfigs = facts.Absent[[]*facts.BackendConfig]()
		}, want: fromProbe, from: probeFour, stopped: "BackendConfig shop/gone doesn't exist"},
		{name: "the protocol is the Service's", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			svc.Annotations[AppProtocolsAnnotation] = `{"http":"HTTPS"}`
		}, want: Check{Type: "HTTPS", Path: "/", Interval: s15, Timeout: s15, Healthy: 1, Unhealthy: 2}, from: "type=protocol"},
		{name: "nodes: a minute more and the node port", do: func(_ *facts.Snapshot, svc *corev1.Service, _ *Backend) { delete(svc.Annotations, NEGAnnotation) }, want: Check{Type: "HTTP", Port: 30080, Path: "/ready", Interval: 80 * time.Second, Timeout: 3 * time.Second, Healthy: 1, Unhealthy: 10}, from: probeFour},
		{name: "an internal load balancer has NEGs whatever the annotation says", do: func(s *facts.Snapshot, svc *corev1.Service, b *Backend) {
			delete(svc.Annotations, NEGAnnotation)
			b.BackendService = facts.Found(&computepb.BackendService{Region: new("r")})
		}, want: fromProbe, from: probeFour},
		{name: "an internal Ingress alone says so before anything is made", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			delete(svc.Annotations, NEGAnnotation)
			ing := ingressNamed("shop", "i", FinalizerV2)
			ing.Annotations = map[string]string{ClassAnnotation: ClassInternal}
			ing.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: toWeb()}
			s.Ingresses = facts.Found([]*networkingv1.Ingress{ing})
		}, want: fromProbe, from: probeFour},
		{name: "without Ingresses and annotation nothing tells", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			delete(svc.Annotations, NEGAnnotation)
			s.Ingresses = facts.Unknown[[]*networkingv1.Ingress](errDenied)
		}, from: allUnknown},
		{name: "the system default backend asks /healthz", do: func(s *facts.Snapshot, svc *corev1.Service, b *Backend) {
			svc.Namespace, svc.Name = "kube-system", "default-http-backend"
		}, want: Check{Type: "HTTP", Path: "/healthz", Interval: s15, Timeout: s15, Healthy: 1, Unhealthy: 2}},
		{name: "a Service that isn't there", do: func(_ *facts.Snapshot, _ *corev1.Service, b *Backend) { b.Object = facts.Absent[*corev1.Service]() }, from: allUnknown, stopped: "the Service doesn't exist"},
		{name: "a Service that couldn't be read stops nobody", do: func(_ *facts.Snapshot, _ *corev1.Service, b *Backend) {
			b.Object = facts.Unknown[*corev1.Service](errDenied)
		}, from: allUnknown},
		{name: "a port that isn't there", do: func(_ *facts.Snapshot, _ *corev1.Service, b *Backend) { b.ServicePort = nil }, from: allUnknown, stopped: "the Service has no such port"},
		{name: "the transparent checker replaces everything", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			optIn(svc)
			thcEvent(s, "THCAnnotationWithoutFlag", "THCConfigured")
		}, want: thc, from: strings.ReplaceAll(allUnknown, "=?", "=transparent health checker")},
		{name: "the transparent checker by the live check", do: func(s *facts.Snapshot, svc *corev1.Service, b *Backend) {
			optIn(svc)
			b.HealthCheck = facts.Found(&computepb.HealthCheck{Description: new(`{"config":"TransparentHC"}`)})
		}, want: thc, from: strings.ReplaceAll(allUnknown, "=?", "=transparent health checker")},
		{name: "the transparent checker whose flag isn't known", do: func(_ *facts.Snapshot, svc *corev1.Service, _ *Backend) { optIn(svc) }, from: allUnknown},
		{name: "the transparent checker whose flag is off", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			optIn(svc)
			thcEvent(s, "THCConfigured", "THCAnnotationWithoutFlag")
		}, want: fromProbe, from: probeFour},
		{name: "a BackendConfig with a check beats the transparent checker", do: func(s *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			optIn(svc)
			withConfig(s, svc, facts.BackendConfigCheck{RequestPath: new("/bc")})
		}, want: Check{Type: "HTTP", Path: "/bc", Interval: 20 * time.Second, Timeout: 3 * time.Second, Healthy: 1, Unhealthy: 2}, from: strings.Replace(probeFour, "requestPath=readiness probe", "requestPath=BackendConfig", 1)},
		{name: "nodes get no transparent checker", do: func(_ *facts.Snapshot, svc *corev1.Service, _ *Backend) {
			optIn(svc)
			delete(svc.Annotations, NEGAnnotation)
		}, want: Check{Type: "HTTP", Port: 30080, Path: "/ready", Interval: 80 * time.Second, Timeout: 3 * time.Second, Healthy: 1, Unhealthy: 10}, from: probeFour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, svc := shop()
			b := backendOf(s, svc)
			if tt.do != nil {
				tt.do(s, svc, &b)
			}
			if _, found := b.Object.Get(); found {
				b.Object = facts.Found(svc)
			}
			d := DesiredCheck(s, b)
			if got := sources(d); got != tt.from {
				t.Errorf("from %q, want %q", got, tt.from)
			}
			if d.Known() {
				if diff := cmp.Diff(tt.want, d.Check); diff != "" {
					t.Error(diff)
				}
			} else if d.Err() == nil {
				t.Error("fields are unknown for no reason")
			}
			if d.Stopped != tt.stopped {
				t.Errorf("stopped %q, want %q", d.Stopped, tt.stopped)
			}
		})
	}
}

// TestUsesNEGOfBothScopes: an internal and an external Ingress have each a backend
// service of their own for the port.
func TestUsesNEGOfBothScopes(t *testing.T) {
	t.Parallel()
	s, svc := shop()
	delete(svc.Annotations, NEGAnnotation)
	var list []*networkingv1.Ingress
	for _, class := range []string{ClassInternal, ClassExternal} {
		ing := ingressNamed("shop", class, FinalizerV2)
		ing.Annotations = map[string]string{ClassAnnotation: class}
		ing.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Name: "http"}}}
		list = append(list, ing)
	}
	s.Ingresses = facts.Found(list)
	b := backendOf(s, svc)
	if got := UsesNEG(s, b); got.Known() || !errors.Is(got.Err(), errBothScopes) {
		t.Errorf("got %v", got)
	}
	b.BackendService = facts.Found(&computepb.BackendService{})
	if neg, known := UsesNEG(s, b).Get(); neg || !known {
		t.Errorf("a global backend service has nodes: %v, %v", neg, known)
	}
}
