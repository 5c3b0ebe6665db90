package fakecloud

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// An Address is where a Cloud's services are: all that another process needs to
// make the vendors' clients of it. A Cloud serves it as JSON at AddressPath.
type Address struct {
	// HTTP is the base URL of the Compute, GKE and Certificate Manager APIs; they
	// need no credentials.
	HTTP string `json:"http"`
	// Logging is the host:port of Cloud Logging's gRPC, without TLS.
	Logging string `json:"logging"`
	// DNS is the host:port of a resolver, UDP and TCP.
	DNS string `json:"dns"`
	// KubernetesProxy is the URL of an HTTP proxy which takes CONNECT to the control
	// planes' endpoints, and to nothing else.
	KubernetesProxy string `json:"kubernetesProxy"`
	// RootCAs is the authority of the control planes' DNS endpoints, as PEM; their IP
	// endpoints have that of the cluster.
	RootCAs string `json:"rootCAs"`
	// Token is one that the control planes accept.
	Token string `json:"token"`
	// Now is the moment of the scenario; zero where Options don't say one.
	Now time.Time `json:"now"`
	// Project is the world's default project.
	Project string `json:"project"`
}

// AddressPath is where a Cloud serves its Address, under HTTP.
const AddressPath = "/plumbline/cloud.json"

// anyToken is as good as any other.
const anyToken = "token-of-the-fake"

// The largest Address that Fetch reads.
const maxAddress = 1 << 20

// Address is where this Cloud's services are now.
func (c *Cloud) Address() Address {
	return Address{
		HTTP: c.HTTP(), Logging: c.Logging(), DNS: c.DNS(), KubernetesProxy: c.HTTP(), RootCAs: string(c.pki.public.pem()),
		Token: anyToken, Now: c.options.Now.UTC(), Project: c.state.Load().world.Project,
	}
}

// Fetch reads the Address that a Cloud of another process serves. The base is the
// URL of its REST APIs, such as http://127.0.0.1:8090.
func Fetch(ctx context.Context, base string) (Address, error) {
	var a Address
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+AddressPath, nil)
	if err != nil {
		return a, fmt.Errorf("asking the fake cloud where its services are: %w", err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return a, fmt.Errorf("asking the fake cloud where its services are: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return a, fmt.Errorf("asking the fake cloud where its services are: %s answers %s", r.URL, answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAddress)).Decode(&a); err != nil {
		return a, fmt.Errorf("reading where the fake cloud's services are: %w", err)
	}
	return a, nil
}

// RootPool is the authority of RootCAs.
func (a Address) RootPool() (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(a.RootCAs)) {
		return nil, fmt.Errorf("the fake cloud's address holds no certificate")
	}
	return pool, nil
}

// DialContext reaches a control plane as Cloud.DialContext does, through the proxy.
// One that can't be reached is a refused connection here, too.
func (a Address) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	proxy, err := url.Parse(a.KubernetesProxy)
	if err != nil {
		return nil, fmt.Errorf("reading the proxy of the fake cloud's address: %w", err)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", proxy.Host)
	if err != nil {
		return nil, fmt.Errorf("dialling the fake cloud's proxy: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	reader, err := connect(conn, addr)
	if err != nil {
		stop()
		_ = conn.Close()
		if err == errNoPlane { //nolint:errorlint // connect returns it bare
			return nil, refusedConnection(network, addr)
		}
		return nil, fmt.Errorf("asking the fake cloud's proxy for %s: %w", addr, err)
	}
	if !stop() {
		return nil, fmt.Errorf("asking the fake cloud's proxy for %s: %w", addr, ctx.Err())
	}
	return &tunnelled{Conn: conn, reader: reader}, nil
}

const errNoPlane = verdict("no control plane answers there")

func connect(conn net.Conn, addr string) (*bufio.Reader, error) {
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", addr, addr); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return reader, nil
	case http.StatusBadGateway:
		return nil, errNoPlane
	}
	return nil, fmt.Errorf("the proxy answers %s", answer.Status)
}

// A tunnelled connection may have bytes that came with the proxy's answer.
type tunnelled struct {
	net.Conn
	reader *bufio.Reader
}

// Read implements net.Conn.
func (t *tunnelled) Read(p []byte) (int, error) { return t.reader.Read(p) }

// serveFront is what listens at HTTP: the REST APIs, the Address and the proxy.
func (c *Cloud) serveFront(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		c.tunnel(w, r)
	case r.URL.Path == AddressPath:
		writeJSON(w, http.StatusOK, c.Address())
	default:
		c.answering(http.HandlerFunc(c.serveREST)).ServeHTTP(w, r)
	}
}

// tunnel joins the caller and a control plane until one of them, or the Cloud,
// goes away.
func (c *Cloud) tunnel(w http.ResponseWriter, r *http.Request) {
	plane, err := c.DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = plane.Close() }()
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "this connection can't be a tunnel", http.StatusInternalServerError)
		return
	}
	caller, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer func() { _ = caller.Close() }()
	if _, err := io.WriteString(caller, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	var copying sync.WaitGroup
	ended := make(chan struct{}, 2)
	copying.Go(func() { _, _ = io.Copy(plane, buffered); ended <- struct{}{} })
	copying.Go(func() { _, _ = io.Copy(caller, plane); ended <- struct{}{} })
	select {
	case <-ended:
	case <-c.done:
	}
	_ = plane.Close()
	_ = caller.Close()
	copying.Wait()
}
