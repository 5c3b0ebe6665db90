// Package cause is the vocabulary of diagnosing: what a Cause is, what it finds,
// how sure it is. A Cause is a value with a pure Check; it neither calls an API
// nor knows of the other causes. Causes live in internal/causes, one file each;
// internal/engine runs them.
package cause

import (
	"encoding/json"
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/history"
	"plumbline/internal/signal"
)

// An ID is layer/cause or symptom/name: the public contract of cause-catalogue.md,
// never reused or renamed.
type ID string

// Layer is the part before the slash.
func (id ID) Layer() string {
	for i := range id {
		if id[i] == '/' {
			return string(id[:i])
		}
	}
	return string(id)
}

// The symptoms that this release tells apart.
const (
	IngressNotProvisioned ID = "symptom/ingress-not-provisioned"
	BackendUnhealthy      ID = "symptom/backend-unhealthy"
	ChangeNotApplied      ID = "symptom/change-not-applied"
	PodsNotReadyInNEG     ID = "symptom/pods-not-ready-in-neg"
	CertificateNotActive  ID = "symptom/certificate-not-active"
	RequestsFailing       ID = "symptom/requests-failing"
	AddressMissing        ID = "symptom/address-missing"
)

// Confidence is how sure a Finding is.
type Confidence uint8

// Possible: consistent, competing causes not excluded. Likely: one link inferred.
// Proven: the mechanism and every link were observed.
const (
	Possible Confidence = iota + 1
	Likely
	Proven
)

func (c Confidence) String() string {
	return [...]string{"", "possible", "likely", "proven"}[c]
}

// MarshalJSON writes the word.
func (c Confidence) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

// Severity follows from the effect that was found, not from the cause.
type Severity uint8

// Latent: nothing yet. Blocked: serving, or never served, but changes take no
// effect. Degraded: some endpoints don't serve. Outage: a host, or all endpoints
// of a backend, don't serve.
const (
	Latent Severity = iota + 1
	Blocked
	Degraded
	Outage
)

func (s Severity) String() string {
	return [...]string{"", "latent", "blocked", "degraded", "outage"}[s]
}

// MarshalJSON writes the word.
func (s Severity) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// A Cause is one row of the catalogue: identity, what it needs, what it explains,
// and how it is found.
type Cause struct {
	ID ID
	// Title is the headline for people, without the object's name.
	Title string
	// Note: worth saying, and never a root cause. Its findings become notes of the
	// diagnosis, which is otherwise judged as if they weren't there.
	Note bool
	// Needs are the reads that Check looks at; a failed one is a gap that hides this
	// cause.
	Needs []facts.Kind
	// Explains are the symptoms and causes that this makes redundant on the same
	// path.
	Explains []ID
	// Check is pure: it reads the Case and returns what it found.
	Check func(Case) Outcome
}

// A Case is what a Check sees.
type Case struct {
	// Target is what is diagnosed: an Ingress, a Gateway, a Service or the Cluster.
	Target facts.Ref
	Facts  *facts.Snapshot
	// Signals are the entries that led here; History is what the log query found,
	// parsed, newest first.
	Signals, History []signal.Signal
	// Symptoms are what is visibly wrong with Target.
	Symptoms []Symptom

	memo *memo
}

// An Outcome is what a Check says: findings, or why it isn't this cause. The zero
// Outcome says that the cause doesn't apply or couldn't be judged.
type Outcome struct {
	Findings []Finding
	// RuledOut is the evidence against the cause, for people: "annotation
	// kubernetes.io/ingress.class = gce".
	RuledOut string
	// FixedBy goes with RuledOut: the change that may have ended the cause; nil when
	// the log tells of none.
	FixedBy *Change
	// Undecided is why the facts allow neither: it keeps the verdict from being
	// healthy.
	Undecided string
	// Pending is what under way will decide it.
	Pending string
}

// A Symptom is something visibly wrong that has a cause elsewhere.
type Symptom struct {
	ID      ID
	Subject facts.Ref
	// Since is when it began; zero when unknown.
	Since time.Time
	Says  string
	// Pending is why it may go away by itself, empty when its grace is over
	// (scenario-format.md, `pending`).
	Pending string
	// Look is the command that shows it first hand, where it isn't the one that its ID
	// goes with.
	Look string
	// Objects are what shows the symptom besides Subject: backend services.
	Objects []facts.Ref
}

// A Finding is one instance of a Cause.
type Finding struct {
	// Cause is set by the engine.
	Cause ID
	// Subject is the object that must change; half of the incident key.
	Subject    facts.Ref
	Confidence Confidence
	Severity   Severity
	// Headline says what is wrong in plain words; Summary adds the mechanism in a
	// sentence.
	Headline, Summary string
	// Evidence in the order in which a person should read it; the first three are
	// shown in the root message.
	Evidence []Evidence
	// Contract is the probe-contract table of health causes; nil otherwise.
	Contract []ContractRow
	// On are the Services whose backends it is about; empty where it is about the
	// whole target.
	On []facts.Ref
	// Affected are the objects that suffer: Ingresses, Gateways.
	Affected []facts.Ref
	// Hosts are the host names that don't serve.
	Hosts []string
	// Impact says the share that suffers: "3 of 3 endpoints unhealthy".
	Impact string
	Since  time.Time
	Change *Change
	// Suspects are what the engine fills in where Change is nil: changes of the Subject
	// that fit what it explains, nearest first. They prove nothing.
	Suspects []history.Suspect
	Fix      Fix
	// Explains are the symptoms that this finding explains; the engine fills it in.
	Explains []ID
}

// Evidence is one observed fact.
type Evidence struct {
	Source string `json:"source"`
	Says   string `json:"says"`
	Link   string `json:"link,omitempty"`
}

// A ContractRow is one observer of the probe contract: who asked what, and what
// came back. At most 64 characters in all (chat-message.md).
type ContractRow struct {
	Observer string `json:"observer"`
	Asked    string `json:"asked"`
	Got      string `json:"got"`
	// Differs marks the first cell that explains the difference.
	Differs bool `json:"differs,omitempty"`
}

// A Change is who changed what, when.
type Change struct {
	By         string `json:"by"`
	Controller bool   `json:"controller,omitempty"`
	// Caller is the sort of tool; empty where the log doesn't tell.
	Caller signal.CallerKind `json:"caller,omitempty"`
	At     time.Time         `json:"at"`
	Method string            `json:"method"`
	What   string            `json:"what"`
	// From and To are nil where the log doesn't tell; Removed says that there is no new
	// value.
	From    *string `json:"from"`
	To      *string `json:"to"`
	Removed bool    `json:"removed,omitempty"`
	Entry   string  `json:"entry"`
}

// A Fix is what to do: copyable commands, and patches for those who keep their
// manifests in Git.
type Fix struct {
	Summary  string   `json:"summary"`
	Commands []string `json:"commands,omitempty"`
	Patches  []Patch  `json:"patches,omitempty"`
	// Caveat is what does not work, or who will undo it.
	Caveat string `json:"caveat,omitempty"`
}

// A Patch is a manifest to change.
type Patch struct {
	File string `json:"file"`
	YAML string `json:"yaml"`
}
