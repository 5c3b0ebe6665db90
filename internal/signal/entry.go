package signal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"plumbline/internal/facts"
)

// An entry is a LogEntry after a first look: what tells whether it concerns us is
// read, the payload is not.
type entry struct {
	insertID, timestamp, received string
	// log is the log's ID, decoded; resource the type of the monitored resource.
	log, resource string
	// labels are those of the resource, annotations those of the entry.
	labels, annotations json.RawMessage

	jsonPayload, protoPayload, httpRequest, operation, split json.RawMessage
}

func readEntry(raw []byte) (*entry, error) {
	var (
		e        entry
		logName  string
		resource json.RawMessage
	)
	raw = raw[skipSpace(raw, 0):]
	if isNull(raw) {
		return nil, errors.New("the entry is null")
	}
	err := fields(
		raw, "the entry",
		field{"insertId", &e.insertID}, field{"timestamp", &e.timestamp}, field{"receiveTimestamp", &e.received},
		field{"logName", &logName}, field{"resource", &resource}, field{"labels", &e.annotations},
		field{"jsonPayload", &e.jsonPayload}, field{"protoPayload", &e.protoPayload}, field{"httpRequest", &e.httpRequest},
		field{"operation", &e.operation}, field{"split", &e.split},
	)
	if err != nil {
		return nil, err
	}
	if e.log, err = logID(logName); err != nil {
		return nil, err
	}
	err = fields(resource, "resource", field{"type", &e.resource}, field{"labels", &e.labels})
	return &e, err
}

// logID takes the log's ID, which is URL-encoded, from its full name.
func logID(logName string) (string, error) {
	_, id, ok := strings.Cut(logName, "/logs/")
	if !ok {
		return "", fmt.Errorf("%w: logName %q names no log", ErrIgnored, logName)
	}
	if !strings.Contains(id, "%") {
		return id, nil
	}
	id, err := url.PathUnescape(id)
	if err != nil {
		return "", fmt.Errorf("%w: logName %q names no log", ErrIgnored, logName)
	}
	return id, nil
}

// identity is what tells the entry from all others and orders it among them.
func (e *entry) identity() (id string, at time.Time, err error) {
	if e.insertID == "" {
		return "", at, errors.New("it has no insertId")
	}
	when := e.timestamp
	if when == "" {
		when = e.received
	}
	if at, err = time.Parse(time.RFC3339Nano, when); err != nil {
		return "", at, fmt.Errorf("timestamp %q isn't RFC 3339", when)
	}
	return e.insertID, at, nil
}

// cluster is the full name of the cluster that the resource labels name; empty
// when they name none.
func (e *entry) cluster() (string, error) {
	var project, location, name string
	err := fields(
		e.labels, "resource.labels",
		field{"project_id", &project}, field{"location", &location}, field{"cluster_name", &name},
	)
	if err != nil || !areNames(project, location, name) {
		return "", err
	}
	return facts.ClusterName(project, location, name), nil
}

// errNoCluster is the error of an entry of a cluster that doesn't say which.
var errNoCluster = errors.New("the resource labels name no cluster (project_id, location, cluster_name)")

// isPart reports that the entry is one of several that a large one was split into
// (gcp-facts.md §1.1).
func (e *entry) isPart() bool {
	var uid string
	return fields(e.split, "split", field{"uid", &uid}) == nil && uid != ""
}
