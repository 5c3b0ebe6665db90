package signal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/signal"
)

func TestBrokenEntries(t *testing.T) {
	t.Parallel()
	whole := string(entry(t, "health-neg"))
	oversize := `{"insertId":"big","jsonPayload":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`
	for name, tc := range map[string]struct{ raw, insertID string }{
		"nothing":                             {"", ""},
		"spaces":                              {" \n", ""},
		"no JSON":                             {"hello", ""},
		"null":                                {"null", ""},
		"an array":                            {"[]", ""},
		"text":                                {`"text"`, ""},
		"cut off after the insertId":          {whole[:60], "13pdgcnc969"},
		"cut off at the end":                  {whole[:len(whole)-1], "13pdgcnc969"},
		"cut off in the insertId":             {`{"insertId":"13pd`, ""},
		"cut off behind a key":                {`{"a":1,"insertId"`, ""},
		"cut off in an escape":                {`{"a":"\`, ""},
		"broken before the insertId":          {`{"a":{,},"insertId":"abc"`, "abc"},
		"garbage behind the entry":            {whole + "}", "13pdgcnc969"},
		"the insertId of a payload":           {`{"jsonPayload":{"insertId":"not this"},"x":`, ""},
		"an insertId behind the payload":      {`{"jsonPayload":{"insertId":"not this","a":["}"]},"insertId":"this","x":`, "this"},
		"an insertId that is a number":        {`{"insertId":7,"x":`, ""},
		"oversize":                            {oversize, "big"},
		"insertId of the wrong type":          {`{"insertId":7}`, ""},
		"a key of ours given twice":           {strings.Replace(whole, `"resource": {`, `"resource": {}, "resource": {`, 1), "13pdgcnc969"},
		"a key given twice, once in escapes":  {strings.Replace(whole, `"resource": {`, `"res\u006furce": {}, "resource": {`, 1), "13pdgcnc969"},
		"a label given twice":                 {strings.Replace(whole, `"zone":`, `"zone": "us-east1-c", "zone":`, 1), "13pdgcnc969"},
		"a label given twice, the first null": {strings.Replace(whole, `"zone":`, `"zone": null, "zone":`, 1), "13pdgcnc969"},
		"a logName of the wrong type":         {strings.Replace(whole, `"logName": "`, `"logName": 7, "x": "`, 1), "13pdgcnc969"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, []byte(tc.raw), unparsable)
			_, err := signal.Parse([]byte(tc.raw))
			broken, ok := errors.AsType[*signal.UnparsableError](err)
			if !ok || broken.InsertID != tc.insertID {
				t.Errorf("InsertID of %v is wrong, want %q", err, tc.insertID)
			}
			named := "log entry " + tc.insertID + ": "
			if tc.insertID == "" {
				named = "a log entry without readable insertId: "
			}
			if !strings.Contains(err.Error(), named) {
				t.Errorf("error %q doesn't name the entry", err)
			}
			if _, err = signal.ParseHistory([]byte(tc.raw)); outcome(err) != unparsable {
				t.Errorf("ParseHistory: %v", err)
			}
		})
	}
}

func TestWholeEntriesInOddClothes(t *testing.T) {
	t.Parallel()
	whole := string(entry(t, "health-neg"))
	for name, raw := range map[string]string{
		"a line end, as sinks write it":     whole + "\n",
		"space around it":                   "\r\n\t " + whole + " \n",
		"a key in escapes":                  strings.Replace(whole, `"resource": {`, `"res\u006furce": {`, 1),
		"another spelling is another key":   strings.Replace(whole, `"logName":`, `"LOGNAME": "x", "logName":`, 1),
		"a foreign key twice":               strings.Replace(whole, `"logName":`, `"novel": 1, "novel": {}, "logName":`, 1),
		"a label in escapes":                strings.Replace(whole, `us-east1-b`, `us-east1\u002db`, 1),
		"200 kB of what nobody asked about": strings.Replace(whole, `"logName":`, `"novel": "`+strings.Repeat("x", 200_000)+`", "logName":`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := wantOutcome(t, []byte(raw), trigger)
			want := wantOutcome(t, []byte(whole), trigger)
			if diff := cmp.Diff(want, s); diff != "" {
				t.Errorf("Signal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIgnoredEntries(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"an object that is no entry": `{"cluster":"web"}`,
		"an empty object":            `{}`,
		"a container's output":       `{"insertId":"a","logName":"projects/acme-prod/logs/stdout","resource":{"type":"k8s_container"},"textPayload":"hello"}`,
		"a log name without log":     `{"insertId":"a","logName":"projects/acme-prod"}`,
		"no resource":                `{"insertId":"a","logName":"projects/acme-prod/logs/events"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, []byte(raw), ignored)
			_, err := signal.Parse([]byte(raw))
			if !strings.HasPrefix(err.Error(), signal.ErrIgnored.Error()+": ") {
				t.Errorf("error %q doesn't say why", err)
			}
		})
	}
}

// Entries arrive in buffers that are used again.
func TestSignalSharesNoMemory(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ingress-patch", "update-cluster.first", "health-neg", "request-502", "event-translate"} {
		want := wantOutcome(t, entry(t, name), trigger)
		raw := bytes.Clone(entry(t, name))
		got := wantOutcome(t, raw, trigger)
		for i := range raw {
			raw[i] = 'x'
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s changed with the buffer (-before +after):\n%s", name, diff)
		}
	}
}

func TestHistoryHasEveryTrigger(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"update-cluster.first", "update-cluster.last", "ingress-patch", "firewall-delete.first", "firewall-delete.last",
		"health-neg", "health-instance-group", "request-502", "request-504-regional", "event-translate", "event-neg-timeout",
	} {
		want := wantOutcome(t, entry(t, name), trigger)
		got, err := signal.ParseHistory(entry(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-Parse +ParseHistory):\n%s", name, diff)
		}
	}
}
