// Package logs asks Cloud Logging for the history of a diagnosis: one query, since
// entries.list is limited to 60 a minute for a whole project (gcp-facts.md §7), and
// within a budget, since people ask the same project.
// Entries come back as the JSON that a sink publishes, so that the same parser
// reads both.
package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"cloud.google.com/go/logging"
	"cloud.google.com/go/logging/apiv2/loggingpb"
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

// LacksOlder is what a Value of Query lacks (facts.Value.Lacks) when its first page
// was read and the second couldn't be.
const LacksOlder = "older"

// A Config says how Cloud Logging is reached, and how often.
type Config struct {
	// Options are those of the vendor's gRPC client: endpoint, credentials.
	Options []option.ClientOption
	// Now is the clock of the budget; required.
	Now func() time.Time
	// PerMinute is how many requests go to one project in any minute, one a page; 0 is
	// DefaultPerMinute, and less means no bound.
	PerMinute int
}

// A Reader asks Cloud Logging. It may be used by several goroutines, which share its
// budget.
type Reader struct {
	client *logadmin.Client
	budget *budget
}

// New prepares the client; it opens no connection. Reading is all that its scope
// allows.
func New(ctx context.Context, c Config) (*Reader, error) {
	if c.Now == nil {
		return nil, errors.New("preparing the Logging client: Config.Now is missing")
	}
	if c.PerMinute == 0 {
		c.PerMinute = DefaultPerMinute
	}
	opts := append([]option.ClientOption{
		option.WithScopes(logging.ReadScope),
		option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(once)),
	}, c.Options...)
	// Every query names its project; the client wants a parent all the same.
	client, err := logadmin.NewClient(ctx, "projects/-", opts...)
	if err != nil {
		return nil, fmt.Errorf("preparing the Logging client: %w", err)
	}
	spread := &budget{now: c.Now, perMinute: c.PerMinute, jitter: rand.Float64, accounts: map[string]*account{}}
	return &Reader{client: client, budget: spread}, nil
}

// Close closes the connection.
func (r *Reader) Close() error { return r.client.Close() }

// Query finds the entries of a project that match the filter in the 30 days before
// now, newest first, at most two pages of 500. The filter may bound the time of its
// parts. The client would add a bound of its own to a filter without any. Requests of a
// busy load balancer would fill both pages with one second's: where the first page has
// any, the second leaves them out. When the budget doesn't allow a request, or the
// project said 429 a moment ago, nothing is sent and the Value is unknown, or lacks
// LacksOlder.
func (r *Reader) Query(ctx context.Context, project, filter string, now time.Time) facts.Value[[]json.RawMessage] {
	q := &query{project: project, budget: r.budget}
	entries, more, err := read(r.entries(ctx, q, bound(filter, now)), q)
	if err == nil && more {
		var older []json.RawMessage
		older, _, err = read(r.entries(ctx, q, bound("("+filter+") AND "+noRequests, q.oldest)), q)
		entries = append(entries, older...)
	}
	if err == nil {
		return facts.Found(entries)
	}
	failed := &facts.Error{
		Needs:  string(facts.Logs),
		Status: statusOf(err),
		Err:    fmt.Errorf("reading log entries of %s: %w", project, err),
	}
	if q.answered > 0 && q.refused {
		return facts.FoundPartly(entries, failed, LacksOlder)
	}
	return facts.Unknown[[]json.RawMessage](failed)
}

func (r *Reader) entries(ctx context.Context, q *query, filter string) *logadmin.EntryIterator {
	return r.client.Entries(
		context.WithValue(ctx, queryKey{}, q),
		logadmin.ResourceNames([]string{"projects/" + q.project}), logadmin.Filter(filter), logadmin.NewestFirst(), logadmin.PageSize(pageSize),
	)
}

// noRequests leaves out what load balancers log of requests (gcp-facts.md §4).
const noRequests = `NOT log_id("requests") AND NOT log_id("loadbalancing.googleapis.com/requests") AND NOT log_id("loadbalancing.googleapis.com/external_regional_requests")`

func bound(filter string, now time.Time) string {
	from, to := now.Add(-lookBack).UTC().Format(time.RFC3339Nano), now.UTC().Format(time.RFC3339Nano)
	return fmt.Sprintf("(%s) AND timestamp >= %q AND timestamp <= %q", filter, from, to)
}

// read takes what the pages hold; an error comes with what was read before it. more:
// the first page is full and has requests, so that the second is to be another query's.
func read(it *logadmin.EntryIterator, q *query) (entries []json.RawMessage, more bool, err error) {
	requests := false
	for {
		switch drained := it.PageInfo().Remaining() == 0; {
		case drained && q.answered == maxPages:
			return entries, false, nil
		case drained && requests && q.answered > 0 && it.PageInfo().Token != "":
			return entries, true, nil
		}
		entry, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return entries, false, nil
		}
		if err != nil {
			return entries, false, err
		}
		text, err := encode(entry)
		if err != nil {
			return nil, false, fmt.Errorf("encoding entry %s: %w", entry.InsertID, err)
		}
		requests = requests || entry.HTTPRequest != nil
		q.oldest = entry.Timestamp
		entries = append(entries, text)
	}
}

// A query is one Query under way; the context of its requests has it.
type query struct {
	project string
	budget  *budget
	// answered counts the pages.
	answered int
	// oldest is the time of the last entry.
	oldest time.Time
	// refused: the last page wasn't sent, or not answered.
	refused bool
}

type queryKey struct{}

// once sends a request if the budget allows it, reports it to the meter and to its
// query, and keeps the client from sending it again: a failure loses what the client
// recognises as worth another try, since a diagnosis would wait for that.
func once(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	q, ok := ctx.Value(queryKey{}).(*query)
	if !ok {
		return fmt.Errorf("%s: only queries are sent", method)
	}
	if err := q.budget.take(q.project); err != nil {
		q.refused = true
		return err
	}
	meter.Sent(ctx)
	err := invoke(ctx, method, req, reply, cc, opts...)
	if err == nil {
		legible(reply)
		q.answered++
		q.budget.answered(q.project)
		return nil
	}
	q.refused = true
	if after, ok := throttled(err); ok {
		q.budget.exhausted(q.project, after)
	}
	return final(err)
}

// legible takes away URLs of requests that aren't any: the client would give up the
// whole page for one that a scanner made up.
func legible(reply any) {
	page, ok := reply.(*loggingpb.ListLogEntriesResponse)
	if !ok {
		return
	}
	for _, e := range page.GetEntries() {
		if r := e.GetHttpRequest(); r != nil {
			if _, err := url.Parse(r.GetRequestUrl()); err != nil {
				r.RequestUrl = ""
			}
		}
	}
}
