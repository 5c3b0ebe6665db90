package chat

import (
	"strings"

	"github.com/slack-go/slack"
)

// What a root message may be: Slack's limits (gcp-facts.md §11), and our own for
// the sake of vertical space (chat-message.md).
const (
	maxSection  = 3000
	maxMessage  = 13000
	maxLines    = 12
	maxCommand  = 1200
	rootLink    = 600
	threadLink  = 2000
	maxFact     = 250
	maxSentence = 400
	maxName     = 80
	maxShort    = 120
)

// A root is the root message before it is blocks: one field a line of thought, in
// mrkdwn.
type root struct {
	text, headline, context string
	// why opens the reasons: a sentence, and the probe-contract table where there is
	// one; facts are the numbered ones.
	why      string
	facts    []string
	changed  string
	fix      string
	impact   string
	ruledOut string
	gaps     string
	actions  slack.Block
}

// fit gives up what a reader misses least until the message is short enough:
// what was ruled out, the impact, then the facts from the third on. What remains
// is bounded by the limits of its parts.
func (r *root) fit() {
	for !r.fits() {
		switch {
		case r.ruledOut != "":
			r.ruledOut = ""
		case r.impact != "":
			r.impact = ""
		case len(r.facts) > 1:
			r.facts = r.facts[:len(r.facts)-1]
		default:
			return
		}
	}
}

func (r *root) fits() bool {
	lines, size := 0, 0
	for _, s := range r.sections() {
		lines += strings.Count(s, "\n") + 1 - strings.Count(s, "```")
		size += length(s)
	}
	return lines <= maxLines && size <= maxMessage
}

// sections are the texts of the blocks, the context line second.
func (r *root) sections() []string {
	list := []string{r.headline, r.context}
	list = append(list,
		joinLines(append([]string{r.why}, r.facts...)...),
		r.changed,
		r.fix,
		r.impact,
		joinLines(r.ruledOut, r.gaps))
	kept := list[:0]
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

func (r *root) blocks() []slack.Block {
	var blocks []slack.Block
	for i, s := range r.sections() {
		if i == 1 {
			blocks = append(blocks, slack.NewContextBlock("", mrkdwn(s)))
			continue
		}
		blocks = append(blocks, section(s))
	}
	if r.actions != nil {
		blocks = append(blocks, r.actions)
	}
	return blocks
}

func section(text string) slack.Block { return slack.NewSectionBlock(mrkdwn(text), nil, nil) }

// mrkdwn is verbatim: Slack makes no link, channel or mention of plain text in it.
func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

func joinLines(lines ...string) string {
	var kept []string
	for _, l := range lines {
		if l != "" {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}

// labelled puts a bold word before a text; nothing before nothing.
func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return "*" + label + "*  " + text
}
