package chat_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"plumbline/internal/cause"
	"plumbline/internal/chat"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/incident"
)

// hostile are values as somebody would write them who wants to be heard, clicked
// or believed.
var hostile = []string{
	"<!channel> look", "<!here|x>", "<@U012AB3CD>", "<#C012AB3CD|general>", "<!subteam^S1|ops>", "&lt;!channel&gt;", "@channel @here",
	"<https://evil.example/login|console.cloud.google.com>", "[docs](https://evil.example)", "https://evil.example/?a=b|c>d",
	"a```b <!channel>", "`````", "``` ", "x`y`z", "*bold* _it_ ~no~ > quote", "line\n> quoted\n```\nout",
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "javascript:alert(1)",
	"\u202egnp.exe\u202c", "pass\u200bword=hunter2hunter2", "\u2066x\u2069\ufeff\u00ad", "\x00\x1b[31mred\x07", "\xff\xfe broken",
	"Authorization: Bearer abcdef0123456789", "authorization=Basic ZGFuYTpodW50ZXIy", "bearer s3cr3t-t0k3n-value",
	"password=hunter2hunter2", `{"password":"hunter2hunter2"}`, "--token hunter2hunter2", "token: hunter2hunter2", "DB_PASSWORD='hunter2hunter2 two'",
	"https://dana:hunter2hunter2@db.example/", "AKIAIOSFODNN7EXAMPLE", "AIzaSyA-1234567890abcdefghijklmnopqrstu",
	"ya29.a0AfH6SMBx-hunter2hunter2", "xoxb-1234-5678-hunter2hunter2", "ghp_hunter2hunter2hunter2hunter2", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkYW5hIn0.hunter2hunter2",
	"-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2\n-----END RSA PRIVATE KEY-----", "api_key=hunter2hunter2&x=1",
	strings.Repeat("&<>", 5000), strings.Repeat("🔴", 3000), strings.Repeat("x ", 60000), "",
}

// secretParts are what must never be seen of the values above.
var secretParts = []string{
	"hunter2hunter2", "abcdef0123456789", "ZGFuYTpodW50ZXIy", "s3cr3t-t0k3n-value", "AKIAIOSFODNN7EXAMPLE", "AIzaSyA-1234567890", "ya29.a0A", "xoxb-1234", "ghp_", "eyJhbGci",
}

func TestHostileValuesStayHarmless(t *testing.T) {
	t.Parallel()
	for _, v := range hostile {
		for _, n := range infected(v) {
			for _, o := range []chat.Options{{}, {PagesURL: pages, Actions: true}} {
				harmless(t, v, chat.Render(n, o))
			}
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, v := range hostile {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, n := range infected(v) {
			harmless(t, v, chat.Render(n, chat.Options{PagesURL: pages, Actions: true}))
		}
	})
}

// infected are the notices of every form with v wherever text can stand.
func infected(v string) []incident.Notice {
	list := []incident.Notice{addonOff(), redirectToHTTPS(), noCause(), over()}
	for i := range list {
		n := &list[i]
		infect(reflect.ValueOf(&n.Incident.Subject), v)
		infect(reflect.ValueOf(&n.Incident.Affected), v)
		infect(reflect.ValueOf(&n.Incident.Headline), v)
		infect(reflect.ValueOf(&n.Diagnosis), v)
		if n.Finding != nil {
			id := n.Finding.Cause
			infect(reflect.ValueOf(n.Finding), v)
			n.Finding.Cause = id
			n.Finding.Evidence = append(n.Finding.Evidence, cause.Evidence{Source: v, Says: v, Link: "https://console.cloud.google.com/x/" + v + "?project=" + v})
			n.Finding.Affected = append(n.Finding.Affected, facts.Ref{Kind: v, Namespace: v, Name: v}, facts.Ref{Kind: "Ingress", Namespace: v, Name: v}, facts.Ref{Kind: "Ingress", Namespace: v, Name: v})
		}
		if n.FixedBy != nil {
			infect(reflect.ValueOf(n.FixedBy), v)
		}
	}
	unnamed := noCause()
	unnamed.Diagnosis.Gaps = append(unnamed.Diagnosis.Gaps, engine.Gap{Needs: v, Err: v, Hides: []cause.ID{cause.ID(v)}})
	return append(list, unnamed)
}

// infect sets every string that v leads to, except IDs of symptoms, kinds and
// verdicts, which steer what is rendered.
func infect(at reflect.Value, v string) {
	if kind := at.Kind(); kind == reflect.Pointer && !at.IsNil() {
		infect(at.Elem(), v)
	} else if kind == reflect.Slice {
		for i := range at.Len() {
			infect(at.Index(i), v)
		}
	} else if kind == reflect.Struct {
		for i := range at.NumField() {
			if f := at.Field(i); f.CanSet() && !slices.Contains([]string{"Kind", "ID", "Verdict", "Cluster"}, at.Type().Field(i).Name) {
				infect(f, v)
			}
		}
	} else if kind == reflect.String {
		at.SetString(v)
	}
}

var angle = regexp.MustCompile(`<[^>]*>`)

// date is the one kind of token besides links that a message may have.
var date = regexp.MustCompile(`^<!date\^-?\d+\^(\{date_short_pretty\} )?\{time\}\|[A-Za-z0-9:, ]+>$`)

func harmless(t *testing.T, v string, m chat.Message) {
	t.Helper()
	texts := []string{m.Text, chat.Short(m)}
	texts = append(texts, mrkdwnOf(t, m.Blocks)...)
	for _, r := range m.Thread {
		texts = append(texts, r.Text, chat.ShortReply(r))
		texts = append(texts, mrkdwnOf(t, r.Blocks)...)
	}
	for _, text := range texts {
		for _, token := range angle.FindAllString(text, -1) {
			if !date.MatchString(token) && !oursToClick(token) {
				t.Errorf("value %.60q makes a live token %q", v, token)
			}
		}
		if rest := angle.ReplaceAllString(text, ""); strings.ContainsAny(rest, "<>") {
			t.Errorf("value %.60q leaves an angle bracket in %.200q", v, rest)
		}
		if strings.Count(text, "```")%2 != 0 {
			t.Errorf("value %.60q breaks a code block in %.200q", v, text)
		}
		seen(t, v, text)
	}
	seen(t, v, chat.Plain(m))
	page(t, v, m)
}

// oursToClick: a link leads to the console or to a page, and nowhere else.
func oursToClick(token string) bool {
	target, label, ok := strings.Cut(strings.Trim(token, "<>"), "|")
	u, err := url.Parse(strings.ReplaceAll(target, "&amp;", "&"))
	return ok && label != "" && err == nil && u.Scheme == "https" && u.User == nil && (u.Host == "console.cloud.google.com" || strings.HasPrefix(target, pages+"/"))
}

// seen: no secret, no character that a reader can't see.
func seen(t *testing.T, v, text string) {
	t.Helper()
	for _, s := range secretParts {
		if strings.Contains(text, s) {
			t.Errorf("value %.60q shows the secret %q in %.300q", v, s, text)
		}
	}
	if !utf8.ValidString(text) {
		t.Errorf("value %.60q makes invalid UTF-8", v)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
		t.Errorf("value %.60q leaves an invisible character in %.200q", v, text[i:])
	}
}

// page: the HTML has no element or handler of the value's making.
func page(t *testing.T, v string, m chat.Message) {
	t.Helper()
	blocks, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := chat.HTML(&b, "ops", []chat.Post{{Text: v, Blocks: blocks, Replies: []chat.Post{{Text: v}}}}); err != nil {
		t.Fatal(err)
	}
	for _, element := range regexp.MustCompile(`<([A-Za-z]+)[^>]*>`).FindAllStringSubmatch(b.String(), -1) {
		if slices.Contains([]string{"script", "img", "iframe", "svg"}, element[1]) || strings.Contains(element[0], " onerror") || strings.Contains(element[0], `="javascript:`) {
			t.Errorf("value %.60q makes the element %s", v, element[0])
		}
	}
}

// mrkdwnOf are all texts of blocks; each must be verbatim, or Slack would make
// links and mentions of its own.
func mrkdwnOf(t *testing.T, blocks []slack.Block) []string {
	t.Helper()
	var texts []string
	take := func(o *slack.TextBlockObject) {
		if o.Type == slack.MarkdownType && !o.Verbatim {
			t.Errorf("mrkdwn text is not verbatim: %.100q", o.Text)
		}
		texts = append(texts, o.Text)
	}
	for _, b := range blocks {
		switch v := b.(type) {
		case *slack.SectionBlock:
			take(v.Text)
		case *slack.ContextBlock:
			for _, e := range v.ContextElements.Elements {
				take(e.(*slack.TextBlockObject))
			}
		case *slack.ActionBlock:
		default:
			t.Fatalf("block of type %s isn't looked at", b.BlockType())
		}
	}
	return texts
}
