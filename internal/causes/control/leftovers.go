package control

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Leftovers are objects that count against a quota and that nothing uses, as far as
// the lists that were read tell.
type leftovers struct {
	source, noun, unused, doubt, command string
	// names are the relative paths; of is how many there are in all.
	names []string
	of    int
}

// shownLeftovers is how many a person can look at; deletedLeftovers how many commands
// a message holds.
const shownLeftovers, deletedLeftovers = 5, 2

// leftoversOf looks for what is left behind of a metric's sort; none where a list that
// would tell wasn't read.
func leftoversOf(s *facts.Snapshot, metric string) leftovers {
	switch metric {
	case "BACKEND_SERVICES":
		return unusedBackendServices(s)
	case "HEALTH_CHECKS":
		return unusedHealthChecks(s)
	case "URL_MAPS":
		return unusedURLMaps(s)
	case "SSL_CERTIFICATES":
		return unusedCertificates(s)
	case "NETWORK_ENDPOINT_GROUPS":
		return unusedNEGs(s)
	}
	return leftovers{}
}

func unusedBackendServices(s *facts.Snapshot) leftovers {
	l := leftovers{source: string(facts.BackendServices), noun: "backend services", unused: "are in no URL map and behind no forwarding rule", doubt: "a TCP or SSL proxy may use one", command: "backend-services"}
	if !s.URLMaps.Known() || !s.ForwardingRules.Known() {
		return l
	}
	used := map[string]bool{}
	maps, _ := s.URLMaps.Get()
	for _, m := range maps {
		for _, path := range glbc.ServicesOf(m) {
			used[facts.ScopePath(path)] = true
		}
	}
	rules, _ := s.ForwardingRules.Get()
	for _, fr := range rules {
		used[facts.ScopePath(fr.GetBackendService())] = true
	}
	return without(l, s.BackendServices, used)
}

func unusedHealthChecks(s *facts.Snapshot) leftovers {
	l := leftovers{source: string(facts.HealthChecks), noun: "health checks", unused: "are of no backend service", doubt: "a managed instance group may heal by one", command: "health-checks"}
	if !s.BackendServices.Known() {
		return l
	}
	used := map[string]bool{}
	services, _ := s.BackendServices.Get()
	for _, bs := range services {
		for _, url := range bs.GetHealthChecks() {
			used[facts.ScopePath(url)] = true
		}
	}
	return without(l, s.HealthChecks, used)
}

func unusedURLMaps(s *facts.Snapshot) leftovers {
	l := leftovers{source: string(facts.URLMaps), noun: "URL maps", unused: "are of no target proxy", doubt: "a gRPC proxy may use one", command: "url-maps"}
	if !s.TargetHTTPProxies.Known() || !s.TargetHTTPSProxies.Known() {
		return l
	}
	used := map[string]bool{}
	http, _ := s.TargetHTTPProxies.Get()
	for _, p := range http {
		used[facts.ScopePath(p.GetUrlMap())] = true
	}
	https, _ := s.TargetHTTPSProxies.Get()
	for _, p := range https {
		used[facts.ScopePath(p.GetUrlMap())] = true
	}
	return without(l, s.URLMaps, used)
}

func unusedCertificates(s *facts.Snapshot) leftovers {
	l := leftovers{source: string(facts.SSLCertificates), noun: "certificates", unused: "are on no target HTTPS proxy", doubt: "an SSL proxy may use one", command: "ssl-certificates"}
	if !s.TargetHTTPSProxies.Known() {
		return l
	}
	used := map[string]bool{}
	https, _ := s.TargetHTTPSProxies.Get()
	for _, p := range https {
		for _, url := range p.GetSslCertificates() {
			used[facts.ScopePath(url)] = true
		}
	}
	return without(l, s.SSLCertificates, used)
}

func unusedNEGs(s *facts.Snapshot) leftovers {
	l := leftovers{source: string(facts.NEGs), noun: "network endpoint groups", unused: "are in no backend service", doubt: "a standalone group may be about to be attached", command: "network-endpoint-groups"}
	if !s.BackendServices.Known() {
		return l
	}
	used := map[string]bool{}
	services, _ := s.BackendServices.Get()
	for _, bs := range services {
		for _, b := range bs.GetBackends() {
			used[facts.ScopePath(b.GetGroup())] = true
		}
	}
	return without(l, s.NEGs, used)
}

// without keeps what isn't used.
func without[T interface{ GetSelfLink() string }](l leftovers, list facts.Value[[]T], used map[string]bool) leftovers {
	all, _ := list.Get()
	l.of = len(all)
	for _, o := range all {
		if path := facts.RelativePath(o.GetSelfLink()); !used[facts.ScopePath(path)] {
			l.names = append(l.names, path)
		}
	}
	slices.Sort(l.names)
	return l
}

func (l leftovers) says() string {
	var shown []string
	for _, path := range l.names[:min(shownLeftovers, len(l.names))] {
		shown = append(shown, facts.LastSegment(path))
	}
	text := fmt.Sprintf("%d of %d %s %s: %s", len(l.names), l.of, l.noun, l.unused, strings.Join(shown, ", "))
	if more := len(l.names) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (l leftovers) deletes(project string) (commands []string) {
	for _, path := range l.names[:min(deletedLeftovers, len(l.names))] {
		commands = append(commands, "gcloud compute "+l.command+" delete "+facts.LastSegment(path)+" --project "+project+" "+scopeFlag(path))
	}
	return commands
}

// scopeFlag is how gcloud is told where an object lies.
func scopeFlag(path string) string {
	scope := facts.ScopeOf(path)
	switch {
	case strings.HasPrefix(scope, "regions/"):
		return "--region " + facts.LastSegment(scope)
	case strings.HasPrefix(scope, "zones/"):
		return "--zone " + facts.LastSegment(scope)
	}
	return "--global"
}
