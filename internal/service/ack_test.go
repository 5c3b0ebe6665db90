package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/signal"
)

// refusal is an error of the chat.
type refusal struct{ forGood bool }

func (r refusal) Error() string   { return "posting to #alerts: channel_not_found" }
func (r refusal) Permanent() bool { return r.forGood }

var errConflict = errors.New("claiming incident control/x: the store has another version")

// TestAck is the table of style.md §3.8, each row also with its error wrapped as the
// use cases wrap it.
func TestAck(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		// again: the message is to be delivered again.
		again bool
		want  map[string]any
	}{
		{"handled, gaps or not", nil, false, nil},
		{
			"not ours", signal.ErrIgnored, false,
			map[string]any{"level": "DEBUG", "msg": "entry ignored", "message_id": "31"},
		},
		{
			"can't be parsed", Unparsable("o5c4", errors.New("cut off")), false,
			map[string]any{"level": "ERROR", "msg": "entry can't be parsed", "message_id": "31", "insert_id": "o5c4"},
		},
		{
			"can't be parsed, and its insertId can't either", Unparsable("", errors.New("cut off")), false,
			map[string]any{"level": "ERROR", "msg": "entry can't be parsed", "message_id": "31", "insert_id": ""},
		},
		{
			"the chat refuses for good",
			refusal{forGood: true},
			false,
			map[string]any{"level": "ERROR", "msg": "message refused for good", "message_id": "31"},
		},
		{
			"the chat refuses for now",
			refusal{},
			true,
			map[string]any{"level": "WARN", "msg": "entry not handled, to be delivered again", "message_id": "31"},
		},
		{
			"nothing readable", &CollectError{Err: errors.New("503")}, true,
			map[string]any{"level": "WARN", "msg": "entry not handled, to be delivered again", "message_id": "31"},
		},
		{
			"store conflict", errConflict, true,
			map[string]any{"level": "WARN", "msg": "entry not handled, to be delivered again", "message_id": "31"},
		},
		{
			"deadline", context.DeadlineExceeded, true,
			map[string]any{"level": "WARN", "msg": "entry not handled, to be delivered again", "message_id": "31"},
		},
		{
			"the instance is stopped", context.Canceled, true,
			map[string]any{"level": "WARN", "msg": "entry not handled, to be delivered again", "message_id": "31"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) { checkAck(t, tt.err, tt.again, tt.want) })
		if tt.err == nil {
			continue
		}
		t.Run(tt.name+", wrapped", func(t *testing.T) {
			checkAck(t, fmt.Errorf("saying opened of incident control/x: %w", tt.err), tt.again, tt.want)
		})
		t.Run(tt.name+", joined", func(t *testing.T) {
			checkAck(t, errors.Join(tt.err, fmt.Errorf("again: %w", tt.err)), tt.again, tt.want)
		})
	}
}

func checkAck(t *testing.T, err error, again bool, want map[string]any) {
	t.Helper()
	var logs bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	got := Ack(t.Context(), log, "31", err)
	switch {
	case !again && got != nil:
		t.Errorf("error %v, want the message acknowledged", got)
	case again && (got == nil || got.Error() != err.Error()):
		t.Errorf("error %v, want %v, so that the message comes again", got, err)
	}
	if want == nil {
		if logs.Len() > 0 {
			t.Errorf("it logs:\n%s", logs.String())
		}
		return
	}
	var record map[string]any
	// Unmarshal refuses a second record.
	if bad := json.Unmarshal(logs.Bytes(), &record); bad != nil {
		t.Fatalf("want one log record: %v\n%s", bad, logs.String())
	}
	reason := record["error"]
	if record["level"] == "DEBUG" {
		reason = record["why"]
	}
	if reason != err.Error() {
		t.Errorf("the record says %v, want %q", reason, err)
	}
	for _, key := range []string{"time", "error", "why"} {
		delete(record, key)
	}
	if diff := cmp.Diff(want, record); diff != "" {
		t.Errorf("log record (-want +got):\n%s", diff)
	}
}

func TestErrorsOfTheTableSayWhatWasDone(t *testing.T) {
	cut := errors.New("unexpected end")
	for _, tt := range []struct {
		err  error
		says string
	}{
		{&CollectError{Err: cut}, "nothing could be read: unexpected end"},
		{Unparsable("o5c4", cut), "parsing log entry o5c4: unexpected end"},
		{Unparsable("", cut), "parsing a log entry without readable insertId: unexpected end"},
	} {
		if tt.err.Error() != tt.says || !errors.Is(tt.err, cut) {
			t.Errorf("%q (wraps its reason: %t), want %q", tt.err, errors.Is(tt.err, cut), tt.says)
		}
	}
}
