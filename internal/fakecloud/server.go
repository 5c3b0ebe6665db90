package fakecloud

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"plumbline/internal/scenario"
)

// Options say how the cloud behaves beyond what the World tells.
type Options struct {
	// Latency delays every API answer, in wall clock; a client that goes away is
	// not waited for.
	Latency time.Duration
	// Now is the Date of every HTTP answer; zero means the wall clock.
	Now time.Time
	// Unreachable lists scopes (zones/Z, regions/R) that don't answer: an
	// aggregated list names them in `unreachables`, a list of clusters in
	// `missingZones`, and both leave out what is in them.
	Unreachable []string
	// Listen is the address of the REST APIs, from which another process finds all
	// the rest (Address); empty means a free port of loopback.
	Listen string
}

// A Request is one call that arrived, whatever became of it.
type Request struct {
	// Method is the HTTP method; POST for gRPC.
	Method string
	// Path has the query; for gRPC it is the full method name.
	Path string
	// Permission is the IAM permission that the call needs; empty for a call that
	// isn't served.
	Permission string
	// Host is the Host header: an endpoint for Kubernetes.
	Host string
}

// A Cloud is one running fake. It is safe for concurrent use.
type Cloud struct {
	options Options
	state   atomic.Pointer[state]
	pki     *pki
	rest    *front
	grpc    *grpc.Server
	logging net.Listener
	names   *resolver
	pods    *player
	done    chan struct{}
	serving sync.WaitGroup

	planesMu sync.Mutex
	planes   *controlPlanes
	closed   bool

	requestsMu sync.Mutex
	requests   []Request
}

// Start serves the world on loopback ports until Close. The world must not be
// modified afterwards; SetWorld swaps it for another one.
func Start(w *scenario.World, o Options) (*Cloud, error) {
	keys, err := newPKI()
	if err != nil {
		return nil, fmt.Errorf("creating the certificate authorities: %w", err)
	}
	c := &Cloud{options: o, pki: keys, done: make(chan struct{})}
	c.planes = &controlPlanes{cloud: c, running: map[string]*controlPlane{}, endpoints: map[string]string{}}
	if err := c.startServers(); err != nil {
		c.Close()
		return nil, err
	}
	c.SetWorld(w)
	return c, nil
}

// startServers starts all but the control planes, which come and go with worlds.
func (c *Cloud) startServers() (err error) {
	// A client may call as soon as a port is open.
	c.state.Store(newState(&scenario.World{}, 0, nil))
	if c.pods, err = startPlayer(c.pki); err != nil {
		return fmt.Errorf("starting the pods: %w", err)
	}
	if err = c.startLogging(); err != nil {
		return fmt.Errorf("starting Cloud Logging: %w", err)
	}
	if c.names, err = startResolver(c); err != nil {
		return fmt.Errorf("starting DNS: %w", err)
	}
	listener, err := listenLoopback(c.options.Listen)
	if err != nil {
		return fmt.Errorf("starting the REST APIs: %w", err)
	}
	rest := &http.Server{Handler: http.HandlerFunc(c.serveFront), ReadHeaderTimeout: headerTimeout}
	c.rest = serveFront(rest, listener, false)
	return nil
}

// SetWorld swaps the world; addresses and certificate authorities stay. Requests
// under way finish in the world they began in, except that a control plane which
// is gone drops its connections.
func (c *Cloud) SetWorld(w *scenario.World) {
	c.planesMu.Lock()
	defer c.planesMu.Unlock()
	if c.closed {
		return
	}
	next := newState(w, c.state.Load().generation+1, c.planes.assign(w))
	c.state.Store(next)
	c.planes.follow(next)
}

// Close stops every server and waits until the last answer under way is over.
func (c *Cloud) Close() {
	c.planesMu.Lock()
	defer c.planesMu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	close(c.done)
	if c.rest != nil {
		c.rest.stop()
	}
	if c.grpc != nil {
		c.grpc.Stop()
	}
	if c.names != nil {
		c.names.stop()
	}
	c.planes.stop()
	if c.pods != nil {
		c.pods.stop()
	}
	c.serving.Wait()
}

// HTTP is the base URL of container/v1 and certificatemanager/v1 (…/v1/) and of
// compute/v1 (…/compute/v1/).
func (c *Cloud) HTTP() string { return "http://" + c.rest.addr }

// Logging is the host:port of google.logging.v2.LoggingServiceV2, without TLS.
func (c *Cloud) Logging() string { return c.logging.Addr().String() }

// DNS is the host:port of the resolver, for UDP and TCP.
func (c *Cloud) DNS() string { return c.names.addr }

// RootCAs is the pool that plays the public authorities: it signs the DNS
// endpoints' certificates and nothing else.
func (c *Cloud) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.pki.public.cert)
	return pool
}

// DialContext takes a client that dials a cluster's endpoint (IP or DNS name,
// port 443) to that cluster's fake API server. Everything else is refused, and so
// is a cluster that the world says can't be reached.
func (c *Cloud) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c.planesMu.Lock()
	target, err := c.planes.target(network, addr)
	c.planesMu.Unlock()
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", target)
}

// Requests lists what arrived so far, in order.
func (c *Cloud) Requests() []Request {
	c.requestsMu.Lock()
	defer c.requestsMu.Unlock()
	return append([]Request(nil), c.requests...)
}

// PodRequests lists what the pods received through the API servers, in order.
func (c *Cloud) PodRequests() []PodRequest { return c.pods.received() }

// DNSQuestions lists what the resolver was asked, in order.
func (c *Cloud) DNSQuestions() []DNSQuestion { return c.names.questions() }

func (c *Cloud) record(r Request) {
	c.requestsMu.Lock()
	defer c.requestsMu.Unlock()
	c.requests = append(c.requests, r)
}

func (c *Cloud) recordHTTP(r *http.Request, permission string) {
	c.record(Request{Method: r.Method, Path: r.URL.RequestURI(), Permission: permission, Host: r.Host})
}

// answering gives every HTTP answer its date.
func (c *Cloud) answering(h http.Handler) http.Handler {
	if c.options.Now.IsZero() {
		return h
	}
	date := c.options.Now.UTC().Format(http.TimeFormat)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", date)
		h.ServeHTTP(w, r)
	})
}

// delay waits out the latency; false means that nobody waits for the answer. gone is
// closed when the caller leaves; nil where that isn't known.
func (c *Cloud) delay(gone <-chan struct{}) bool {
	if c.options.Latency <= 0 {
		return true
	}
	timer := time.NewTimer(c.options.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-gone:
	case <-c.done:
	}
	return false
}

// pageOf cuts one page out of n rows that start at offset; next is empty on the
// last page.
func pageOf(n, offset, size int) (from, to int, next string) {
	from = min(offset, n)
	to = min(from+size, n)
	if to < n {
		next = strconv.Itoa(to)
	}
	return from, to, next
}
