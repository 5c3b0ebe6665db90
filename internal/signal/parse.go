package signal

import (
	"encoding/json"
	"errors"
	"fmt"
)

// How large an entry may be. Cloud Logging's own limits are 256 KiB, and 512 KiB for
// audit entries (gcp-facts.md §1.1); an audit entry quotes whole objects and may
// grow as JSON, the others that concern us never come near.
const (
	maxLogEntry = 256 << 10
	maxEntry    = 1 << 20
)

// auditLog is the log of writes.
const auditLog = "cloudaudit.googleapis.com/activity"

// ErrIgnored says that an entry is none of our business: it is acknowledged
// quietly. The wrapping error says why.
var ErrIgnored = errors.New("not ours")

// An UnparsableError says that an entry is broken, or is one of ours and doesn't
// say what it happened to. Another delivery of it would not help.
type UnparsableError struct {
	// InsertID is the entry's; empty when it could not be read.
	InsertID string
	// Err is what was wrong with it.
	Err error
}

// Error names the entry and what was wrong with it.
func (e *UnparsableError) Error() string {
	if e.InsertID == "" {
		return fmt.Sprintf("parsing a log entry without readable insertId: %v", e.Err)
	}
	return fmt.Sprintf("parsing log entry %s: %v", e.InsertID, e.Err)
}

// Unwrap returns what was wrong.
func (e *UnparsableError) Unwrap() error { return e.Err }

// Parse reads a LogEntry as JSON, as a sink publishes it, and returns what it
// tells of. The error is ErrIgnored for what needs no diagnosis, else an
// *UnparsableError. The Signal shares no memory with entry.
func Parse(entry []byte) (Signal, error) {
	s, quiet, err := parse(entry)
	switch {
	case err != nil:
		return Signal{}, err
	case quiet != "":
		return Signal{}, fmt.Errorf("%w: %s", ErrIgnored, quiet)
	}
	return s, nil
}

// ParseHistory is Parse for entries that are looked up, not delivered: it also
// returns the audit entries that trigger nothing but tell who changed what (a
// ConfigMap, a Deployment, a NEG's endpoints, all that the controllers write), and the
// requests that a backend answered or that failed with less than 500.
// The Target of a deletecollection has no Name.
func ParseHistory(entry []byte) (Signal, error) {
	s, _, err := parse(entry)
	if err != nil {
		return Signal{}, err
	}
	return s, nil
}

// parse returns the Signal, and in quiet why it is evidence but no trigger.
func parse(raw []byte) (s Signal, quiet string, err error) {
	s, quiet, err = parseEntry(raw)
	if err != nil && !errors.Is(err, ErrIgnored) {
		err = &UnparsableError{InsertID: insertIDOf(raw), Err: err}
	}
	return s, quiet, err
}

func parseEntry(raw []byte) (s Signal, quiet string, err error) {
	if len(raw) > maxEntry {
		return s, "", fmt.Errorf("it has %d bytes, %d are allowed", len(raw), maxEntry)
	}
	if !json.Valid(raw) {
		return s, "", errors.New("it isn't JSON, or was cut off")
	}
	e, err := readEntry(raw)
	if err != nil {
		return s, "", err
	}
	if len(raw) > maxLogEntry && e.log != auditLog {
		return s, "", fmt.Errorf("it has %d bytes, and a log entry can't have more than %d", len(raw), maxLogEntry)
	}
	read := readerOf(e)
	if read == nil {
		return s, "", fmt.Errorf("%w: log %q of resource %q", ErrIgnored, e.log, e.resource)
	}
	if s, quiet, err = read(e); err != nil {
		return s, "", err
	}
	if s.ID, s.At, err = e.identity(); err != nil {
		return s, "", err
	}
	return s, quiet, nil
}

// A reader makes a Signal of an entry of one kind of log.
type reader func(*entry) (s Signal, quiet string, err error)

// readerOf is nil for the logs that never concern us. Compute names the resource
// of an audit entry in too many ways to choose by it (gcp-facts.md §2.3).
func readerOf(e *entry) reader {
	switch e.log {
	case auditLog:
		return readAudit
	case "compute.googleapis.com/healthchecks":
		if e.resource == "gce_network_endpoint_group" || e.resource == "gce_instance_group" {
			return readHealth
		}
	case "events":
		if e.resource == "k8s_cluster" || e.resource == "k8s_pod" {
			return readEvent
		}
	case "requests", "loadbalancing.googleapis.com/requests", "loadbalancing.googleapis.com/external_regional_requests":
		switch e.resource {
		case "http_load_balancer", "http_external_regional_lb_rule", "internal_http_lb_rule":
			return readRequest
		}
	}
	return nil
}
