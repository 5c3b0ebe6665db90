package fakecloud

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"plumbline/internal/scenario"
)

// A PodRequest is what a pod received from the API server.
type PodRequest struct {
	// Pod is namespace/name.
	Pod  string
	Port int32
	// Scheme is what the pod's port speaks.
	Scheme string
	Method string
	// URI is path and query.
	URI    string
	Host   string
	Header http.Header
}

// A player plays every pod of the world: a plain and a TLS server on loopback,
// to which the API server's dials are taken. Who is called, and which row of
// responses.yaml it plays, is noted at the dial.
type player struct {
	plain, secure *front

	mu sync.Mutex
	// conversations by the address that the API server calls from.
	conversations map[string]conversation
	requests      []PodRequest
}

// A conversation is one connection to a pod. A nil row is a port that speaks the
// other scheme than the one that was asked in.
type conversation struct {
	pod  string
	port int32
	row  *scenario.Response
}

type conversationKey struct{}

func startPlayer(keys *pki) (*player, error) {
	p := &player{conversations: map[string]conversation{}}
	cert, err := keys.public.issue([]string{"pod.invalid"})
	if err != nil {
		return nil, err
	}
	if p.plain, err = startFront(p.server("http", nil), false); err != nil {
		return nil, err
	}
	secure := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	secure.GetConfigForClient = brokenHandshake(secure.Clone())
	if p.secure, err = startFront(p.server("https", secure), true); err != nil {
		p.plain.stop()
		return nil, err
	}
	return p, nil
}

// server is one of the two; HTTP/2 is off because a row may break the connection.
func (p *player) server(scheme string, config *tls.Config) *http.Server {
	return &http.Server{
		ReadHeaderTimeout: headerTimeout,
		TLSConfig:         config,
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, conversationKey{}, p.answered(conn.RemoteAddr().String()))
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, ok := r.Context().Value(conversationKey{}).(conversation)
			if !ok || c.row == nil {
				http.Error(w, "nobody answers here", http.StatusNotFound)
				return
			}
			p.note(c, scheme, r)
			play(w, r, c.row)
		}),
	}
}

func (p *player) stop() {
	p.plain.stop()
	p.secure.stop()
}

// dial connects to the pod at addr, or fails as the row says.
func (p *player) dial(ctx context.Context, network, addr string, q podQuestion, rows []scenario.Response) (net.Conn, error) {
	_, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseInt(portText, 10, 32)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("unknown port %s", addr)}
	}
	q.port = int32(port)
	row, speaks := q.answer(rows)
	if speaks == "" {
		return nil, refusedConnection(network, addr)
	}
	target := p.plain.addr
	if speaks == "https" {
		target = p.secure.addr
	}
	// The lock is held over the dial so that the server, which accepts at once,
	// finds the conversation noted.
	p.mu.Lock()
	defer p.mu.Unlock()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, err
	}
	p.conversations[conn.LocalAddr().String()] = conversation{pod: q.pod, port: q.port, row: row}
	return conn, nil
}

func (p *player) answered(caller string) conversation {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conversations[caller]
	delete(p.conversations, caller)
	return c
}

func (p *player) note(c conversation, scheme string, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, PodRequest{
		Pod: c.pod, Port: c.port, Scheme: scheme, Method: r.Method, URI: r.URL.RequestURI(), Host: r.Host, Header: r.Header.Clone(),
	})
}

func (p *player) received() []PodRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]PodRequest(nil), p.requests...)
}

// brokenHandshake fails the handshake of a row with `error: tls`, that of a port which
// speaks something else, and with `error: certificate` that of a client without one.
func brokenHandshake(plain *tls.Config) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	mutual := plain.Clone()
	mutual.ClientAuth = tls.RequireAnyClientCert
	return func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c, ok := hello.Context().Value(conversationKey{}).(conversation)
		switch {
		case !ok || c.row == nil:
		case c.row.Error == "tls" || c.row.Scheme == "tcp":
			return nil, errors.New("the scenario breaks this handshake")
		case c.row.Error == "certificate":
			return mutual, nil
		}
		return nil, nil
	}
}

// play answers as the row says.
func play(w http.ResponseWriter, r *http.Request, row *scenario.Response) {
	switch {
	case row.Error == "timeout":
		<-r.Context().Done()
		return
	case row.Error == "reset":
		hangUp(w, true)
		return
	case row.Scheme == "tcp":
		hangUp(w, false)
		return
	}
	for name, value := range row.Headers {
		if http.CanonicalHeaderKey(name) == "Location" {
			value = location(value, r.Host)
		}
		w.Header().Set(name, value)
	}
	status := row.Status
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, row.Body)
}

// hangUp drops the connection without an answer, with a reset if asked.
func hangUp(w http.ResponseWriter, reset bool) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	raw := conn
	if secure, ok := conn.(*tls.Conn); ok {
		raw = secure.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}

// location puts the Host that the pod received in place of an IP address
// (scenario-format.md, responses.yaml).
func location(value, host string) string {
	u, err := url.Parse(value)
	if err != nil || net.ParseIP(u.Hostname()) == nil {
		return value
	}
	u.Host = host
	return u.String()
}
