package facts

import "time"

// A Question is what a collection is asked.
type Question struct {
	// Now is the moment that the Snapshots are of.
	Now time.Time
	// Refs are what is asked about.
	Refs []Ref
	// NotBefore is when the newest of what led here happened: no read that began
	// earlier may answer. A person who asks again sets it to Now.
	NotBefore time.Time
}

// A Need is one list or object of a Snapshot that can be read by itself. Kind is
// the permission; where several resources share one, Resource is the plural name.
type Need struct {
	Kind     Kind
	Resource string
}

// The needs that share ThirdPartyObjects.
var (
	ServiceNEGs         = Need{ThirdPartyObjects, "servicenetworkendpointgroups"}
	GatewayClasses      = Need{ThirdPartyObjects, "gatewayclasses"}
	Gateways            = Need{ThirdPartyObjects, "gateways"}
	HTTPRoutes          = Need{ThirdPartyObjects, "httproutes"}
	ReferenceGrants     = Need{ThirdPartyObjects, "referencegrants"}
	GCPBackendPolicies  = Need{ThirdPartyObjects, "gcpbackendpolicies"}
	HealthCheckPolicies = Need{ThirdPartyObjects, "healthcheckpolicies"}
	GCPGatewayPolicies  = Need{ThirdPartyObjects, "gcpgatewaypolicies"}
	PeerAuthentications = Need{ThirdPartyObjects, "peerauthentications"}
)

// A Wish is what a diagnosis wants to know, as far as the facts read so far tell. It
// grows from round to round; what was read isn't read again.
type Wish struct {
	// Needs are lists and objects that are read whole, or in Namespaces where they are
	// namespaced and not of the whole cluster.
	Needs []Need
	// Namespaces are those to read; EveryNamespace means all.
	Namespaces     []string
	EveryNamespace bool
	// SystemServices: the Services of kube-system as well, for the default backend.
	SystemServices bool
	// Groups are those whose health and endpoints are asked for.
	Groups []BackendGroup
	// ConfigMaps are namespace/name.
	ConfigMaps []string
	// Hosts are looked up in DNS.
	Hosts []string
	// CertificateMaps are those whose entries are read, by full name.
	CertificateMaps []string
	// CertificateLocations are those besides global whose certificates of Certificate
	// Manager are read: projects/P/locations/L.
	CertificateLocations []string
}

// Want adds kinds that are a Need of their own.
func (w *Wish) Want(kinds ...Kind) {
	for _, k := range kinds {
		w.Needs = append(w.Needs, Need{Kind: k})
	}
}
