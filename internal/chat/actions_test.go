package chat_test

import (
	"strings"
	"testing"

	"plumbline/internal/chat"
)

func TestActionsAreOffUntilSomebodyAnswersThem(t *testing.T) {
	t.Parallel()
	off := chat.Plain(chat.Render(redirectToHTTPS(), chat.Options{}))
	if strings.Contains(off, "Acknowledge") {
		t.Errorf("buttons without Options.Actions:\n%s", off)
	}
	m := chat.Render(redirectToHTTPS(), chat.Options{Actions: true})
	if len(m.Blocks) > 8 {
		t.Errorf("%d blocks with buttons, want at most 8", len(m.Blocks))
	}
	if on := chat.Plain(m); !strings.Contains(on, "[Acknowledge] [Re-check now] […]") {
		t.Errorf("no buttons with Options.Actions:\n%s", on)
	}
	if on := chat.Plain(chat.Render(over(), chat.Options{Actions: true})); strings.Contains(on, "Acknowledge") {
		t.Errorf("a resolved incident still has buttons:\n%s", on)
	}
}
