package fakeslack

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// Slack's limits (gcp-facts.md §11); maxBlockText is what the API was seen to
// enforce without documenting it.
const (
	maxBlocks      = 50
	maxText        = 40000
	maxBlockText   = 13200
	maxSectionText = 3000
	maxFields      = 10
	maxFieldText   = 2000
	maxHeaderText  = 150
	maxContext     = 10
	maxActions     = 25
	maxButtonText  = 75
	maxButtonValue = 2000
	maxButtonURL   = 3000
	maxActionID    = 255
	maxBlockID     = 255
	maxOptions     = 5
	maxOptionValue = 150
)

// check holds a message to Slack's limits; nil when it keeps them.
func check(args map[string]string) reply {
	if units(args["text"]) > maxText {
		return failure("msg_too_long")
	}
	var blocks []block
	if raw := args["blocks"]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
			return failure("invalid_blocks_format")
		}
	}
	if len(blocks) == 0 && args["text"] == "" {
		return failure("no_text")
	}
	c := checker{ids: map[string]bool{}}
	if len(blocks) > maxBlocks {
		c.complain("", "no more than %d items allowed", maxBlocks)
	}
	for i, b := range blocks {
		c.block(fmt.Sprintf("/blocks/%d", i), b)
	}
	switch {
	case len(c.complaints) > 0:
		return failure("invalid_blocks", c.complaints...)
	case c.text > maxBlockText:
		return failure("msg_blocks_too_long")
	}
	return nil
}

// units counts characters in UTF-16, the stricter way.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// A block is the union of the blocks and elements that are told apart here.
type block struct {
	Type     string          `json:"type"`
	BlockID  string          `json:"block_id"`
	ActionID string          `json:"action_id"`
	Text     json.RawMessage `json:"text"`
	Fields   []textObject    `json:"fields"`
	Elements []block         `json:"elements"`
	Options  []option        `json:"options"`
	Value    string          `json:"value"`
	URL      string          `json:"url"`
	ImageURL string          `json:"image_url"`
	AltText  string          `json:"alt_text"`
}

type textObject struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type option struct {
	Text  *textObject `json:"text"`
	Value string      `json:"value"`
}

// A checker gathers what is wrong with the blocks of one message.
type checker struct {
	complaints []string
	text       int
	ids        map[string]bool
}

// complain uses the form of the API's own details.
func (c *checker) complain(at, format string, args ...any) {
	c.complaints = append(c.complaints, fmt.Sprintf("[ERROR] "+format, args...)+" [json-pointer:"+at+"]")
}

func (c *checker) block(at string, b block) {
	if units(b.BlockID) > maxBlockID {
		c.complain(at+"/block_id", "must be less than %d characters", maxBlockID+1)
	}
	if b.BlockID != "" && c.ids[b.BlockID] {
		c.complain(at+"/block_id", "block_id must be unique")
	}
	c.ids[b.BlockID] = true
	switch b.Type {
	case "section":
		c.section(at, b)
	case "header":
		c.textOf(at+"/text", b.Text, maxHeaderText, "plain_text")
	case "context":
		c.count(at, len(b.Elements), maxContext)
		for i, e := range b.Elements {
			c.contextElement(fmt.Sprintf("%s/elements/%d", at, i), e)
		}
	case "actions":
		c.count(at, len(b.Elements), maxActions)
		for i, e := range b.Elements {
			c.interactive(fmt.Sprintf("%s/elements/%d", at, i), e)
		}
	case "image":
		c.image(at, b)
	case "divider":
	default:
		c.complain(at+"/type", "unsupported type: %s", b.Type)
	}
}

func (c *checker) section(at string, b block) {
	if b.Text == nil && len(b.Fields) == 0 {
		c.complain(at, "missing required field: text or fields")
	}
	if b.Text != nil {
		c.textOf(at+"/text", b.Text, maxSectionText, "mrkdwn", "plain_text")
	}
	if len(b.Fields) > maxFields {
		c.complain(at+"/fields", "no more than %d items allowed", maxFields)
	}
	for i, f := range b.Fields {
		c.object(fmt.Sprintf("%s/fields/%d", at, i), f, maxFieldText, "mrkdwn", "plain_text")
	}
}

func (c *checker) contextElement(at string, e block) {
	if e.Type == "image" {
		c.image(at, e)
		return
	}
	var text string
	if err := json.Unmarshal(e.Text, &text); err != nil {
		c.complain(at+"/text", "must be a string")
		return
	}
	c.object(at, textObject{Type: e.Type, Text: text}, maxSectionText, "mrkdwn", "plain_text")
}

func (c *checker) image(at string, b block) {
	if b.ImageURL == "" || b.AltText == "" {
		c.complain(at, "missing required field: image_url or alt_text")
	}
}

func (c *checker) interactive(at string, e block) {
	if units(e.ActionID) > maxActionID {
		c.complain(at+"/action_id", "must be less than %d characters", maxActionID+1)
	}
	switch e.Type {
	case "button":
		c.textOf(at+"/text", e.Text, maxButtonText, "plain_text")
		if units(e.Value) > maxButtonValue {
			c.complain(at+"/value", "must be less than %d characters", maxButtonValue+1)
		}
		if units(e.URL) > maxButtonURL {
			c.complain(at+"/url", "must be less than %d characters", maxButtonURL+1)
		}
	case "overflow":
		c.count(at, len(e.Options), maxOptions)
		for i, o := range e.Options {
			c.option(fmt.Sprintf("%s/options/%d", at, i), o)
		}
	default:
		c.complain(at+"/type", "unsupported type: %s", e.Type)
	}
}

func (c *checker) option(at string, o option) {
	if o.Text == nil {
		c.complain(at, "missing required field: text")
		return
	}
	c.object(at+"/text", *o.Text, maxButtonText, "plain_text", "mrkdwn")
	if units(o.Value) > maxOptionValue {
		c.complain(at+"/value", "must be less than %d characters", maxOptionValue+1)
	}
}

func (c *checker) count(at string, n, most int) {
	if n < 1 || n > most {
		c.complain(at+"/elements", "needs 1 to %d items", most)
	}
}

func (c *checker) textOf(at string, raw json.RawMessage, most int, types ...string) {
	var t textObject
	if err := json.Unmarshal(raw, &t); err != nil {
		c.complain(at, "must be a text object")
		return
	}
	c.object(at, t, most, types...)
}

func (c *checker) object(at string, t textObject, most int, types ...string) {
	known := false
	for _, want := range types {
		known = known || t.Type == want
	}
	n := units(t.Text)
	switch {
	case !known:
		c.complain(at+"/type", "unsupported type: %s", t.Type)
	case n == 0:
		c.complain(at+"/text", "must be more than 0 characters")
	case n > most:
		c.complain(at+"/text", "must be less than %d characters", most+1)
	}
	c.text += n
}
