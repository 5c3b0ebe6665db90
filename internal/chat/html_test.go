package chat_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"plumbline/internal/chat"
)

func TestHTMLShowsMessagesThreadsAndEdits(t *testing.T) {
	t.Parallel()
	m := chat.Render(redirectToHTTPS(), chat.Options{PagesURL: pages, Actions: true})
	post := chat.Post{At: at("14:06:31"), Text: m.Text, Blocks: asJSON(t, m.Blocks), Edited: true}
	for _, r := range m.Thread {
		post.Replies = append(post.Replies, chat.Post{Text: r.Text, Blocks: asJSON(t, r.Blocks)})
	}
	var b bytes.Buffer
	if err := chat.HTML(&b, "#load-balancers", []chat.Post{post, {Text: "plain *text* &lt;b&gt;"}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<h1>#load-balancers</h1>",
		"<strong>Plumbline</strong> 14:06 UTC (edited)",
		`<a href="https://example.com/plumbline/causes/health/redirect_to_https.md" rel="noreferrer"><strong>Argo CD answers the health check`,
		"<pre>kubelet    GET :8080/healthz  307→200  Ready\n",
		"<button disabled>Acknowledge</button>",
		"plain <strong>text</strong> &lt;b&gt;",
		"<strong>Patch</strong>  ConfigMap argocd/argocd-cmd-params-cm",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(b.String())
	}
}

func TestHTMLNamesTheMessageItCannotShow(t *testing.T) {
	t.Parallel()
	err := chat.HTML(&bytes.Buffer{}, "ops", []chat.Post{{Text: "fine"}, {Blocks: json.RawMessage(`{`)}})
	if err == nil || !strings.Contains(err.Error(), "message 2 of channel ops") {
		t.Errorf("error %v doesn't name the message", err)
	}
}

func asJSON(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
