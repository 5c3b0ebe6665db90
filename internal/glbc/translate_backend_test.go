package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

func (f *fixture) check() *facts.BackendConfigCheck { return set(&f.config().Spec.HealthCheck) }

// liveCheck is the port's health check as it exists, with or without its backend
// service.
func (f *fixture) liveCheck(interval, timeout int32) {
	name := NEGName(testIngressUID, "shop", "web", 80)
	f.s.HealthChecks = facts.Found([]*computepb.HealthCheck{{
		Name: &name, SelfLink: new(computeV1 + "global/healthChecks/" + name), Type: new("HTTP"),
		CheckIntervalSec: &interval, TimeoutSec: &timeout, HttpHealthCheck: &computepb.HTTPHealthCheck{},
	}})
}

func (f *fixture) probe(period int32) {
	f.svc.Spec.Selector = map[string]string{"app": "web"}
	f.svc.Spec.Ports[0].TargetPort = intstr.FromInt32(8080)
	f.s.Pods = facts.Found([]*corev1.Pod{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{"app": "web"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "web", Ports: []corev1.ContainerPort{{ContainerPort: 8080}},
			ReadinessProbe: &corev1.Probe{
				ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)}},
				PeriodSeconds: period, TimeoutSeconds: 10,
			},
		}}},
	}})
}

// ingress-controller.md §1.3 and §1.6, the faults of backends.
func TestTranslateBackends(t *testing.T) {
	t.Parallel()
	exceeds := []string{"timeout-exceeds-interval backendconfig health-check"}
	runTranslations(t, []translation{
		{name: "a timeout longer than the interval", do: func(f *fixture) {
			f.check().TimeoutSec, f.bc.Spec.HealthCheck.CheckIntervalSec = new(int64(30)), new(int64(10))
		}, want: exceeds, message: "error ensuring health check: googleapi: Error 400"},
		{name: "a timeout as long as the interval", do: func(f *fixture) {
			f.check().TimeoutSec, f.bc.Spec.HealthCheck.CheckIntervalSec = new(int64(10)), new(int64(10))
		}},
		{name: "only a timeout, longer than a new NEG check's 15 seconds", do: func(f *fixture) { f.check().TimeoutSec = new(int64(20)) }, want: exceeds},
		{name: "only a timeout, shorter than a new instance-group check's minute", do: func(f *fixture) {
			f.check().TimeoutSec = new(int64(20))
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			f.svc.Spec.Ports[0].NodePort = 30080
			delete(f.svc.Annotations, NEGAnnotation)
		}},
		{name: "only a timeout, against a live interval that suits it", do: func(f *fixture) {
			f.check().TimeoutSec = new(int64(20))
			f.liveCheck(60, 5)
		}},
		{name: "only an interval, below a live timeout", do: func(f *fixture) {
			f.check().CheckIntervalSec = new(int64(5))
			f.liveCheck(60, 30)
		}, want: exceeds},
		{name: "only a timeout, and the live check couldn't be read", do: func(f *fixture) {
			f.check().TimeoutSec = new(int64(20))
			f.s.HealthChecks = facts.Unknown[[]*computepb.HealthCheck](errDenied)
		}, undecided: exceeds},
		{name: "only a timeout, and the backend services couldn't be read", do: func(f *fixture) {
			f.check().TimeoutSec = new(int64(20))
			f.s.BackendServices = facts.Unknown[[]*computepb.BackendService](errDenied)
		}, undecided: exceeds},
		{name: "only a timeout, over a transparent check that goes with it", do: func(f *fixture) {
			f.check().TimeoutSec = new(int64(10))
			f.liveCheck(5, 5)
			checks, _ := f.s.HealthChecks.Get()
			checks[0].Description = new(`{"config":"TransparentHC"}`)
		}, undecided: exceeds},
		{name: "both set, and the live check couldn't be read", do: func(f *fixture) {
			f.check().TimeoutSec, f.bc.Spec.HealthCheck.CheckIntervalSec = new(int64(30)), new(int64(10))
			f.s.HealthChecks = facts.Unknown[[]*computepb.HealthCheck](errDenied)
		}, want: exceeds},
		{
			name: "a readiness probe with a timeout longer than its period, for a new check", do: func(f *fixture) { f.probe(5) },
			want: []string{"timeout-exceeds-interval readiness-probe health-check"},
		},
		{name: "the same, where the check exists already and isn't changed", do: func(f *fixture) {
			f.probe(5)
			f.liveCheck(15, 15)
		}},
		{name: "the same, with a transparent health check", do: func(f *fixture) {
			f.probe(5)
			f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`)
		}},
		{name: "a probe within its period", do: func(f *fixture) { f.probe(10) }},
		{
			name: "a check over TCP", do: func(f *fixture) { f.check().Type = new("TCP") },
			want: []string{"config-invalid check-type health-check"}, message: `Protocol "TCP" is not valid, must be one of`,
		},
		{name: "a check over HTTP/2", do: func(f *fixture) { f.check().Type = new("HTTP2") }},
		{name: "a security policy that is there", do: func(f *fixture) { set(&f.config().Spec.SecurityPolicy).Name = "armor" }},
		{
			name: "a security policy that isn't", do: func(f *fixture) { set(&f.config().Spec.SecurityPolicy).Name = "amor" },
			want: []string{"security-policy-not-found backend-service"}, message: "failed to set security policy from",
		},
		{name: "security policies couldn't be read", do: func(f *fixture) {
			set(&f.config().Spec.SecurityPolicy).Name = "armor"
			f.s.SecurityPolicies = facts.FoundPartly([]*computepb.SecurityPolicy(nil), errDenied, "global")
		}, undecided: []string{"security-policy-not-found backend-service"}},
		{name: "another region's security policies couldn't be read", do: func(f *fixture) {
			set(&f.config().Spec.SecurityPolicy).Name = "amor"
			f.s.SecurityPolicies = facts.FoundPartly([]*computepb.SecurityPolicy(nil), errDenied, "regions/asia-east1")
		}, want: []string{"security-policy-not-found backend-service"}},
		{name: "an empty security policy, which detaches", do: func(f *fixture) { set(&f.config().Spec.SecurityPolicy) }},
		{name: "a security policy on the internal class", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			set(&f.config().Spec.SecurityPolicy)
		}, want: []string{"security-policy-unsupported backend-service"}},
		{name: "internal class with a NodePort Service and no annotation", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			delete(f.svc.Annotations, NEGAnnotation)
		}, want: []string{"internal-needs-neg link"}},
		{name: "internal class with a NEG of the same port on its own", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			f.service(NEGAnnotation, `{"exposed_ports":{"80":{}}}`)
		}},
		{name: "internal class with a NEG of the same port under a name of its own", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			f.service(NEGAnnotation, `{"exposed_ports":{"80":{"name":"web"}}}`)
		}, want: []string{"internal-needs-neg link"}},
		{name: "internal class with a NEG from before, whose annotation is gone", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			delete(f.svc.Annotations, NEGAnnotation)
			f.s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{{Name: new(NEGName(testIngressUID, "shop", "web", 80))}})
		}},
		{name: "internal class with another cluster's NEG", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			delete(f.svc.Annotations, NEGAnnotation)
			f.s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{{Name: new(NEGName("8c2e5d01a9b74f36", "shop", "web", 80))}})
		}, want: []string{"internal-needs-neg link"}},
		{name: "internal class, NEGs couldn't be read in a zone", do: func(f *fixture) {
			f.annotate(ClassAnnotation, ClassInternal)
			f.svc.Spec.Type = corev1.ServiceTypeNodePort
			delete(f.svc.Annotations, NEGAnnotation)
			f.s.NEGs = facts.FoundPartly([]*computepb.NetworkEndpointGroup(nil), errDenied, "zones/europe-west1-b")
		}, undecided: []string{"internal-needs-neg link"}},
		{name: "only a timeout, and not all pods were read", do: func(f *fixture) {
			f.check().TimeoutSec = new(int64(20))
			f.s.Pods = facts.FoundPartly([]*corev1.Pod(nil), errDenied, "shop")
		}, undecided: exceeds},
	})
}
