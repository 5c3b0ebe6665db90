package control

import (
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// collectionKinds are the collections that hold one another, with what people call
// their objects.
var collectionKinds = map[string]struct{ kind, noun, command string }{
	"forwardingRules":       {facts.KindForwardingRule, "forwarding rule", "forwarding-rules"},
	"targetHttpProxies":     {facts.KindTargetHTTPProxy, "target HTTP proxy", "target-http-proxies"},
	"targetHttpsProxies":    {facts.KindTargetHTTPSProxy, "target HTTPS proxy", "target-https-proxies"},
	"targetSslProxies":      {facts.KindTargetSSLProxy, "target SSL proxy", "target-ssl-proxies"},
	"targetTcpProxies":      {facts.KindTargetTCPProxy, "target TCP proxy", "target-tcp-proxies"},
	"urlMaps":               {facts.KindURLMap, "URL map", "url-maps"},
	"backendServices":       {facts.KindBackendService, "backend service", "backend-services"},
	"healthChecks":          {facts.KindHealthCheck, "health check", "health-checks"},
	"networkEndpointGroups": {facts.KindNEG, "NEG", "network-endpoint-groups"},
	"instanceGroups":        {facts.KindInstanceGroup, "instance group", "instance-groups"},
	"sslCertificates":       {facts.KindCertificate, "certificate", "ssl-certificates"},
}

// collectionIn is the collection of an object, by its path: backendServices.
func collectionIn(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

func nounOf(path string) string {
	if k, ok := collectionKinds[collectionIn(path)]; ok {
		return k.noun + " " + facts.LastSegment(path)
	}
	return facts.LastSegment(path)
}

func refOf(path string) facts.Ref {
	kind := collectionKinds[collectionIn(path)].kind
	if kind == "" {
		kind = collectionIn(path)
	}
	return facts.Ref{Project: projectOf(path), Scope: facts.ScopeOf(path), Kind: kind, Name: facts.LastSegment(path)}
}

// holdersOf are the objects that use another one, by relative path. known tells that
// all lists that would tell were read, so that none means none.
func holdersOf(s *facts.Snapshot, path string) (holders []string, known bool) {
	h := &holding{of: facts.ScopePath(path), known: true}
	switch collectionIn(path) {
	case "networkEndpointGroups", "instanceGroups", "healthChecks":
		h.backendServices(s)
	case "backendServices":
		h.urlMaps(s)
		h.forwardingRules(s)
	case "urlMaps", "sslCertificates":
		h.proxies(s)
	case "targetHttpProxies", "targetHttpsProxies":
		h.forwardingRules(s)
	default:
		return nil, false
	}
	slices.Sort(h.holders)
	return h.holders, h.known
}

type holding struct {
	of      string
	holders []string
	known   bool
}

func (h *holding) add(holder string, uses ...string) {
	if slices.ContainsFunc(uses, func(u string) bool { return facts.ScopePath(u) == h.of }) {
		h.holders = append(h.holders, facts.RelativePath(holder))
	}
}

func (h *holding) backendServices(s *facts.Snapshot) {
	h.known = h.known && s.BackendServices.Known()
	all, _ := s.BackendServices.Get()
	for _, bs := range all {
		uses := slices.Clone(bs.GetHealthChecks())
		for _, b := range bs.GetBackends() {
			uses = append(uses, b.GetGroup())
		}
		h.add(bs.GetSelfLink(), uses...)
	}
}

func (h *holding) urlMaps(s *facts.Snapshot) {
	h.known = h.known && s.URLMaps.Known()
	all, _ := s.URLMaps.Get()
	for _, m := range all {
		h.add(m.GetSelfLink(), glbc.ServicesOf(m)...)
	}
}

func (h *holding) forwardingRules(s *facts.Snapshot) {
	h.known = h.known && s.ForwardingRules.Known()
	all, _ := s.ForwardingRules.Get()
	for _, fr := range all {
		h.add(fr.GetSelfLink(), fr.GetTarget(), fr.GetBackendService())
	}
}

func (h *holding) proxies(s *facts.Snapshot) {
	h.known = h.known && s.TargetHTTPProxies.Known() && s.TargetHTTPSProxies.Known()
	http, _ := s.TargetHTTPProxies.Get()
	for _, p := range http {
		h.add(p.GetSelfLink(), p.GetUrlMap())
	}
	https, _ := s.TargetHTTPSProxies.Get()
	for _, p := range https {
		h.add(p.GetSelfLink(), append(slices.Clone(p.GetSslCertificates()), p.GetUrlMap())...)
	}
}

// madeBy says whose a holder is, as far as its name tells.
func madeBy(c cause.Case, path string) string {
	name := facts.LastSegment(path)
	if owner, ok := glbc.OwnerOf(c.Facts, name); ok {
		return "of " + owner.String() + " in this cluster"
	}
	uid, _ := c.Facts.ClusterUID.Get()
	if n, ok := glbc.ParseName(name); ok {
		if n.ForeignTo(uid, glbc.IngressUID(c.Facts)) {
			return "left by another cluster"
		}
		return "left by an object of this cluster that is gone"
	}
	if strings.HasPrefix(name, "gkegw1-") {
		return "made for a Gateway"
	}
	return "not made by GKE's controllers"
}

// letGo are the commands that make a holder give up what it holds.
func letGo(s *facts.Snapshot, object, holder string) []string {
	project := " --project " + projectOf(holder) + " " + scopeFlag(holder)
	name, command := facts.LastSegment(holder), collectionKinds[collectionIn(holder)].command
	zone := facts.LastSegment(facts.ScopeOf(object))
	switch collectionIn(object) {
	case "networkEndpointGroups":
		return []string{"gcloud compute backend-services remove-backend " + name + project + " --network-endpoint-group " + facts.LastSegment(object) + " --network-endpoint-group-zone " + zone}
	case "instanceGroups":
		return []string{"gcloud compute backend-services remove-backend " + name + project + " --instance-group " + facts.LastSegment(object) + " --instance-group-zone " + zone}
	}
	if command == "" {
		return nil
	}
	if users, known := holdersOf(s, holder); known && len(users) == 0 {
		return []string{"gcloud compute " + command + " delete " + name + project}
	}
	return []string{"gcloud compute " + command + " describe " + name + project}
}
