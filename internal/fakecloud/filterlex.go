package fakecloud

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// path reads a.b."quoted segment".c.
func (p *filterParser) path() ([]string, error) {
	var path []string
	for {
		segment := p.run(func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) })
		if segment == "" && len(path) > 0 && strings.HasPrefix(p.text[p.pos:], `"`) {
			var err error
			if segment, err = p.quoted(false); err != nil {
				return nil, err
			}
		}
		if segment == "" {
			return nil, p.fail("a field name is expected")
		}
		path = append(path, segment)
		if !strings.HasPrefix(p.text[p.pos:], ".") {
			p.space()
			return path, nil
		}
		p.pos++
	}
}

func (p *filterParser) operator() string {
	for _, op := range []string{"=~", "!~", "!=", ">=", "<=", "=", ">", "<", ":"} {
		if p.take(op) {
			return op
		}
	}
	return ""
}

// literal reads a quoted or a bare value.
func (p *filterParser) literal(regex bool) (text string, quoted bool, err error) {
	if strings.HasPrefix(p.text[p.pos:], `"`) {
		text, err = p.quoted(regex)
		p.space()
		return text, true, err
	}
	text = p.run(func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(`"'()=<>!~:,`, r) })
	switch text {
	case "":
		return "", false, p.fail("a value is expected")
	case "AND", "OR", "NOT":
		return "", false, p.fail("a value is expected before the end of %q", text)
	}
	p.space()
	return text, false, nil
}

// quoted reads a string. A regular expression keeps the escapes that the string
// syntax doesn't know, and every letter after a backslash.
func (p *filterParser) quoted(regex bool) (string, error) {
	start := p.pos
	var text strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch letter := p.text[p.pos]; letter {
		case '"':
			p.pos++
			return text.String(), nil
		case '\\':
			if p.pos++; p.pos < len(p.text) {
				text.WriteString(unescape(p.text[p.pos], regex))
			}
		default:
			text.WriteByte(letter)
		}
	}
	return "", &filterError{p.character(start), "the string is not closed"}
}

func unescape(letter byte, regex bool) string {
	switch {
	case letter == '"' || letter == '\'' || letter == '\\':
		return string(letter)
	case regex:
		return `\` + string(letter)
	case letter == 'n':
		return "\n"
	case letter == 't':
		return "\t"
	case letter == 'r':
		return "\r"
	}
	return `\` + string(letter)
}

// keyword takes an operator in capitals that stands by itself.
func (p *filterParser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.text[p.pos:], word)
	if !ok {
		return false
	}
	if next, _ := utf8.DecodeRuneInString(rest); rest == "" || (!unicode.IsSpace(next) && next != '(' && next != '"' && next != '-') {
		return false
	}
	p.pos += len(word)
	p.space()
	return true
}

func (p *filterParser) minus() bool {
	rest, ok := strings.CutPrefix(p.text[p.pos:], "-")
	if !ok || rest == "" || unicode.IsSpace(rune(rest[0])) {
		return false
	}
	p.pos++
	return true
}

func (p *filterParser) take(token string) bool {
	if !strings.HasPrefix(p.text[p.pos:], token) {
		return false
	}
	p.pos += len(token)
	p.space()
	return true
}

func (p *filterParser) run(accept func(rune) bool) string {
	rest := p.text[p.pos:]
	end := strings.IndexFunc(rest, func(r rune) bool { return !accept(r) })
	if end < 0 {
		end = len(rest)
	}
	p.pos += end
	return rest[:end]
}

// space skips white space and comments, which go from two dashes to the end of
// the line.
func (p *filterParser) space() {
	for p.run(unicode.IsSpace); strings.HasPrefix(p.text[p.pos:], "--"); p.run(unicode.IsSpace) {
		p.run(func(r rune) bool { return r != '\n' })
	}
}

func (p *filterParser) done() bool { return p.pos >= len(p.text) }

func (p *filterParser) rest(n int) string {
	rest := []rune(p.text[p.pos:])
	return string(rest[:min(n, len(rest))])
}

func (p *filterParser) character(offset int) int {
	return utf8.RuneCountInString(p.text[:offset]) + 1
}

func (p *filterParser) fail(format string, args ...any) error {
	return &filterError{p.character(p.pos), fmt.Sprintf(format, args...)}
}
