package glbc

import (
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// A Lead is where a host's name leads to in DNS, and whether that is the load balancer
// that should serve it.
type Lead struct {
	Host string
	// Where tells the sorts apart.
	Where Where
	// Ours are the load balancer's addresses, Right those of the records that are among
	// them, Stray the others.
	Ours, Right, Stray []netip.Addr
	// NXDomain: the name doesn't exist at all.
	NXDomain bool
	// Holder is what has the Stray address in this project: a reserved address, a
	// forwarding rule; zero where nothing known has it.
	Holder facts.Ref
}

// A Where is a sort of Lead.
type Where uint8

// Here: to the load balancer, or to others that serve the host as well. Nowhere: the
// name has no address. Beside: some records lead to the load balancer, others elsewhere.
// ToUnused: to a reserved address that nothing uses. ToAnother: to a forwarding rule of
// this project that doesn't know the host. ToOne: to a single address that nobody knows.
// ToMany: to several of those, as proxies and CDNs in front have them, or to one of a
// well-known proxy; that is no fault.
const (
	Here Where = iota + 1
	Nowhere
	Beside
	ToUnused
	ToAnother
	ToOne
	ToMany
)

// LeadOf says where a host leads to; ok is false where its records weren't read or can't
// tell: names inside a VPC network resolve there alone. ours are the load balancer's
// addresses.
func LeadOf(s *facts.Snapshot, host string, ours []netip.Addr, internal bool) (l Lead, ok bool) {
	records, read := s.DNS[host].Get()
	if !read || len(ours) == 0 {
		return l, false
	}
	l = Lead{Host: host, Ours: ours, NXDomain: records.NXDomain}
	resolved := slices.Concat(records.A, records.AAAA)
	for _, a := range resolved {
		switch {
		case slices.Contains(ours, a):
			l.Right = append(l.Right, a)
		case !servesToo(s, host, a):
			l.Stray = append(l.Stray, a)
		}
	}
	switch {
	case len(resolved) == 0:
		l.Where = Nowhere
	case len(l.Stray) == 0:
		l.Where = Here
	case len(l.Right) > 0:
		l.Where = Beside
	default:
		l.elsewhere(s, records)
	}
	if internal && (l.Where == Nowhere || slices.ContainsFunc(l.Stray, func(a netip.Addr) bool { return !a.IsPrivate() })) {
		return l, false
	}
	return l, true
}

// elsewhere says what is at the addresses, none of which is the load balancer's.
func (l *Lead) elsewhere(s *facts.Snapshot, records facts.DNSRecords) {
	l.Where = ToMany
	if len(records.A) > 1 || len(records.AAAA) > 1 || slices.ContainsFunc(l.Stray, wellKnownProxy) {
		return
	}
	l.Where = ToOne
	at := l.Stray[0].String()
	rules, _ := s.ForwardingRules.Get()
	for _, fr := range rules {
		if fr.GetIPAddress() == at {
			l.Where, l.Holder = ToAnother, ComputeRef(facts.KindForwardingRule, fr.GetSelfLink())
			return
		}
	}
	addresses, _ := s.Addresses.Get()
	for _, a := range addresses {
		if a.GetAddress() != at {
			continue
		}
		l.Holder = ComputeRef(facts.KindAddress, a.GetSelfLink())
		if a.GetStatus() == computepb.Address_RESERVED.String() && s.ForwardingRules.Known() {
			l.Where = ToUnused
		}
	}
}

// servesToo: the address is another load balancer's that has the host: of an Ingress or
// Gateway of this cluster, or of a URL map of the project. Names may lead to several.
func servesToo(s *facts.Snapshot, host string, at netip.Addr) bool {
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		if Address(ing) == at.String() && slices.ContainsFunc(Hosts(ing), func(h string) bool { return h == host || hostCovers(h, host) }) {
			return true
		}
	}
	rules, _ := s.ForwardingRules.Get()
	maps, _ := s.URLMaps.Get()
	for _, fr := range rules {
		if fr.GetIPAddress() != at.String() {
			continue
		}
		for _, m := range maps {
			if leadsToMap(s, fr, m) && slices.ContainsFunc(HostsOf(m), func(h string) bool { return h == host || hostCovers(h, host) }) {
				return true
			}
		}
	}
	return false
}

// leadsToMap reports that a forwarding rule's proxy has a URL map.
func leadsToMap(s *facts.Snapshot, fr *computepb.ForwardingRule, m *computepb.UrlMap) bool {
	target, path := facts.RelativePath(fr.GetTarget()), facts.RelativePath(m.GetSelfLink())
	plain, _ := s.TargetHTTPProxies.Get()
	secure, _ := s.TargetHTTPSProxies.Get()
	return target != "" && (slices.ContainsFunc(plain, func(p *computepb.TargetHttpProxy) bool {
		return facts.RelativePath(p.GetSelfLink()) == target && facts.RelativePath(p.GetUrlMap()) == path
	}) || slices.ContainsFunc(secure, func(p *computepb.TargetHttpsProxy) bool {
		return facts.RelativePath(p.GetSelfLink()) == target && facts.RelativePath(p.GetUrlMap()) == path
	}))
}
