// Package incident decides what to say about a diagnosis, if anything. It stands
// after the engine and before chat and store, and is pure: the previous state,
// the diagnosis and the clock come in as arguments, the next state and a named
// Reason come out. An incident is keyed by root cause and subject, so that 14
// Ingresses stuck by one add-on are one incident (architecture.md §4.1).
package incident

import (
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
)

// A Key identifies an incident: the root cause's ID and its subject, or the
// symptom and the target of an unexplained one.
type Key string

// A Reason says why something is or isn't said.
type Reason string

// The reasons of this release.
const (
	Opened   Reason = "opened"
	Resolved Reason = "resolved"
	Quiet    Reason = "quiet"
)

// An Incident is what the store remembers of one root cause on one subject.
type Incident struct {
	Key Key `json:"key"`
	// Cause is the root cause's ID, or the symptom's where it is unexplained.
	Cause   cause.ID  `json:"cause"`
	Subject facts.Ref `json:"subject"`
	// On are the Services whose backends it is about; empty where it is about whole
	// objects.
	On []facts.Ref `json:"on,omitempty"`
	// Affected are the objects that suffer.
	Affected []facts.Ref `json:"affected,omitempty"`
	Headline string      `json:"headline"`
	// Opened and the like are moments; zero when it hasn't happened.
	OpenedAt   time.Time `json:"openedAt"`
	SeenAt     time.Time `json:"seenAt"`
	ToldAt     time.Time `json:"toldAt"`
	ResolvedAt time.Time `json:"resolvedAt"`
	// Generation counts the openings of this key, from 1.
	Generation int `json:"generation"`
	// Pending was decided and isn't said yet; Lease is until when somebody holds it.
	Pending Reason    `json:"pending,omitempty"`
	Lease   time.Time `json:"lease"`
	// Posted is where the message is, nil before the first post.
	Posted *Posted `json:"posted,omitempty"`
}

// Posted is a message in the chat.
type Posted struct {
	// Channel is the channel's ID (chat.update needs it), TS the message's time
	// stamp, Digest the hash of the body that was said last.
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Digest  string `json:"digest"`
}

// A Notice is something to say.
type Notice struct {
	Reason   Reason
	Incident Incident
	// Diagnosis led to it; for Resolved it is the one that found the cause gone.
	Diagnosis engine.Diagnosis
	// Finding is the root cause; nil when the symptom is unexplained and for Resolved.
	Finding *cause.Finding
	// FixedBy is the change that preceded the recovery; nil when none was found.
	FixedBy *cause.Change
	At      time.Time
}
