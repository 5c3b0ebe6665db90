package gcp

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
)

// A call makes up for what compute/apiv1 v1.75 leaves out of its paged requests:
//
//   - they carry no context, so neither a deadline nor the meter would reach the
//     wire: every request of the call gets the context of the call;
//   - aggregated lists have no field for returnPartialSuccess, which Google advises
//     (gcp-facts.md §7): without it one unreachable zone fails the whole list;
//   - none has a field for `fields`, by which a list leaves out what nobody reads;
//   - listNetworkEndpoints sends the whole request as its body instead of the
//     resource, so the API does not see `healthStatus: SHOW`
//     (googleapis/gapic-generator-go#1784).
//
// A client is made for each call, which costs no connection: they share the
// transport beneath.
type call struct {
	ctx  context.Context //nolint:containedctx // a call lives as long as its context
	base http.RoundTripper
	// body replaces the client's when it isn't empty.
	body string
	// fields is the partial response to ask for; empty asks for all.
	fields string
	// sent counts the requests, one a page.
	sent atomic.Int32
}

// call begins one.
func (r *Reader) call(ctx context.Context) *call {
	return &call{ctx: ctx, base: r.compute.transport}
}

// RoundTrip sends the request as it should have been.
func (c *call) RoundTrip(req *http.Request) (*http.Response, error) {
	c.sent.Add(1)
	req = req.Clone(c.ctx)
	query := req.URL.Query()
	if strings.Contains(req.URL.Path, "/aggregated/") {
		query.Set("returnPartialSuccess", "true")
	}
	if c.fields != "" {
		query.Set("fields", c.fields)
	}
	req.URL.RawQuery = query.Encode()
	if c.body != "" {
		if req.Body != nil {
			if err := req.Body.Close(); err != nil {
				return nil, err
			}
		}
		req.Body = io.NopCloser(strings.NewReader(c.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(c.body)), nil }
		req.ContentLength = int64(len(c.body))
	}
	return c.base.RoundTrip(req)
}

// options are those of a client whose requests are the call's.
func (r *Reader) options(c *call) []option.ClientOption { return r.compute.through(c) }

// once keeps a call from being sent again.
func once() gax.CallOption {
	return gax.WithRetry(func() gax.Retryer { return nil })
}

// An opener makes one of compute/apiv1's REST clients.
type opener[C any] func(context.Context, ...option.ClientOption) (C, error)

// ask sends a request that has one answer.
func ask[C, Q, A any](ctx context.Context, r *Reader, open opener[C], method func(C, context.Context, Q, ...gax.CallOption) (A, error), request Q) (A, error) {
	client, err := open(ctx, r.options(r.call(ctx))...)
	if err != nil {
		var none A
		return none, err
	}
	return method(client, ctx, request, once())
}
