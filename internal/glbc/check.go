package glbc

import (
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// A Check is what a health check asks, with Compute's defaults filled in
// (gcp-facts.md §3: 5 s, 5 s, 2, 2, port 80, path /).
type Check struct {
	// Type is HTTP, HTTPS, HTTP2, TCP, SSL or GRPC.
	Type string
	// Path and Host are of the HTTP family; an empty Host means the endpoint's IP.
	Path, Host string
	// Port is the fixed port; 0 means the port that the endpoint serves on, or with
	// PortName the port that the instance group calls so.
	Port     int32
	PortName string
	// Interval and Timeout of one probe, Healthy and Unhealthy the thresholds.
	Interval, Timeout  time.Duration
	Healthy, Unhealthy int
	// Logging: transitions are logged.
	Logging bool
}

// HTTP reports that the check is an HTTP request, plain or over TLS.
func (c Check) HTTP() bool { return c.Type == "HTTP" || c.Type == "HTTPS" || c.Type == "HTTP2" }

// Scheme is the URL scheme of the HTTP family.
func (c Check) Scheme() string {
	if c.Type == "HTTP" {
		return "http"
	}
	return "https"
}

// UnhealthyAfter is how long an endpoint that never answered right takes to be
// called UNHEALTHY.
func (c Check) UnhealthyAfter() time.Duration { return time.Duration(c.Unhealthy) * c.Interval }

type httpCheck interface {
	portCheck
	GetRequestPath() string
	GetHost() string
}

type portCheck interface {
	GetPort() int32
	GetPortName() string
	GetPortSpecification() string
}

// CheckOf reads a health check.
func CheckOf(hc *computepb.HealthCheck) Check {
	c := Check{
		Type:      hc.GetType(),
		Path:      "/",
		Interval:  seconds(hc.CheckIntervalSec, 5),
		Timeout:   seconds(hc.TimeoutSec, 5),
		Healthy:   number(hc.HealthyThreshold, 2),
		Unhealthy: number(hc.UnhealthyThreshold, 2),
		Logging:   hc.GetLogConfig().GetEnable(),
	}
	var h httpCheck
	switch {
	case hc.HttpHealthCheck != nil:
		h, c.Type = hc.HttpHealthCheck, "HTTP"
	case hc.HttpsHealthCheck != nil:
		h, c.Type = hc.HttpsHealthCheck, "HTTPS"
	case hc.Http2HealthCheck != nil:
		h, c.Type = hc.Http2HealthCheck, "HTTP2"
	case c.Type == "TCP":
		c.Path = ""
		c.port(hc.GetTcpHealthCheck())
		return c
	case c.Type == "SSL":
		c.Path = ""
		c.port(hc.GetSslHealthCheck())
		return c
	case c.Type == "GRPC":
		c.Path = ""
		c.port(hc.GetGrpcHealthCheck())
		return c
	default:
		return c
	}
	if h.GetRequestPath() != "" {
		c.Path = h.GetRequestPath()
	}
	c.Host = h.GetHost()
	c.port(h)
	return c
}

// port reads which port is asked. An answer of the API without a port and without a
// specification doesn't occur; the serving port is the reading that asks least.
func (c *Check) port(p portCheck) {
	switch p.GetPortSpecification() {
	case computepb.HTTPHealthCheck_USE_SERVING_PORT.String():
	case computepb.HTTPHealthCheck_USE_NAMED_PORT.String():
		c.PortName = p.GetPortName()
	default:
		c.Port = p.GetPort()
		if c.Port == 0 {
			c.PortName = p.GetPortName()
		}
	}
}

func seconds(v *int32, otherwise int) time.Duration {
	return time.Duration(number(v, otherwise)) * time.Second
}

func number(v *int32, otherwise int) int {
	if v == nil || *v == 0 {
		return otherwise
	}
	return int(*v)
}
