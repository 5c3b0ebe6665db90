package glbc

import (
	"plumbline/internal/facts"
)

// A Fault is something in the objects that makes GLBC's sync of an Ingress fail.
type Fault struct {
	Code Code
	// Variant tells faults of one Code apart; empty where there is only one.
	Variant string
	// Stage is where the sync fails.
	Stage Stage
	// Warning: an event tells of it, and the sync goes on.
	Warning bool
	// On is the object that has the fault, Names the one that it names and that is
	// missing or unfit; zero where it names none.
	On, Names facts.Ref
	// Field is what decides, for people: a field of the Ingress's spec or an
	// annotation.
	Field string
	// Message is what the event contains, so that an event can be matched with the
	// fault (ingress-controller.md §1.2-§1.5).
	Message string
	// Err is why it can't be told whether the fault is there; nil for one that is.
	Err error
}

// A Code names a fault; most are the last part of a cause's ID.
type Code string

// The faults of translation (ingress-controller.md §1.2, §1.3).
const (
	ServiceNotFound         Code = "service-not-found"
	ServicePortNotFound     Code = "service-port-not-found"
	ServiceTypeNeedsNEG     Code = "service-type-needs-neg"
	AppProtocolsInvalid     Code = "app-protocols-invalid"
	BackendNotService       Code = "backend-not-service"
	InvalidPath             Code = "invalid-path"
	DefaultBackendMissing   Code = "default-backend-missing"
	ConfigAnnotationInvalid Code = "config-annotation-invalid"
	ConfigNotFound          Code = "config-not-found"
	ConfigInvalid           Code = "config-invalid"
	TrafficScalingInvalid   Code = "traffic-scaling-invalid"
)

// The faults of backends (ingress-controller.md §1.3, §1.6).
const (
	TimeoutExceedsInterval    Code = "timeout-exceeds-interval"
	SecurityPolicyNotFound    Code = "security-policy-not-found"
	SecurityPolicyUnsupported Code = "security-policy-unsupported"
	InternalNeedsNEG          Code = "internal-needs-neg"
)

// The faults of the frontend (ingress-controller.md §1.1, §1.4, §1.5).
const (
	TLSEntryWithoutSecret       Code = "tls-entry-without-secret" //nolint:gosec // A code, no credential.
	FrontendConfigNotFound      Code = "frontendconfig-not-found"
	StaticIPAnnotationsConflict Code = "static-ip-annotations-conflict"
	NameInvalid                 Code = "name-invalid"
	NoProtocolEnabled           Code = "no-protocol-enabled"
	InternalHTTPSNeedsStaticIP  Code = "internal-https-needs-static-ip"
	RedirectUnsupported         Code = "redirect-unsupported"
	StaticIPNotFound            Code = "static-ip-not-found"
	StaticIPWrongScope          Code = "static-ip-wrong-scope"
	StaticIPInUse               Code = "static-ip-in-use"
	ProxyOnlySubnetMissing      Code = "proxy-only-subnet-missing"
	PreSharedNotFound           Code = "pre-shared-not-found"
	SSLPolicyNotFound           Code = "ssl-policy-not-found"
)

// Variants of faults.
const (
	// Of InvalidPath.
	ExactEmpty          = "exact-empty"
	PrefixEmpty         = "prefix-empty"
	ExactWildcard       = "exact-wildcard"
	PrefixWildcard      = "prefix-wildcard"
	PathTypeUnsupported = "path-type-unsupported"

	// Of ConfigAnnotationInvalid.
	NotJSON     = "not-json"
	NamesNoneAt = "empty"

	// Of ConfigInvalid.
	IAPAndCDN           = "iap-and-cdn"
	IAPRegionalExternal = "iap-regional-external"
	CDNRegionalExternal = "cdn-regional-external"
	Affinity            = "affinity"
	AffinityTTL         = "affinity-ttl"
	SampleRate          = "sample-rate"
	CheckType           = "check-type"

	// Of TimeoutExceedsInterval: what sets the values.
	ByBackendConfig  = "backendconfig"
	ByReadinessProbe = "readiness-probe"

	// Of NoProtocolEnabled: a managed certificate is asked for and isn't attached yet.
	ManagedPending = "managed-certificate-pending"

	// Of RedirectUnsupported.
	OnInternal  = "internal"
	OnOldScheme = "old-names"

	// Of PreSharedNotFound and SSLPolicyNotFound: one of that name is in another scope.
	OtherScope = "other-scope"
)
