package glbc

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

func TestDesiredGatewayCheck(t *testing.T) {
	t.Parallel()
	base := Check{Type: "HTTP", Path: "/", Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 2, Unhealthy: 2}
	policy := func(name string, day int, do func(p *facts.HealthCheckPolicy)) *facts.HealthCheckPolicy {
		p := &facts.HealthCheckPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, CreationTimestamp: metav1.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)}}
		p.Spec.TargetRef = facts.PolicyTarget{Kind: "Service", Name: "web"}
		do(p)
		return p
	}
	asks := func(path string) func(p *facts.HealthCheckPolicy) {
		return func(p *facts.HealthCheckPolicy) {
			set(&p.Spec.Default.Config).Type = "HTTP"
			set(&p.Spec.Default.Config.HTTP).RequestPath = path
		}
	}
	with := func(do func(c *Check)) *Check {
		c := base
		do(&c)
		return &c
	}
	for _, tt := range []struct {
		name     string
		protocol string
		policies []*facts.HealthCheckPolicy
		unread   bool
		// want is nil where it can't be told.
		want *Check
	}{
		{name: "nothing is said: GET / over HTTP", want: &base},
		{name: "appProtocol HTTPS", protocol: "HTTPS", want: with(func(c *Check) { c.Type = "HTTPS" })},
		{name: "appProtocol HTTP2", protocol: "HTTP2", want: with(func(c *Check) { c.Type = "HTTP2" })},
		{name: "appProtocol h2c, whose default isn't known", protocol: "kubernetes.io/h2c"},
		{name: "a policy's path", policies: []*facts.HealthCheckPolicy{policy("a", 1, asks("/ready"))}, want: with(func(c *Check) { c.Path = "/ready" })},
		{name: "a policy decides the type over appProtocol", protocol: "kubernetes.io/h2c", policies: []*facts.HealthCheckPolicy{policy("a", 1, asks("/ready"))}, want: with(func(c *Check) { c.Path = "/ready" })},
		{name: "of two policies the oldest", policies: []*facts.HealthCheckPolicy{policy("a", 2, asks("/new")), policy("b", 1, asks("/old"))}, want: with(func(c *Check) { c.Path = "/old" })},
		{name: "a policy for another Service", policies: []*facts.HealthCheckPolicy{policy("a", 1, func(p *facts.HealthCheckPolicy) {
			asks("/ready")(p)
			p.Spec.TargetRef.Name = "pay"
		})}, want: &base},
		{name: "a policy for a ServiceImport of the name", policies: []*facts.HealthCheckPolicy{policy("a", 1, func(p *facts.HealthCheckPolicy) {
			asks("/ready")(p)
			p.Spec.TargetRef.Group, p.Spec.TargetRef.Kind = "net.gke.io", "ServiceImport"
		})}, want: &base},
		{name: "a policy of another namespace", policies: []*facts.HealthCheckPolicy{policy("a", 1, func(p *facts.HealthCheckPolicy) {
			asks("/ready")(p)
			p.Namespace = "edge"
		})}, want: &base},
		{name: "a policy's times only", policies: []*facts.HealthCheckPolicy{policy("a", 1, func(p *facts.HealthCheckPolicy) {
			p.Spec.Default.CheckIntervalSec, p.Spec.Default.UnhealthyThreshold = new(int64(15)), new(int64(3))
		})}, want: with(func(c *Check) { c.Interval, c.Unhealthy = 15*time.Second, 3 })},
		{name: "a fixed port, TCP", policies: []*facts.HealthCheckPolicy{policy("a", 1, func(p *facts.HealthCheckPolicy) {
			set(&p.Spec.Default.Config).Type = "TCP"
			*set(&p.Spec.Default.Config.TCP) = facts.HealthCheckProbe{PortSpecification: "USE_FIXED_PORT", Port: new(int64(9090))}
		})}, want: with(func(c *Check) { c.Type, c.Path, c.Port = "TCP", "", 9090 })},
		{name: "policies weren't read", unread: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newGatewayFixture()
			f.s.HealthCheckPolicies = facts.Found(tt.policies)
			if tt.unread {
				f.s.HealthCheckPolicies = facts.Unknown[[]*facts.HealthCheckPolicy](errDenied)
			}
			if tt.protocol != "" {
				f.svc.Spec.Ports[0].AppProtocol = &tt.protocol
			}
			got, ok := DesiredGatewayCheck(f.s, GatewayBackends(f.s, f.g)[0]).Get()
			if ok != (tt.want != nil) {
				t.Fatalf("told %v", ok)
			}
			if ok {
				if diff := cmp.Diff(*tt.want, got.Check); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}
