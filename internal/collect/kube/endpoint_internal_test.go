package kube

import (
	"testing"

	"google.golang.org/api/container/v1"
)

func TestEndpointOf(t *testing.T) {
	dns := func(external bool) *container.DNSEndpointConfig {
		return &container.DNSEndpointConfig{Endpoint: "gke-1.asia-northeast1.gke.goog", AllowExternalTraffic: external}
	}
	ip := func(public bool) *container.IPEndpointsConfig {
		return &container.IPEndpointsConfig{Enabled: true, EnablePublicEndpoint: public, PublicEndpoint: "192.0.2.10", PrivateEndpoint: "10.0.0.2"}
	}
	both := func(d *container.DNSEndpointConfig, i *container.IPEndpointsConfig) *container.ControlPlaneEndpointsConfig {
		return &container.ControlPlaneEndpointsConfig{DnsEndpointConfig: d, IpEndpointsConfig: i}
	}
	ca := &container.MasterAuth{ClusterCaCertificate: "Q0E="}
	for name, tt := range map[string]struct {
		cluster container.Cluster
		want    endpoint
		url     string
	}{
		"DNS endpoint open to the outside": {
			container.Cluster{ControlPlaneEndpointsConfig: both(dns(true), ip(true)), MasterAuth: ca, Endpoint: "192.0.2.10"},
			endpoint{host: "gke-1.asia-northeast1.gke.goog"},
			"https://gke-1.asia-northeast1.gke.goog",
		},
		"DNS endpoint named but closed": {
			container.Cluster{ControlPlaneEndpointsConfig: both(dns(false), ip(true)), MasterAuth: ca, Endpoint: "192.0.2.9"},
			endpoint{"192.0.2.10", "Q0E="},
			"https://192.0.2.10",
		},
		"private only": {
			container.Cluster{ControlPlaneEndpointsConfig: both(dns(false), ip(false)), MasterAuth: ca, Endpoint: "192.0.2.10"},
			endpoint{"10.0.0.2", "Q0E="},
			"https://10.0.0.2",
		},
		"legacy public": {
			container.Cluster{MasterAuth: ca, Endpoint: "192.0.2.11"},
			endpoint{"192.0.2.11", "Q0E="},
			"https://192.0.2.11",
		},
		"legacy private": {
			container.Cluster{MasterAuth: ca, Endpoint: "10.0.0.3", PrivateClusterConfig: &container.PrivateClusterConfig{
				EnablePrivateEndpoint: true, PrivateEndpoint: "10.0.0.3", PublicEndpoint: "192.0.2.12",
			}},
			endpoint{"10.0.0.3", "Q0E="},
			"https://10.0.0.3",
		},
		"IPv6": {
			container.Cluster{MasterAuth: ca, Endpoint: "2001:db8::1"},
			endpoint{"2001:db8::1", "Q0E="},
			"https://[2001:db8::1]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := endpointOf(&tt.cluster)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want || got.url().String() != tt.url {
				t.Errorf("got %+v at %s, want %+v at %s", got, got.url(), tt.want, tt.url)
			}
		})
	}
}

func TestEndpointOfNamesWhatIsMissing(t *testing.T) {
	for want, c := range map[string]container.Cluster{
		"the cluster names no endpoint":       {},
		"the cluster names no CA certificate": {Endpoint: "192.0.2.1"},
	} {
		if _, err := endpointOf(&c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
