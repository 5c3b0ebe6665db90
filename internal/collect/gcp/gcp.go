// Package gcp reads Google Cloud for the collector: the cluster from the GKE API,
// load balancing from the Compute API, in bulk where there is a bulk read. Every
// read answers with a three-valued facts.Value whose error is a *facts.Error that
// names the permission; nothing is retried here, since a diagnosis would wait for
// it, and Pub/Sub delivers again.
package gcp

import (
	"context"
	"fmt"
	"net/http"

	"google.golang.org/api/container/v1"
	"google.golang.org/api/option"
	"google.golang.org/api/option/internaloption"
	htransport "google.golang.org/api/transport/http"

	"plumbline/internal/meter"
)

const (
	computeEndpoint = "https://compute.googleapis.com"
	cloudPlatform   = "https://www.googleapis.com/auth/cloud-platform"
)

// A Reader reads the GKE and the Compute API.
type Reader struct {
	container *container.Service
	compute   door
}

// A door is how an API is reached: a transport that adds the credentials, and the
// endpoint.
type door struct {
	transport http.RoundTripper
	endpoint  string
}

// New prepares the clients; it opens no connection to the APIs. The options are
// those of the vendors' clients: endpoint, credentials, HTTP client.
func New(ctx context.Context, compute, gke []option.ClientOption) (*Reader, error) {
	computeDoor, err := open(ctx, append([]option.ClientOption{
		internaloption.WithDefaultEndpointTemplate("https://compute.UNIVERSE_DOMAIN"),
		internaloption.WithDefaultMTLSEndpoint("https://compute.mtls.googleapis.com"),
		internaloption.WithDefaultUniverseDomain("googleapis.com"),
	}, compute...))
	if err != nil {
		return nil, fmt.Errorf("preparing the Compute client: %w", err)
	}
	gkeDoor, err := open(ctx, gke)
	if err != nil {
		return nil, fmt.Errorf("preparing the GKE client: %w", err)
	}
	service, err := container.NewService(ctx, gkeDoor.options()...)
	if err != nil {
		return nil, fmt.Errorf("preparing the GKE client: %w", err)
	}
	return &Reader{container: service, compute: computeDoor}, nil
}

// Close drops idle connections.
func (r *Reader) Close() {
	client := http.Client{Transport: r.compute.transport}
	client.CloseIdleConnections()
}

func open(ctx context.Context, opts []option.ClientOption) (door, error) {
	opts = append([]option.ClientOption{
		internaloption.WithDefaultScopes(cloudPlatform),
		internaloption.EnableNewAuthLibrary(),
	}, opts...)
	client, endpoint, err := htransport.NewClient(ctx, opts...)
	if err != nil {
		return door{}, err
	}
	transport := client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	return door{transport: meter.Transport(transport), endpoint: endpoint}, nil
}

// options are those of a client that goes through this door.
func (d door) options() []option.ClientOption {
	return d.through(d.transport)
}

// through is options with another transport in front of the door's.
func (d door) through(transport http.RoundTripper) []option.ClientOption {
	opts := []option.ClientOption{option.WithHTTPClient(&http.Client{Transport: transport})}
	if d.endpoint != "" {
		opts = append(opts, option.WithEndpoint(d.endpoint))
	}
	return opts
}
