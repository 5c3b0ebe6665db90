package cause

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// Astray are the hosts of the target whose names don't lead to its load balancer, or not
// all of their records: what DNS shows to be wrong, or likely so. A name under which
// requests arrived leads here all the same, through a proxy in front.
func (c Case) Astray() (list []glbc.Lead) {
	ours, hosts, internal := c.answering()
	for _, host := range hosts {
		if strings.Contains(host, "*") {
			continue
		}
		l, ok := glbc.LeadOf(c.Facts, host, ours, internal)
		if !ok || l.Where == glbc.Here || l.Where == glbc.ToMany || l.Where != glbc.Beside && l.Where != glbc.Nowhere && c.arrived(host) {
			continue
		}
		list = append(list, l)
	}
	return list
}

func (c Case) answering() (ours []netip.Addr, hosts []string, internal bool) {
	if ing, ok := c.Ingress(); ok && glbc.Address(ing) != "" && glbc.Serves(c.Facts, ing) {
		return glbc.AddressesOf(c.Facts, ing), glbc.Hosts(ing), glbc.ClassOf(ing).Internal
	}
	g, ok := c.Gateway()
	if !ok || glbc.GatewayAddress(g) == "" || !glbc.SurelyServesGateway(c.Facts, g) {
		return nil, nil, false
	}
	class, _ := glbc.GatewayClassOf(c.Facts, g).Get()
	return glbc.GatewayAddresses(c.Facts, g), glbc.GatewayHosts(c.Facts, g), class.Scheme == "INTERNAL_MANAGED"
}

// arrived: the log has a request for the host that the load balancer got.
func (c Case) arrived(host string) bool {
	return slices.ContainsFunc(c.Entries(), func(s signal.Signal) bool {
		if s.Kind != signal.RequestFailed {
			return false
		}
		u, err := url.Parse(s.Request.URL)
		return err == nil && u.Hostname() == host
	})
}
