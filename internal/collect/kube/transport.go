package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"plumbline/internal/collect/refusal"
)

const (
	dialTimeout      = 4 * time.Second
	handshakeTimeout = 4 * time.Second
	idleTimeout      = 90 * time.Second
	// maxConnections to one control plane: it speaks HTTP/2, and the requests of a round,
	// which begin all at once, would each shake hands for a connection of their own.
	maxConnections = 2
)

// transport is the way to one control plane: its roots, HTTP/2, no proxy where the
// dialer was given.
func (c Config) transport(roots *x509.CertPool) *http.Transport {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idleTimeout,
		ForceAttemptHTTP2:   true,
		MaxConnsPerHost:     maxConnections,
	}
	if dial := c.Dial; dial != nil {
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			return dial(ctx, network, addr)
		}
	}
	return t
}

// A single sends each request once. It takes away what a client above it might take
// for a reason to wait and send again, Retry-After and the look of a broken
// connection, so that a diagnosis doesn't wait (and the meter stays right).
type single struct {
	base http.RoundTripper
	// wire holds the connections; base may hide them.
	wire http.RoundTripper
}

// RoundTrip sends the request; its error is always a *connectionError.
func (s single) RoundTrip(req *http.Request) (*http.Response, error) {
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	resp, err := s.base.RoundTrip(req.WithContext(ctx))
	var token tokenError
	switch {
	case errors.As(err, &token):
		return nil, &connectionError{status: "no access token"}
	case err != nil:
		return nil, &connectionError{status: refusal.Connection(err), slow: connected.Load() && isTimeout(err)}
	}
	resp.Header.Del("Retry-After")
	return resp, nil
}

// CloseIdleConnections lets an http.Client reach the connections beneath.
func (s single) CloseIdleConnections() {
	if c, ok := s.wire.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// A connectionError says that there was no answer, and hides why from clients that
// would try again.
type connectionError struct {
	status string
	// slow is set when the control plane was reached and took too long: then the
	// request is to blame, not the way.
	slow bool
}

func (e *connectionError) Error() string { return e.status }

// Timeout tells callers of http.Client that time ran out.
func (e *connectionError) Timeout() bool { return e.status == refusal.Timeout }

// tokens marks the errors of a token source, which are none of the connection.
type tokens struct{ source oauth2.TokenSource }

// Token asks the source.
func (t tokens) Token() (*oauth2.Token, error) {
	token, err := t.source.Token()
	if err != nil {
		return nil, tokenError{err}
	}
	return token, nil
}

type tokenError struct{ error }

func isTimeout(err error) bool { return refusal.Connection(err) == refusal.Timeout }
