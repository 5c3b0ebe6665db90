package chat_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/chat"
	"plumbline/internal/incident"
	"plumbline/internal/signal"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

func TestMessagesReadAsTheirGoldens(t *testing.T) {
	t.Parallel()
	unlogged := redirectToHTTPS()
	unlogged.Finding.Change = nil
	unlogged.Diagnosis.Gaps[0].Needs = "logging.logEntries.list"
	yesterday := addonOff()
	yesterday.At = yesterday.At.AddDate(0, 0, 2)
	yesterday.Finding.Change.By, yesterday.Finding.Change.Controller = "service-123456789012@container-engine-robot.iam.gserviceaccount.com", true
	nobody := noCause()
	nobody.Diagnosis.Open, nobody.Diagnosis.HistoryRead = nobody.Diagnosis.Symptoms, true
	perhaps := redirectToHTTPS()
	perhaps.Finding.Change, perhaps.Finding.Suspects = nil, suspects()[1:2]
	synced := redirectToHTTPS()
	synced.Finding.Change.Caller = signal.ArgoCD
	still := over()
	still.FixedBy = nil
	for name, n := range map[string]incident.Notice{
		"addon-off": addonOff(), "redirect-to-https": redirectToHTTPS(), "unexplained": noCause(), "resolved": over(),
		"log-unread": unlogged, "days-ago": yesterday,
		"suspects": accused(), "no-change": nobody, "perhaps": perhaps, "synced": synced, "resolved-by-itself": still,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := chat.Render(n, chat.Options{PagesURL: pages})
			golden(t, name+".txt", chat.Plain(m))
			root, _, _ := strings.Cut(chat.Plain(m), "\nThread\n")
			if lines := strings.Count(root, "\n"); lines > 12 {
				t.Errorf("the root message has %d lines, want at most 12", lines)
			}
			if len(m.Blocks) > 8 {
				t.Errorf("the root message has %d blocks, want at most 8", len(m.Blocks))
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if os.Getenv("CI") != "" {
			t.Fatal("goldens aren't rewritten where CI is set")
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
