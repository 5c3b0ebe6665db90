package engine

import (
	"fmt"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// checkedOutside are the facts of a backend service that stands for itself: what its
// check asks and got, whether the probers come through, its groups and which of their
// members fail.
func checkedOutside(c cause.Case, b glbc.Backend) (list []cause.Evidence) {
	bs, ok := b.BackendService.Get()
	if !ok {
		return nil
	}
	list = append(list, owner(c.Facts, bs)...)
	list = append(list, capacities(bs)...)
	list = append(list, askedOutside(c, b, bs)...)
	list = append(list, groupsOf(c.Facts, bs)...)
	return append(list, failingMembers(c, b)...)
}

// capacities names the groups that take nothing by their setting, where there are any
// others or not.
func capacities(bs *computepb.BackendService) (list []cause.Evidence) {
	if glbc.Passthrough(bs) {
		return nil
	}
	for _, backend := range bs.GetBackends() {
		if backend.CapacityScaler != nil && backend.GetCapacityScaler() == 0 {
			path := facts.ScopePath(backend.GetGroup())
			list = append(list, cause.Evidence{Source: "compute.backendServices.list", Link: cause.ComputeLink(glbc.Path(bs)), Says: path + " has capacityScaler 0"})
		}
	}
	return list
}

func askedOutside(c cause.Case, b glbc.Backend, bs *computepb.BackendService) (list []cause.Evidence) {
	hc, ok := b.HealthCheck.Get()
	if !ok {
		for _, url := range bs.GetHealthChecks() {
			path := facts.ScopePath(url)
			if strings.Contains(path, "/httpHealthChecks/") || strings.Contains(path, "/httpsHealthChecks/") {
				list = append(list, cause.Evidence{Source: "compute.backendServices.list", Says: "health check " + facts.LastSegment(url) + " is a legacy one, which isn't read and never logs"})
			} else if b.HealthCheck.IsAbsent() {
				list = append(list, cause.Evidence{Source: "compute.healthChecks.list", Says: "health check " + facts.LastSegment(url) + " isn't there"})
			}
		}
		return list
	}
	check := glbc.CheckOf(hc)
	list = append(list, cause.Evidence{
		Source: "compute.healthChecks.list", Link: cause.ComputeLink(facts.RelativePath(hc.GetSelfLink())),
		Says: "health check " + hc.GetName() + asksOutside(c.Facts, bs, check),
	})
	if s, ok := lastWords(c, b); ok {
		list = append(list, s)
	} else if !check.Logging {
		list = append(list, cause.Evidence{Source: "compute.healthChecks.list", Says: "what the prober gets isn't known: health check " + hc.GetName() + " doesn't log"})
	}
	return list
}

func asksOutside(s *facts.Snapshot, bs *computepb.BackendService, check glbc.Check) string {
	at := "the serving port"
	if ports, known := glbc.ProbedPorts(s, bs); known {
		at = "tcp:" + numbers(ports)
	}
	if check.HTTP() {
		return fmt.Sprintf(" asks %s %s on %s and wants exactly 200", check.Type, check.Path, at)
	}
	return fmt.Sprintf(" wants a %s answer on %s", check.Type, at)
}

func numbers(ports []int32) string {
	texts := make([]string, len(ports))
	for i, p := range ports {
		texts[i] = fmt.Sprint(p)
	}
	return strings.Join(texts, " or ")
}

// groupsOf says how many members the instance groups have, and which number they give
// the port's name.
func groupsOf(s *facts.Snapshot, bs *computepb.BackendService) (list []cause.Evidence) {
	for _, g := range glbc.GroupsOf(bs) {
		ig, ok := glbc.InstanceGroupOf(s, g.Group)
		if !ok {
			continue
		}
		says := fmt.Sprintf("instance group %s (%s) has %d machines", ig.GetName(), facts.LastSegment(facts.ScopeOf(g.Group)), ig.GetSize())
		if ig.GetSize() == 1 {
			says = strings.TrimSuffix(says, "s")
		}
		if name := bs.GetPortName(); name != "" && !glbc.Passthrough(bs) {
			if ports := glbc.NamedPorts(ig, name); len(ports) > 0 {
				says += fmt.Sprintf(", port name %s = %s", name, numbers(ports))
			} else {
				says += ", and no port named " + name
			}
		}
		list = append(list, cause.Evidence{Source: "compute.instanceGroups.list", Says: says})
	}
	return list
}

// maxMembers are how many failing endpoints are named.
const maxMembers = 5

func failingMembers(c cause.Case, b glbc.Backend) []cause.Evidence {
	all, bad := glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
	if len(bad) == 0 {
		return nil
	}
	var names []string
	for _, e := range bad[:min(maxMembers, len(bad))] {
		name := e.IP
		if e.Port != 0 {
			name = fmt.Sprintf("%s:%d", e.IP, e.Port)
		}
		if e.Instance != "" {
			name = facts.LastSegment(e.Instance) + " " + name
			if in, ok := glbc.MachineOf(c.Facts, e.Instance); ok && in.GetStatus() != "" && in.GetStatus() != "RUNNING" {
				name += " (" + in.GetStatus() + ")"
			}
		}
		names = append(names, name)
	}
	if more := len(bad) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	bs, _ := b.BackendService.Get()
	return []cause.Evidence{{
		Source: "compute.backendServices.getHealth", Link: cause.ComputeLink(glbc.Path(bs)),
		Says: fmt.Sprintf("%d of %d UNHEALTHY: %s", len(bad), len(all), strings.Join(names, ", ")),
	}}
}

// owner says what GKE's controllers have to do with a backend service: they made it,
// though no cluster is behind it, or fill a group of it.
func owner(s *facts.Snapshot, bs *computepb.BackendService) (list []cause.Evidence) {
	if glbc.MadeByGKE(bs) {
		says := "GKE made the backend service"
		if d, ok := glbc.ParseDescription(bs.GetDescription()); ok {
			says += " for Service " + d.Namespace + "/" + d.Service
		}
		return []cause.Evidence{{Source: "compute.backendServices.list", Says: says + "; no cluster of " + s.Project + " is the one that it is for"}}
	}
	for _, backend := range bs.GetBackends() {
		neg, ok := glbc.NEGOf(s, backend.GetGroup())
		if !ok {
			continue
		}
		if d, ok := glbc.ParseNEGDescription(neg.GetDescription()); ok {
			list = append(list, cause.Evidence{
				Source: "compute.networkEndpointGroups.list",
				Says:   fmt.Sprintf("GKE fills group %s (%s) with the pods of Service %s/%s port %s", neg.GetName(), facts.LastSegment(neg.GetZone()), d.Namespace, d.Service, d.Port),
			})
		}
	}
	return list
}
