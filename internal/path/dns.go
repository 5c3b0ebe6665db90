package path

import (
	"net/netip"
	"slices"
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// dns: every host resolves to an address of the load balancer, and to nothing else.
// Names of an internal load balancer resolve inside the network alone, so that what
// the outside sees of them proves nothing.
func (t *tracer) dns(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	addresses := t.answering()
	for _, host := range t.hosts() {
		if strings.Contains(host, "*") {
			continue
		}
		j.on(facts.Ref{Kind: facts.KindHost, Name: host})
		records, ok := t.s.DNS[host].Get()
		switch {
		case !ok:
			j.unread(host, t.s.DNS[host].Err())
		case len(addresses) == 0:
			j.unknown("%s: the load balancer's address isn't known", host)
		default:
			t.host(j, host, records, addresses)
		}
	}
}

func (t *tracer) host(j *judgement, host string, records facts.DNSRecords, ours []netip.Addr) {
	state := Broken
	if t.internal() {
		state = Unknown
	}
	resolved := append(slices.Clone(records.A), records.AAAA...)
	others := slices.DeleteFunc(slices.Clone(resolved), func(a netip.Addr) bool { return slices.Contains(ours, a) })
	ref := facts.Ref{Kind: facts.KindHost, Name: host}
	switch {
	case records.NXDomain:
		j.differs(ref, "A", texts(ours), "")
		j.add(state, "%s doesn't exist%s", host, privately(state))
	case len(resolved) == 0:
		j.differs(ref, "A", texts(ours), "")
		j.add(state, "%s has no address%s", host, privately(state))
	case len(others) == 0:
		j.ok(host + " → " + texts(resolved))
	case len(others) == len(resolved):
		j.differs(ref, "A", texts(ours), texts(resolved))
		// A proxy or a CDN in front looks the same, and is no fault.
		j.unknown("%s is at %s, not %s (a proxy in front?)", host, texts(resolved), texts(ours))
	default:
		if l, ok := glbc.LeadOf(t.s, host, ours, false); ok && l.Where == glbc.Here {
			j.ok(host + " → " + texts(resolved))
			return
		}
		if s := t.s; !s.ForwardingRules.Known() || !s.TargetHTTPProxies.Known() || !s.TargetHTTPSProxies.Known() || !s.URLMaps.Known() {
			j.unknown("%s also leads to %s, and whether that is the load balancer's own couldn't be read", host, texts(others))
			return
		}
		strayRecords(j, ref, others, ours, state)
	}
}

// answering are all addresses on which the load balancer answers.
func (t *tracer) answering() []netip.Addr {
	switch {
	case t.ing != nil && glbc.Address(t.ing) != "":
		return glbc.AddressesOf(t.s, t.ing)
	case t.gateway != nil && len(t.addresses()) > 0:
		return glbc.GatewayAddresses(t.s, t.gateway)
	}
	return addressesIn(t.addresses())
}

// strayRecords: some clients go elsewhere.
func strayRecords(j *judgement, ref facts.Ref, others, ours []netip.Addr, state State) {
	field := "A"
	if !slices.ContainsFunc(others, netip.Addr.Is4) {
		field = "AAAA"
	}
	j.differs(ref, field, texts(ours), texts(others))
	j.add(state, "%s has a stray %s record, %s", ref.Name, field, texts(others))
}

func privately(state State) string {
	if state == Unknown {
		return " seen from here; it may inside the network"
	}
	return ""
}

func addressesIn(list []string) []netip.Addr {
	var addresses []netip.Addr
	for _, text := range list {
		if a, err := netip.ParseAddr(text); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

func texts(list []netip.Addr) string {
	parts := make([]string, 0, len(list))
	for _, a := range list {
		parts = append(parts, a.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
