// Package logs asks Cloud Logging for the history of a diagnosis: one query, since
// entries.list is limited to 60 a minute for a whole project (gcp-facts.md §7).
// Entries come back as the JSON that a sink publishes, so that the same parser
// reads both.
package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/logging"
	"cloud.google.com/go/logging/logadmin"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	_ "google.golang.org/genproto/googleapis/cloud/audit" // the type of protoPayload in audit entries
	"google.golang.org/grpc"

	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

const (
	// lookBack is how far the query reaches: who switched a setting weeks ago is
	// still the answer. A filter may bound parts of itself more closely.
	lookBack = 30 * 24 * time.Hour
	pageSize = 500
	maxPages = 2
)

// A Reader asks Cloud Logging.
type Reader struct{ client *logadmin.Client }

// New prepares the client; it opens no connection. Reading is all that its scope
// allows.
func New(ctx context.Context, opts ...option.ClientOption) (*Reader, error) {
	opts = append([]option.ClientOption{
		option.WithScopes(logging.ReadScope),
		option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(once)),
	}, opts...)
	// Every query names its project; the client wants a parent all the same.
	client, err := logadmin.NewClient(ctx, "projects/-", opts...)
	if err != nil {
		return nil, fmt.Errorf("preparing the Logging client: %w", err)
	}
	return &Reader{client: client}, nil
}

// Close closes the connection.
func (r *Reader) Close() error { return r.client.Close() }

// Query finds the entries of a project that match the filter in the 30 days before
// now, newest first, at most two pages of 500. The filter may bound the time of its
// parts. The client would add a bound of its own to a filter without any.
func (r *Reader) Query(ctx context.Context, project, filter string, now time.Time) facts.Value[[]json.RawMessage] {
	sent := 0
	it := r.client.Entries(
		context.WithValue(ctx, sentKey{}, &sent),
		logadmin.ResourceNames([]string{"projects/" + project}), logadmin.Filter(bound(filter, now)), logadmin.NewestFirst(), logadmin.PageSize(pageSize),
	)
	entries, err := read(it, &sent)
	if err != nil {
		return facts.Unknown[[]json.RawMessage](&facts.Error{
			Needs:  string(facts.Logs),
			Status: statusOf(err),
			Err:    fmt.Errorf("reading log entries of %s: %w", project, err),
		})
	}
	return facts.Found(entries)
}

func bound(filter string, now time.Time) string {
	from, to := now.Add(-lookBack).UTC().Format(time.RFC3339Nano), now.UTC().Format(time.RFC3339Nano)
	return fmt.Sprintf("(%s) AND timestamp >= %q AND timestamp <= %q", filter, from, to)
}

// read takes what the pages hold.
func read(it *logadmin.EntryIterator, sent *int) ([]json.RawMessage, error) {
	var entries []json.RawMessage
	for {
		if *sent == maxPages && it.PageInfo().Remaining() == 0 {
			return entries, nil
		}
		entry, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := encode(entry)
		if err != nil {
			return nil, fmt.Errorf("encoding entry %s: %w", entry.InsertID, err)
		}
		entries = append(entries, text)
	}
}

// sentKey is where a query counts its requests, one a page.
type sentKey struct{}

// once reports each request to the meter and to its query, and keeps the client from
// sending it again: a failure loses what the client recognises as worth another try,
// since a diagnosis would wait for that.
func once(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	meter.Sent(ctx)
	if sent, ok := ctx.Value(sentKey{}).(*int); ok {
		*sent++
	}
	if err := invoke(ctx, method, req, reply, cc, opts...); err != nil {
		return final(err)
	}
	return nil
}
