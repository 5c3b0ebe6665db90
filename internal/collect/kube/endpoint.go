package kube

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"google.golang.org/api/container/v1"
)

// An endpoint is where a control plane answers and what its certificate must be
// signed by: the cluster's own CA, or a public one when ca is empty.
type endpoint struct{ host, ca string }

// endpointOf chooses the way in (architecture.md §4.7): the DNS endpoint where it
// takes traffic from outside, then the public address, then the private one. The
// DNS endpoint is named even where it can't be used, so its name proves nothing,
// and its certificate is a public one (gcp-facts.md §8).
func endpointOf(c *container.Cluster) (endpoint, error) {
	var dns container.DNSEndpointConfig
	var ip container.IPEndpointsConfig
	if config := c.ControlPlaneEndpointsConfig; config != nil {
		if config.DnsEndpointConfig != nil {
			dns = *config.DnsEndpointConfig
		}
		if config.IpEndpointsConfig != nil {
			ip = *config.IpEndpointsConfig
		}
	}
	if dns.AllowExternalTraffic && dns.Endpoint != "" {
		return endpoint{host: dns.Endpoint}, nil
	}
	host := ipAddress(c, ip)
	if host == "" {
		return endpoint{}, errors.New("the cluster names no endpoint")
	}
	if c.MasterAuth == nil || c.MasterAuth.ClusterCaCertificate == "" {
		return endpoint{}, errors.New("the cluster names no CA certificate")
	}
	return endpoint{host: host, ca: c.MasterAuth.ClusterCaCertificate}, nil
}

// ipAddress is the public address, else the private one; clusters that were made
// before ipEndpointsConfig say it in the legacy fields.
func ipAddress(c *container.Cluster, ip container.IPEndpointsConfig) string {
	var legacy container.PrivateClusterConfig
	if c.PrivateClusterConfig != nil {
		legacy = *c.PrivateClusterConfig
	}
	known := c.ControlPlaneEndpointsConfig != nil && c.ControlPlaneEndpointsConfig.IpEndpointsConfig != nil
	public := !legacy.EnablePrivateEndpoint
	if known {
		public = ip.EnablePublicEndpoint
	}
	if public {
		return first(ip.PublicEndpoint, legacy.PublicEndpoint, c.Endpoint)
	}
	return first(ip.PrivateEndpoint, legacy.PrivateEndpoint, c.Endpoint)
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// url is the API server's base address. The port is left out: it is the Host that
// a probed pod sees.
func (e endpoint) url() *url.URL {
	host := e.host
	if ip := net.ParseIP(host); ip != nil && strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: "https", Host: host}
}

// roots are what the server's certificate is verified with; public stands for the
// public authorities.
func (e endpoint) roots(public *x509.CertPool) (*x509.CertPool, error) {
	if e.ca == "" {
		return public, nil
	}
	pem, err := base64.StdEncoding.DecodeString(e.ca)
	if err != nil {
		return nil, fmt.Errorf("decoding the cluster's CA certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the cluster's CA certificate is not PEM")
	}
	return pool, nil
}
