package glbc

import (
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// A GatewayCheck is the health check that GKE's Gateway controller makes for a Service
// port.
type GatewayCheck struct {
	Check Check
	// Policy is the HealthCheckPolicy that it is from; nil for the defaults.
	Policy *facts.HealthCheckPolicy
	// Conditions are what the controller says of Policy.
	Conditions []metav1.Condition
}

var errH2C = errors.New("what the Gateway controller checks by default where appProtocol is kubernetes.io/h2c isn't known")

// HealthCheckPolicyOf is the HealthCheckPolicy of a Service: one of its namespace whose
// targetRef names it; of several the oldest.
func HealthCheckPolicyOf(s *facts.Snapshot, namespace, service string) facts.Value[*facts.HealthCheckPolicy] {
	all, _ := s.HealthCheckPolicies.Get()
	var oldest *facts.HealthCheckPolicy
	for _, p := range all {
		if t := p.Spec.TargetRef; p.Namespace != namespace || t.Group != "" || t.Kind != facts.KindService || t.Name != service || t.Namespace != "" && t.Namespace != namespace {
			continue
		}
		if oldest == nil || older(&p.ObjectMeta, &oldest.ObjectMeta) {
			oldest = p
		}
	}
	switch {
	case oldest != nil:
		return facts.Found(oldest)
	case s.HealthCheckPolicies.Err() != nil:
		return facts.Unknown[*facts.HealthCheckPolicy](s.HealthCheckPolicies.Err())
	case !s.HealthCheckPolicies.IsAbsent() && !wasRead(s, namespace):
		return facts.Unknown[*facts.HealthCheckPolicy](errNamespaceNotRead(namespace))
	}
	return facts.Absent[*facts.HealthCheckPolicy]()
}

func older(a, b *metav1.ObjectMeta) bool {
	if a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.Name < b.Name
	}
	return a.CreationTimestamp.Before(&b.CreationTimestamp)
}

// DesiredGatewayCheck is the check that the Gateway controller makes for a Backend:
// GET / on the serving port by the Service port's appProtocol, every 5 s, with what
// the Service's HealthCheckPolicy sets instead. A readiness probe counts for nothing.
func DesiredGatewayCheck(s *facts.Snapshot, b Backend) facts.Value[GatewayCheck] {
	policy := HealthCheckPolicyOf(s, b.Namespace, b.Service)
	p, ok := policy.Get()
	if !ok && !policy.IsAbsent() {
		return facts.Unknown[GatewayCheck](policy.Err())
	}
	if _, ok := b.Object.Get(); !ok {
		return facts.Unknown[GatewayCheck](errors.Join(errors.New("the Service wasn't found"), b.Object.Err()))
	}
	kind, err := typeByProtocol(b)
	out := GatewayCheck{Check: Check{Type: kind, Path: "/", Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 2, Unhealthy: 2}, Policy: p}
	if p != nil {
		out.Conditions = p.Status.Conditions
		for _, a := range p.Status.Ancestors {
			out.Conditions = append(out.Conditions, a.Conditions...)
		}
		out.Check = withPolicy(out.Check, p)
	}
	if err != nil && (p == nil || p.Spec.Default.Config == nil || p.Spec.Default.Config.Type == "") {
		return facts.Unknown[GatewayCheck](err)
	}
	return facts.Found(out)
}

func typeByProtocol(b Backend) (string, error) {
	if b.ServicePort == nil || b.ServicePort.AppProtocol == nil {
		return "HTTP", nil
	}
	switch *b.ServicePort.AppProtocol {
	case "HTTPS", "https":
		return "HTTPS", nil
	case "HTTP2":
		return "HTTP2", nil
	case "kubernetes.io/h2c":
		return "", errH2C
	}
	return "HTTP", nil
}

func withPolicy(c Check, p *facts.HealthCheckPolicy) Check {
	d := p.Spec.Default
	set := func(to *time.Duration, v *int64) {
		if v != nil && *v > 0 {
			*to = time.Duration(*v) * time.Second
		}
	}
	count := func(to *int, v *int64) {
		if v != nil && *v > 0 {
			*to = int(*v)
		}
	}
	set(&c.Interval, d.CheckIntervalSec)
	set(&c.Timeout, d.TimeoutSec)
	count(&c.Healthy, d.HealthyThreshold)
	count(&c.Unhealthy, d.UnhealthyThreshold)
	c.Logging = d.LogConfig != nil && d.LogConfig.Enabled
	if d.Config == nil || d.Config.Type == "" {
		return c
	}
	c.Type = d.Config.Type
	probe := map[string]*facts.HealthCheckProbe{
		"HTTP": d.Config.HTTP, "HTTPS": d.Config.HTTPS, "HTTP2": d.Config.HTTP2, "TCP": d.Config.TCP, "GRPC": d.Config.GRPC,
	}[c.Type]
	if !c.HTTP() {
		c.Path = ""
	}
	if probe == nil {
		return c
	}
	if c.HTTP() && probe.RequestPath != "" {
		c.Path = probe.RequestPath
	}
	c.Host = probe.Host
	if probe.Port != nil && probe.PortSpecification != "USE_SERVING_PORT" {
		c.Port = int32(*probe.Port) //nolint:gosec // The API refuses a port above 65535.
	}
	return c
}
