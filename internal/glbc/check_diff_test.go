package glbc

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

const (
	saysDefault = "Default kubernetes L7 Loadbalancing health check for NEG."
	saysProbe   = "Kubernetes L7 health check generated with readiness probe settings."
)

// liveCheck is a check as the controller makes it, on a serving port for 0.
func liveCheck(description string, c Check) *computepb.HealthCheck {
	seconds := func(d time.Duration) *int32 { return new(int32(d / time.Second)) }
	hc := &computepb.HealthCheck{
		Name: new("k8s1"), Description: &description, Type: &c.Type, CreationTimestamp: new("1970-01-12T13:46:40.000-07:00"),
		CheckIntervalSec: seconds(c.Interval), TimeoutSec: seconds(c.Timeout),
		HealthyThreshold: new(int32(c.Healthy)), UnhealthyThreshold: new(int32(c.Unhealthy)),
		LogConfig: &computepb.HealthCheckLogConfig{Enable: &c.Logging},
	}
	var port *int32
	specification := "USE_SERVING_PORT"
	if c.Port != 0 {
		port, specification = &c.Port, "USE_FIXED_PORT"
	}
	switch c.Type {
	case "HTTPS":
		hc.HttpsHealthCheck = &computepb.HTTPSHealthCheck{Port: port, PortSpecification: &specification, RequestPath: &c.Path, Host: &c.Host}
	case "HTTP2":
		hc.Http2HealthCheck = &computepb.HTTP2HealthCheck{Port: port, PortSpecification: &specification, RequestPath: &c.Path, Host: &c.Host}
	case "TCP":
		hc.TcpHealthCheck = &computepb.TCPHealthCheck{Port: port, PortSpecification: &specification}
	default:
		hc.HttpHealthCheck = &computepb.HTTPHealthCheck{Port: port, PortSpecification: &specification, RequestPath: &c.Path, Host: &c.Host}
	}
	return hc
}

// onNodePort is a check of a node port, which GLBC gives no specification.
func onNodePort(hc *computepb.HealthCheck, port int32) *computepb.HealthCheck {
	hc.HttpHealthCheck.Port, hc.HttpHealthCheck.PortSpecification = &port, nil
	return hc
}

type drift struct {
	Field CheckField
	Kept  bool
	Drift Drift
}

// TestUpdatePolicy has a row for each bullet of "Hence" in ingress-controller.md §2, and
// for what stands above them.
func TestUpdatePolicy(t *testing.T) {
	t.Parallel()
	const s15 = 15 * time.Second
	byDefault := Check{Type: "HTTP", Path: "/", Interval: s15, Timeout: s15, Healthy: 1, Unhealthy: 2}
	fromProbe := Check{Type: "HTTP", Path: "/ready", Interval: 20 * time.Second, Timeout: 3 * time.Second, Healthy: 1, Unhealthy: 2}
	with := func(c Check, do func(c *Check)) Check { do(&c); return c }
	pod := func(age time.Duration) func(s *facts.Snapshot, svc *corev1.Service) {
		return func(s *facts.Snapshot, _ *corev1.Service) {
			pods, _ := s.Pods.Get()
			pods[0].CreationTimestamp = metav1.NewTime(time.Unix(1_025_200, 0).Add(-age)) // The check's birth.
		}
	}
	nodes := func(_ *facts.Snapshot, svc *corev1.Service) { delete(svc.Annotations, NEGAnnotation) }
	ofNodes := Check{Type: "HTTP", Port: 30080, Path: "/ready", Interval: 80 * time.Second, Timeout: 3 * time.Second, Healthy: 1, Unhealthy: 10}
	frozen := func(d Drift) []drift {
		return []drift{{FieldPath, true, d}, {FieldInterval, true, d}, {FieldTimeout, true, d}}
	}
	for _, tt := range []struct {
		name string
		do   func(s *facts.Snapshot, svc *corev1.Service)
		live *computepb.HealthCheck
		want []drift
		says string
	}{
		{name: "nothing differs", live: liveCheck(saysProbe, fromProbe)},
		{name: "the probe was changed after the check was made", live: liveCheck(saysProbe, with(fromProbe, func(c *Check) { c.Path, c.Timeout = "/old", time.Second })), want: []drift{{FieldPath, true, ProbeChanged}, {FieldTimeout, true, ProbeChanged}}},
		{name: "the probe's Host was changed", live: liveCheck(saysProbe, with(fromProbe, func(c *Check) { c.Host = "shop.acme.example" })), want: []drift{{FieldHost, true, ProbeChanged}}},
		{name: "the pods came after the check", do: pod(-time.Hour), live: liveCheck(saysDefault, byDefault), want: frozen(BeforePods), says: "is older than pod web-1/web (1970-01-12 21:46 UTC)"},
		{name: "the probe came after the check, the pods didn't", do: pod(time.Hour), live: liveCheck(saysDefault, byDefault), want: frozen(ProbeLater)},
		{name: "a check without a birth tells nothing of the pods", live: func() *computepb.HealthCheck {
			hc := liveCheck(saysDefault, byDefault)
			hc.CreationTimestamp = nil
			return hc
		}(), want: frozen("")},
		{name: "a check edited by hand persists", live: liveCheck(saysDefault, with(fromProbe, func(c *Check) { c.Path, c.Unhealthy = "/by-hand", 4 })), want: []drift{{FieldPath, true, ByHand}, {FieldUnhealthy, true, ByHand}}},
		{name: "unless the field is in the BackendConfig", do: func(s *facts.Snapshot, svc *corev1.Service) {
			withConfig(s, svc, facts.BackendConfigCheck{RequestPath: new("/bc")})
		}, live: liveCheck(saysProbe, with(fromProbe, func(c *Check) { c.Path, c.Unhealthy = "/by-hand", 4 })), want: []drift{{FieldPath, false, NotSynced}, {FieldUnhealthy, true, ProbeChanged}}},
		{name: "logging is nobody's but the one who turned it on", live: liveCheck(saysProbe, with(fromProbe, func(c *Check) { c.Logging = true }))},
		{name: "a changed protocol changes the type and keeps the path", do: func(_ *facts.Snapshot, svc *corev1.Service) {
			svc.Annotations[AppProtocolsAnnotation] = `{"http":"HTTPS"}`
		}, live: liveCheck(saysProbe, fromProbe), want: []drift{{FieldType, false, NotSynced}, {FieldPath, true, ProbeChanged}, {FieldInterval, true, ProbeChanged}, {FieldTimeout, true, ProbeChanged}}},
		{name: "a check made into TCP becomes HTTP again", live: liveCheck(saysProbe, with(fromProbe, func(c *Check) { c.Type = "TCP" })), want: []drift{{FieldType, false, NotSynced}}},
		{name: "a removed BackendConfig: the fixed port goes, values stay", live: liveCheck(`{"config":"BackendConfig"}`, with(fromProbe, func(c *Check) { c.Path, c.Port, c.Interval = "/bc", 9000, 9*time.Second })), want: []drift{{FieldPort, false, NotSynced}, {FieldPath, true, ConfigRemoved}, {FieldInterval, true, ConfigRemoved}}},
		{name: "a BackendConfig's new port isn't there yet", do: func(s *facts.Snapshot, svc *corev1.Service) {
			withConfig(s, svc, facts.BackendConfigCheck{Port: new(int64(9000))})
		}, live: liveCheck(saysProbe, fromProbe), want: []drift{{FieldPort, false, NotSynced}}},
		{name: "node ports: all as made", do: nodes, live: onNodePort(liveCheck(saysProbe, ofNodes), 30080)},
		{name: "node ports: a number that was edited stays", do: nodes, live: onNodePort(liveCheck(saysProbe, ofNodes), 31000), want: []drift{{FieldPort, true, ProbeChanged}}},
		{name: "node ports: a fixed port that a BackendConfig left goes", do: nodes, live: liveCheck(saysProbe, with(ofNodes, func(c *Check) { c.Port = 31000 })), want: []drift{{FieldPort, false, NotSynced}}},
		{name: "a transparent check that the Service no longer asks for is made anew", live: liveCheck(`{"config":"TransparentHC"}`, Check{Type: "HTTP", Port: 7877, Path: "/api/podhealth", Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 1, Unhealthy: 10}), want: []drift{{FieldPort, false, NotSynced}, {FieldPath, false, NotSynced}, {FieldInterval, false, NotSynced}, {FieldTimeout, false, NotSynced}, {FieldUnhealthy, false, NotSynced}}},
		{name: "what isn't known isn't compared", do: func(s *facts.Snapshot, _ *corev1.Service) { s.Pods = facts.Unknown[[]*corev1.Pod](errDenied) }, live: liveCheck(saysDefault, with(byDefault, func(c *Check) { c.Unhealthy = 3 })), want: []drift{{FieldUnhealthy, true, ByHand}}},
		{name: "a controller that stops before it says so", do: func(_ *facts.Snapshot, svc *corev1.Service) {
			svc.Annotations[BackendConfigAnnotation] = `{"default":"gone"}`
		}, live: liveCheck(saysProbe, with(fromProbe, func(c *Check) { c.Port = 9000 })), want: []drift{{FieldPort, false, NotSynced}}, says: "stops before it: BackendConfig shop/gone doesn't exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, svc := shop()
			if tt.do != nil {
				tt.do(s, svc)
			}
			b := backendOf(s, svc)
			b.HealthCheck = facts.Found(tt.live)
			var got []drift
			said := ""
			for _, d := range CompareCheck(tt.live, DesiredCheck(s, b)) {
				got = append(got, drift{d.Field, d.Kept, d.Drift})
				said += d.Why + "\n"
				if d.Why == "" || d.Want == d.Have {
					t.Errorf("%+v", d)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(said, tt.says) {
				t.Errorf("says %q", said)
			}
		})
	}
}

// TestMadeFrom: every text that GLBC writes, and one of somebody else.
func TestMadeFrom(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Source{
		"Default kubernetes L7 Loadbalancing health check.": FromDefault, saysDefault: FromDefault,
		"Default kubernetes L7 Loadbalancing health check for ILB.":          FromDefault,
		"Default kubernetes L7 Loadbalancing health check for Regional XLB.": FromDefault,
		saysProbe: FromProbe, "Kubernetes L7 health check generated with BackendConfig CRD.": FromConfig,
		"Kubernetes L7 transparent health check.": FromTransparent,
		"{\n    \"k8sCluster\": \"/locations/europe-west1/clusters/main\",\n    \"config\": \"ReadinessProbe\"\n}": FromProbe,
		`{"config":"Default"}`: FromDefault, `{"config":"BackendConfig"}`: FromConfig, `{"config":"TransparentHC"}`: FromTransparent,
		`{"config":"Other"}`: "", "": "", "made by hand": "",
	} {
		if got := MadeFrom(&computepb.HealthCheck{Description: &text}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestAfterSync: what the next sync leaves decides whether Compute takes it
// (ingress-controller.md §1.3, bc-hc-bounds).
func TestAfterSync(t *testing.T) {
	t.Parallel()
	live := liveCheck(saysDefault, Check{Type: "HTTP", Path: "/", Interval: 15 * time.Second, Timeout: 15 * time.Second, Healthy: 1, Unhealthy: 2})
	timeout := func(n int64) func(s *facts.Snapshot, svc *corev1.Service) {
		return func(s *facts.Snapshot, svc *corev1.Service) {
			withConfig(s, svc, facts.BackendConfigCheck{TimeoutSec: &n})
		}
	}
	unread := func(then func(s *facts.Snapshot, svc *corev1.Service)) func(s *facts.Snapshot, svc *corev1.Service) {
		return func(s *facts.Snapshot, svc *corev1.Service) {
			then(s, svc)
			s.Pods = facts.Unknown[[]*corev1.Pod](errDenied)
		}
	}
	for _, tt := range []struct {
		name    string
		do      func(s *facts.Snapshot, svc *corev1.Service)
		live    facts.Value[*computepb.HealthCheck]
		path    string
		exceeds bool
		unknown bool
	}{
		{name: "the live check's path and times stay", live: facts.Found(live), path: "/"},
		{name: "none yet: the probe's", live: facts.Absent[*computepb.HealthCheck](), path: "/ready"},
		{name: "a BackendConfig's timeout against the interval that is kept", do: timeout(18), live: facts.Found(live), path: "/", exceeds: true},
		{name: "the same timeout is well with the probe's interval", do: timeout(18), live: facts.Absent[*computepb.HealthCheck](), path: "/ready"},
		{name: "equal is well", do: timeout(15), live: facts.Found(live), path: "/"},
		{name: "what is kept is known without the pods", do: unread(timeout(18)), live: facts.Found(live), path: "/", exceeds: true},
		{name: "a new check isn't", do: unread(timeout(18)), live: facts.Absent[*computepb.HealthCheck](), unknown: true},
		{name: "nor one that couldn't be read", do: timeout(18), live: facts.Unknown[*computepb.HealthCheck](errDenied), unknown: true},
		{name: "a BackendConfig that couldn't be read may set either", do: func(s *facts.Snapshot, svc *corev1.Service) {
			timeout(18)(s, svc)
			s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
		}, live: facts.Found(live), unknown: true},
		{name: "a probe whose timeout is longer than its period", do: func(s *facts.Snapshot, _ *corev1.Service) {
			pods, _ := s.Pods.Get()
			pods[0].Spec.Containers[0].ReadinessProbe.TimeoutSeconds = 30
		}, live: facts.Absent[*computepb.HealthCheck](), path: "/ready", exceeds: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, svc := shop()
			if tt.do != nil {
				tt.do(s, svc)
			}
			d := DesiredCheck(s, backendOf(s, svc))
			before := sources(d)
			got := AfterSync(tt.live, d)
			if sources(d) != before {
				t.Error("AfterSync changed what it was given")
			}
			exceeds, known := got.TimeoutExceedsInterval().Get()
			if exceeds != tt.exceeds || known == tt.unknown {
				t.Errorf("exceeds %v, known %v; %s", exceeds, known, sources(got))
			}
			if !tt.unknown && got.Check.Path != tt.path {
				t.Errorf("path %q, want %q", got.Check.Path, tt.path)
			}
		})
	}
}
