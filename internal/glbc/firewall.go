package glbc

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// proberRanges are the sources of Google's health checks (gcp-facts.md §9).
var proberRanges = []string{"130.211.0.0/22", "35.191.0.0/16"}

// AdmittingRule looks for an enabled VPC rule that admits Google's probers to the
// port of a check, and says for people what it found. Either way it proves nothing
// by itself: rules and policies above it aren't weighed. ok is false when it
// couldn't look.
func AdmittingRule(s *facts.Snapshot, b Backend, check Check) (says string, ok bool) {
	rules, read := s.Firewalls.Get()
	bs, known := b.BackendService.Get()
	if !read || !known || len(bs.GetBackends()) == 0 {
		return "", false
	}
	port := check.Port
	if port == 0 {
		if neg, found := NEGOf(s, bs.GetBackends()[0].GetGroup()); found && neg.GetDefaultPort() != 0 {
			port = neg.GetDefaultPort()
		}
	}
	if port == 0 {
		if pods, _ := PodsOf(s, b); len(pods) > 0 {
			port = ServingPort(pods[0], b.ServicePort)
		}
	}
	for _, r := range rules {
		if port != 0 && r.GetDirection() != "EGRESS" && !r.GetDisabled() && admits(r, port) {
			return fmt.Sprintf("firewall rule %s admits the probers to tcp:%d (rules and policies above it weren't weighed)", r.GetName(), port), true
		}
	}
	if port == 0 || !s.Firewalls.Known() {
		return "", false
	}
	return fmt.Sprintf("no enabled VPC rule admits %s to tcp:%d (firewall policies weren't weighed)", strings.Join(proberRanges, " and "), port), true
}

func admits(r *computepb.Firewall, port int32) bool {
	for _, want := range proberRanges {
		if !contained(want, r.GetSourceRanges()) {
			return false
		}
	}
	for _, a := range r.GetAllowed() {
		switch strings.ToLower(a.GetIPProtocol()) {
		case "all":
			return true
		case "tcp", "6":
			if len(a.GetPorts()) == 0 || coversPort(a.GetPorts(), port) {
				return true
			}
		}
	}
	return false
}

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
