package cause

import (
	"slices"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/history"
	"plumbline/internal/signal"
)

// ShareWindow is how far back the requests are known that went well, where their share
// decides whether those that were refused matter.
const ShareWindow = 10 * time.Minute

// URLMapsOf are the names of the URL maps that route the requests of an Ingress or a
// Gateway, each once.
func URLMapsOf(s *facts.Snapshot, target facts.Ref) []string {
	c := Case{Target: target, Facts: s}
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if ing, ok := c.Ingress(); ok && glbc.Serves(s, ing) {
		front := glbc.FrontendOf(s, ing)
		for _, v := range []facts.Value[*computepb.UrlMap]{front.URLMap, front.RedirectMap} {
			m, _ := v.Get()
			add(m.GetName())
		}
		add(ing.Annotations["ingress.kubernetes.io/url-map"])
	}
	if g, ok := c.Gateway(); ok {
		for _, m := range glbc.GatewayFrontendOf(s, g).URLMaps {
			add(m.GetName())
		}
		for _, name := range glbc.GatewayURLMapNames(g) {
			add(name)
		}
	}
	return names
}

// URLMaps are the live URL maps that route the target's requests; those of a backend
// service are all that name it.
func (c Case) URLMaps() []*computepb.UrlMap {
	if ing, ok := c.Ingress(); ok {
		if m, ok := glbc.FrontendOf(c.Facts, ing).URLMap.Get(); ok {
			return []*computepb.UrlMap{m}
		}
		return nil
	}
	if g, ok := c.Gateway(); ok {
		return glbc.GatewayFrontendOf(c.Facts, g).URLMaps
	}
	var list []*computepb.UrlMap
	for _, bs := range glbc.BackendServicesOf(c.Facts, c.Target) {
		list = append(list, glbc.URLMapsOf(c.Facts, bs)...)
	}
	return list
}

// Requests are the logged requests that the target's load balancer got, newest first.
func (c Case) Requests() []signal.Signal {
	if c.memo != nil {
		return slices.Clone(c.memo.requests())
	}
	return c.requests()
}

func (c Case) requests() []signal.Signal {
	maps := URLMapsOf(c.Facts, c.Target)
	var services []string
	for _, b := range c.Backends() {
		if bs, ok := b.BackendService.Get(); ok {
			services = append(services, bs.GetName())
		}
	}
	return slices.DeleteFunc(c.Entries(), func(s signal.Signal) bool {
		switch {
		case s.Kind != signal.RequestFailed || s.Target.ProjectOf() != c.Facts.Project:
			return true
		case c.Target.Kind != facts.KindBackendService && len(maps) > 0 && s.Request.URLMap != "":
			return !slices.Contains(maps, s.Request.URLMap)
		}
		return !slices.Contains(services, s.Request.BackendService)
	})
}

// RequestsTo are those that were sent to one backend, or would have been.
func (c Case) RequestsTo(b glbc.Backend) []signal.Signal {
	bs, ok := b.BackendService.Get()
	if !ok {
		return nil
	}
	return slices.DeleteFunc(c.Requests(), func(s signal.Signal) bool { return s.Request.BackendService != bs.GetName() })
}

// ChangedSince reports that somebody wrote one of the objects behind a backend after a moment, or
// every pod behind it started later. What failed before may be mended.
func ChangedSince(c Case, b glbc.Backend, at time.Time) bool {
	bs, _ := b.BackendService.Get()
	service, backendService := b.Ref(c.Facts.ClusterName), glbc.BackendServiceRef(bs)
	pods, _ := glbc.PodsOf(c.Facts, b)
	workloads := []facts.Ref{service, backendService}
	younger := len(pods) > 0
	for _, pod := range pods {
		workloads = append(workloads, glbc.WorkloadOf(c.Facts.ClusterName, pod))
		younger = younger && glbc.Started(pod).After(at)
	}
	return younger || slices.ContainsFunc(c.Changes(), func(ch history.Change) bool {
		return ch.At.After(at) && !ch.Controller && slices.Contains(workloads, ch.Object)
	})
}
