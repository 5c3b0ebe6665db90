// Package logs asks Cloud Logging for the history of a diagnosis: one query, since
// entries.list is limited to 60 a minute for a whole project (gcp-facts.md §7).
// Entries come back as the JSON that a sink publishes, so that the same parser
// reads both.
package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	logging "cloud.google.com/go/logging/apiv2"
	"cloud.google.com/go/logging/apiv2/loggingpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	_ "google.golang.org/genproto/googleapis/cloud/audit" // the type of protoPayload in audit entries
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

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
//
// It uses the generated client that logadmin is built on: logadmin's own entries
// have lost the escaping of logName, receiveTimestamp, spanId and split, and one
// payload of a type that isn't linked in ends its whole list.
type Reader struct{ client *logging.Client }

// New prepares the client; it opens no connection.
func New(ctx context.Context, opts ...option.ClientOption) (*Reader, error) {
	opts = append([]option.ClientOption{
		option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(count)),
	}, opts...)
	client, err := logging.NewClient(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("preparing the Logging client: %w", err)
	}
	return &Reader{client: client}, nil
}

// Close closes the connection.
func (r *Reader) Close() error { return r.client.Close() }

// Query finds the entries of a project that match the filter in the 30 days before
// now, newest first, at most two pages of 500. The filter may bound the time of its parts.
func (r *Reader) Query(ctx context.Context, project, filter string, now time.Time) facts.Value[[]json.RawMessage] {
	it := r.client.ListLogEntries(ctx, &loggingpb.ListLogEntriesRequest{
		ResourceNames: []string{"projects/" + project},
		Filter:        bound(filter, now),
		OrderBy:       "timestamp desc",
		PageSize:      pageSize,
	}, gax.WithRetry(func() gax.Retryer { return nil }))
	entries, err := read(it)
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
func read(it *logging.LogEntryIterator) ([]json.RawMessage, error) {
	var entries []json.RawMessage
	var page any
	pages := 0
	for {
		if pages == maxPages && it.PageInfo().Remaining() == 0 {
			return entries, nil
		}
		entry, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		if it.Response != page {
			page = it.Response
			pages++
		}
		text, err := encode(entry)
		if err != nil {
			return nil, err
		}
		entries = append(entries, text)
	}
}

// encode is an entry as a sink publishes it. One whose payload has a type that
// isn't linked in goes without: it still says that something happened.
func encode(entry *loggingpb.LogEntry) (json.RawMessage, error) {
	text, err := protojson.Marshal(entry)
	if err != nil {
		entry.Payload = nil
		if text, err = protojson.Marshal(entry); err != nil {
			return nil, fmt.Errorf("encoding entry %s: %w", entry.GetInsertId(), err)
		}
	}
	var compact bytes.Buffer // protojson varies its spaces
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("encoding entry %s: %w", entry.GetInsertId(), err)
	}
	return compact.Bytes(), nil
}

// count reports each request to the meter.
func count(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	meter.Sent(ctx)
	return invoke(ctx, method, req, reply, cc, opts...)
}
