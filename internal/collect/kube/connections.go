// Package kube reads a cluster's Kubernetes API for the collector, reached as GKE
// is reached: by the cluster's DNS endpoint or address, with an access token and
// the right authority. It only lists and gets, and never asks for Secrets. Lists are
// decoded page by page, object by object, straight into the vendor's types; of each
// object only what somebody reads is kept, and values that may be secret are blanked
// before they leave.
package kube

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/oauth2"
	"google.golang.org/api/container/v1"
	"k8s.io/client-go/rest"

	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

// Config tells how control planes are reached.
type Config struct {
	// Token is the source of access tokens; scopes cloud-platform and
	// userinfo.email (gcp-facts.md §8). Nil sends none.
	Token oauth2.TokenSource
	// Dial opens connections; nil dials the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// PublicRoots sign the DNS endpoints; nil means the system's.
	PublicRoots *x509.CertPool
}

// Access is a way into one control plane for requests that are no reads of
// objects: the probe's.
type Access struct {
	// Client adds the token, verifies the server and counts requests.
	Client *http.Client
	// Base is the API server's address, without a path.
	Base *url.URL
}

// Connections holds one client per cluster and endpoint, so that their connections
// are used again. It may be used by several goroutines.
type Connections struct {
	config Config
	mu     sync.Mutex
	open   map[string]connection
}

type connection struct {
	endpoint endpoint
	cluster  *Cluster
}

// New prepares Connections; it opens none.
func New(c Config) *Connections {
	return &Connections{config: c, open: map[string]connection{}}
}

// Open is the client for a cluster with this full name; the error is a
// *facts.Error that names the control plane.
func (c *Connections) Open(name string, cluster *container.Cluster) (*Cluster, error) {
	at, err := endpointOf(cluster)
	if err != nil {
		return nil, unreachable(name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old, ok := c.open[name]
	if ok && old.endpoint == at {
		return old.cluster, nil
	}
	opened, err := c.config.connect(name, at)
	if err != nil {
		return nil, unreachable(name, err)
	}
	if ok {
		old.cluster.access.Client.CloseIdleConnections()
	}
	c.open[name] = connection{endpoint: at, cluster: opened}
	return opened, nil
}

// Access is the way into a cluster that was opened before.
func (c *Connections) Access(name string) (Access, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	opened, ok := c.open[name]
	if !ok {
		return Access{}, false
	}
	return opened.cluster.access, true
}

// Close drops all idle connections.
func (c *Connections) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, opened := range c.open {
		opened.cluster.access.Client.CloseIdleConnections()
	}
}

func (c Config) connect(name string, at endpoint) (*Cluster, error) {
	roots, err := at.roots(c.PublicRoots)
	if err != nil {
		return nil, err
	}
	config := &rest.Config{
		Host:          at.url().String(),
		Transport:     c.transport(roots),
		WrapTransport: c.wrap,
		UserAgent:     "plumbline",
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("preparing the HTTP client: %w", err)
	}
	return newCluster(name, Access{Client: client, Base: at.url()}), nil
}

// wrap adds, from the wire outwards: the token, one attempt only, the meter.
func (c Config) wrap(wire http.RoundTripper) http.RoundTripper {
	signed := wire
	if c.Token != nil {
		signed = &oauth2.Transport{Source: tokens{c.Token}, Base: wire}
	}
	return meter.Transport(single{signed, wire})
}

// unreachable is the error of a control plane that can't be asked anything.
func unreachable(name string, err error) *facts.Error {
	return &facts.Error{Needs: gap(name), Status: err.Error(), Err: fmt.Errorf("opening %s: %w", name, err)}
}

// gap is how an unreachable control plane is named: kubernetes/CLUSTER.
func gap(cluster string) string { return "kubernetes/" + facts.LastSegment(cluster) }
