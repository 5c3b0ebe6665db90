package facts_test

import (
	"errors"
	"testing"

	"plumbline/internal/facts"
)

func TestAListFoundInPartLacksOnlyWhatDidNotAnswer(t *testing.T) {
	t.Parallel()
	why := errors.New("no answer")
	v := facts.FoundPartly([]string{"a"}, why, "zones/us-east1-b", "regions/europe-west4")
	for scope, want := range map[string]bool{
		"zones/us-east1-b":        true,
		"zones/us-east1-c":        false,
		"regions/us-east1":        false,
		"regions/europe-west4":    true,
		"zones/europe-west4-a":    true,
		"zones/europe-west4-ai1a": true,
		"zones/europe-west41-a":   false,
		"global":                  false,
		"zones/":                  false,
	} {
		if got := v.Lacks(scope); got != want {
			t.Errorf("Lacks(%q) = %t, want %t", scope, got, want)
		}
	}
	if found, ok := v.Get(); !ok || len(found) != 1 || v.Known() || v.IsAbsent() || !errors.Is(v.Err(), why) {
		t.Errorf("found %v, %t; known %t, absent %t, error %v", found, ok, v.Known(), v.IsAbsent(), v.Err())
	}
}
