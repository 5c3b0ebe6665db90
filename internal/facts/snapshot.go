package facts

import (
	"encoding/json"
	"time"

	"google.golang.org/api/container/v1"
)

// A Snapshot is what was read of one cluster and its project for one or several
// targets. Readers must not modify it.
type Snapshot struct {
	// Now is the moment that everything is judged at.
	Now time.Time
	// Targets tells for every Ref that was asked about what it turned out to be.
	Targets []Target
	// ClusterName is the full name; empty when no cluster could be found for the
	// targets.
	ClusterName string
	Project     string

	Cluster Value[*container.Cluster]

	// Operations are the GKE operations of the cluster's location that the API still
	// remembers.
	Operations Value[[]*container.Operation]

	LoadBalancing
	Networking
	Objects

	// DNS are the records of the hosts that the targets serve, by host.
	DNS map[string]Value[DNSRecords]

	// History holds the log entries that the one logging query of the diagnosis
	// found, newest first, each a LogEntry as JSON.
	History Value[[]json.RawMessage]

	// Probes are the answers of the active probe, by what was asked.
	Probes map[ProbeRequest]Value[ProbeAnswer]

	// Gaps names every read that failed, in the order of Kinds.
	Gaps []Gap
}

// A Target is a Ref that was asked about, and what it is.
type Target struct {
	// Asked is the Ref as the signal named it: a NEG by number, a Pod, an Ingress.
	Asked Ref
	// Ref is what will be diagnosed: an Ingress, a Service, the Cluster. Zero when
	// Asked leads to nothing of ours; then Reason says why.
	Ref Ref
	// Reason explains an empty Ref to a person.
	Reason string
	// Sure: an empty Ref was looked for with everything that it takes, so it really is
	// nothing of ours.
	Sure bool
}

// A BackendGroup is one group behind one backend service; both are relative
// paths (`projects/P/…`).
type BackendGroup struct{ BackendService, Group string }

// A ProbeRequest is one question to a pod: what Google's health check asks, sent
// through the API server's pods/proxy.
type ProbeRequest struct {
	Namespace, Pod string
	Port           int32
	// Scheme is http or https.
	Scheme string
	// Path starts with a slash.
	Path string
}

// A ProbeAnswer is what the app said. A connection that failed is not an answer
// but Unreachable.
type ProbeAnswer struct {
	// Status is the HTTP status code; 0 when Unreachable is set.
	Status int
	// Location is the target of a redirect with the API server's proxy prefix
	// undone; empty without redirect. Its scheme and host are empty where the API
	// server removed them.
	Location string
	// HostSent is the Host header that the pod really saw: the API server's own.
	HostSent string
	// Unreachable is why the API server could not connect to the pod.
	Unreachable string
	At          time.Time
}
