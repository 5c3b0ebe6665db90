package scenario

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	// Registers AuditLog, which protoPayload holds.
	_ "google.golang.org/genproto/googleapis/cloud/audit"
	"google.golang.org/protobuf/encoding/protojson"
)

// A logLine is one entry as entries.list returns it.
type logLine struct {
	raw json.RawMessage
	// same is equal for two copies of an entry, empty without insertId.
	same string
}

func logLineOf(raw json.RawMessage, e *loggingpb.LogEntry) logLine {
	line := logLine{raw: raw}
	if e.GetInsertId() != "" {
		line.same = strings.Join([]string{e.GetInsertId(), e.GetTimestamp().AsTime().Format(time.RFC3339Nano), e.GetLogName()}, "\x00")
	}
	return line
}

// history reads a logging/*.jsonl: every line is a LogEntry, strictly.
func (l *loader) history(m *member) []logLine {
	var out []logLine
	number := 0
	for line := range bytes.Lines(m.data) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		index, err := scanJSON(line)
		from := source{member: m, start: number, marks: known(index)}
		if err != nil {
			l.unreadable(from, err)
			continue
		}
		entry := &loggingpb.LogEntry{}
		d := &document{body: line, sources: []source{from}}
		if body, ok := l.strict(d, "LogEntry", l.options.Lenient, intoMessage(entry)); ok {
			out = append(out, logLineOf(bytes.Clone(body), entry))
		}
	}
	return out
}

// readEntries reads a trigger.jsonl as it is: a line may be broken on purpose.
func readEntries(m *member) []json.RawMessage {
	var out []json.RawMessage
	for line := range bytes.Lines(m.data) {
		if len(bytes.TrimSpace(line)) > 0 {
			out = append(out, bytes.Clone(bytes.TrimSuffix(line, []byte("\n"))))
		}
	}
	return out
}

// delivered are the entries that Logging itself could have held.
func delivered(entries []json.RawMessage) []logLine {
	var out []logLine
	for _, raw := range entries {
		entry := &loggingpb.LogEntry{}
		if (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, entry) == nil {
			out = append(out, logLineOf(bytes.TrimSpace(raw), entry))
		}
	}
	return out
}

// distinct drops the second copy of an entry.
func distinct(lines []logLine) []json.RawMessage {
	seen := map[string]bool{}
	var out []json.RawMessage
	for _, line := range lines {
		if line.same != "" && seen[line.same] {
			continue
		}
		seen[line.same] = true
		out = append(out, line.raw)
	}
	return out
}
