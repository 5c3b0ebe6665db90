package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

const (
	scenarios = "../../testdata/scenarios/"
	addOnOff  = scenarios + "control/http-load-balancing-disabled.txtar"
)

// An outcome is what somebody at the terminal gets.
type outcome struct {
	status         int
	stdout, stderr string
}

func plumbline(t *testing.T, environ []string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), args, &stdout, &stderr, environ)
	return outcome{status, stdout.String(), stderr.String()}
}

// write puts a scenario into a folder of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// edited is a scenario of the repository with one text replaced by another.
func edited(t *testing.T, path, old, replacement string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q", path, old)
	}
	return write(t, "edited.txtar", strings.Replace(string(text), old, replacement, 1))
}

func TestVersion(t *testing.T) {
	got := plumbline(t, nil, "version")
	if got.status != exitOK || !strings.HasPrefix(got.stdout, "plumbline ") || strings.Count(got.stdout, "\n") != 1 || got.stderr != "" {
		t.Errorf("got %+v", got)
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args, says string
	}{
		{"bogus", `unknown command "bogus"`},
		{"--bogus", "unknown flag: --bogus"},
		{"demo --bogus", "unknown flag: --bogus"},
		{"demo now", `unexpected argument "now"`},
		{"version now", `unexpected argument "now"`},
		{"serve now", `unexpected argument "now"`},
		{"replay", "name at least one scenario file or directory"},
		{"replay --bogus x", "unknown flag: --bogus"},
		{"replay --format xml " + addOnOff, `--format "xml": want text, json, slack or markdown`},
		{"replay --latency soon " + addOnOff, `invalid argument "soon"`},
		{"replay --latency -1s " + addOnOff, "--latency -1s: want zero or more"},
		{"replay " + scenarios + "nowhere.txtar", "nowhere.txtar: no such file"},
		{"serve --cloud " + scenarios + "nowhere.txtar", "nowhere.txtar"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			got := plumbline(t, nil, strings.Fields(tt.args)...)
			if got.status != exitUsage {
				t.Errorf("exit status %d, want %d", got.status, exitUsage)
			}
			if !strings.HasPrefix(got.stderr, "plumbline: ") || !strings.Contains(got.stderr, tt.says) {
				t.Errorf("standard error is %q, want it to say %q", got.stderr, tt.says)
			}
			if got.stdout != "" {
				t.Errorf("standard output is %q", got.stdout)
			}
		})
	}
}

func TestAFolderWithoutScenarioIsUsage(t *testing.T) {
	if got := plumbline(t, nil, "replay", t.TempDir()); got.status != exitUsage || !strings.Contains(got.stderr, "there is no *.txtar") {
		t.Errorf("got %+v", got)
	}
}

func TestHelp(t *testing.T) {
	for _, tt := range []struct {
		args  string
		names []string
	}{
		{"--help", []string{"demo", "replay", "serve", "version"}},
		{"demo --help", []string{"--keep", "Slack look-alike", "Nothing leaves this machine"}},
		{"replay --help", []string{"--format", "--latency", "--lenient", "Exit status: 0"}},
		{"serve --help", []string{"--host", "--cloud", "--check-config", "SLACK_TOKEN", "PLUMBLINE_PROBE", "(default 25s)"}},
		{"version --help", []string{"version this binary was built from"}},
	} {
		got := plumbline(t, nil, strings.Fields(tt.args)...)
		if got.status != exitOK || got.stderr != "" {
			t.Errorf("%s: exit status %d, standard error %q", tt.args, got.status, got.stderr)
		}
		for _, name := range tt.names {
			if !strings.Contains(got.stdout, name) {
				t.Errorf("%s doesn't tell of %q:\n%s", tt.args, name, got.stdout)
			}
		}
	}
}

func TestServeNamesEveryMistake(t *testing.T) {
	got := plumbline(t, []string{"PORT=http", "SLACK_TOKEN=hunter2", "PLUMBLINE_DEADLINE=25", "PLUMBLINE_PROB=true"}, "serve", "--host", "127.0.0.1")
	if got.status != exitUsage {
		t.Errorf("exit status %d, want %d", got.status, exitUsage)
	}
	for _, name := range []string{`PORT="http": want`, "SLACK_TOKEN", "SLACK_CHANNEL: is missing", `PLUMBLINE_DEADLINE="25": want`, "PLUMBLINE_PROB: is no setting"} {
		if !strings.Contains(got.stderr, name) {
			t.Errorf("%q isn't named:\n%s", name, got.stderr)
		}
	}
	if strings.Contains(got.stderr, "hunter2") {
		t.Errorf("the token is shown:\n%s", got.stderr)
	}
}

func TestServeChecksTheConfigurationOnly(t *testing.T) {
	got := plumbline(t, []string{"SLACK_TOKEN=xoxb-1-a", "SLACK_CHANNEL=alerts"}, "serve", "--check-config")
	if got.status != exitOK || got.stdout != "the configuration is complete\n" || got.stderr != "" {
		t.Errorf("got %+v", got)
	}
	if got = plumbline(t, []string{"PLUMBLINE_PROBE=maybe"}, "serve", "--check-config"); got.status != exitUsage {
		t.Errorf("with a mistake: got %+v", got)
	}
}

func TestReplayWritesFourFormats(t *testing.T) {
	archive, err := txtar.ParseFile(addOnOff)
	if err != nil {
		t.Fatal(err)
	}
	var golden string
	for _, f := range archive.Files {
		if f.Name == "want.txt" {
			golden = string(f.Data)
		}
	}
	formats := map[string]func(t *testing.T, out string){
		"text": func(t *testing.T, out string) {
			t.Helper()
			if diff := cmp.Diff("── "+addOnOff+"\n\n"+golden, out); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		},
		"json": func(t *testing.T, out string) {
			t.Helper()
			var list []struct {
				Scenario string
				Reports  []struct {
					Verdict    string
					RootCauses []struct{ ID string }
				}
			}
			decode(t, out, &list)
			if len(list) != 1 || list[0].Scenario != addOnOff || list[0].Reports[0].Verdict != "root-cause" ||
				list[0].Reports[0].RootCauses[0].ID != "control/http-load-balancing-disabled" {
				t.Errorf("got %+v", list)
			}
		},
		"slack": func(t *testing.T, out string) {
			t.Helper()
			var list []struct {
				Scenario string
				Messages []map[string]any
			}
			decode(t, out, &list)
			if len(list) != 1 || list[0].Scenario != addOnOff || len(list[0].Messages) != 1 || !strings.Contains(out, `"mrkdwn"`) {
				t.Errorf("got %s", out)
			}
		},
		"markdown": func(t *testing.T, out string) {
			t.Helper()
			if !strings.HasPrefix(out, "## "+addOnOff+"\n") || !strings.Contains(out, "`control/http-load-balancing-disabled`") {
				t.Errorf("got %s", out)
			}
		},
	}
	for format, check := range formats {
		t.Run(format, func(t *testing.T) {
			got := plumbline(t, nil, "replay", "--format", format, addOnOff)
			if got.status != exitOK || got.stderr != "" {
				t.Fatalf("exit status %d, standard error:\n%s", got.status, got.stderr)
			}
			check(t, got.stdout)
		})
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
}

func TestReplaySaysWhatDiffers(t *testing.T) {
	wrong := edited(t, addOnOff, "confidence: proven", "confidence: likely")
	got := plumbline(t, nil, "replay", "--format", "json", addOnOff, wrong)
	if got.status != exitFail {
		t.Errorf("exit status %d, want %d", got.status, exitFail)
	}
	want := wrong + ": confidence: got proven, want likely\n1 of 2 scenarios differ from what they expect\n"
	if diff := cmp.Diff(want, got.stderr); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
	var list []any
	if decode(t, got.stdout, &list); len(list) != 2 {
		t.Errorf("%d reports on standard output, want both", len(list))
	}
}

// A broken scenario is exit status 2, whatever the others do; those still run.
func TestReplayNamesFileAndLineOfABrokenScenario(t *testing.T) {
	const key = "-- scenario.yaml --\nversion: 1\ntitle: x\nnow: 2026-11-17T14:00:05Z\ncolour: red\n"
	broken, also := write(t, "broken.txtar", key), write(t, "also.txtar", "-- scenario.yaml --\nversion: 1\nnow: [\n")
	wrong := edited(t, addOnOff, "confidence: proven", "confidence: likely")
	got := plumbline(t, nil, "replay", broken, wrong, also)
	if got.status != exitUsage {
		t.Errorf("exit status %d, want %d", got.status, exitUsage)
	}
	for _, want := range []string{broken + ":5: ", `"colour"`, also + ":", wrong + ": confidence: got proven, want likely"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("standard error doesn't say %q:\n%s", want, got.stderr)
		}
	}
	if !strings.Contains(got.stdout, "HTTP load balancing is off") {
		t.Errorf("the readable scenario wasn't run:\n%s", got.stdout)
	}
}

func TestReplayWarnsOfUnknownFieldsWhenLenient(t *testing.T) {
	newer := write(t, "newer.txtar", `-- scenario.yaml --
version: 1
title: An export with a newer API's field
world: external-neg
now: 2026-11-17T14:00:05Z
project: shop-prod
target: {cluster: projects/shop-prod/locations/europe-west1/clusters/main, kind: Ingress, namespace: shop, name: storefront}
expect: {verdict: healthy}
-- container/projects/shop-prod/locations/europe-west1/clusters/main.json --
{"colourOfTheCluster": "red"}
`)
	if got := plumbline(t, nil, "replay", newer); got.status != exitUsage || !strings.Contains(got.stderr, "colourOfTheCluster") {
		t.Errorf("strictly: got %+v", got)
	}
	got := plumbline(t, nil, "replay", "--lenient", newer)
	if got.status != exitOK || !strings.HasPrefix(got.stderr, "warning: ") || !strings.Contains(got.stderr, "colourOfTheCluster") {
		t.Errorf("leniently: got %+v", got)
	}
}

// TestWithoutArgumentsAContainerServes: FUNCTION_TARGET alone starts the function; a
// wrong one is a mistake of the configuration.
func TestWithoutArgumentsAContainerServes(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), nil, &out, &errs, []string{"FUNCTION_TARGET=Nope"}); code != exitUsage || !strings.Contains(errs.String(), "FUNCTION_TARGET") {
		t.Errorf("exit %d, said %q", code, errs.String())
	}
	if code := run(t.Context(), nil, &out, &errs, nil); code != exitOK || !strings.Contains(out.String(), "Available Commands") {
		t.Errorf("without either: exit %d, said %q", code, out.String())
	}
}
