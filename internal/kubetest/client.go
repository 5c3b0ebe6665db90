package kubetest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A Client sends requests to the API server as somebody. Unlike client-go it shows
// the status of every answer and interprets nothing.
type Client struct {
	http  *http.Client
	base  string
	token string
}

// A Request is what a Client sends.
type Request struct {
	// Method is GET, POST, …; empty means GET.
	Method string
	// Path begins with a slash and may hold a query.
	Path string
	// Body is made JSON; nil sends none. For a PATCH it is a merge patch.
	Body any
	// Header adds to what is sent.
	Header http.Header
}

// Admin may do everything.
func (s *Server) Admin() *Client {
	return &Client{http: s.clients[0], base: "https://" + s.Address}
}

// As is a client that logs in as a user of Config.Users.
func (s *Server) As(user string) (*Client, error) {
	token, ok := s.tokens[user]
	if !ok {
		return nil, fmt.Errorf("the API server doesn't know the user %s", user)
	}
	c, err := s.client(pair{})
	if err != nil {
		return nil, err
	}
	return &Client{http: c, base: "https://" + s.Address, token: token}, nil
}

// client trusts the Server's authority alone and shows a certificate, if any.
func (s *Server) client(certificate pair) (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CA) {
		return nil, errors.New("the authority's certificate is not PEM")
	}
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if certificate.cert != nil {
		shown, err := tls.X509KeyPair(certificate.cert, certificate.key)
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{shown}
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}
	s.clients = append(s.clients, c)
	return c, nil
}

func (s *Server) closeIdle() {
	for _, c := range s.clients {
		c.CloseIdleConnections()
	}
}

// Do sends a request and returns the status and the body of the answer, whatever
// the status.
func (c *Client) Do(ctx context.Context, r Request) (status int, body []byte, err error) {
	var content io.Reader
	if r.Body != nil {
		text, failed := json.Marshal(r.Body)
		if failed != nil {
			return 0, nil, fmt.Errorf("encoding the body of %s %s: %w", r.Method, r.Path, failed)
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, c.base+r.Path, content)
	if err != nil {
		return 0, nil, err
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	switch {
	case r.Body == nil:
	case r.Method == http.MethodPatch:
		req.Header.Set("Content-Type", "application/merge-patch+json")
	default:
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err = io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("reading the answer to %s %s: %w", r.Method, r.Path, err)
	}
	return answer.StatusCode, body, nil
}

// into sends a request and decodes the answer; any status but 2xx is an error.
func (c *Client) into(ctx context.Context, r Request, result any) error {
	status, body, err := c.Do(ctx, r)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return &statusError{r, status, string(body)}
	}
	if err := json.Unmarshal(body, result); err != nil {
		return fmt.Errorf("decoding the answer to %s %s: %w", r.Method, r.Path, err)
	}
	return nil
}

// insist is into for a server that has only just started: what it can't do yet
// (429, 5xx) is asked again until it can.
func (c *Client) insist(ctx context.Context, r Request, result any) error {
	return poll(ctx, func() (done bool, err error) {
		err = c.into(ctx, r, result)
		var refused *statusError
		unable := errors.As(err, &refused) && (refused.status == http.StatusTooManyRequests || refused.status >= http.StatusInternalServerError)
		return !unable, err
	})
}

// poll asks until it is done; when ctx ends before, the error is the last one.
func poll(ctx context.Context, ask func() (done bool, err error)) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		done, err := ask()
		if done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// A statusError is an answer that refuses.
type statusError struct {
	request Request
	status  int
	body    string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s %s: %d: %s", e.request.Method, e.request.Path, e.status, e.body)
}

func isStatus(err error, status int) bool {
	var refused *statusError
	return errors.As(err, &refused) && refused.status == status
}
