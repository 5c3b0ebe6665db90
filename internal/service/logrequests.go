package service

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// How far back requests are asked for. What a load balancer answers itself, with 5xx, is
// rare and may come once in hours; 4xx are many. Those that went well are asked for only
// where their share decides: what a policy refuses is often right. All are newest
// first, and the reader leaves half of its room to everything else, so that a storm of
// failures hides no change (collect/logs, Query).
const (
	requestLogs   = `(log_id("requests") OR log_id("loadbalancing.googleapis.com/requests") OR log_id("loadbalancing.googleapis.com/external_regional_requests"))`
	failingWindow = 24 * time.Hour
	errorWindow   = time.Hour
)

// requestsLogged is the condition under which the requests are found that went wrong on
// the targets' load balancers; empty where it isn't known which these are.
func requestsLogged(s *facts.Snapshot) string {
	where := requestsOf(s)
	if where == "" {
		return ""
	}
	since := func(d time.Duration) string {
		return `timestamp>="` + s.Now.Add(-d).UTC().Format(time.RFC3339) + `"`
	}
	which := []string{
		`(httpRequest.status>=400 AND ` + since(errorWindow) + `)`,
		`((jsonPayload.statusDetails:* OR jsonPayload.proxyStatus:"error=") AND httpRequest.status>=500 AND NOT jsonPayload.statusDetails="response_sent_by_backend" AND ` + since(failingWindow) + `)`,
		`(httpRequest.status=101 AND jsonPayload.statusDetails="backend_timeout" AND ` + since(errorWindow) + `)`,
	}
	if shareDecides(s) {
		which = append(which, `(httpRequest.status>0 AND httpRequest.status<400 AND `+since(cause.ShareWindow)+`)`)
	}
	return `(` + requestLogs + ` AND ` + where + ` AND (` + strings.Join(which, " OR ") + `))`
}

// requestsOf names the URL maps of the targets; of a backend service that stands for
// itself, its own name, since its URL map may have others.
func requestsOf(s *facts.Snapshot) string {
	var maps, services []string
	for _, r := range served(s) {
		switch r.Kind {
		case facts.KindIngress, facts.KindGateway:
			maps = append(maps, cause.URLMapsOf(s, r)...)
		case facts.KindBackendService:
			services = append(services, r.Name)
		}
	}
	return either(
		anyOf("resource.labels.url_map_name=", once(maps), requestShare*5/6),
		anyOf("resource.labels.backend_service_name=", once(services), requestShare/12),
		anyOf("resource.labels.backend_target_name=", once(services), requestShare/12),
	)
}

// shareDecides: some backend service of the targets has what refuses requests on
// purpose, or their Ingress asks for a rewriting of paths that nobody does.
func shareDecides(s *facts.Snapshot) bool {
	list := backends(s)
	for _, r := range served(s) {
		if r.Kind == facts.KindBackendService {
			for _, bs := range glbc.BackendServicesOf(s, r) {
				list = append(list, glbc.BackendOf(s, bs))
			}
		}
		if ing, ok := (cause.Case{Target: r, Facts: s}).Ingress(); ok && glbc.RewriteAnnotation(ing) != "" {
			return true
		}
	}
	return slices.ContainsFunc(list, func(b glbc.Backend) bool {
		bs, ok := b.BackendService.Get()
		return ok && refuses(bs)
	})
}

func refuses(bs *computepb.BackendService) bool {
	return bs.GetSecurityPolicy() != "" || bs.GetEdgeSecurityPolicy() != "" || bs.GetIap().GetEnabled()
}
