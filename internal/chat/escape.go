package chat

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// say makes a value fit for the middle of a line of mrkdwn: one line, no control
// or invisible characters, no secrets, no markup, at most limit characters.
func say(value string, limit int) string {
	line := strings.Join(strings.Fields(told(value)), " ")
	return escape(strings.ReplaceAll(line, "`", "'"), limit)
}

// fence makes a value fit for a code block and puts it into one: lines stay, three
// backticks, which would end the block, don't. limit counts the value alone.
func fence(value string, limit int) string {
	return openFence + escape(inFence(value), limit) + closeFence
}

const (
	openFence  = "```\n"
	closeFence = "\n```"
)

func inFence(value string) string {
	return strings.ReplaceAll(strings.TrimRight(told(value), "\n "), "```", "'''")
}

// longest is how many bytes of a value are looked at: more than any form shows.
const longest = 8 << 10

// told is a value without what nobody may see, in its full length: for values that
// are put together before they are shown, since a credential is recognised by what
// stands around it.
func told(value string) string { return redact(clean(value)) }

// clean drops what a reader can't see: control characters, zero-width and
// direction-changing ones, and letters that are drawn as nothing.
func clean(value string) string {
	if len(value) > longest {
		value = value[:longest]
		if i := strings.LastIndexAny(value, " \n"); i > longest/2 {
			value = value[:i]
		}
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || ' ' <= r && r <= '~':
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.IsControl(r) || unicode.Is(unicode.Variation_Selector, r) || strings.ContainsRune(unseen, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, "\uFFFD"))
}

// unseen are characters outside the control categories that are drawn as nothing:
// the grapheme joiner, Hangul fillers, Khmer inherent vowels, the empty Braille cell.
const unseen = "\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0"

// escape replaces Slack's three special characters and cuts the result to limit
// characters without cutting a replacement in two.
func escape(value string, limit int) string {
	var b strings.Builder
	used, cut := 0, 0
	for _, r := range value {
		piece := string(r)
		switch r {
		case '&':
			piece = "&amp;"
		case '<':
			piece = "&lt;"
		case '>':
			piece = "&gt;"
		}
		n := length(piece)
		if used+n > limit {
			return strings.TrimRight(b.String()[:cut], " ") + "…"
		}
		b.WriteString(piece)
		if used += n; used < limit {
			cut = b.Len()
		}
	}
	return b.String()
}

// length counts as Slack's clients do, in UTF-16 units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}
