package glbc

import (
	"net/netip"
	"strconv"
	"strings"
)

// proberRanges are the sources of Google's health checks (gcp-facts.md §9).
var proberRanges = []string{"130.211.0.0/22", "35.191.0.0/16"}

// contained: one of the ranges holds all of want.
func contained(want string, ranges []string) bool {
	w, err := netip.ParsePrefix(want)
	if err != nil {
		return false
	}
	for _, r := range ranges {
		p, err := netip.ParsePrefix(r)
		if err == nil && p.Bits() <= w.Bits() && p.Contains(w.Addr()) {
			return true
		}
	}
	return false
}

// coversPort: one of the ports or ranges (8000-8999) is or holds the port.
func coversPort(ports []string, port int32) bool {
	for _, p := range ports {
		low, high, isRange := strings.Cut(p, "-")
		l, err := strconv.Atoi(low)
		if err != nil {
			continue
		}
		h := l
		if isRange {
			if h, err = strconv.Atoi(high); err != nil {
				continue
			}
		}
		if int(port) >= l && int(port) <= h {
			return true
		}
	}
	return false
}
