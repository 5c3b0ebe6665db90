// Package scenario reads the scenario format (a healthy world, one fault, what
// must be said) into a World that fakecloud can serve. One format serves test
// cases, replay, capture and the demo. Everything that doesn't decode strictly
// into the vendor's type is an error that names file, line and key.
package scenario

import (
	"encoding/json"
	"time"

	"google.golang.org/api/container/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/facts"
)

// A Scenario is one case: a world, what arrives or is asked, what must be said.
type Scenario struct {
	// Path is as given by the caller: a txtar file or a directory.
	Path  string
	Title string
	// Source is where it was reported; optional.
	Source  string
	Now     time.Time
	Project string
	// Target is set for a manual run; otherwise Trigger has the entries.
	Target *facts.Ref
	// Trigger holds trigger.jsonl, one LogEntry a line, byte for byte (a line may be
	// broken on purpose).
	Trigger []json.RawMessage
	// Probe tells whether the active probe may ask the pods.
	Probe bool
	World *World
	// After is the world once the fix is done; nil without after/.
	After *World
	// AfterTrigger holds the entries that arrive after the fix: those of
	// after/trigger.jsonl, else Trigger. Nil without after/ and with a Target.
	AfterTrigger []json.RawMessage
	// Timeline is set for an incident (timeline.yaml); World is then what was
	// before the first step, and nothing has arrived.
	Timeline *Timeline
	// Expect and ExpectAfter are nil when not given.
	Expect, ExpectAfter *Expect
	// WantText and WantSlack are the goldens; nil when not given.
	WantText, WantSlack []byte
}

// Expect is what must be said. A nil pointer or slice is not checked.
type Expect struct {
	Verdict    string    `json:"verdict,omitempty"`
	RootCauses *[]string `json:"rootCauses,omitempty"`
	Confidence string    `json:"confidence,omitempty"`
	Subject    string    `json:"subject,omitempty"`
	ChangedBy  string    `json:"changedBy,omitempty"`
	Not        []string  `json:"not,omitempty"`
	Gaps       []string  `json:"gaps,omitempty"`
	// Notes must be there, the first of them first.
	Notes []string `json:"notes,omitempty"`
}

// A World is the cloud that a scenario describes: its resources as the APIs
// would return them, and how the APIs behave.
type World struct {
	Project string
	// Clusters by full name, projects/P/locations/L/clusters/C.
	Clusters map[string]*container.Cluster
	// Operations of GKE by full name, projects/P/locations/L/operations/O.
	Operations map[string]*container.Operation
	// Certificates are Certificate Manager's resources by full name
	// (projects/P/locations/L/certificateMaps/M/certificateMapEntries/E), as JSON.
	Certificates map[string]json.RawMessage
	// Compute resources by REST path (projects/P/global/healthChecks/N), as JSON in
	// which selfLink, name, id, kind and scope are filled in; projects/P and
	// projects/P/regions/R where quotas are given.
	Compute map[string]json.RawMessage
	// Health is the answer of getHealth: backend service path → group (zones/Z/networkEndpointGroups/G) → array of HealthStatus as JSON.
	Health map[string]map[string]json.RawMessage
	// Endpoints is the answer of listNetworkEndpoints: NEG path → array as JSON.
	Endpoints map[string]json.RawMessage
	// EffectiveFirewalls by network path, as JSON; what applies in one region is
	// under projects/P/regions/R/networks/N.
	EffectiveFirewalls map[string]json.RawMessage
	// Kubernetes objects by the cluster's short name.
	Kubernetes map[string][]*unstructured.Unstructured
	// Logs is what entries.list can find: logging/*.jsonl and the trigger's entries,
	// which a sink only copies.
	Logs []json.RawMessage
	// Responses say how pods answer an HTTP request; first match wins.
	Responses []Response
	// DNS by host; a host that isn't listed can't be looked up.
	DNS map[string]DNSRecord
	// Deny lists IAM permissions that answer 403; Fail gives others an HTTP status;
	// Unavailable lists control planes (kubernetes/CLUSTER) out of reach, Unreachable
	// scopes (zones/Z, regions/R) that Google's APIs themselves can't reach.
	Deny        []string
	Fail        map[string]int
	Unavailable []string
	Unreachable []string
}

// A Response is one row of responses.yaml.
type Response struct {
	Pod     string            `json:"pod"`
	Port    int32             `json:"port"`
	Scheme  string            `json:"scheme,omitempty"`
	Path    string            `json:"path,omitempty"`
	Host    string            `json:"host,omitempty"`
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	// Error is timeout, refused, reset, tls, or certificate: the port takes TLS from
	// those only who show a client certificate.
	Error string `json:"error,omitempty"`
}

// A DNSRecord is one host of dns.yaml.
type DNSRecord struct {
	A        []string `json:"A,omitempty"`
	AAAA     []string `json:"AAAA,omitempty"`
	CAA      []string `json:"CAA,omitempty"`
	NXDOMAIN bool     `json:"NXDOMAIN,omitempty"`
}
