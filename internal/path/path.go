// Package path makes one value of everything between a name and a process: the
// hops that a request takes through a load balancer, in order, each as it is and as
// GKE's controllers would build it. It stands between facts and the causes, and is
// pure; glbc knows what the controllers do, firewall what the network lets through.
package path

import "plumbline/internal/facts"

// A Station is a place on the way of a request; every path has all of them, in the
// order of Stations.
type Station string

// The stations (internal/README.md, Hop).
const (
	DNS            Station = "dns"
	Address        Station = "address"
	ForwardingRule Station = "forwarding-rule"
	Proxy          Station = "proxy"
	URLMap         Station = "url-map"
	BackendService Station = "backend-service"
	HealthCheck    Station = "health-check"
	Firewall       Station = "firewall"
	Group          Station = "group"
	Service        Station = "service"
	Pods           Station = "pods"
	App            Station = "app"
)

// Stations lists them in the order in which a request, and the probers beside it,
// meet them.
var Stations = []Station{DNS, Address, ForwardingRule, Proxy, URLMap, BackendService, HealthCheck, Firewall, Group, Service, Pods, App}

// A State is what is known of a hop.
type State string

// OK: it was seen to be as it should. Broken: it was seen not to be. Unknown: what
// tells couldn't be read, which proves nothing. NotApplicable: this path has no such
// hop, such as DNS of an Ingress without hosts.
const (
	OK            State = "ok"
	Broken        State = "broken"
	Unknown       State = "unknown"
	NotApplicable State = "not-applicable"
)

// A Hop is one station of a path: the worst of the objects on it decides its State.
type Hop struct {
	Station Station `json:"station"`
	State   State   `json:"state"`
	// Says is what was seen, for people, in a few words: "3 of 3 endpoints HEALTHY".
	Says string `json:"says,omitempty"`
	// Objects are those that the hop consists of.
	Objects []facts.Ref `json:"-"`
	// Differences are where what exists isn't what the controllers would build.
	Differences []Difference `json:"differences,omitempty"`
}

// A Difference is one field of one object that isn't as the controllers would build
// it. It may be intended (a check edited by hand is kept), so it breaks nothing by
// itself.
type Difference struct {
	Object facts.Ref `json:"-"`
	Field  string    `json:"field"`
	// Want is what the controllers would build, Have what there is; empty for nothing.
	Want string `json:"want"`
	Have string `json:"have"`
}

// A Path is all hops of one target, in the order of Stations.
type Path struct {
	Target facts.Ref
	Hops   []Hop
}

// At is the hop of a station; the zero Hop where the path is empty.
func (p Path) At(s Station) Hop {
	for _, h := range p.Hops {
		if h.Station == s {
			return h
		}
	}
	return Hop{}
}
