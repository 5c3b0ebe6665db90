package chat

import (
	"strings"

	"github.com/slack-go/slack"
)

// Plain is the message as a person reads it in Slack, as text: links are their
// text, dates are in UTC, code blocks are indented, the thread follows below a
// line of its own.
func Plain(m Message) string {
	var b strings.Builder
	b.WriteString(plainBlocks(m.Text, m.Blocks))
	if len(m.Thread) > 0 {
		b.WriteString("\nThread\n")
	}
	for i, r := range m.Thread {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(indent(plainBlocks(r.Text, r.Blocks), "  "))
	}
	return b.String()
}

// plainBlocks shows the blocks, or the text where there are none, each line ended.
func plainBlocks(text string, blocks []slack.Block) string {
	if len(blocks) == 0 {
		return lines(text)
	}
	var b strings.Builder
	for _, block := range blocks {
		switch v := block.(type) {
		case *slack.SectionBlock:
			if v.Text != nil {
				b.WriteString(lines(v.Text.Text))
			}
		case *slack.ContextBlock:
			b.WriteString(contextLine(v))
		case *slack.HeaderBlock:
			b.WriteString(v.Text.Text + "\n")
		case *slack.ActionBlock:
			b.WriteString(buttons(v) + "\n")
		}
	}
	return b.String()
}

func contextLine(c *slack.ContextBlock) string {
	var parts []string
	for _, e := range c.ContextElements.Elements {
		if t, ok := e.(*slack.TextBlockObject); ok {
			parts = append(parts, strings.TrimSuffix(lines(t.Text), "\n"))
		}
	}
	return strings.Join(parts, " ") + "\n"
}

func buttons(a *slack.ActionBlock) string {
	var parts []string
	for _, e := range a.Elements.ElementSet {
		switch v := e.(type) {
		case *slack.ButtonBlockElement:
			parts = append(parts, "["+v.Text.Text+"]")
		case *slack.OverflowBlockElement:
			parts = append(parts, "[…]")
		}
	}
	return strings.Join(parts, " ")
}

// lines is mrkdwn as text, code blocks on lines of their own.
func lines(mrkdwn string) string {
	var b strings.Builder
	fresh := true
	for _, p := range parse(mrkdwn) {
		if !p.code {
			b.WriteString(p.text)
			fresh = strings.HasSuffix(p.text, "\n")
			continue
		}
		if !fresh {
			b.WriteString("\n")
		}
		b.WriteString(indent(p.text+"\n", "    "))
		fresh = true
	}
	if !fresh {
		b.WriteString("\n")
	}
	return b.String()
}

func indent(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(by)
		}
		b.WriteString(line)
	}
	return b.String()
}
