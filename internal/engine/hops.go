package engine

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/path"
)

// brokenHops are the hops that are seen to be broken, in words. Where no symptom shows
// and no cause explains it, they keep a verdict from being healthy.
func brokenHops(p path.Path) (list []string) {
	for _, h := range p.Hops {
		if h.State == path.Broken {
			list = append(list, fmt.Sprintf("what is wrong with the %s: %s", strings.ReplaceAll(string(h.Station), "-", " "), h.Says))
		}
	}
	return list
}

// hopsChecked are the hops that a person would look at first: the broken ones, names
// that lead elsewhere, though that may be a proxy's address, and what the firewall does,
// which is nowhere else to be seen at a glance.
func hopsChecked(p path.Path) (list []cause.Evidence) {
	for _, h := range p.Hops {
		firewalled := h.Station == path.Firewall && h.State != path.NotApplicable
		elsewhere := h.Station == path.DNS && len(h.Differences) > 0
		if h.Says != "" && (h.State == path.Broken && h.Station != path.HealthCheck || firewalled || elsewhere) {
			list = append(list, cause.Evidence{Source: strings.ReplaceAll(string(h.Station), "-", " "), Says: h.Says})
		}
	}
	return list
}
