package main

import (
	"slices"
	"strings"
	"testing"

	"plumbline/internal/causes"
	"plumbline/internal/facts"
)

func TestCausesAreListed(t *testing.T) {
	got := plumbline(t, nil, "causes")
	if got.status != exitOK || got.stderr != "" {
		t.Fatalf("exit status %d, %s", got.status, got.stderr)
	}
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	all := causes.All()
	if len(lines) != len(all) {
		t.Fatalf("%d lines for %d causes", len(lines), len(all))
	}
	for i, c := range all {
		id, title, _ := strings.Cut(lines[i], " ")
		if id != string(c.ID) || strings.TrimSuffix(strings.TrimSpace(title), " (note)") != c.Title || strings.HasSuffix(title, "(note)") != c.Note {
			t.Errorf("line %d is %q, want %s and its title", i+1, lines[i], c.ID)
		}
	}
}

func TestThePageOfACause(t *testing.T) {
	for _, c := range causes.All() {
		want, err := causes.Page(c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := plumbline(t, nil, "causes", string(c.ID)); got.status != exitOK || got.stdout != want {
			t.Errorf("causes %s: exit status %d, %d bytes, want the page of %d bytes", c.ID, got.status, len(got.stdout), len(want))
		}
	}
}

// TestPermissionsAreThoseOfTheCauses: what is printed is what the causes declare and
// what finding a target takes, nothing twice and nothing else.
func TestPermissionsAreThoseOfTheCauses(t *testing.T) {
	got := plumbline(t, nil, "causes", "--permissions")
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	if got.status != exitOK || !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Fatalf("exit status %d, in order and each once? %q", got.status, lines)
	}
	needed := []facts.Kind{facts.Cluster, facts.Clusters, facts.Logs}
	for _, c := range causes.All() {
		needed = append(needed, c.Needs...)
	}
	for _, k := range needed {
		if k != facts.DNS && !slices.Contains(lines, string(k)) {
			t.Errorf("%s is missing", k)
		}
	}
	for _, l := range lines {
		if !slices.Contains(needed, facts.Kind(l)) {
			t.Errorf("%s is needed by nothing", l)
		}
	}
}

func TestCausesUsage(t *testing.T) {
	for args, want := range map[string]string{
		"causes health/nothing":                "no cause is called \"health/nothing\"; plumbline causes lists them",
		"causes health/redirect health/other":  "accepts at most 1 arg",
		"causes --permissions health/redirect": "takes no ID",
	} {
		if got := plumbline(t, nil, strings.Fields(args)...); got.status != exitUsage || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: exit status %d, %q, want %q", args, got.status, got.stderr, want)
		}
	}
}
