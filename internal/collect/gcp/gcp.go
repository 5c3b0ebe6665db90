// Package gcp reads Google Cloud for the collector: clusters and their operations
// from the GKE API, load balancing, network and quotas from the Compute API,
// certificate maps from Certificate Manager, in bulk where there is a bulk read. Every
// read answers with a three-valued facts.Value whose error is a *facts.Error that
// names the permission; nothing is retried here, since a diagnosis would wait for
// it, and Pub/Sub delivers again.
package gcp

import (
	"context"
	"fmt"
	"net/http"

	certificatemanager "google.golang.org/api/certificatemanager/v1"
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

// A Config says how the APIs are reached. The options are those of the vendors'
// clients: endpoint, credentials, HTTP client.
type Config struct {
	Compute            []option.ClientOption
	Container          []option.ClientOption
	CertificateManager []option.ClientOption
}

// A Reader reads the APIs. It may be used by several goroutines.
type Reader struct {
	compute      door
	container    *container.Service
	certificates *certificatemanager.Service
	doors        []door
}

// A door is how an API is reached: a transport that adds the credentials, and the
// endpoint.
type door struct {
	transport http.RoundTripper
	endpoint  string
}

// New prepares the clients; it opens no connection to the APIs.
func New(ctx context.Context, c Config) (*Reader, error) {
	toCompute, err := open(ctx, append([]option.ClientOption{
		internaloption.WithDefaultEndpointTemplate("https://compute.UNIVERSE_DOMAIN"),
		internaloption.WithDefaultMTLSEndpoint("https://compute.mtls.googleapis.com"),
		internaloption.WithDefaultUniverseDomain("googleapis.com"),
	}, c.Compute...))
	if err != nil {
		return nil, fmt.Errorf("preparing the Compute client: %w", err)
	}
	toGKE, err := open(ctx, c.Container)
	if err != nil {
		return nil, fmt.Errorf("preparing the GKE client: %w", err)
	}
	gke, err := container.NewService(ctx, toGKE.options()...)
	if err != nil {
		return nil, fmt.Errorf("preparing the GKE client: %w", err)
	}
	toCertificates, err := open(ctx, c.CertificateManager)
	if err != nil {
		return nil, fmt.Errorf("preparing the Certificate Manager client: %w", err)
	}
	certificates, err := certificatemanager.NewService(ctx, toCertificates.options()...)
	if err != nil {
		return nil, fmt.Errorf("preparing the Certificate Manager client: %w", err)
	}
	return &Reader{
		compute: toCompute, container: gke, certificates: certificates,
		doors: []door{toCompute, toGKE, toCertificates},
	}, nil
}

// Close drops idle connections.
func (r *Reader) Close() {
	for _, d := range r.doors {
		client := http.Client{Transport: d.transport}
		client.CloseIdleConnections()
	}
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
