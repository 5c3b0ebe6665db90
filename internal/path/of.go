package path

import (
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Evidence is what signals say that no list shows.
type Evidence struct {
	// Logged are the endpoints that health-check entries call UNHEALTHY; they count
	// where the live health couldn't be read.
	Logged []glbc.LoggedEndpoint
	// Answered are endpoints that answered a prober of Google's, as the health-check
	// log or what the load balancer says of requests shows: packets do get in.
	Answered []Answer
}

// An Answer is what an endpoint said to Google's probers, right or wrong.
type Answer struct {
	// Group is the NEG (by number) or instance group (by name) of the entry.
	Group facts.Ref
	IP    string
	// Port is what was asked; 0 where it isn't told.
	Port int
	// Says is the answer in a word or two: "307".
	Says string
}

// Graces: how long objects may take to be built, and edits to be applied, before what
// is missing or different counts (scenario-format.md, `pending`).
const (
	buildGrace = 10 * time.Minute
	editGrace  = 2 * time.Minute
)

// Of is the path of a target: an Ingress, a Gateway, a Service (that of the Ingress
// that leads to it, with this Service alone), or what stands for itself outside
// clusters: a BackendService or a Certificate. Every path has all Stations. A hop is
// Broken only where something read says so; what couldn't be read is Unknown.
func Of(s *facts.Snapshot, target facts.Ref, evidence Evidence) Path {
	t := newTracer(s, target, evidence)
	judges := map[Station]func(*judgement){
		DNS: t.dns, Address: t.address, ForwardingRule: t.forwardingRule, Proxy: t.proxy, URLMap: t.urlMap,
		BackendService: t.backendService, HealthCheck: t.healthCheck, Firewall: t.firewall, Group: t.group,
		Service: t.service, Pods: t.pods, App: t.app,
	}
	p := Path{Target: target}
	for _, station := range Stations {
		j := &judgement{station: station, doubtful: t.doubtful && !ofCluster(station)}
		if judge := judges[station]; t.reaches(station) {
			judge(j)
		} else {
			j.notApplicable(t.nothing)
		}
		p.Hops = append(p.Hops, j.hop())
	}
	return p
}

// ofCluster: the station is the cluster's own, whoever serves the Ingress.
func ofCluster(s Station) bool { return s == DNS || s == Service || s == Pods || s == App }
