package gcp

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
)

// A call makes up for what compute/apiv1 v1.75 leaves out of its paged requests:
//
//   - they carry no context, so neither a deadline nor the meter would reach the
//     wire: every request of the call gets the context of the call;
//   - aggregated lists have no field for returnPartialSuccess, which Google advises
//     (gcp-facts.md §7): without it one unreachable zone fails the whole list;
//   - listNetworkEndpoints sends the whole request as its body instead of the
//     resource, so the API does not see `healthStatus: SHOW`
//     (googleapis/gapic-generator-go#1784).
//
// A client is made for each call, which costs no connection: they share the
// transport beneath.
type call struct {
	ctx  context.Context //nolint:containedctx // a call lives as long as its context
	base http.RoundTripper
	body string
}

// RoundTrip sends the request as it should have been.
func (c call) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(c.ctx)
	if strings.Contains(req.URL.Path, "/aggregated/") {
		query := req.URL.Query()
		query.Set("returnPartialSuccess", "true")
		req.URL.RawQuery = query.Encode()
	}
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

// options are those of a client for one call with this context; body replaces the
// client's when it isn't empty.
func (r *Reader) options(ctx context.Context, body string) []option.ClientOption {
	return r.compute.through(call{ctx: ctx, base: r.compute.transport, body: body})
}

// once keeps a call from being sent again.
func once() gax.CallOption {
	return gax.WithRetry(func() gax.Retryer { return nil })
}
