package glbc

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// proberRanges are the sources of Google's health checks; passthroughRanges those for
// external passthrough load balancers (gcp-facts.md §9).
var (
	proberRanges      = []string{"130.211.0.0/22", "35.191.0.0/16"}
	passthroughRanges = []string{"35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"}
)

func probersOf(bs *computepb.BackendService) []string {
	if Passthrough(bs) && bs.GetLoadBalancingScheme() != "INTERNAL" {
		return passthroughRanges
	}
	return proberRanges
}

// AdmittingRule looks for an enabled VPC rule that admits Google's probers to the
// port of a check, and says for people what it found. Either way it proves nothing
// by itself: rules and policies above it aren't weighed. ok is false when it
// couldn't look.
func AdmittingRule(s *facts.Snapshot, b Backend, check Check) (says string, ok bool) {
	rules, read := s.Firewalls.Get()
	bs, known := b.BackendService.Get()
	if !read || !known || len(bs.GetBackends()) == 0 || hybrid(s, bs) {
		return "", false
	}
	port := checkedPort(s, b, bs, check)
	if port == 0 {
		return "", false
	}
	ranges := probersOf(bs)
	for _, r := range rules {
		if r.GetDirection() == "EGRESS" || r.GetDisabled() || !onNetwork(s, r) || !admits(r, ranges, port) {
			continue
		}
		if on, meant := aims(s, b, r); meant {
			return fmt.Sprintf("firewall rule %s admits the probers to tcp:%d%s (rules and policies above it weren't weighed)", r.GetName(), port, on), true
		}
	}
	network := ""
	if b.Service == "" && s.NetworkName != "" {
		network = " of network " + s.NetworkName
	}
	last := len(ranges) - 1
	return fmt.Sprintf("no enabled VPC rule%s admits %s and %s to tcp:%d (firewall policies weren't weighed)", network, strings.Join(ranges[:last], ", "), ranges[last], port), true
}

// checkedPort is the port that the probers connect to; 0 where nothing tells.
func checkedPort(s *facts.Snapshot, b Backend, bs *computepb.BackendService, check Check) int32 {
	if check.Port != 0 {
		return check.Port
	}
	if neg, found := NEGOf(s, bs.GetBackends()[0].GetGroup()); found && neg.GetDefaultPort() != 0 {
		return neg.GetDefaultPort()
	}
	if pods, _ := PodsOf(s, b); len(pods) > 0 {
		return ServingPort(pods[0], b.ServicePort)
	}
	if ports, known := ProbedPorts(s, bs); known && b.Service == "" {
		return ports[0]
	}
	return 0
}

// hybrid: what is behind a group of another cloud or site isn't behind the network's
// firewall.
func hybrid(s *facts.Snapshot, bs *computepb.BackendService) bool {
	return slices.ContainsFunc(bs.GetBackends(), func(backend *computepb.Backend) bool {
		neg, ok := NEGOf(s, backend.GetGroup())
		return ok && neg.GetNetworkEndpointType() == "NON_GCP_PRIVATE_IP_PORT"
	})
}

// onNetwork: a rule of another network admits nothing here.
func onNetwork(s *facts.Snapshot, r *computepb.Firewall) bool {
	return s.NetworkName == "" || r.GetNetwork() == "" || facts.LastSegment(r.GetNetwork()) == s.NetworkName
}

// aims: a rule for some machines is meant for those behind the backend service. on
// says for which it is, where they weren't all read. Nodes of a cluster aren't
// compared.
func aims(s *facts.Snapshot, b Backend, r *computepb.Firewall) (on string, meant bool) {
	tags, accounts := r.GetTargetTags(), r.GetTargetServiceAccounts()
	if b.Service != "" || len(tags)+len(accounts) == 0 {
		return "", true
	}
	list, err := Endpoints(s, b)
	all := err == nil && len(list) > 0
	for _, e := range list {
		in, found := InstanceOf(s, e.Instance)
		if !found {
			all = false
			continue
		}
		has := slices.ContainsFunc(in.GetTags().GetItems(), func(t string) bool { return slices.Contains(tags, t) }) ||
			slices.ContainsFunc(in.GetServiceAccounts(), func(a *computepb.ServiceAccount) bool { return slices.Contains(accounts, a.GetEmail()) })
		if !has {
			return "", false
		}
	}
	if all {
		return "", true
	}
	return " of machines with " + strings.Join(append(slices.Clone(tags), accounts...), " or "), true
}

// InstanceOf finds a virtual machine by its path.
func InstanceOf(s *facts.Snapshot, path string) (*computepb.Instance, bool) {
	all, _ := s.Instances.Get()
	for _, in := range all {
		if path != "" && facts.RelativePath(in.GetSelfLink()) == path {
			return in, true
		}
	}
	return nil, false
}

func admits(r *computepb.Firewall, ranges []string, port int32) bool {
	for _, want := range ranges {
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
