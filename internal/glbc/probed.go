package glbc

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// ProbedGroups are the groups behind a backend service that Google health-checks. A
// serverless group, one of Private Service Connect and a global one on the internet
// stand for a service with endpoints of its own: they have no health, and that is
// normal (gcp-facts.md §9).
func ProbedGroups(s *facts.Snapshot, bs *computepb.BackendService) []facts.BackendGroup {
	return slices.DeleteFunc(GroupsOf(bs), func(g facts.BackendGroup) bool { return !isProbed(s, bs, g.Group) })
}

func isProbed(s *facts.Snapshot, bs *computepb.BackendService, group string) bool {
	path := facts.ScopePath(group)
	if !strings.Contains(path, "/networkEndpointGroups/") {
		return true
	}
	if neg, ok := NEGOf(s, group); ok {
		switch typ := neg.GetNetworkEndpointType(); {
		case typ == "SERVERLESS" || typ == "PRIVATE_SERVICE_CONNECT":
			return false
		case strings.HasPrefix(typ, "INTERNET_") || typ == "GCE_VM_IP_PORTMAP":
			return !strings.HasPrefix(path, "global/") && len(bs.GetHealthChecks()) > 0
		}
		return true
	}
	// Of a group that wasn't read, the scope tells: only endpoints of the project's own
	// are in zones, and only those on the internet are global.
	return strings.HasPrefix(path, "zones/") || strings.HasPrefix(path, "regions/") && len(bs.GetHealthChecks()) > 0
}

// InstanceGroupOf finds an instance group by its URL.
func InstanceGroupOf(s *facts.Snapshot, url string) (*computepb.InstanceGroup, bool) {
	groups, _ := s.InstanceGroups.Get()
	for _, g := range groups {
		if facts.RelativePath(g.GetSelfLink()) == facts.RelativePath(url) {
			return g, true
		}
	}
	return nil, false
}

// NamedPorts are the numbers that an instance group has under a name: there may be
// several.
func NamedPorts(g *computepb.InstanceGroup, name string) (numbers []int32) {
	for _, p := range g.GetNamedPorts() {
		if p.GetName() == name && name != "" {
			numbers = append(numbers, p.GetPort())
		}
	}
	return numbers
}

// ProbedPorts are the ports that a backend service's health check reaches in its
// groups. known is false where nothing that was read tells.
func ProbedPorts(s *facts.Snapshot, bs *computepb.BackendService) (ports []int32, known bool) {
	if n, ok := nodePortOf(bs); ok {
		return []int32{n}, true
	}
	hc, ok := healthCheckOf(s, bs).Get()
	if !ok {
		return nil, false
	}
	check := CheckOf(hc)
	if check.Port != 0 {
		return []int32{check.Port}, true
	}
	name := check.PortName
	if name == "" {
		// The serving port, which the live health has too.
		for _, g := range GroupsOf(bs) {
			statuses, _ := s.Health[g].Get()
			for _, st := range statuses {
				ports = append(ports, st.GetPort())
			}
		}
		name = bs.GetPortName()
	}
	for _, g := range GroupsOf(bs) {
		if ig, ok := InstanceGroupOf(s, g.Group); ok {
			ports = append(ports, NamedPorts(ig, name)...)
		}
	}
	slices.Sort(ports)
	ports = slices.DeleteFunc(slices.Compact(ports), func(p int32) bool { return p == 0 })
	return ports, len(ports) > 0
}

// nodePortOf: GKE's controllers write the node port into the name of a backend
// service, and into the name of its port (ingress-controller.md §6).
func nodePortOf(bs *computepb.BackendService) (int32, bool) {
	text, ok := strings.CutPrefix(bs.GetName(), "k8s-be-")
	if ok {
		text, _, _ = strings.Cut(text, "--")
	} else {
		text, ok = strings.CutPrefix(bs.GetPortName(), "port")
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int32(n), ok && err == nil
}

// mayUsePort: an instance group is shared by several backend services, each with its
// own port. One whose port isn't known may be any.
func mayUsePort(s *facts.Snapshot, bs *computepb.BackendService, port int) bool {
	ports, known := ProbedPorts(s, bs)
	return !known || slices.Contains(ports, int32(port&0xffff))
}

// usesPort: the port is surely this backend service's, or no other one shares its
// groups.
func usesPort(s *facts.Snapshot, bs *computepb.BackendService, port int) bool {
	if ports, known := ProbedPorts(s, bs); known {
		return slices.Contains(ports, int32(port&0xffff))
	}
	all, _ := s.BackendServices.Get()
	groups := GroupsOf(bs)
	return !slices.ContainsFunc(all, func(other *computepb.BackendService) bool {
		return Path(other) != Path(bs) && slices.ContainsFunc(GroupsOf(other), func(theirs facts.BackendGroup) bool {
			return slices.ContainsFunc(groups, func(g facts.BackendGroup) bool { return g.Group == theirs.Group })
		})
	})
}

// Passthrough reports that the load balancer hands packets on as they come, so that it
// knows neither requests nor a capacity (gcp-facts.md §9).
func Passthrough(bs *computepb.BackendService) bool {
	switch bs.GetLoadBalancingScheme() {
	case "INTERNAL", "EXTERNAL_PASSTHROUGH":
		return true
	case "EXTERNAL", "":
		return bs.GetRegion() != ""
	}
	return false
}

// TakesNothing reports that every backend has its capacity set to 0, so that a proxy
// sends no request to any of them.
func TakesNothing(bs *computepb.BackendService) bool {
	return len(bs.GetBackends()) > 0 && !Passthrough(bs) && !slices.ContainsFunc(bs.GetBackends(), func(b *computepb.Backend) bool {
		return b.CapacityScaler == nil || b.GetCapacityScaler() > 0
	})
}

// InstanceStarted is when a virtual machine started last; its creation, where that
// isn't told; zero where neither is.
func InstanceStarted(in *computepb.Instance) time.Time {
	if at := moment(in.GetLastStartTimestamp()); !at.IsZero() {
		return at
	}
	return moment(in.GetCreationTimestamp())
}

// MachineOf finds a virtual machine by its path.
func MachineOf(s *facts.Snapshot, path string) (*computepb.Instance, bool) {
	all, _ := s.Instances.Get()
	for _, in := range all {
		if path != "" && facts.RelativePath(in.GetSelfLink()) == path {
			return in, true
		}
	}
	return nil, false
}
