package chat

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
)

// numbered are the first n facts, each linked to where it can be seen.
func (w writer) numbered(list []cause.Evidence, n int) []string {
	var lines []string
	for _, e := range list[:min(n, len(list))] {
		lines = append(lines, fmt.Sprintf("%d. %s", len(lines)+1, w.link(say(e.Says, maxFact), e.Link, rootLink)))
	}
	return lines
}

// The probe-contract table: three columns, and a line that a phone doesn't wrap.
const (
	contractWidth    = 64
	contractRows     = 4
	contractObserver = 12
	contractMark     = " ←"
)

// contract is the probe-contract table (chat-message.md, Width); an arrow marks
// the row that explains the difference.
func contract(rows []cause.ContractRow) string {
	rows = rows[:min(contractRows, len(rows))]
	observer, asked := 0, 0
	for _, r := range rows {
		observer = max(observer, min(contractObserver, columns(cell(r.Observer))))
		asked = max(asked, columns(cell(r.Asked)))
	}
	got := 0
	for _, r := range rows {
		got = max(got, columns(cell(r.Got)))
	}
	free := contractWidth - observer - 4 - len([]rune(contractMark))
	if asked+got > free {
		got = min(got, max(free/2, free-asked))
		asked = min(asked, free-got)
	}
	var lines []string
	for _, r := range rows {
		line := pad(cell(r.Observer), observer) + "  " + pad(cell(r.Asked), asked) + "  " + pad(cell(r.Got), got)
		if r.Differs {
			line += contractMark
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return fence(strings.Join(lines, "\n"), 2000)
}

func cell(value string) string {
	return strings.TrimSpace(strings.ReplaceAll(inFence(value), "\n", " "))
}

func columns(s string) int { return utf8.RuneCountInString(s) }

// pad makes a cell exactly width wide.
func pad(s string, width int) string {
	if n := columns(s); n <= width {
		return s + strings.Repeat(" ", width-n)
	}
	return string([]rune(s)[:max(0, width-1)]) + "…"
}

// withoutPermission drops a permission in parentheses at the end of a reason: useful
// in the thread, jargon in the root.
func withoutPermission(because string) string {
	i := strings.LastIndex(because, " (")
	if i < 0 || !strings.HasSuffix(because, ")") {
		return because
	}
	for _, api := range []string{"container.", "compute.", "logging."} {
		if strings.HasPrefix(because[i+2:], api) {
			return because[:i]
		}
	}
	return because
}

// ruledOut says in one line what was looked at and is in order.
func (w writer) ruledOut(n int) string {
	var parts []string
	seen := map[string]bool{}
	for _, r := range w.notice.Diagnosis.RuledOut {
		says := say(withoutPermission(r.Because), 120)
		if says != "" && !seen[says] {
			seen[says] = true
			parts = append(parts, says+" ✓")
		}
	}
	if rest := len(parts) - n; rest > 0 {
		parts = append(parts[:n], fmt.Sprintf("%d more", rest))
	}
	return strings.Join(parts, " · ")
}

// gaps says what couldn't be read, and how much stays unchecked for it. Beside a root
// cause, what hides no other cause isn't worth a line.
func (w writer) gaps(changeSaysIt bool) string {
	var unread []string
	hidden := map[cause.ID]bool{}
	grants := true
	for _, g := range w.notice.Diagnosis.Gaps {
		if changeSaysIt && g.Needs == string(facts.Logs) || len(g.Hides) == 0 && w.notice.Diagnosis.Verdict == engine.RootCause {
			continue
		}
		for _, id := range g.Hides {
			hidden[id] = true
		}
		grants = grants && strings.HasPrefix(g.Err, "403")
		unread = append(unread, gap(g))
	}
	text := atMost(unread, 3)
	switch n := len(hidden); {
	case text == "" || n == 0:
		return text
	case !grants:
		return fmt.Sprintf("%s; unchecked without: %d %s", text, n, plural("cause", n))
	default:
		return fmt.Sprintf("%s; unchecked until granted: %d %s", text, n, plural("cause", n))
	}
}

func gap(g engine.Gap) string {
	if g.Err == "" {
		return told(g.Needs)
	}
	return told(g.Needs) + " (" + told(g.Err) + ")"
}

// sentence begins with a capital, where it begins with a plain word, and ends with
// a full stop. The text is mrkdwn already.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = capitalised(text)
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "…") || strings.HasSuffix(text, "!") {
		return text
	}
	return text + "."
}

func capitalised(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if strings.ContainsFunc(strings.TrimRight(first, ".,:;"), func(r rune) bool { return !unicode.IsLower(r) }) {
		return text
	}
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}
