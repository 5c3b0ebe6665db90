package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/logging"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// encode is an entry as a sink publishes it, with what the parsers read: the client
// has already dropped receiveTimestamp and split.
func encode(e *logging.Entry) (json.RawMessage, error) {
	out := map[string]any{
		"insertId":  e.InsertID,
		"logName":   escaped(e.LogName),
		"timestamp": e.Timestamp.UTC().Format(time.RFC3339Nano),
	}
	if e.Severity != logging.Default {
		out["severity"] = strings.ToUpper(e.Severity.String())
	}
	if len(e.Labels) > 0 {
		out["labels"] = e.Labels
	}
	if e.Trace != "" {
		out["trace"] = e.Trace
	}
	if r := e.HTTPRequest; r != nil {
		out["httpRequest"] = request(r)
	}
	for name, m := range map[string]proto.Message{"resource": e.Resource, "operation": e.Operation} {
		if m.ProtoReflect().IsValid() {
			if err := put(out, name, m); err != nil {
				return nil, err
			}
		}
	}
	if err := payload(out, e.Payload); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// request is what the parsers read of a request.
func request(r *logging.HTTPRequest) map[string]any {
	out := map[string]any{}
	if r.Status != 0 {
		out["status"] = r.Status
	}
	if r.Latency != 0 {
		out["latency"] = strconv.FormatFloat(r.Latency.Seconds(), 'f', -1, 64) + "s"
	}
	if r.Request == nil {
		return out
	}
	if r.Request.Method != "" {
		out["requestMethod"] = r.Request.Method
	}
	if r.Request.URL != nil {
		out["requestUrl"] = r.Request.URL.String()
	}
	if agent := r.Request.UserAgent(); agent != "" {
		out["userAgent"] = agent
	}
	return out
}

// escaped undoes what the client did to the log's ID, in which a slash is %2F
// (gcp-facts.md §1.1).
func escaped(logName string) string {
	parent, id, ok := strings.Cut(logName, "/logs/")
	if !ok {
		return logName
	}
	return parent + "/logs/" + url.QueryEscape(id)
}

func payload(out map[string]any, p any) error {
	switch p := p.(type) {
	case nil:
		return nil
	case string:
		out["textPayload"] = p
		return nil
	case *structpb.Struct:
		return put(out, "jsonPayload", p)
	case proto.Message:
		wrapped, err := anypb.New(p)
		if err != nil {
			return err
		}
		return put(out, "protoPayload", wrapped)
	}
	return fmt.Errorf("a payload of type %T", p)
}

// put writes a message as the API does, without the spaces that protojson varies.
func put(out map[string]any, name string, m proto.Message) error {
	text, err := protojson.Marshal(m)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	out[name] = json.RawMessage(compact.Bytes())
	return nil
}
