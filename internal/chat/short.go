package chat

import "strings"

// plainLimit is what Slack recommends for a message's text.
const plainLimit = 3900

// Short is the root message as escaped text without blocks, for when Slack refuses
// the blocks.
func Short(m Message) string { return withoutBlocks(plainBlocks(m.Text, m.Blocks)) }

// ShortReply is the same for a message of the thread.
func ShortReply(r Reply) string { return withoutBlocks(plainBlocks(r.Text, r.Blocks)) }

func withoutBlocks(text string) string { return escape(strings.TrimSpace(text), plainLimit) }
