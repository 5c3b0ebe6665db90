package cert

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A sight is where a domain leads, compared with the load balancer.
type sight uint8

const (
	// untold: DNS, or the load balancer's address, isn't known.
	untold sight = iota
	// right: the domain leads to the load balancer, and nowhere else.
	right
	// elsewhere: it doesn't exist, has no address or leads somewhere else.
	elsewhere
	// strayAAAA: its A records are right and an AAAA record leads somewhere else.
	strayAAAA
	// unauthorized: the record of a DNS authorization isn't as it should be.
	unauthorized
)

// A domain is one that Google can't reach, with what DNS says of it.
type domain struct {
	name  string
	sight sight
	// says compares DNS with the load balancer, for people.
	says string
	// stray are the addresses that aren't the load balancer's.
	stray []netip.Addr
}

// invisible are the domains that Google says it doesn't find the load balancer at
// (gcp-facts.md §6).
func (ce certificate) invisible(c cause.Case) (list []domain) {
	for _, d := range ce.Domains {
		if !isInvisible(d) {
			continue
		}
		if ce.DNSAuthorized || strings.Contains(d.Reason, "_acme-challenge") || strings.Contains(d.Reason, "CNAME_MISMATCH") {
			list = append(list, domain{name: d.Name, sight: unauthorized, says: d.Name + " isn't authorized: " + d.Reason})
			continue
		}
		ours, known := ce.addresses(c)
		list = append(list, look(c.Facts, d.Name, ours, known))
	}
	return list
}

func isInvisible(d glbc.CertificateDomain) bool {
	return d.Status == "FAILED_NOT_VISIBLE" || d.Status == "FAILED" && strings.HasPrefix(d.Reason, "CONFIG")
}

// look compares where a domain leads with the load balancer's addresses.
func look(s *facts.Snapshot, name string, ours []netip.Addr, known bool) domain {
	d := domain{name: name}
	records, ok := s.DNS[name].Get()
	if !ok {
		d.says = "where " + name + " leads couldn't be looked up"
		return d
	}
	foreign := func(a netip.Addr) bool { return !slices.Contains(ours, a) }
	strayA, stray6 := keep(records.A, foreign), keep(records.AAAA, foreign)
	switch {
	case records.NXDomain:
		d.sight, d.says = elsewhere, name+" doesn't exist in DNS"
	case len(records.A)+len(records.AAAA) == 0:
		d.sight, d.says = elsewhere, name+" has neither an A nor an AAAA record"
	case len(ours) == 0:
		d.says = fmt.Sprintf("%s is at %s; the load balancer's address isn't known", name, addressText(slices.Concat(records.A, records.AAAA)))
	case len(strayA)+len(stray6) == 0:
		d.sight, d.says = right, name+" leads to the load balancer ("+addressText(ours)+")"
	case !known:
		d.says = fmt.Sprintf("%s is at %s; whether that is one of the load balancer's addresses couldn't be read", name, addressText(slices.Concat(strayA, stray6)))
	case len(records.A) > 0 && len(strayA) == 0:
		d.sight, d.stray = strayAAAA, stray6
		d.says = fmt.Sprintf("%s has A %s, which is right, and AAAA %s, which isn't the load balancer", name, addressText(records.A), addressText(stray6))
	default:
		d.sight, d.stray = elsewhere, append(strayA, stray6...)
		d.says = fmt.Sprintf("%s is at %s, and the load balancer at %s", name, addressText(slices.Concat(records.A, records.AAAA)), addressText(ours))
	}
	return d
}

func keep(list []netip.Addr, fits func(netip.Addr) bool) (kept []netip.Addr) {
	for _, a := range list {
		if fits(a) {
			kept = append(kept, a)
		}
	}
	return kept
}

func namesOf(domains []domain) (names []string) {
	for _, d := range domains {
		names = append(names, d.name)
	}
	return names
}
