package chat

import (
	"net/url"
	"strings"

	"plumbline/internal/cause"
)

const consoleHost = "console.cloud.google.com"

// link puts a link on text that is mrkdwn already. A target that isn't an https
// page of the console, or is longer than limit, leaves the text alone: no value
// from outside decides where a click leads.
func (w writer) link(text, target string, limit int) string {
	target = w.target(target)
	if text == "" || target == "" || length(target) > limit {
		return text
	}
	return "<" + target + "|" + text + ">"
}

func (w writer) target(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "https" || u.User != nil || !w.trusted(u.Host, target) || !presentable(target) {
		return ""
	}
	return linkSpecial.Replace(u.String())
}

// presentable: nothing in the address, encoded or not, would be taken out of a text.
func presentable(target string) bool {
	decoded, err := url.QueryUnescape(target)
	return err == nil && told(target) == target && told(decoded) == decoded
}

func (w writer) trusted(host, target string) bool {
	return host == consoleHost || w.options.PagesURL != "" && strings.HasPrefix(target, w.options.PagesURL+"/")
}

// linkSpecial encodes what would end a link in mrkdwn or read as markup; `&` gets
// Slack's own replacement.
var linkSpecial = strings.NewReplacer(
	"&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C", "`", "%60", `"`, "%22", "'", "%27", " ", "%20", "\n", "%0A", "*", "%2A",
)

// page links text to the cause's page; a symptom has none.
func (w writer) page(text string, id cause.ID) string {
	layer, name, ok := strings.Cut(string(id), "/")
	if !ok || layer == "symptom" {
		return text
	}
	return w.link(text, w.options.PagesURL+"/"+layer+"/"+strings.ReplaceAll(name, "-", "_")+".md", rootLink)
}
