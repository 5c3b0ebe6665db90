package app

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"plumbline/internal/chat"
	"plumbline/internal/config"
	"plumbline/internal/engine"
	"plumbline/internal/incident"
	"plumbline/internal/report"
)

// A Format writes replays.
type Format func(w io.Writer, replays []Replay) error

// Formats are the forms of `replay --format`.
func Formats() map[string]Format {
	return map[string]Format{"text": writeText, "json": writeJSON, "slack": writeSlack, "markdown": writeMarkdown}
}

func writeJSON(w io.Writer, replays []Replay) error {
	list := make([]report.Scenario, 0, len(replays))
	for _, r := range replays {
		list = append(list, r.Scenario)
	}
	return encode(w, list)
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Messages are what is posted for notices.
func Messages(notices []incident.Notice) []chat.Message {
	list := make([]chat.Message, 0, len(notices))
	for _, n := range notices {
		list = append(list, chat.Render(n, chat.Options{PagesURL: config.DefaultPagesURL}))
	}
	return list
}

func writeSlack(w io.Writer, replays []Replay) error {
	type payload struct {
		Scenario string         `json:"scenario"`
		Messages []chat.Message `json:"messages"`
	}
	list := make([]payload, 0, len(replays))
	for _, r := range replays {
		list = append(list, payload{r.Scenario.Scenario, Messages(r.Notices)})
	}
	return encode(w, list)
}

func writeText(w io.Writer, replays []Replay) error {
	for i, r := range replays {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "── %s\n\n%s", r.Scenario.Scenario, Text(r)); err != nil {
			return err
		}
	}
	return nil
}

// Text is what a person reads of a replay: the messages as in Slack, and a line for
// each diagnosis that calls for none. It is the golden want.txt of a scenario.
func Text(r Replay) string {
	var b strings.Builder
	if r.Error != "" {
		fmt.Fprintf(&b, "error: %s\n", r.Error)
	}
	for i, m := range Messages(r.Notices) {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(chat.Plain(m))
	}
	for _, d := range r.Diagnoses {
		if d.Verdict == engine.RootCause || len(d.Open) > 0 {
			continue
		}
		b.WriteString(line(d))
	}
	return b.String()
}

func line(d engine.Diagnosis) string {
	var b strings.Builder
	b.WriteString(string(d.Verdict))
	if !d.Target.IsZero() {
		b.WriteString("  " + d.Target.String())
	}
	if d.Reason != "" {
		b.WriteString("  (" + d.Reason + ")")
	}
	b.WriteString("\n")
	if line := d.Path.Line(); line != "" {
		b.WriteString("  " + line + "\n")
	}
	for _, g := range d.Gaps {
		b.WriteString("  could not read " + g.Needs + ": " + g.Err + "\n")
	}
	return b.String()
}

func writeMarkdown(w io.Writer, replays []Replay) error {
	for _, r := range replays {
		if _, err := io.WriteString(w, report.Markdown(r.Scenario)); err != nil {
			return err
		}
	}
	return nil
}
