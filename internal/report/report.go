// Package report writes diagnoses for machines: the JSON of the scenario format,
// whose field names are a contract. It is the last stage of `replay` and of manual
// runs, and pure.
package report

import (
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
)

// A Scenario is the outcome of one scenario.
type Scenario struct {
	Scenario string   `json:"scenario"`
	Error    string   `json:"error"`
	Reports  []Report `json:"reports"`
	Timing   Timing   `json:"timing"`
}

// Timing is what the diagnoses cost.
type Timing struct {
	Calls     int   `json:"calls"`
	Rounds    int   `json:"rounds"`
	ElapsedMS int64 `json:"elapsedMs"`
}

// A Report is one Diagnosis.
type Report struct {
	Target     *facts.Ref  `json:"target"`
	Verdict    string      `json:"verdict"`
	Reason     string      `json:"reason,omitempty"`
	Symptoms   []Symptom   `json:"symptoms"`
	RootCauses []RootCause `json:"rootCauses"`
	Notes      []Note      `json:"notes"`
	RuledOut   []RuledOut  `json:"ruledOut"`
	Gaps       []Gap       `json:"gaps"`
	// Path has the hops of a request to the target, in order; empty where there is no
	// target of ours.
	Path []Hop `json:"path"`
	// Suspects are changes that can have caused what no root cause explains, shortest
	// lead time first.
	Suspects []Suspect `json:"suspects"`
}

// A Symptom is something visibly wrong.
type Symptom struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Since   string `json:"since,omitempty"`
	Says    string `json:"says"`
	Pending string `json:"pending,omitempty"`
}

// A RootCause is one Finding.
type RootCause struct {
	ID         string              `json:"id"`
	Confidence cause.Confidence    `json:"confidence"`
	Severity   cause.Severity      `json:"severity"`
	Subject    string              `json:"subject"`
	Headline   string              `json:"headline"`
	Summary    string              `json:"summary"`
	Since      string              `json:"since,omitempty"`
	Evidence   []cause.Evidence    `json:"evidence"`
	Contract   []cause.ContractRow `json:"contract,omitempty"`
	Explains   []cause.ID          `json:"explains"`
	Affected   []string            `json:"affected"`
	Hosts      []string            `json:"hosts,omitempty"`
	Impact     string              `json:"impact,omitempty"`
	Change     *cause.Change       `json:"change"`
	// Suspects are changes of the subject that fit, where Change is null.
	Suspects []Suspect `json:"suspects,omitempty"`
	Fix      cause.Fix `json:"fix"`
}

// A Note is worth saying and no root cause.
type Note struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Says    string `json:"says"`
}

// A RuledOut is a cause that the facts refute.
type RuledOut struct {
	ID      string `json:"id"`
	Because string `json:"because"`
}

// A Gap is a read that failed.
type Gap struct {
	Needs string     `json:"needs"`
	Error string     `json:"error"`
	Hides []cause.ID `json:"hides"`
}

// NotOurs is the report of a scenario whose entries were all ignored.
func NotOurs() Report {
	return Of(engine.Diagnosis{Verdict: engine.NotOurs})
}

// Of is the report of one Diagnosis. Lists are empty rather than null.
func Of(d engine.Diagnosis) Report {
	r := Report{
		Verdict: string(d.Verdict), Reason: d.Reason, Path: hops(d.Path),
		Symptoms: []Symptom{}, RootCauses: []RootCause{}, Notes: []Note{}, RuledOut: []RuledOut{}, Gaps: []Gap{},
		Suspects: suspects(d.Suspects),
	}
	if !d.Target.IsZero() {
		r.Target = &d.Target
	}
	for _, s := range d.Symptoms {
		r.Symptoms = append(r.Symptoms, Symptom{string(s.ID), s.Subject.String(), stamp(s.Since), s.Says, s.Pending})
	}
	for _, f := range d.Roots {
		r.RootCauses = append(r.RootCauses, rootCause(f))
	}
	for _, n := range d.Notes {
		r.Notes = append(r.Notes, Note{string(n.ID), n.Subject.String(), n.Says})
	}
	for _, o := range d.RuledOut {
		r.RuledOut = append(r.RuledOut, RuledOut{string(o.ID), o.Because})
	}
	for _, g := range d.Gaps {
		r.Gaps = append(r.Gaps, Gap{g.Needs, g.Err, orEmpty(g.Hides)})
	}
	return r
}

func rootCause(f cause.Finding) RootCause {
	affected := make([]string, 0, len(f.Affected))
	for _, a := range f.Affected {
		affected = append(affected, a.String())
	}
	return RootCause{
		ID: string(f.Cause), Confidence: f.Confidence, Severity: f.Severity, Subject: f.Subject.String(), Headline: f.Headline, Summary: f.Summary,
		Since: stamp(f.Since), Evidence: orEmpty(f.Evidence), Contract: f.Contract, Explains: orEmpty(f.Explains), Affected: affected,
		Hosts: f.Hosts, Impact: f.Impact, Change: f.Change, Suspects: suspects(f.Suspects), Fix: f.Fix,
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
