// Package signal turns log entries into Signals: what happened, to what, when
// and by whom. It is the first stage of the flow; everything after it works on
// Signals and never sees a log entry's shape. Parsing is lenient about unknown
// fields and strict about identity: an entry that doesn't say what it happened
// to is an error, never a guess.
package signal

import (
	"time"

	"plumbline/internal/facts"
)

// A Kind is a sort of Signal.
type Kind string

// The sorts of Signal. Manual has no log entry: somebody asked.
const (
	Manual          Kind = "manual"
	ClusterChanged  Kind = "audit.cluster"
	ObjectChanged   Kind = "audit.kubernetes"
	ResourceChanged Kind = "audit.compute"
	HealthChanged   Kind = "health.transition"
	EventSeen       Kind = "kubernetes.event"
	RequestFailed   Kind = "request.failed"
)

// A Signal is one thing that happened, in our words.
type Signal struct {
	// ID is the insertId of the log entry, the key against duplicates.
	ID   string
	Kind Kind
	At   time.Time
	// Target is what it happened to, as the entry names it: the collector finds
	// out what that is (a NEG's number leads to an Ingress).
	Target facts.Ref
	// Exactly one of these is set, as Kind says; Manual has none.
	Change  *Change
	Health  *Health
	Event   *Event
	Request *Request
}

// HTTPLoadBalancingDisabled is the field of a cluster's add-on: "true" or "false".
const HTTPLoadBalancingDisabled = "addonsConfig.httpLoadBalancing.disabled"

// A Change is a write that the audit log tells of.
type Change struct {
	// By is the principal: a person, a service account, system:serviceaccount:….
	By string
	// Controller is set for the principals that act for GKE's controllers
	// (service-…@container-engine-robot, system:controller:glbc): said as
	// controllers, not as people (gcp-facts.md §2.3).
	Controller bool
	// Caller is the user agent: kubectl, gcloud, Terraform, Argo CD.
	Caller string
	// Method is the full method name, Verb its last segment.
	Method, Verb string
	// Resource is the object's resourceName as the entry writes it.
	Resource string
	// Failed: the last entry of an operation says that nothing came of it.
	Failed bool
	// Operation joins the first and the last entry of a long-running change;
	// First and Last as in LogEntry.operation. A change that is over at once has
	// both.
	Operation   string
	First, Last bool
	// Fields are the settings that the request names, dotted path → new value as
	// JSON text: `addonsConfig.httpLoadBalancing.disabled` → "true". proto3 omits
	// false, so `httpLoadBalancing: {}` is "false" (gcp-facts.md §2.1).
	Fields map[string]string
	// Request and Response are the entry's own, as raw JSON; nil where absent.
	Request, Response []byte
}

// A Health is one transition that a health check logged (gcp-facts.md §3).
type Health struct {
	// State and Previous are HEALTHY or UNHEALTHY; Detailed adds TIMEOUT, UNKNOWN,
	// DRAINING and is empty for distributed Envoy checks.
	State, Previous, Detailed string
	// IP and Port are what was probed, ResultText the prober's own words.
	IP         string
	Port       int
	Protocol   string
	Path       string
	ResultText string
	// ConnectLatency and ResponseLatency are how long it took to connect and to answer,
	// as "0.002s"; empty where that didn't happen, or isn't told.
	ConnectLatency, ResponseLatency string
}

// StatusCode is the HTTP status that ResultText names ("… [Code: 307]",
// "HTTP response: Temporary Redirect"); 0 when it names none.
func (h *Health) StatusCode() int { return statusCode(h.ResultText) }

// An Event is a Kubernetes event as Cloud Logging carries it.
type Event struct {
	Component, Reason, Type, Message string
	// UID of the object that it is about.
	UID string
}

// A Request is one that a load balancer logged. Those that trigger failed; history has
// others beside them.
type Request struct {
	Status int
	// Details is statusDetails or proxyStatus, empty where a backend answered; see
	// Failure.
	Details string
	// URL is the whole requestUrl.
	URL       string
	UserAgent string
	// Latency is 0 where the entry has none.
	Latency time.Duration
	// Policy is the Cloud Armor policy that was applied, PolicyOutcome ACCEPT or DENY and
	// PolicyRule the priority of the rule that decided; empty where there is none.
	Policy, PolicyOutcome string
	PolicyRule            int
	// BackendService, URLMap and ForwardingRule are names, as the labels give them.
	BackendService, URLMap, ForwardingRule string
}
