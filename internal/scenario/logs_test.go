package scenario

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func texts(raws []json.RawMessage) []string {
	var out []string
	for _, r := range raws {
		out = append(out, string(r))
	}
	return out
}

const arrival = "-- scenario.yaml --\nversion: 1\nnow: 2026-11-16T09:00:00Z\n"

func TestTriggerIsByteForByte(t *testing.T) {
	s := loaded(t, arrival+"-- trigger.jsonl --\n  {\"insertId\": \"a\" }  \n\n{\"insertId\": \n\t\nnot JSON\n")
	if diff := cmp.Diff([]string{`  {"insertId": "a" }  `, `{"insertId": `, "not JSON"}, texts(s.Trigger)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`{"insertId": "a" }`}, texts(s.World.Logs)); diff != "" {
		t.Errorf("history: %s", diff)
	}
}

func TestTriggerOfAnotherName(t *testing.T) {
	s := loaded(t, arrival+"trigger: entries.jsonl\n-- entries.jsonl --\n{\"insertId\":\"a\"}\n")
	if diff := cmp.Diff([]string{`{"insertId":"a"}`}, texts(s.Trigger)); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryHoldsEveryEntryOnce(t *testing.T) {
	s := loaded(t, arrival+`-- trigger.jsonl --
{"insertId":"a","timestamp":"2026-11-16T09:00:00.000Z","logName":"projects/p/logs/x"}
{"insertId":"b","timestamp":"2026-11-16T09:00:00Z","logName":"projects/p/logs/x"}
{"insertId":"c","unknownToUs":1}
-- logging/2.jsonl --
{"textPayload":"without insertId"}
{"textPayload":"without insertId"}
-- logging/1.jsonl --
{"insertId":"a","timestamp":"2026-11-16T09:00:00Z","logName":"projects/p/logs/x"}
{"insertId":"a","timestamp":"2026-11-16T09:00:00Z","logName":"projects/p/logs/y"}
{"insertId":"a","timestamp":"2026-11-16T09:00:01Z","logName":"projects/p/logs/x"}
`)
	want := []string{
		`{"insertId":"a","timestamp":"2026-11-16T09:00:00Z","logName":"projects/p/logs/x"}`,
		`{"insertId":"a","timestamp":"2026-11-16T09:00:00Z","logName":"projects/p/logs/y"}`,
		`{"insertId":"a","timestamp":"2026-11-16T09:00:01Z","logName":"projects/p/logs/x"}`,
		`{"textPayload":"without insertId"}`,
		`{"textPayload":"without insertId"}`,
		`{"insertId":"b","timestamp":"2026-11-16T09:00:00Z","logName":"projects/p/logs/x"}`,
		`{"insertId":"c","unknownToUs":1}`,
	}
	if diff := cmp.Diff(want, texts(s.World.Logs)); diff != "" {
		t.Error(diff)
	}
}

func TestAuditEntriesDecode(t *testing.T) {
	loaded(t, head+`-- logging/a.jsonl --
{"insertId":"a","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","methodName":"m","authenticationInfo":{"principalEmail":"dana@acme.example"},"request":{"@type":"any.Request","x":1}},"severity":"NOTICE"}
`)
}

func TestHistoryErrors(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"unknown field": {`{"insrtId":"a"}`, `unknown field "insrtId" (insrtId isn't in LogEntry)`},
		"in the payload": {
			`{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","methd":"m"}}`,
			`unknown field "methd" (protoPayload.methd isn't in LogEntry)`,
		},
		"wrong type": {`{"severity":"LOUD"}`, `field "severity" of LogEntry: invalid value for enum field severity: "LOUD"`},
		"not JSON":   {`{"insertId":`, "not JSON: unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, head+"-- logging/a.jsonl --\n{\"insertId\":\"a\"}\n\n"+c.line+"\n", "x.txtar:8: logging/a.jsonl: "+c.want)
		})
	}
}

func TestATargetGoesBeforeEntries(t *testing.T) {
	write(t, map[string]string{"x.txtar": head + trigger})
	s, warnings, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Target == nil || s.Trigger != nil || len(s.World.Logs) != 1 {
		t.Errorf("target %v, trigger %s, logs %s", s.Target, s.Trigger, s.World.Logs)
	}
	want := "x.txtar:4: scenario.yaml: target is given, so trigger.jsonl starts nothing: its entries are history only"
	if len(warnings) != 1 || warnings[0].String() != want {
		t.Errorf("warnings are %v", warnings)
	}
}

func TestEntriesAfterTheFix(t *testing.T) {
	s := loaded(t, arrival+trigger+"-- after/trigger.jsonl --\n{\"insertId\":\"later\"}\n")
	if len(s.Trigger) != 1 || !cmp.Equal(texts(s.AfterTrigger), []string{`{"insertId":"later"}`}) {
		t.Errorf("trigger %s, after %s", s.Trigger, s.AfterTrigger)
	}
	same := loaded(t, arrival+trigger+"-- after/dns.yaml --\n{}\n")
	if diff := cmp.Diff(texts(same.Trigger), texts(same.AfterTrigger)); diff != "" {
		t.Error(diff)
	}
}
