package chat

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// A Post is a message as the chat has it, for a page that shows a channel.
type Post struct {
	At time.Time
	// Text is shown where Blocks is empty.
	Text string
	// Blocks is the JSON array that was posted; empty for plain text.
	Blocks json.RawMessage
	// Edited marks a message that was updated after it was posted.
	Edited  bool
	Replies []Post
}

// HTML writes a page that shows a channel about as Slack does: the posts in
// order, each with its thread. It reloads itself, so that a demo can be watched.
func HTML(w io.Writer, channel string, posts []Post) error {
	shown := make([]pagePost, 0, len(posts))
	for i, p := range posts {
		s, err := pageOf(p)
		if err != nil {
			return fmt.Errorf("showing message %d of channel %s: %w", i+1, channel, err)
		}
		shown = append(shown, s)
	}
	page, err := template.New("channel").Parse(channelPage)
	if err != nil {
		return fmt.Errorf("parsing the channel page: %w", err)
	}
	if err := page.Execute(w, struct {
		Channel string
		Posts   []pagePost
	}{strings.TrimPrefix(channel, "#"), shown}); err != nil {
		return fmt.Errorf("writing the page of channel %s: %w", channel, err)
	}
	return nil
}

type pagePost struct {
	At      string
	Edited  bool
	Parts   []pagePart
	Replies []pagePost
}

// A pagePart is one block.
type pagePart struct {
	Small   bool
	Buttons []string
	Pieces  []pagePiece
}

type pagePiece struct {
	Text, URL  string
	Bold, Code bool
}

func pageOf(p Post) (pagePost, error) {
	shown := pagePost{Edited: p.Edited}
	if !p.At.IsZero() {
		shown.At = p.At.UTC().Format("15:04 UTC")
	}
	var blocks slack.Blocks
	if len(p.Blocks) > 0 {
		if err := json.Unmarshal(p.Blocks, &blocks); err != nil {
			return pagePost{}, fmt.Errorf("decoding blocks: %w", err)
		}
	}
	for _, b := range blocks.BlockSet {
		shown.Parts = append(shown.Parts, partOf(b))
	}
	if len(shown.Parts) == 0 {
		shown.Parts = []pagePart{{Pieces: piecesOf(p.Text)}}
	}
	for _, r := range p.Replies {
		reply, err := pageOf(r)
		if err != nil {
			return pagePost{}, err
		}
		shown.Replies = append(shown.Replies, reply)
	}
	return shown, nil
}

func partOf(block slack.Block) pagePart {
	switch v := block.(type) {
	case *slack.SectionBlock:
		if v.Text != nil {
			return pagePart{Pieces: piecesOf(v.Text.Text)}
		}
	case *slack.HeaderBlock:
		return pagePart{Pieces: []pagePiece{{Text: v.Text.Text, Bold: true}}}
	case *slack.ContextBlock:
		part := pagePart{Small: true}
		for _, e := range v.ContextElements.Elements {
			if t, ok := e.(*slack.TextBlockObject); ok {
				part.Pieces = append(part.Pieces, piecesOf(t.Text)...)
			}
		}
		return part
	case *slack.ActionBlock:
		var part pagePart
		for _, e := range v.Elements.ElementSet {
			if b, ok := e.(*slack.ButtonBlockElement); ok {
				part.Buttons = append(part.Buttons, b.Text.Text)
			} else {
				part.Buttons = append(part.Buttons, "…")
			}
		}
		return part
	}
	return pagePart{Small: true, Pieces: []pagePiece{{Text: "[" + string(block.BlockType()) + "]"}}}
}

func piecesOf(mrkdwn string) []pagePiece {
	var list []pagePiece
	for _, p := range parse(mrkdwn) {
		list = append(list, pagePiece{Text: p.text, URL: p.url, Bold: p.bold, Code: p.code})
	}
	return list
}

const channelPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>#{{.Channel}}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 52rem; margin: 1.5rem auto; padding: 0 1rem; color: #1d1c1d; background: #fff }
article { padding: .6rem 0; border-top: 1px solid #ddd }
article article { margin-left: 1.2rem; padding-left: .8rem; border-top: 0; border-left: 3px solid #ddd }
header, .small { color: #616061; font-size: 13px }
.part { white-space: pre-wrap; margin: .3rem 0; overflow-wrap: anywhere }
pre { background: #f6f6f6; border: 1px solid #ddd; border-radius: 4px; padding: .4rem .6rem; margin: .2rem 0; white-space: pre-wrap }
a { color: #1264a3 }
</style>
</head>
<body>
<h1>#{{.Channel}}</h1>
{{range .Posts}}{{template "post" .}}{{else}}<p>No message yet.</p>{{end}}
</body>
</html>
{{define "post"}}<article>
<header><strong>Plumbline</strong> {{.At}}{{if .Edited}} (edited){{end}}</header>
{{range .Parts}}<div class="part{{if .Small}} small{{end}}">{{range .Pieces}}{{template "piece" .}}{{end}}{{range .Buttons}}<button disabled>{{.}}</button> {{end}}</div>
{{end}}{{range .Replies}}{{template "post" .}}{{end}}</article>
{{end}}
{{define "piece"}}{{if .Code}}<pre>{{.Text}}</pre>{{else if .URL}}<a href="{{.URL}}" rel="noreferrer">{{if .Bold}}<strong>{{.Text}}</strong>{{else}}{{.Text}}{{end}}</a>{{else if .Bold}}<strong>{{.Text}}</strong>{{else}}{{.Text}}{{end}}{{end}}
`
