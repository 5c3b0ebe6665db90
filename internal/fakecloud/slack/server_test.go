package fakeslack_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	fakeslack "plumbline/internal/fakecloud/slack"
)

func start(t *testing.T, c fakeslack.Config) (*fakeslack.Server, *slack.Client) {
	t.Helper()
	s, err := fakeslack.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, slack.New(s.Token, slack.OptionAPIURL(s.APIURL()))
}

func markdown(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", text, false, true), nil, nil)
}

func TestPostUpdateAndReadBack(t *testing.T) {
	t.Parallel()
	s, client := start(t, fakeslack.Config{})
	auth, err := client.AuthTestContext(t.Context())
	if err != nil || auth.BotID != "B0DEMO" {
		t.Fatalf("auth.test = %+v, %v", auth, err)
	}
	meta := slack.SlackMetadata{EventType: "e", EventPayload: map[string]any{"key": "k"}}
	channel, ts, err := client.PostMessageContext(t.Context(), "#load-balancers", slack.MsgOptionText("one", false), slack.MsgOptionBlocks(markdown("*one*")), slack.MsgOptionMetadata(meta))
	if err != nil || channel != fakeslack.DefaultID {
		t.Fatalf("post answers channel %q, %v", channel, err)
	}
	if _, _, err = client.PostMessageContext(t.Context(), channel, slack.MsgOptionText("reply", false), slack.MsgOptionTS(ts)); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err = client.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("two", false), slack.MsgOptionBlocks()); err != nil {
		t.Fatal(err)
	}
	messages := s.Messages()
	if len(messages) != 1 || len(messages[0].Replies) != 1 || len(messages[0].Edits) != 1 {
		t.Fatalf("messages = %+v", messages)
	}
	m := messages[0]
	if m.Text != "two" || m.Blocks != nil || m.Edits[0].Text != "one" || m.Edits[0].Blocks == nil || m.Replies[0].Text != "reply" || m.Name != "load-balancers" {
		t.Errorf("message = %+v", m)
	}
	history, err := client.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: channel, Oldest: ts, Inclusive: true, IncludeAllMetadata: true})
	if err != nil || len(history.Messages) != 1 {
		t.Fatalf("history = %+v, %v", history, err)
	}
	if diff := cmp.Diff(meta, history.Messages[0].Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	later, err := client.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: channel, Oldest: ts})
	if err != nil || len(later.Messages) != 0 {
		t.Errorf("history after the message = %+v, %v", later, err)
	}
	thread, _, _, err := client.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts})
	if err != nil || len(thread) != 2 || thread[1].Text != "reply" || thread[1].ThreadTimestamp != ts {
		t.Errorf("replies = %+v, %v", thread, err)
	}
}

func TestRefusesAsSlackDoes(t *testing.T) {
	t.Parallel()
	_, client := start(t, fakeslack.Config{})
	s, _ := start(t, fakeslack.Config{})
	text := slack.MsgOptionText("x", false)
	post := func(c *slack.Client, channel string, o ...slack.MsgOption) error {
		_, _, err := c.PostMessageContext(t.Context(), channel, o...)
		return err
	}
	update := func(channel, ts string) error {
		_, _, _, err := client.UpdateMessageContext(t.Context(), channel, ts, text)
		return err
	}
	label := func(n int) *slack.TextBlockObject {
		return slack.NewTextBlockObject("plain_text", strings.Repeat("x", n), false, false)
	}
	blocks := func(b ...slack.Block) error { return post(client, fakeslack.DefaultID, slack.MsgOptionBlocks(b...)) }
	many := func(n int, b slack.Block) []slack.Block {
		var list []slack.Block
		for range n {
			list = append(list, b)
		}
		return list
	}
	raw := func(json string) slack.Block {
		b, err := slack.BlockFromJSON(json)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	_, historyErr := client.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: fakeslack.DefaultChannel})
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"wrong token", "invalid_auth", post(slack.New("xoxb-other", slack.OptionAPIURL(s.APIURL())), fakeslack.DefaultID, text)},
		{"unknown channel", "channel_not_found", post(client, "elsewhere", text)},
		{"update by name", "channel_not_found", update(fakeslack.DefaultChannel, "1.000001")},
		{"update of nothing", "message_not_found", update(fakeslack.DefaultID, "1.000001")},
		{"history by name", "channel_not_found", historyErr},
		{"nothing to say", "no_text", post(client, fakeslack.DefaultID)},
		{"text too long", "msg_too_long", post(client, fakeslack.DefaultID, slack.MsgOptionText(strings.Repeat("x", 40001), false))},
		{"51 blocks", "invalid_blocks", blocks(many(51, slack.NewDividerBlock())...)},
		{"50 blocks", "", blocks(many(50, slack.NewDividerBlock())...)},
		{"section too long", "invalid_blocks", blocks(markdown(strings.Repeat("x", 3001)))},
		{"section just fits", "", blocks(markdown(strings.Repeat("x", 3000)))},
		{"emoji count twice", "invalid_blocks", blocks(markdown(strings.Repeat("🔴", 1501)))},
		{"empty section", "invalid_blocks", blocks(markdown(""))},
		{"section without text", "invalid_blocks", blocks(slack.NewSectionBlock(nil, nil, nil))},
		{"header too long", "invalid_blocks", blocks(slack.NewHeaderBlock(label(151)))},
		{"header fits", "", blocks(slack.NewHeaderBlock(label(150)))},
		{"header in mrkdwn", "invalid_blocks", blocks(raw(`{"type":"header","text":{"type":"mrkdwn","text":"x"}}`))},
		{"button too long", "invalid_blocks", blocks(slack.NewActionBlock("", slack.NewButtonBlockElement("a", "", label(76))))},
		{"button value too long", "invalid_blocks", blocks(slack.NewActionBlock("", slack.NewButtonBlockElement("a", strings.Repeat("x", 2001), label(1))))},
		{"no actions", "invalid_blocks", blocks(slack.NewActionBlock(""))},
		{"six choices", "invalid_blocks", blocks(slack.NewActionBlock("", slack.NewOverflowBlockElement("a", options(6, label(1))...)))},
		{"five choices", "", blocks(slack.NewActionBlock("", slack.NewOverflowBlockElement("a", options(5, label(1))...)))},
		{"empty context", "invalid_blocks", blocks(slack.NewContextBlock(""))},
		{"same block ID twice", "invalid_blocks", blocks(slack.NewContextBlock("a", label(1)), slack.NewContextBlock("a", label(1)))},
		{"unknown block", "invalid_blocks", blocks(raw(`{"type":"banner"}`))},
		{"all together too long", "msg_blocks_too_long", blocks(many(5, markdown(strings.Repeat("x", 2700)))...)},
	} {
		got := ""
		if c.err != nil {
			got = c.err.Error()
		}
		if got != c.want {
			t.Errorf("%s: error %q, want %q", c.name, got, c.want)
		}
	}
}

func options(n int, label *slack.TextBlockObject) []*slack.OptionBlockObject {
	var list []*slack.OptionBlockObject
	for range n {
		list = append(list, slack.NewOptionBlockObject("v", label, nil))
	}
	return list
}

func TestReadsJSONAndBearerTokens(t *testing.T) {
	t.Parallel()
	s, _ := start(t, fakeslack.Config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+"chat.postMessage", strings.NewReader(`{"channel":"C0DEMO","blocks":[{"type":"divider"}],"thread_ts":null}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", "Bearer "+s.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		OK    bool
		Error string
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || !answer.OK {
		t.Errorf("answer %+v, %v", answer, err)
	}
}

func TestOneMessageASecond(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	_, client := start(t, fakeslack.Config{OnePerSecond: true, Now: func() time.Time { return now }})
	post := func() error {
		_, _, err := client.PostMessageContext(t.Context(), fakeslack.DefaultID, slack.MsgOptionText("x", false))
		return err
	}
	if err := post(); err != nil {
		t.Fatal(err)
	}
	var limited *slack.RateLimitedError
	if err := post(); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Errorf("second message in the same second: %v", err)
	}
	now = now.Add(time.Second)
	if err := post(); err != nil {
		t.Errorf("a second later: %v", err)
	}
}

func TestFaultsComeAsOftenAsAskedFor(t *testing.T) {
	t.Parallel()
	s, client := start(t, fakeslack.Config{})
	s.Fail("auth.test", fakeslack.Fault{Status: http.StatusBadGateway}, 1)
	s.Fail("auth.test", fakeslack.Fault{Err: "account_inactive"}, 1)
	var status slack.StatusCodeError
	if _, err := client.AuthTestContext(t.Context()); !errors.As(err, &status) || status.Code != http.StatusBadGateway {
		t.Errorf("first call: %v", err)
	}
	if _, err := client.AuthTestContext(t.Context()); err == nil || err.Error() != "account_inactive" {
		t.Errorf("second call: %v", err)
	}
	if _, err := client.AuthTestContext(t.Context()); err != nil {
		t.Errorf("third call: %v", err)
	}
	if diff := cmp.Diff([]string{"auth.test", "auth.test", "auth.test"}, s.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
