package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A piece is a stretch of mrkdwn as Slack shows it.
type piece struct {
	text string
	// url is where a click leads; empty for plain text.
	url  string
	bold bool
	// code is a code block, with its lines.
	code bool
}

// parse reads mrkdwn as Slack does: code blocks, links and date tokens, bold.
func parse(text string) []piece {
	var pieces []piece
	for text != "" {
		before, rest, found := strings.Cut(text, "```")
		code, after, closed := strings.Cut(rest, "```")
		if !found || !closed {
			return append(pieces, inline(text)...)
		}
		pieces = append(pieces, inline(strings.TrimSuffix(before, "\n"))...)
		pieces = append(pieces, piece{text: unescape(strings.Trim(code, "\n")), code: true})
		text = strings.TrimPrefix(after, "\n")
	}
	return pieces
}

func inline(text string) []piece {
	var pieces []piece
	var run strings.Builder
	bold := false
	flush := func() {
		if run.Len() > 0 {
			pieces = append(pieces, piece{text: unescape(run.String()), bold: bold})
			run.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '<' {
			if end := strings.IndexByte(text[i:], '>'); end > 0 {
				flush()
				p := token(text[i+1 : i+end])
				p.bold = bold
				pieces = append(pieces, p)
				i += end
				continue
			}
		}
		if c == '*' && (bold && closes(text, i) || !bold && opens(text, i)) {
			flush()
			bold = !bold
			continue
		}
		run.WriteByte(c)
	}
	flush()
	return pieces
}

// token is what stands between < and >: a link, or a date, a channel, a person,
// of which the label is shown.
func token(body string) piece {
	target, label, labelled := strings.Cut(body, "|")
	p := piece{text: unescape(label)}
	if !labelled {
		p.text = unescape(target)
	}
	if strings.HasPrefix(target, "https://") || strings.HasPrefix(target, "http://") {
		p.url = unescape(target)
	}
	return p
}

// opens and closes are Slack's rule for bold: an asterisk at the edge of a word,
// and its partner on the same line.
func opens(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	if i > 0 && !edge(before) || i+1 >= len(text) || unicode.IsSpace(after) || after == '*' {
		return false
	}
	for j := i + 2; j < len(text) && text[j] != '\n'; j++ {
		if text[j] == '*' && closes(text, j) {
			return true
		}
	}
	return false
}

func closes(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	return i > 0 && !unicode.IsSpace(before) && (i+1 == len(text) || edge(after))
}

func edge(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) && r != '*' && r != '/' }

func unescape(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "&lt;", "<"), "&gt;", ">")
	return strings.ReplaceAll(s, "&amp;", "&")
}

// flat is the text alone.
func flat(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}
