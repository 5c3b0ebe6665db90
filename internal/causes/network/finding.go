package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

// unreached are the symptoms of packets that don't get through.
var unreached = []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing, "health/slow-response"}

// evaluated are the reads that an evaluation of the firewall stands on.
var evaluated = []facts.Kind{
	facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth, facts.NEGEndpoints,
	facts.Firewalls, facts.NetworkFirewall, facts.RegionFirewall, facts.Instances, facts.Ingresses, facts.Services, facts.Logs,
}

func explaining(weaker ...cause.ID) []cause.ID { return slices.Concat(unreached, weaker) }

// finding fills in what all findings about barriers of one subject share. Where only
// requests are kept out, it is nothing that makes endpoints UNHEALTHY.
func finding(c cause.Case, list []barrier, weaker []cause.ID) cause.Finding {
	f := cause.Finding{Confidence: list[0].confidence, Severity: cause.Degraded}
	for _, b := range list {
		f.Confidence = min(f.Confidence, b.confidence)
		add(&f.On, b.Ref(c.Facts.ClusterName))
		add(&f.Hosts, b.Hosts...)
		if b.serveNothing() {
			f.Severity = cause.Outage
		}
	}
	if !slices.ContainsFunc(list, func(b barrier) bool { return b.asked }) {
		f.Explains = append([]cause.ID{cause.RequestsFailing}, weaker...)
	}
	f.Affected = affected(c, f.On)
	f.Since = since(c, f.On)
	f.Impact = impact(list)
	return f
}

// serveNothing: no endpoint of the backend is left that requests get to.
func (b barrier) serveNothing() bool {
	if b.asked {
		return !slices.ContainsFunc(b.all, glbc.Endpoint.Healthy)
	}
	return b.Verdict.Outcome == firewall.Denied && !slices.ContainsFunc(b.all, func(e glbc.Endpoint) bool { return !slices.Contains(b.Addresses, e.IP) })
}

func add[T comparable](list *[]T, more ...T) {
	for _, v := range more {
		if !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
}

// affected are the Ingresses and Gateways that send requests to the same backends.
func affected(c cause.Case, on []facts.Ref) []facts.Ref {
	list := []facts.Ref{c.Target}
	if c.Target.Cluster == "" {
		return list
	}
	for _, ref := range on {
		for _, r := range path.Up(c.Facts, ref) {
			if r.Target.Kind == c.Target.Kind {
				add(&list, r.Target)
			}
		}
	}
	return list
}

func since(c cause.Case, on []facts.Ref) (at time.Time) {
	for _, s := range c.Symptoms {
		about := slices.ContainsFunc(s.Objects, func(r facts.Ref) bool { return slices.Contains(on, r) })
		if s.ID == cause.BackendUnhealthy && about && !s.Since.IsZero() && (at.IsZero() || s.Since.Before(at)) {
			at = s.Since
		}
	}
	return at
}

func impact(list []barrier) string {
	unhealthy, all := 0, 0
	var counted []string
	var dropped []string
	kind, instead := "this Service", "answers 502 or 503"
	for _, b := range list {
		if b.Service == "" {
			kind, instead = "this backend service", b.instead()
		}
		if !b.asked {
			add(&dropped, fmt.Sprintf("tcp:%d", b.Packet.Port))
			continue
		}
		if key := b.Title(); !slices.Contains(counted, key) {
			counted = append(counted, key)
			unhealthy, all = unhealthy+len(b.bad), all+len(b.all)
		}
	}
	if len(counted) > 1 {
		kind = "these Services"
	}
	switch {
	case len(counted) == 0:
		return "requests to " + strings.Join(dropped, " and ") + " are dropped, so clients get 502, 503 or 504, though the health check may pass"
	case unhealthy < all:
		return fmt.Sprintf("%d of %d endpoints unhealthy", unhealthy, all)
	}
	return fmt.Sprintf("%d of %d endpoints unhealthy, so the load balancer %s for %s", unhealthy, all, instead, kind)
}

// instead is what a load balancer does without a HEALTHY endpoint.
func (b barrier) instead() string {
	bs, _ := b.BackendService.Get()
	switch protocol := bs.GetProtocol(); {
	case glbc.Passthrough(bs):
		return "has none to prefer"
	case protocol == "TCP" || protocol == "SSL":
		return "closes connections"
	}
	return "answers 502 or 503"
}

// evidence is the evaluation, and what endpoints, log and our own probe show of it.
func evidence(c cause.Case, list []barrier) []cause.Evidence {
	var all []cause.Evidence
	for _, b := range list {
		add(&all, cause.Evidence{Source: "firewall", Says: b.says(), Link: firewallLink(c)})
	}
	for _, b := range list {
		if bs, ok := b.BackendService.Get(); ok && len(b.bad) > 0 {
			add(&all, cause.Evidence{
				Source: "compute.backendServices.getHealth", Link: cause.ComputeLink(glbc.Path(bs)),
				Says: fmt.Sprintf("%s: %d of %d endpoints UNHEALTHY", bs.GetName(), len(b.bad), len(b.all)),
			})
		}
		if e, ok := logged(c, b); ok {
			add(&all, e)
		}
		if e, ok := answers(c, b.Backend); ok {
			add(&all, e)
		}
	}
	return all
}

// firewallLink is the console's page of the firewalls of the network's project.
func firewallLink(c cause.Case) string {
	return "https://console.cloud.google.com/net-security/firewall-manager/firewall-policies/list?project=" + networkProject(c.Facts)
}

// says is the evaluation in words: which packets to which machines meet which rule.
func (b barrier) says() string {
	var parts []string
	for _, r := range b.Verdict.Deciders(firewall.Denied) {
		list := b.denied(func(by firewall.Rule) bool { return by == r })
		end := "end"
		if len(list) == 1 {
			end = "ends"
		}
		parts = append(parts, fmt.Sprintf("%s %s in %s", ranges(list), end, r))
	}
	return fmt.Sprintf("tcp:%d to %s: %s", b.Packet.Port, b.machines(), strings.Join(parts, ", "))
}

// machines names those that the packets go to.
func (b barrier) machines() string {
	tags, known := b.Target.Tags.Get()
	if !known {
		tags = b.Target.LikelyTags
	}
	if tag := nodeTag(tags); tag != "" {
		return "machines tagged " + tag
	}
	if n := len(b.Instances); n > 0 {
		return fmt.Sprintf("%s%s", b.Instances[0], more(n-1))
	}
	return "the endpoints"
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// sender names whose packets are kept out, with the ranges where only some are.
func (b barrier) sender() string {
	name := "Google's health checks"
	switch {
	case b.Proxies:
		name = "the load balancer's proxies"
	case !b.asked && b.HealthCheck.Known():
		name = "the load balancer's requests"
	}
	return name
}

// onlySome says which part is kept out, where it isn't all.
func (b barrier) onlySome() string {
	if b.Verdict.Outcome == firewall.Partial {
		return " from " + ranges(b.Verdict.Ranges(firewall.Denied))
	}
	return ""
}

// someMachines says which machines are concerned, where others aren't.
func someMachines(list []barrier) string {
	var instances, rest []string
	for _, b := range list {
		add(&instances, b.Instances...)
	}
	for _, b := range list {
		for _, e := range b.all {
			if !slices.ContainsFunc(list, func(o barrier) bool { return slices.Contains(o.Addresses, e.IP) }) {
				add(&rest, e.IP)
			}
		}
	}
	if len(rest) == 0 || len(instances) == 0 {
		return ""
	}
	return fmt.Sprintf(" on %s%s", instances[0], more(len(instances)-1))
}

func ranges(list []netip.Prefix) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	return strings.Join(texts, " and ")
}

// ports are those that packets are kept from: "tcp:8080 and tcp:8443".
func ports(list []barrier) string {
	var texts []string
	for _, b := range list {
		add(&texts, fmt.Sprintf("tcp:%d", b.Packet.Port))
	}
	slices.Sort(texts)
	return strings.Join(texts, " and ")
}

// logged is what the prober says of an endpoint behind the barrier.
func logged(c cause.Case, b barrier) (cause.Evidence, bool) {
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || !b.Logged(c.Facts, cause.Logged(s)) || !slices.Contains(b.Addresses, s.Health.IP) || s.Health.State != "UNHEALTHY" {
			continue
		}
		says := fmt.Sprintf("%s at %s: %s", s.Health.IP, s.At.UTC().Format("15:04"), s.Health.Detailed)
		if text := strings.TrimPrefix(s.Health.ResultText, "HTTP response: , Error: "); text != "" {
			says += ", " + text
		}
		return cause.Evidence{Source: "health-check log", Says: says, Link: cause.EntryLink(c.Facts.Project, s.ID, s.At)}, true
	}
	return cause.Evidence{}, false
}

// answers is what a pod told our own probe, which comes another way.
func answers(c cause.Case, b glbc.Backend) (cause.Evidence, bool) {
	pods, _ := glbc.PodsOf(c.Facts, b)
	for _, pod := range pods {
		for req, v := range c.Probes() {
			a, ok := v.Get()
			if ok && req.Namespace == pod.Namespace && req.Pod == pod.Name && a.Status == 200 {
				return cause.Evidence{Source: "our probe", Says: fmt.Sprintf("%s answers :%d%s with 200 to the API server, which comes another way", pod.Name, req.Port, req.Path)}, true
			}
		}
	}
	return cause.Evidence{}, false
}
