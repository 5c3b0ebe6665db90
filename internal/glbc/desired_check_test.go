package glbc

import (
	"errors"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

// probedFixture has one pod of the Service with a readiness probe that GLBC uses.
func probedFixture() *fixture {
	f := newFixture()
	f.svc.Spec.Selector = map[string]string{"app": "web"}
	f.svc.Spec.Ports[0].TargetPort = intstr.FromInt32(8080)
	probe := get("/ready", intstr.FromInt32(8080), func(g *corev1.HTTPGetAction) {
		g.HTTPHeaders = []corev1.HTTPHeader{{Name: "Host", Value: "shop.acme.example"}}
	})
	probe.PeriodSeconds, probe.TimeoutSeconds = 10, 2
	f.s.Pods = facts.Found([]*corev1.Pod{probed("web-1", 0, probe, corev1.ContainerPort{ContainerPort: 8080})})
	return f
}

func (f *fixture) web() Backend { return Backends(f.s, f.ing)[0] }

func TestDesiredCheck(t *testing.T) {
	t.Parallel()
	ofProbe := Check{Type: "HTTP", Path: "/ready", Host: "shop.acme.example", Interval: 10 * time.Second, Timeout: 2 * time.Second, Healthy: 1, Unhealthy: 2}
	with := func(c Check, change func(*Check)) Check {
		change(&c)
		return c
	}
	byProbe := "readiness probe of shop/web-1, container web"
	for _, tt := range []struct {
		name string
		do   func(*fixture)
		want Check
		// from is the origin of some fields, unknown are those that can't be told.
		from    map[CheckField]string
		unknown []CheckField
		err     error
	}{
		{
			name: "a readiness probe gives path, Host and times, nothing else", do: func(*fixture) {}, want: ofProbe,
			from: map[CheckField]string{CheckFieldPath: byProbe, CheckFieldHost: byProbe, CheckFieldInterval: byProbe, CheckFieldTimeout: byProbe, CheckFieldHealthy: "default", CheckFieldType: "default"},
		},
		{
			name: "without pods it is the default", do: func(f *fixture) { f.s.Pods = facts.Found([]*corev1.Pod(nil)) }, want: defaultCheck("HTTP", true),
			from: map[CheckField]string{CheckFieldPath: "default"},
		},
		{
			name: "pods that couldn't be read leave what a probe gives unknown",
			do:   func(f *fixture) { f.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied) },
			want: Check{Type: "HTTP", Healthy: 1, Unhealthy: 2}, unknown: []CheckField{CheckFieldPath, CheckFieldHost, CheckFieldInterval, CheckFieldTimeout},
		},
		{
			name: "so do pods of which slices tell and that weren't found",
			do: func(f *fixture) {
				f.s.Pods = facts.Found([]*corev1.Pod(nil))
				f.s.EndpointSlices = facts.Found([]*discoveryv1.EndpointSlice{{
					ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
					Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{"10.8.0.7"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "web-1"}}},
				}})
			},
			want: Check{Type: "HTTP", Healthy: 1, Unhealthy: 2}, unknown: []CheckField{CheckFieldPath, CheckFieldHost, CheckFieldInterval, CheckFieldTimeout},
		},
		{
			name: "pods of a namespace that wasn't read are unknown, but not what a BackendConfig sets over them",
			do: func(f *fixture) {
				f.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied)
				set(&f.config().Spec.HealthCheck).RequestPath = new("/alive")
			},
			want: Check{Type: "HTTP", Path: "/alive", Healthy: 1, Unhealthy: 2}, unknown: []CheckField{CheckFieldHost, CheckFieldInterval, CheckFieldTimeout},
			from: map[CheckField]string{CheckFieldPath: "BackendConfig shop/config"},
		},
		{
			name: "a BackendConfig goes over the probe field by field, and can't set Host",
			do: func(f *fixture) {
				hc := set(&f.config().Spec.HealthCheck)
				hc.RequestPath, hc.Port, hc.UnhealthyThreshold, hc.Type = new("/alive"), new(int64(9000)), new(int64(5)), new("HTTPS")
			},
			want: with(ofProbe, func(c *Check) { c.Path, c.Port, c.Unhealthy, c.Type = "/alive", 9000, 5, "HTTPS" }),
			from: map[CheckField]string{CheckFieldPath: "BackendConfig shop/config", CheckFieldPort: "BackendConfig shop/config", CheckFieldHost: byProbe, CheckFieldInterval: byProbe},
		},
		{
			name: "a BackendConfig without a health check changes nothing", do: func(f *fixture) { f.config() }, want: ofProbe,
			from: map[CheckField]string{CheckFieldPath: byProbe},
		},
		{
			name: "a BackendConfig that couldn't be read may set anything",
			do: func(f *fixture) {
				f.config()
				f.s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
			},
			unknown: CheckFields,
		},
		{
			name: "one that couldn't be read and nobody names sets nothing",
			do:   func(f *fixture) { f.s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied) }, want: ofProbe,
		},
		{
			name: "a BackendConfig that doesn't exist stops the controller",
			do:   func(f *fixture) { f.service(BackendConfigAnnotation, `{"default":"gone"}`) }, err: errNothingMade,
		},
		{
			name: "a Service that needs a NEG and has none stops the controller",
			do:   func(f *fixture) { delete(f.svc.Annotations, NEGAnnotation) }, err: errNothingMade,
		},
		{
			name: "an instance group's check asks the node port, a minute slower",
			do: func(f *fixture) {
				delete(f.svc.Annotations, NEGAnnotation)
				f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31080
			},
			want: with(ofProbe, func(c *Check) { c.Port, c.Interval, c.Unhealthy = 31080, 70*time.Second, 10 }),
			from: map[CheckField]string{CheckFieldPort: "Service shop/web"},
		},
		{
			name: "behind an internal load balancer there are NEGs without the annotation",
			do: func(f *fixture) {
				delete(f.svc.Annotations, NEGAnnotation)
				f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31080
				f.annotate(ClassAnnotation, ClassInternal)
			},
			want: ofProbe,
		},
		{
			name: "which load balancer it is can't be told without the Ingresses",
			do:   func(f *fixture) { f.s.Ingresses = facts.Unknown[[]*networkingv1.Ingress](errDenied) }, err: errNoClass,
		},
		{
			name: "an HTTPS backend doesn't take a plain probe", do: func(f *fixture) { f.service(AppProtocolsAnnotation, `{"http":"HTTPS"}`) },
			want: defaultCheck("HTTPS", true), from: map[CheckField]string{CheckFieldType: "Service shop/web"},
		},
		{
			name: "a Service without selector takes the probe of any pod of its namespace", do: func(f *fixture) { f.svc.Spec.Selector = nil }, want: ofProbe,
		},
		{
			name: "whether the transparent health checker is used hangs on a flag",
			do:   func(f *fixture) { f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`) }, unknown: CheckFields,
		},
		{
			name: "an event tells that the flag is on",
			do: func(f *fixture) {
				f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`)
				f.s.Events = facts.Found([]*corev1.Event{transparentEvent("THCConfigured", time.Minute), transparentEvent("THCAnnotationWithoutFlag", time.Hour)})
			},
			want: Check{Type: "HTTP", Path: "/api/podhealth", Port: 7877, Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 1, Unhealthy: 10},
			from: map[CheckField]string{CheckFieldPath: "transparent health checker", CheckFieldPort: "transparent health checker"},
		},
		{
			name: "or off",
			do: func(f *fixture) {
				f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`)
				f.s.Events = facts.Found([]*corev1.Event{transparentEvent("THCConfigured", time.Hour), transparentEvent("THCAnnotationWithoutFlag", time.Minute)})
			},
			want: ofProbe,
		},
		{
			name: "instance groups have no transparent health checker",
			do: func(f *fixture) {
				f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`)
				delete(f.svc.Annotations, NEGAnnotation)
				f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31080
			},
			want: with(ofProbe, func(c *Check) { c.Port, c.Interval, c.Unhealthy = 31080, 70*time.Second, 10 }),
		},
		{
			name: "the system's default backend is asked for /healthz",
			do: func(f *fixture) {
				system := SystemDefault()
				f.svc.Namespace, f.svc.Name, f.ing.Namespace = system.Namespace, system.Service, system.Namespace
				f.ing.Spec.DefaultBackend.Service = &networkingv1.IngressServiceBackend{Name: system.Service, Port: networkingv1.ServiceBackendPort{Number: 80}}
			},
			want: with(defaultCheck("HTTP", true), func(c *Check) { c.Path = "/healthz" }),
		},
		{
			name: "a BackendConfig's health check keeps the transparent one from being used",
			do: func(f *fixture) {
				f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`)
				set(&f.config().Spec.HealthCheck).RequestPath = new("/alive")
			},
			want: with(ofProbe, func(c *Check) { c.Path = "/alive" }),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := probedFixture()
			tt.do(f)
			got := DesiredCheck(f.s, f.web())
			if !errors.Is(got.Err, tt.err) || tt.err == nil && got.Err != nil {
				t.Fatalf("error %v, want %v", got.Err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got.Check); diff != "" {
				t.Error(diff)
			}
			for f, want := range tt.from {
				if got.Origins[f].String() != want {
					t.Errorf("%s is from %q, want %q", f, got.Origins[f], want)
				}
			}
			var unknown []CheckField
			for f := range got.Unknown {
				unknown = append(unknown, f)
			}
			if diff := cmp.Diff(tt.unknown, unknown, cmpopts.SortSlices(func(a, b CheckField) bool { return a < b }), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unknown: %s", diff)
			}
		})
	}
}

func transparentEvent(reason string, age time.Duration) *corev1.Event {
	return &corev1.Event{Reason: reason, Source: corev1.EventSource{Component: "loadbalancer-controller"}, LastTimestamp: metav1.NewTime(time.Unix(1_000_000, 0).Add(-age))}
}

// transparentCheck is the transparent health checker's, as GLBC makes it.
func transparentCheck() *computepb.HealthCheck {
	return &computepb.HealthCheck{
		Name: new("k8s1-0123abcd-shop-web-80-01234567"), SelfLink: new(computeV1 + "global/healthChecks/k8s1-0123abcd-shop-web-80-01234567"),
		Description: new(`{"config":"TransparentHC"}`), Type: new("HTTP"), CheckIntervalSec: new(int32(5)), TimeoutSec: new(int32(5)), HealthyThreshold: new(int32(1)), UnhealthyThreshold: new(int32(10)),
		HttpHealthCheck: &computepb.HTTPHealthCheck{RequestPath: new(TransparentPath), Port: new(int32(TransparentPort)), PortSpecification: new("USE_FIXED_PORT")},
	}
}

// onNodes puts the Service on instance groups.
func onNodes(f *fixture) {
	delete(f.svc.Annotations, NEGAnnotation)
	f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31080
}

// nodeCheck is a check of a node port with the probe of probedFixture.
func nodeCheck(port int32, specification *string) *computepb.HealthCheck {
	return &computepb.HealthCheck{
		Name: new("k8s-be-31080--0123456789abcdef"), SelfLink: new(computeV1 + "global/healthChecks/k8s-be-31080--0123456789abcdef"),
		Description: new("Kubernetes L7 health check generated with readiness probe settings."), Type: new("HTTP"),
		CheckIntervalSec: new(int32(70)), TimeoutSec: new(int32(2)), HealthyThreshold: new(int32(1)), UnhealthyThreshold: new(int32(10)),
		HttpHealthCheck: &computepb.HTTPHealthCheck{RequestPath: new("/ready"), Host: new("shop.acme.example"), Port: &port, PortSpecification: specification},
	}
}

// TestCompareCheck has a row for each consequence of the update policy
// (ingress-controller.md §2, "Hence").
func TestCompareCheck(t *testing.T) {
	t.Parallel()
	const defaultText, probeText = "Default kubernetes L7 Loadbalancing health check for NEG.", "Kubernetes L7 health check generated with readiness probe settings."
	type difference struct {
		Field      CheckField
		Want, Have string
		Kept       bool
		Drift      Drift
	}
	// The pod is of second 1,000,000.
	before, after := time.Unix(990_000, 0), time.Unix(1_010_000, 0)
	live := func(made time.Time, text, path, host string, interval, timeout int32) *computepb.HealthCheck {
		return &computepb.HealthCheck{
			Name: new("k8s1-0123abcd-shop-web-80-01234567"), SelfLink: new(computeV1 + "global/healthChecks/k8s1-0123abcd-shop-web-80-01234567"), Description: &text,
			CreationTimestamp: new(made.Format(time.RFC3339)), Type: new("HTTP"), CheckIntervalSec: &interval, TimeoutSec: &timeout, HealthyThreshold: new(int32(1)), UnhealthyThreshold: new(int32(2)),
			HttpHealthCheck: &computepb.HTTPHealthCheck{RequestPath: &path, Host: &host, PortSpecification: new("USE_SERVING_PORT")},
		}
	}
	asProbed := live(after, probeText, "/ready", "shop.acme.example", 10, 2)
	for _, tt := range []struct {
		name string
		do   func(*fixture)
		live *computepb.HealthCheck
		want []difference
		// serving: the backend service has the check.
		serving bool
	}{
		{name: "one as the probe asks is right", live: asProbed},
		{
			name: "logging is the user's",
			live: func() *computepb.HealthCheck {
				hc := live(after, probeText, "/ready", "shop.acme.example", 10, 2)
				hc.LogConfig = &computepb.HealthCheckLogConfig{Enable: new(true)}
				return hc
			}(),
		},
		{
			name: "made before the pods, it keeps the default", live: live(before, defaultText, "/", "", 15, 15),
			want: []difference{
				{CheckFieldPath, "/ready", "/", true, DriftBeforePods},
				{CheckFieldHost, "shop.acme.example", "", true, DriftBeforePods},
				{CheckFieldInterval, "10", "15", true, DriftBeforePods},
				{CheckFieldTimeout, "2", "15", true, DriftBeforePods},
			},
		},
		{
			name: "made with the default while the pod was there, the probe wasn't usable then", live: live(after, defaultText, "/", "shop.acme.example", 10, 2),
			want: []difference{{CheckFieldPath, "/ready", "/", true, DriftProbeChanged}},
		},
		{
			name: "a probe that changed later isn't taken", live: live(before, probeText, "/old", "shop.acme.example", 10, 2),
			want: []difference{{CheckFieldPath, "/ready", "/old", true, DriftProbeChanged}},
		},
		{
			name: "a probe that was removed stays",
			do:   func(f *fixture) { f.s.Pods = facts.Found([]*corev1.Pod{probed("web-1", 0, nil)}) },
			live: live(before, probeText, "/ready", "", 15, 15), want: []difference{{CheckFieldPath, "/", "/ready", true, DriftProbeChanged}},
		},
		{
			name: "an edit by hand stays", live: live(before, defaultText, "/edited", "shop.acme.example", 10, 2),
			want: []difference{{CheckFieldPath, "/ready", "/edited", true, DriftEdited}},
		},
		{
			name: "an edited threshold stays",
			live: func() *computepb.HealthCheck {
				hc := live(after, probeText, "/ready", "shop.acme.example", 10, 2)
				hc.UnhealthyThreshold = new(int32(7))
				return hc
			}(),
			want: []difference{{CheckFieldUnhealthy, "2", "7", true, DriftEdited}},
		},
		{
			name: "what a BackendConfig sets comes back, the rest stays",
			do:   func(f *fixture) { set(&f.config().Spec.HealthCheck).RequestPath = new("/alive") },
			live: live(after, probeText, "/edited", "", 10, 2),
			want: []difference{{CheckFieldPath, "/alive", "/edited", false, DriftNotSynced}, {CheckFieldHost, "shop.acme.example", "", true, DriftProbeChanged}},
		},
		{
			name: "a change of protocol is taken, the path stays",
			do: func(f *fixture) {
				f.service(AppProtocolsAnnotation, `{"http":"HTTPS"}`)
				f.s.Pods = facts.Found([]*corev1.Pod(nil))
			},
			live: live(before, probeText, "/ready", "", 15, 15),
			want: []difference{{CheckFieldType, "HTTPS", "HTTP", false, DriftNotSynced}, {CheckFieldPath, "/", "/ready", true, DriftProbeChanged}},
		},
		{
			name: "without the BackendConfig its fixed port goes, its other values stay",
			live: func() *computepb.HealthCheck {
				hc := live(after, probeText, "/alive", "shop.acme.example", 10, 2)
				hc.HttpHealthCheck.PortSpecification, hc.HttpHealthCheck.Port = new("USE_FIXED_PORT"), new(int32(9000))
				return hc
			}(),
			want: []difference{{CheckFieldPort, "serving port", "9000", false, DriftNotSynced}, {CheckFieldPath, "/ready", "/alive", true, DriftProbeChanged}},
		},
		{
			name: "a BackendConfig that the description names left the values",
			live: live(after, `{"config":"BackendConfig","k8sResource":"/namespaces/shop/services/web"}`, "/alive", "shop.acme.example", 10, 2),
			want: []difference{{CheckFieldPath, "/ready", "/alive", true, DriftEdited}},
		},
		{
			name: "from instance groups to NEGs there is a new check",
			live: &computepb.HealthCheck{Name: new("k8s-be-31080--0123456789abcdef"), SelfLink: new(computeV1 + "global/healthChecks/k8s-be-31080--0123456789abcdef")},
			want: []difference{{"", "a check for NEGs", "a check for instance groups", false, DriftOtherCheck}},
		},
		{
			name: "from global to internal there is a new check",
			do:   func(f *fixture) { f.annotate(ClassAnnotation, ClassInternal) }, live: asProbed,
			want: []difference{{"", "a regional check for NEGs", "a check for NEGs", false, DriftOtherCheck}},
		},
		{
			name: "the transparent health checker replaces everything",
			do: func(f *fixture) {
				f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`)
				f.s.Events = facts.Found([]*corev1.Event{transparentEvent("THCConfigured", 0)})
			},
			live: live(after, defaultText, "/api/podhealth", "", 5, 5),
			want: []difference{{CheckFieldPort, "7877", "serving port", false, DriftNotSynced}, {CheckFieldUnhealthy, "10", "2", false, DriftNotSynced}},
		},
		{
			name: "a transparent check that is no longer asked for is made anew",
			live: transparentCheck(),
			want: []difference{
				{CheckFieldPort, "serving port", "7877", false, DriftNotSynced},
				{CheckFieldPath, "/ready", "/api/podhealth", false, DriftNotSynced},
				{CheckFieldHost, "shop.acme.example", "", false, DriftNotSynced},
				{CheckFieldInterval, "10", "5", false, DriftNotSynced},
				{CheckFieldTimeout, "2", "5", false, DriftNotSynced},
				{CheckFieldUnhealthy, "2", "10", false, DriftNotSynced},
			},
		},
		{
			name: "one that is still asked for stays",
			do:   func(f *fixture) { f.service("networking.gke.io/transparent-health-checker", `{"enabled":true}`) }, live: transparentCheck(),
			serving: true,
		},
		{
			name: "a node port that was edited stays, since it has no specification", do: onNodes,
			live: nodeCheck(31999, nil), want: []difference{{CheckFieldPort, "31080", "31999", true, DriftEdited}},
		},
		{
			name: "a fixed port that a BackendConfig left on a node port goes", do: onNodes,
			live: nodeCheck(31999, new("USE_FIXED_PORT")), want: []difference{{CheckFieldPort, "31080", "31999", false, DriftNotSynced}},
		},
		{
			name: "a node port that a BackendConfig sets comes back",
			do: func(f *fixture) {
				onNodes(f)
				set(&f.config().Spec.HealthCheck).Port = new(int64(31080))
			},
			live: nodeCheck(31999, nil), want: []difference{{CheckFieldPort, "31080", "31999", false, DriftNotSynced}},
		},
		{
			name: "one that was made into TCP becomes HTTP again",
			live: &computepb.HealthCheck{
				Name: asProbed.Name, SelfLink: asProbed.SelfLink, Description: asProbed.Description, CreationTimestamp: asProbed.CreationTimestamp, Type: new("TCP"),
				CheckIntervalSec: new(int32(10)), TimeoutSec: new(int32(2)), HealthyThreshold: new(int32(1)), UnhealthyThreshold: new(int32(2)), TcpHealthCheck: &computepb.TCPHealthCheck{Port: new(int32(8080))},
			},
			want: []difference{{CheckFieldType, "HTTP", "TCP", false, DriftNotSynced}},
		},
		{
			name: "what a probe would give isn't compared while pods are unknown",
			do:   func(f *fixture) { f.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied) }, live: live(before, defaultText, "/", "", 15, 15),
		},
		{
			name: "nothing is compared where GLBC makes nothing",
			do:   func(f *fixture) { f.service(BackendConfigAnnotation, `{"default":"gone"}`) }, live: live(before, defaultText, "/", "", 15, 15),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := probedFixture()
			if tt.do != nil {
				tt.do(f)
			}
			b := f.web()
			if tt.serving {
				b.HealthCheck = facts.Found(tt.live)
			}
			var got []difference
			for _, d := range CompareCheck(tt.live, DesiredCheck(f.s, b)) {
				got = append(got, difference{d.Field, d.Want, d.Have, d.Kept, d.Drift})
				if d.Why == "" {
					t.Errorf("%s: no reason", d.Field)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
