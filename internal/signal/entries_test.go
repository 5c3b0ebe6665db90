package signal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

const cluster = "projects/acme-prod/locations/us-central1/clusters/web"

func clusterObject(kind, namespace, name string) facts.Ref {
	return facts.Ref{Cluster: cluster, Kind: kind, Namespace: namespace, Name: name}
}

// An edit puts a JSON value at a slash-separated path of an entry; an empty value
// takes it away.
type edit struct{ path, value string }

// entry is an entry of testdata/entries.txtar with edits.
func entry(tb testing.TB, name string, edits ...edit) []byte {
	tb.Helper()
	archive, err := txtar.ParseFile("testdata/entries.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == name+".json" {
			return apply(tb, bytes.TrimSpace(f.Data), edits)
		}
	}
	tb.Fatalf("testdata/entries.txtar has no %s.json", name)
	return nil
}

func apply(tb testing.TB, raw []byte, edits []edit) []byte {
	tb.Helper()
	if len(edits) == 0 {
		return raw
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		tb.Fatal(err)
	}
	for _, e := range edits {
		path := strings.Split(e.path, "/")
		at := root
		for _, key := range path[:len(path)-1] {
			next, ok := at[key].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[key] = next
			}
			at = next
		}
		last := strings.ReplaceAll(path[len(path)-1], "~", "/")
		if e.value == "" {
			delete(at, last)
			continue
		}
		at[last] = json.RawMessage(e.value)
		if strings.HasPrefix(e.value, "{") {
			var object map[string]any
			if err := json.Unmarshal([]byte(e.value), &object); err != nil {
				tb.Fatalf("edit %s: %v", e.path, err)
			}
			at[last] = object
		}
	}
	out, err := json.Marshal(root)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// The outcomes of Parse.
const (
	trigger    = "trigger"
	ignored    = "ignored"
	unparsable = "unparsable"
)

func outcome(err error) string {
	var broken *signal.UnparsableError
	switch {
	case err == nil:
		return trigger
	case errors.As(err, &broken) && !errors.Is(err, signal.ErrIgnored):
		return unparsable
	case errors.Is(err, signal.ErrIgnored):
		return ignored
	}
	return "an error of no sort: " + err.Error()
}

// wantOutcome parses and stops the test unless Parse ends as wanted.
func wantOutcome(t *testing.T, raw []byte, want string) signal.Signal {
	t.Helper()
	s, err := signal.Parse(raw)
	if got := outcome(err); got != want {
		t.Fatalf("Parse: %s (%v), want %s", got, err, want)
	}
	return s
}
