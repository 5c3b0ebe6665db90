package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
)

// TestMessagesCanBeRead reads the golden of every broken scenario as its reader does:
// short enough, with what happened, since when, who changed it and what to do.
func TestMessagesCanBeRead(t *testing.T) {
	headlines := map[string]string{}
	for _, s := range scenarios(t) {
		switch {
		case len(s.WantText) == 0:
			t.Errorf("%s: no want.txt", name(s.Path))
		case s.Timeline != nil || s.Expect == nil || s.Expect.Verdict != string(engine.RootCause):
		default:
			for _, m := range messagesIn(string(s.WantText)) {
				for _, complaint := range m.complaints() {
					t.Errorf("%s: %s", name(s.Path), complaint)
				}
				if other, taken := headlines[m.headline]; taken && m.cause != "" && other != m.cause {
					t.Errorf("%s: %s has the headline of %s: %s", name(s.Path), m.cause, other, m.headline)
				}
				headlines[m.headline] = m.cause
			}
		}
	}
}

// A message is one of a golden, taken apart.
type message struct {
	// root are the lines above the thread.
	root            []string
	headline, cause string
}

// messagesIn are the messages of a golden that begin an incident of a root cause; each
// begins with its emoji.
func messagesIn(text string) (list []message) {
	for _, part := range strings.Split("\n"+text, "\n🔴 ")[1:] {
		list = appendMessage(list, part)
	}
	for _, emoji := range []string{"🟠", "🟡", "⚪"} {
		for _, part := range strings.Split("\n"+text, "\n"+emoji+" ")[1:] {
			list = appendMessage(list, part)
		}
	}
	return list
}

func appendMessage(list []message, text string) []message {
	above, _, _ := strings.Cut(text, "\nThread")
	lines := strings.Split(strings.TrimSpace(above), "\n")
	m := message{root: lines, headline: lines[0]}
	if len(lines) > 1 {
		for part := range strings.SplitSeq(lines[1], " · ") {
			if layer, _, ok := strings.Cut(part, "/"); ok && slices.ContainsFunc(Catalogue(), func(c cause.Cause) bool { return string(c.ID) == part && c.ID.Layer() == layer }) {
				m.cause = part
			}
		}
	}
	if m.cause == "" {
		return list // unexplained, beside a root cause
	}
	return append(list, m)
}

// maxRoot is how many lines a message may have above its thread, and maxTable how wide
// its table may be (chat-message.md).
const (
	maxRoot  = 12
	maxTable = 64
)

func (m message) complaints() (list []string) {
	if len(m.root) > maxRoot {
		list = append(list, fmt.Sprintf("%d lines above the thread, want at most %d", len(m.root), maxRoot))
	}
	if strings.Contains(m.headline, m.cause) || len([]rune(m.headline)) < 25 {
		list = append(list, "the headline doesn't speak for itself: "+m.headline)
	}
	if len([]rune(m.headline)) > 200 {
		list = append(list, fmt.Sprintf("a headline of %d characters: %s", len([]rune(m.headline)), m.headline))
	}
	if !strings.Contains(m.root[1], " · since ") {
		list = append(list, "doesn't say since when")
	}
	for _, label := range []string{"Why  ", "Changed  ", "Fix  "} {
		if !slices.ContainsFunc(m.root, func(line string) bool { return strings.HasPrefix(line, label) }) {
			list = append(list, "has no "+strings.TrimSpace(label))
		}
	}
	table := false
	for _, line := range m.root {
		switch {
		case strings.HasPrefix(line, "Why"):
			table = true
		case strings.HasPrefix(line, "    ") && table:
			if width := len([]rune(strings.TrimPrefix(line, "    "))); width > maxTable {
				list = append(list, fmt.Sprintf("a table line of %d characters: %s", width, line))
			}
		case strings.HasPrefix(line, "Changed"):
			table = false
		}
	}
	return list
}
