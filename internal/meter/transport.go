package meter

import "net/http"

// Transport counts every request that is sent through base.
func Transport(base http.RoundTripper) http.RoundTripper { return transport{base} }

type transport struct{ base http.RoundTripper }

// RoundTrip counts the request and passes it on.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	Sent(req.Context())
	return t.base.RoundTrip(req)
}

// CloseIdleConnections lets an http.Client reach the connections beneath.
func (t transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
