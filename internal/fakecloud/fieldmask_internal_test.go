package fakecloud

import (
	"encoding/json"
	"testing"
)

func TestAPartialResponseHasTheFieldsThatWereAskedFor(t *testing.T) {
	const answer = `{"items":{"zones/a":{"instances":[{"name":"n","tags":{"items":["t"],"fingerprint":"f"},"disks":[1]}],"warning":{"code":"W"}}},"kind":"k","nextPageToken":"p"}`
	for mask, want := range map[string]string{
		"kind":                               `{"kind":"k"}`,
		"items/*/instances(name,tags/items)": `{"items":{"zones/a":{"instances":[{"name":"n","tags":{"items":["t"]}}]}}}`,
		"items/*/instances/name,items/*/warning,nextPageToken": `{"items":{"zones/a":{"instances":[{"name":"n"}],"warning":{"code":"W"}}},"nextPageToken":"p"}`,
		"items/*/instances/name,items/*/instances/disks":       `{"items":{"zones/a":{"instances":[{"disks":[1],"name":"n"}]}}}`,
		"absent":  `{}`,
		"kind,*":  answer,
		"items/*": `{"items":{"zones/a":{"instances":[{"disks":[1],"name":"n","tags":{"fingerprint":"f","items":["t"]}}],"warning":{"code":"W"}}}}`,
	} {
		m, err := parseMask(mask)
		if err != nil {
			t.Errorf("%s: %v", mask, err)
			continue
		}
		got, err := m.apply(json.RawMessage(answer))
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := json.Marshal(got); string(text) != compact(t, want) {
			t.Errorf("%s: %s, want %s", mask, text, want)
		}
	}
	for _, bad := range []string{"a,", "a(b", "a)", "/a", "a//b", "a(b))"} {
		if m, err := parseMask(bad); err == nil {
			t.Errorf("%q is read as %v", bad, m)
		}
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
