package chat

import (
	"regexp"
	"slices"
	"strings"
)

// A secret is a shape that a credential has in a value, and what stays of it.
type secret struct {
	// hints are lower-case words of which a match has one: the shape is costly to
	// look for, and most values have none of them.
	hints []string
	shape *regexp.Regexp
	keep  string
}

const gone = "[redacted]"

// secrets are looked for in this order. A shape keeps the name in front of the
// credential, so that a reader sees what was there.
var secrets = []secret{
	{[]string{"private key"}, regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`), gone},
	{[]string{"authorization"}, regexp.MustCompile(`(?i)\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:[a-z]+\s+)?[^\s"',;]+`), "${1}" + gone},
	{[]string{"cookie"}, regexp.MustCompile(`(?i)\b((?:set-)?cookie["']?\s*:\s*["']?)[^\n"']+`), "${1}" + gone},
	{[]string{"bearer"}, regexp.MustCompile(`(?i)\b(bearer\s+)[a-z0-9._~+/=-]{6,}`), "${1}" + gone},
	{[]string{"passw", "passphrase", "pwd", "token", "key", "secret"}, regexp.MustCompile(`(?i)([a-z0-9_.-]*(?:passwd|password|passphrase|pwd|token|api[_-]?key|client[_-]?secret|access[_-]?key|secret[_-]?key|private[_-]?key)["']?\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s"',;&}]+)`), "${1}" + gone},
	{[]string{"-password", "-passwd", "-token", "-api-key", "-client-secret"}, regexp.MustCompile(`(?i)(--?(?:password|passwd|token|api-key|client-secret)\s+)[^\s-][^\s]*`), "${1}" + gone},
	{[]string{"://"}, regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+@`), "${1}" + gone + "@"},
	{[]string{"akia", "asia"}, regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`), gone},
	{[]string{"aiza"}, regexp.MustCompile(`AIza[0-9A-Za-z_-]{30,}`), gone},
	{[]string{"ya29."}, regexp.MustCompile(`\bya29\.[0-9A-Za-z_-]+`), gone},
	{[]string{"xox"}, regexp.MustCompile(`\bxox[a-z]-[0-9A-Za-z-]+`), gone},
	{[]string{"gh"}, regexp.MustCompile(`\bgh[pousr]_[0-9A-Za-z]{20,}`), gone},
	{[]string{"eyj"}, regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]{5,}(?:\.[0-9A-Za-z_-]*)?`), gone},
}

// redact takes the shapes of credentials out of a value (architecture.md §4.9).
func redact(value string) string {
	lower := strings.ToLower(value)
	for _, s := range secrets {
		if slices.ContainsFunc(s.hints, func(hint string) bool { return strings.Contains(lower, hint) }) {
			value = s.shape.ReplaceAllString(value, s.keep)
		}
	}
	return value
}
