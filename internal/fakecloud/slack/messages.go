package fakeslack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Message is what a channel holds.
type Message struct {
	// Channel is the ID, Name the channel's name.
	Channel, Name string
	TS            string
	At            time.Time
	Text          string
	// Blocks is the JSON array that was sent; nil for plain text.
	Blocks json.RawMessage
	// Metadata is the JSON object that was sent; nil without.
	Metadata json.RawMessage
	// Edits are the earlier versions, oldest first.
	Edits []Version
	// Replies are the thread, oldest first.
	Replies []Message
}

// A Version is what a message was before an update.
type Version struct {
	Text   string
	Blocks json.RawMessage
}

// message is one row; replies are rows with the root's time stamp as thread.
type message struct {
	Message
	thread string
}

// Messages are the root messages of all channels in the order of posting, each
// with its thread.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var roots []Message
	for _, m := range s.messages {
		if m.thread != "" {
			continue
		}
		root := m.Message
		root.Edits = append([]Version(nil), m.Edits...)
		for _, r := range s.thread(m.Channel, m.TS) {
			root.Replies = append(root.Replies, r.Message)
		}
		roots = append(roots, root)
	}
	return roots
}

func (s *Server) thread(channel, ts string) []*message {
	var list []*message
	for _, m := range s.messages {
		if m.Channel == channel && m.thread == ts {
			list = append(list, m)
		}
	}
	return list
}

// channel finds a channel by ID or name.
func (s *Server) channel(key string) (id string, ok bool) {
	for name, id := range s.config.Channels {
		if key == id || strings.TrimPrefix(key, "#") == name {
			return id, true
		}
	}
	return "", false
}

func (s *Server) channelName(id string) string {
	for name, known := range s.config.Channels {
		if id == known {
			return name
		}
	}
	return ""
}

// byID refuses names, as Slack does for everything but chat.postMessage.
func (s *Server) byID(key string) bool { return s.channelName(key) != "" }

func (s *Server) find(channel, ts string) *message {
	for _, m := range s.messages {
		if m.Channel == channel && m.TS == ts {
			return m
		}
	}
	return nil
}

// stamp makes a time stamp that no other message has.
func (s *Server) stamp() (string, time.Time) {
	now := s.config.Now()
	s.lastTS = max(now.UnixMicro(), s.lastTS+1)
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6), now
}

func (s *Server) post(args map[string]string) reply {
	id, ok := s.channel(args["channel"])
	if !ok {
		return failure("channel_not_found")
	}
	if bad := check(args); bad != nil {
		return bad
	}
	m := &message{Message: Message{Channel: id, Name: s.channelName(id)}}
	m.TS, m.At = s.stamp()
	if root := s.find(id, args["thread_ts"]); root != nil {
		m.thread = root.TS
		if root.thread != "" {
			m.thread = root.thread
		}
	}
	m.fill(args)
	s.messages = append(s.messages, m)
	return reply{"channel": id, "ts": m.TS, "message": m.wire(false)}
}

func (s *Server) update(args map[string]string) reply {
	id := args["channel"]
	if !s.byID(id) {
		return failure("channel_not_found")
	}
	m := s.find(id, args["ts"])
	if m == nil {
		return failure("message_not_found")
	}
	if bad := check(args); bad != nil {
		return bad
	}
	m.Edits = append(m.Edits, Version{Text: m.Text, Blocks: m.Blocks})
	m.fill(args)
	return reply{"channel": id, "ts": m.TS, "text": m.Text, "message": m.wire(false)}
}

func (m *message) fill(args map[string]string) {
	m.Text, m.Blocks = args["text"], nil
	if b := args["blocks"]; b != "" && b != "[]" {
		m.Blocks = json.RawMessage(b)
	}
	if meta := args["metadata"]; meta != "" {
		m.Metadata = json.RawMessage(meta)
	}
}

// wire is the message as the API shows it; metadata only where it was asked for.
func (m *message) wire(metadata bool) map[string]any {
	w := map[string]any{"type": "message", "user": "U0DEMO", "bot_id": "B0DEMO", "ts": m.TS, "text": m.Text}
	if m.Blocks != nil {
		w["blocks"] = m.Blocks
	}
	if m.thread != "" {
		w["thread_ts"] = m.thread
	}
	if metadata && m.Metadata != nil {
		w["metadata"] = m.Metadata
	}
	if len(m.Edits) > 0 {
		w["edited"] = map[string]string{"user": "U0DEMO", "ts": m.TS}
	}
	return w
}

// history lists root messages newest first, one page.
func (s *Server) history(args map[string]string) reply {
	if !s.byID(args["channel"]) {
		return failure("channel_not_found")
	}
	limit := number(args["limit"], 100)
	list := []any{}
	more := false
	for _, m := range slices.Backward(s.messages) {
		if m.Channel != args["channel"] || m.thread != "" || !within(m.TS, args) {
			continue
		}
		if len(list) == limit {
			more = true
			break
		}
		list = append(list, m.wire(truth(args["include_all_metadata"])))
	}
	return reply{"messages": list, "has_more": more}
}

// replies lists a thread, its root first.
func (s *Server) replies(args map[string]string) reply {
	if !s.byID(args["channel"]) {
		return failure("channel_not_found")
	}
	root := s.find(args["channel"], args["ts"])
	if root == nil {
		return failure("thread_not_found")
	}
	list := []any{root.wire(truth(args["include_all_metadata"]))}
	for _, m := range s.thread(root.Channel, root.TS) {
		list = append(list, m.wire(truth(args["include_all_metadata"])))
	}
	return reply{"messages": list, "has_more": false}
}

// within: oldest and latest are exclusive unless inclusive is set.
func within(ts string, args map[string]string) bool {
	at, inclusive := micros(ts), truth(args["inclusive"])
	if o := args["oldest"]; o != "" && (at < micros(o) || at == micros(o) && !inclusive) {
		return false
	}
	l := args["latest"]
	return l == "" || at < micros(l) || at == micros(l) && inclusive
}

// micros is a time stamp in microseconds since the epoch, 0 for none.
func micros(ts string) int64 {
	whole, part, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0
	}
	rest, err := strconv.ParseInt((part + "000000")[:6], 10, 64)
	if err != nil {
		return n * 1e6
	}
	return n*1e6 + rest
}

func number(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func truth(s string) bool { return s == "1" || s == "true" }
