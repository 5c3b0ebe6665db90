package fakecloud

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	_ "google.golang.org/genproto/googleapis/cloud/audit" // the AuditLog that protoPayload names by @type
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

// The limits of entries.list (its reference and gcp-facts.md §7, §1.2).
const (
	defaultLogPage   = 50
	maxLogPage       = 1000
	maxResourceNames = 100
	maxFilter        = 20000
)

// A logEntry is one entry that entries.list can find.
type logEntry struct {
	proto *loggingpb.LogEntry
	// fields is the entry as proto JSON, which is what a filter's paths name.
	fields map[string]any
	at     time.Time
}

// readLogs decodes entries, oldest first. What isn't a LogEntry can't be in
// Logging: a line that a scenario broke on purpose only ever arrives by Pub/Sub.
func readLogs(lines []json.RawMessage) []logEntry {
	var entries []logEntry
	for _, line := range lines {
		entry := &loggingpb.LogEntry{}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(line, entry); err != nil || entry.GetLogName() == "" {
			continue
		}
		text, err := protojson.Marshal(entry)
		if err != nil {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			continue
		}
		entries = append(entries, logEntry{proto: entry, fields: fields, at: entry.GetTimestamp().AsTime()})
	}
	slices.SortStableFunc(entries, func(a, b logEntry) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.proto.GetInsertId(), b.proto.GetInsertId())
	})
	return entries
}

// A logServer is google.logging.v2.LoggingServiceV2; only ListLogEntries is
// served.
type logServer struct {
	loggingpb.UnimplementedLoggingServiceV2Server
	cloud *Cloud
}

func (c *Cloud) startLogging() error {
	listener, err := listenLoopback("")
	if err != nil {
		return err
	}
	c.logging = listener
	c.grpc = grpc.NewServer(grpc.WaitForHandlers(true), grpc.UnaryInterceptor(c.intercept))
	loggingpb.RegisterLoggingServiceV2Server(c.grpc, &logServer{cloud: c})
	c.serving.Go(func() { serveLogging(c.grpc, listener) })
	return nil
}

func serveLogging(s *grpc.Server, l net.Listener) { _ = s.Serve(l) }

func (c *Cloud) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	permission := ""
	if info.FullMethod == loggingpb.LoggingServiceV2_ListLogEntries_FullMethodName {
		permission = logEntriesList
	}
	c.record(Request{Method: "POST", Path: info.FullMethod, Permission: permission, Host: c.Logging()})
	if !c.delay(ctx.Done()) {
		return nil, status.Error(codes.Canceled, "the caller went away")
	}
	return handler(ctx, req)
}

// ListLogEntries answers one page of the entries that the filter finds in the
// projects asked for.
func (s *logServer) ListLogEntries(_ context.Context, r *loggingpb.ListLogEntriesRequest) (*loggingpb.ListLogEntriesResponse, error) {
	st := s.cloud.state.Load()
	projects, err := projectsAsked(st, r.GetResourceNames())
	if err != nil {
		return nil, err
	}
	if no := refuse(st.world, logEntriesList); no != nil {
		return nil, loggingRefusal(no, projects[0])
	}
	matches, size, err := understandLogRequest(r)
	if err != nil {
		return nil, err
	}
	var found []*loggingpb.LogEntry
	for _, entry := range st.logs {
		if inProjects(entry, projects) && matches(entry.fields) {
			found = append(found, entry.proto)
		}
	}
	if r.GetOrderBy() == "timestamp desc" {
		slices.Reverse(found)
	}
	offset, prefix := 0, logToken(st, r)
	if token := r.GetPageToken(); token != "" {
		var ok bool
		if offset, ok = openToken(token, prefix); !ok {
			return nil, status.Error(codes.InvalidArgument, "page_token doesn't match arguments from the request")
		}
	}
	from, to, next := pageOf(len(found), offset, size)
	answer := &loggingpb.ListLogEntriesResponse{Entries: found[from:to]}
	if next != "" {
		answer.NextPageToken = sealToken(prefix, next)
	}
	return answer, nil
}

// understandLogRequest checks everything but the resource names.
func understandLogRequest(r *loggingpb.ListLogEntriesRequest) (matches func(map[string]any) bool, size int, err error) {
	switch r.GetOrderBy() {
	case "", "timestamp", "timestamp asc", "timestamp desc":
	default:
		return nil, 0, status.Errorf(codes.InvalidArgument, "order_by must be \"timestamp asc\" or \"timestamp desc\", not %q", r.GetOrderBy())
	}
	size = int(r.GetPageSize())
	switch {
	case size < 0:
		return nil, 0, status.Errorf(codes.InvalidArgument, "page_size is negative: %d", size)
	case size == 0:
		size = defaultLogPage
	case size > maxLogPage:
		size = maxLogPage
	}
	if len(r.GetFilter()) > maxFilter {
		return nil, 0, status.Errorf(codes.InvalidArgument, "the filter has %d characters, more than %d", len(r.GetFilter()), maxFilter)
	}
	matches, err = compileFilter(r.GetFilter())
	if err != nil {
		return nil, 0, status.Errorf(codes.InvalidArgument, "Unparseable filter: %v", err)
	}
	return matches, size, nil
}

// projectsAsked checks resource_names; only whole projects are served.
func projectsAsked(st *state, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, status.Error(codes.InvalidArgument, "resource_names must not be empty")
	}
	if len(names) > maxResourceNames {
		return nil, status.Errorf(codes.InvalidArgument, "resource_names has %d entries, more than %d", len(names), maxResourceNames)
	}
	var projects []string
	for _, name := range names {
		parent, id, ok := strings.Cut(name, "/")
		if !ok || id == "" || strings.Contains(id, "/") {
			return nil, status.Errorf(codes.InvalidArgument, "Name %q is not a resource name that this service reads", name)
		}
		switch parent {
		case "projects":
			if st.projects[id] == nil {
				return nil, status.Errorf(codes.NotFound, "Project does not exist: %s", id)
			}
			projects = append(projects, id)
		case "organizations", "folders", "billingAccounts":
			return nil, status.Errorf(codes.PermissionDenied, "Permission 'logging.logEntries.list' denied on resource (or it may not exist): %s", name)
		default:
			return nil, status.Errorf(codes.InvalidArgument, "Name %q is not a resource name", name)
		}
	}
	return projects, nil
}

func inProjects(entry logEntry, projects []string) bool {
	return slices.ContainsFunc(projects, func(id string) bool {
		return strings.HasPrefix(entry.proto.GetLogName(), "projects/"+id+"/")
	})
}

// logToken ties a page token to the request that it continues.
func logToken(st *state, r *loggingpb.ListLogEntriesRequest) string {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%q %q %q", r.GetResourceNames(), r.GetFilter(), r.GetOrderBy())
	return fmt.Sprintf("%d/%x/", st.generation, hash.Sum64())
}
