package chat

import "github.com/slack-go/slack"

// The identifiers of what a person can press; the handler of interactions answers
// them.
const (
	ActionAcknowledge = "acknowledge"
	ActionRecheck     = "recheck"
	ActionMore        = "more"
)

// The choices of the overflow menu, at most five (Slack's limit).
const (
	SilenceHour     = "silence-1h"
	SilenceDay      = "silence-24h"
	SilenceResolved = "silence-until-resolved"
	SilenceCause    = "silence-cause-here"
	WrongDiagnosis  = "wrong-diagnosis"
)

// maxValue is Slack's limit for a button's value.
const maxValue = 2000

// actions are at most three visible ones; nil where nobody answers them. The
// buttons carry the incident's key.
func (w writer) actions() slack.Block {
	key := string(w.notice.Incident.Key)
	if !w.options.Actions || length(key) > maxValue {
		return nil
	}
	label := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
	}
	choice := func(value, text string) *slack.OptionBlockObject {
		return slack.NewOptionBlockObject(value, label(text), nil)
	}
	return slack.NewActionBlock("",
		slack.NewButtonBlockElement(ActionAcknowledge, key, label("Acknowledge")),
		slack.NewButtonBlockElement(ActionRecheck, key, label("Re-check now")),
		slack.NewOverflowBlockElement(ActionMore,
			choice(SilenceHour, "Silence for 1 h"),
			choice(SilenceDay, "Silence for 24 h"),
			choice(SilenceResolved, "Silence until resolved"),
			choice(SilenceCause, "Silence this cause here"),
			choice(WrongDiagnosis, "Wrong diagnosis"),
		))
}
