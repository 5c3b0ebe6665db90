package report

import (
	"plumbline/internal/cause"
	"plumbline/internal/history"
	"plumbline/internal/signal"
)

// A Suspect is one field of a change that can have caused what is broken; it proves
// nothing.
type Suspect struct {
	By     string            `json:"by"`
	Caller signal.CallerKind `json:"caller"`
	At     string            `json:"at"`
	Object string            `json:"object"`
	// Action is changed, created or deleted. Field is empty for the last two, and where
	// the log doesn't tell which fields changed.
	Action string  `json:"action"`
	Field  string  `json:"field"`
	From   *string `json:"from"`
	To     *string `json:"to"`
	// Removed: the field has no new value.
	Removed bool `json:"removed,omitempty"`
	// LeadSeconds is the time from the change to the first failure; null where that
	// isn't known.
	LeadSeconds *int64 `json:"leadSeconds"`
	// Station is where on the path it is.
	Station string `json:"station"`
	Entry   string `json:"entry"`
}

// suspects has a row for each field.
func suspects(list []history.Suspect) []Suspect {
	rows := []Suspect{}
	for _, s := range list {
		row := Suspect{
			By: s.By, Caller: s.Caller, At: stamp(s.At), Object: s.Object.String(), Action: s.Action(), Station: string(s.Station), Entry: s.Entry,
		}
		if s.Dated {
			row.LeadSeconds = new(int64(s.Lead.Seconds()))
		}
		if len(s.Fields) == 0 {
			rows = append(rows, row)
		}
		for _, f := range s.Fields {
			row.Field, row.From, row.To, row.Removed = f.Path, f.From, f.To, f.Removed
			rows = append(rows, row)
		}
	}
	return rows
}

// markdown is one line.
func (s Suspect) markdown() string {
	line := s.At + ": " + cell(s.By) + with(s.Caller) + " " + s.Action + " " + cell(s.Object)
	if s.Field != "" {
		line += " `" + code(s.Field) + "`" + values(&cause.Change{From: s.From, To: s.To, Removed: s.Removed})
	}
	return line
}

// with names the tool, where it is known.
func with(k signal.CallerKind) string {
	if word := k.Word(); word != "" {
		return " with " + word
	}
	return ""
}
