package chat

import (
	"strings"
	"testing"

	"plumbline/internal/cause"
)

func TestSayKeepsHarmlessTextAndCutsBetweenReplacements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string
		limit          int
	}{
		{"harmless text stays", "GET :8080/healthz → 307 to https://10.8.0.7", "GET :8080/healthz → 307 to https://10.8.0.7", 100},
		{"special characters are replaced", "a<b & c>d", "a&lt;b &amp; c&gt;d", 100},
		{"a replacement isn't cut in two", "&&&&", "&amp;&amp;…", 12},
		{"exactly fitting text isn't cut", "abc", "abc", 3},
		{"too long text ends in an ellipsis", "abcd", "ab…", 3},
		{"lines become one", "a\n\tb\r\nc", "a b c", 100},
		{"backticks become quotes", "a`b`", "a'b'", 100},
		{"a setting's name isn't a secret", "secretName: shop-tls, tokenReview ok", "secretName: shop-tls, tokenReview ok", 100},
		{"the secret goes, its name stays", "DB_PASSWORD=abc123, next", "DB_PASSWORD=[redacted], next", 100},
		{"a header goes with its scheme", "Authorization: Bearer abc.def-ghi", "Authorization: [redacted]", 100},
	} {
		if got := say(c.in, c.limit); got != c.want {
			t.Errorf("%s: say(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestFenceKeepsLinesAndItsOwnEnd(t *testing.T) {
	t.Parallel()
	if got, want := fence("a: `b`\n```\n<x>\n", 100), "```\na: `b`\n'''\n&lt;x&gt;\n```"; got != want {
		t.Errorf("fence = %q, want %q", got, want)
	}
}

func TestContractKeepsToTheWidthOfAPhone(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("/very-long-path", 10)
	table := contract([]cause.ContractRow{
		{Observer: "kubelet", Asked: "GET :8080" + long, Got: "307→200 Ready"},
		{Observer: "Google's load balancer", Asked: "GET :8080/", Got: "307 to https://login.acme.example" + long, Differs: true},
		{Observer: "our probe", Asked: "the same", Got: "```<!channel>```"},
	})
	body := strings.TrimSuffix(strings.TrimPrefix(unescape(table), openFence), closeFence)
	rows := strings.Split(body, "\n")
	if len(rows) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(rows), body)
	}
	for _, r := range rows {
		if n := columns(r); n > 64 {
			t.Errorf("%d characters, want at most 64: %s", n, r)
		}
	}
	if !strings.HasSuffix(rows[1], "←") || strings.Contains(rows[0]+rows[2], "←") {
		t.Errorf("the arrow doesn't mark the second row alone:\n%s", body)
	}
}

func TestLinksLeadOnlyToKnownPlaces(t *testing.T) {
	t.Parallel()
	w := writer{options: Options{PagesURL: "https://example.com/causes"}}
	for target, want := range map[string]string{
		"https://console.cloud.google.com/a?b=c&d=e":         "<https://console.cloud.google.com/a?b=c&amp;d=e|x>",
		"https://console.cloud.google.com/a?b=|evil>":        "<https://console.cloud.google.com/a?b=%7Cevil%3E|x>",
		"https://console.cloud.google.com@evil.example/":     "x",
		"https://console.cloud.google.com.evil.example/":     "x",
		"http://console.cloud.google.com/":                   "x",
		"javascript:alert(1)":                                "x",
		"https://example.com/causes-of-mine":                 "x",
		"":                                                   "x",
		"https://console.cloud.google.com/" + long(rootLink): "x",
	} {
		if got := w.link("x", target, rootLink); got != want {
			t.Errorf("link to %.60q = %q, want %q", target, got, want)
		}
	}
	if got, want := w.page("x", "health/redirect-to-https"), "<https://example.com/causes/health/redirect_to_https.md|x>"; got != want {
		t.Errorf("page = %q, want %q", got, want)
	}
	if got := w.page("x", cause.BackendUnhealthy); got != "x" {
		t.Errorf("a symptom has a page: %q", got)
	}
}

func long(n int) string { return strings.Repeat("x", n) }
