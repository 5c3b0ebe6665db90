package main

import (
	"flag"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/functions"
	"plumbline/internal/app"
	"plumbline/testdata"
)

var update = flag.Bool("update", false, "rewrite the message in README.md")

const (
	root       = "../../"
	readmePath = root + "README.md"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A codeBlock is a fenced block and the word after its fence.
type codeBlock struct{ info, text string }

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

func codeBlocks(text string) []codeBlock {
	var list []codeBlock
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		list = append(list, codeBlock{m[1], m[2]})
	}
	return list
}

// commands are the lines of the blocks that a reader pastes into a shell.
func commands(text string) []string {
	var list []string
	for _, b := range codeBlocks(text) {
		if b.info == "sh" {
			list = append(list, strings.Split(strings.TrimSpace(b.text), "\n")...)
		}
	}
	return list
}

// demoMessages are what `plumbline demo` prints, from the demo itself.
func demoMessages(t *testing.T) []string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	d, err := app.NewDemo(t.Context(), testdata.FS, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	server := httptest.NewServer(&functions.Diagnoser{Service: d, Deadline: time.Minute, Log: log})
	t.Cleanup(server.Close)
	if err = d.Play(t.Context(), server.URL, t.Output()); err != nil {
		t.Fatal(err)
	}
	messages, err := d.Messages()
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// TestReadmeMessageIsTheDemos: the message at the top is the root message of what
// the demo prints second, word for word, and the rest of it is the thread.
func TestReadmeMessageIsTheDemos(t *testing.T) {
	messages := demoMessages(t)
	if len(messages) != 2 {
		t.Fatalf("the demo has %d messages, want 2", len(messages))
	}
	want, thread, ok := strings.Cut(messages[1], "\n\nThread\n")
	if !ok || thread == "" {
		t.Fatalf("the message has no thread:\n%s", messages[1])
	}
	want += "\n"
	text := readme(t)
	if *update {
		if os.Getenv("CI") != "" {
			t.Fatal("-update is for people who read the difference; it refuses to run in CI")
		}
		at := fence.FindStringSubmatchIndex(text)
		text = text[:at[4]] + want + text[at[5]:]
		if err := os.WriteFile(readmePath, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(codeBlock{"text", want}, codeBlocks(text)[0], cmp.AllowUnexported(codeBlock{})); diff != "" {
		t.Errorf("README.md shows another message than the demo; `go test ./functions/plumbline -run ReadmeMessage -update` writes it (-demo +README):\n%s", diff)
	}
}

// The set-up is two commands, and nothing comes before them.
func TestReadmeSetUpIsTwoCommands(t *testing.T) {
	got := commands(readme(t))
	if diff := cmp.Diff([]string{"go run ./functions/plumbline demo", "go test ./..."}, got[:2]); diff != "" {
		t.Errorf("first commands (-want +got):\n%s", diff)
	}
}

// Every command of plumbline's in the README, and every one it mentions, has the
// subcommand and the flags that it uses; and every subcommand and flag is told of.
func TestReadmeCommandsExist(t *testing.T) {
	text := readme(t)
	var said strings.Builder
	for _, line := range commands(text) {
		args, ok := strings.CutPrefix(line, "go run ./functions/plumbline ")
		if !ok {
			continue
		}
		words := strings.Fields(args)
		got := plumbline(t, nil, append(words, "--help")...)
		if got.status != exitOK || !strings.Contains(got.stdout, "plumbline "+words[0]) {
			t.Errorf("%s: exit status %d\n%s", line, got.status, got.stderr)
		}
		for _, w := range words[1:] {
			if strings.Contains(w, "/") && !strings.HasPrefix(w, "ingress/") { // a target, no file
				if _, err := os.Stat(root + w); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
	}
	for _, name := range []string{"demo", "diagnose", "replay", "serve", "version"} {
		said.WriteString(plumbline(t, nil, name, "--help").stdout)
		if !strings.Contains(text, name) {
			t.Errorf("README.md doesn't tell of `plumbline %s`", name)
		}
	}
	flags := regexp.MustCompile(`--[a-z][a-z-]+`)
	for _, f := range flags.FindAllString(said.String(), -1) {
		if f != "--help" && f != "--host" && !strings.Contains(text, f) {
			t.Errorf("README.md doesn't tell of %s", f)
		}
	}
}
