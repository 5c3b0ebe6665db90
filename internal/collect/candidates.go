package collect

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A lead is what a Compute object tells about the cluster that it belongs to;
// empty where it tells nothing.
type lead struct {
	zones    []string
	networks []string
	// uid is the cluster's, from a NEG's description (ingress-controller.md §6).
	uid string
	// reason explains that nothing leads from here to a cluster; sure, that this was
	// looked for with everything that it takes.
	reason string
	sure   bool
}

// follow looks a Ref up in what was read of its project.
func follow(s *facts.Snapshot, ref facts.Ref) lead {
	switch ref.Kind {
	case facts.KindNEG:
		return one(ref, s, s.NEGs, negLead)
	case facts.KindInstanceGroup:
		return one(ref, s, s.InstanceGroups, instanceGroupLead)
	case facts.KindBackendService:
		return one(ref, s, s.BackendServices, func(b *computepb.BackendService) lead { return backendLead(s, b) })
	case facts.KindHealthCheck:
		return one(ref, s, s.HealthChecks, func(h *computepb.HealthCheck) lead { return healthCheckLead(s, h) })
	case facts.KindURLMap:
		return one(ref, s, s.URLMaps, func(m *computepb.UrlMap) lead { return urlMapLead(s, m) })
	}
	return lead{reason: ref.String() + " names no cluster, and nothing leads from it to one", sure: true}
}

// named is what all Compute objects have.
type named interface {
	GetId() uint64
	GetName() string
	GetSelfLink() string
}

// one finds the object that the Ref names, by number or by scope and name.
func one[T named](ref facts.Ref, s *facts.Snapshot, in facts.Value[[]T], leadOf func(T) lead) lead {
	objects, ok := in.Get()
	if !ok {
		return lead{reason: ref.String() + " could not be looked up in " + s.Project}
	}
	i := slices.IndexFunc(objects, func(o T) bool { return refers(ref, o) })
	if i < 0 {
		gone := " is not there any more in "
		if ref.ID == "" {
			gone = " is not in "
		}
		return lead{reason: ref.String() + gone + s.Project, sure: !in.Lacks(ref.Scope) && (ref.Scope != "" || in.Known())}
	}
	return leadOf(objects[i])
}

func refers(ref facts.Ref, o named) bool {
	if ref.ID != "" {
		return ref.ID == strconv.FormatUint(o.GetId(), 10)
	}
	inScope := ref.Scope == "" || strings.HasPrefix(facts.ScopePath(o.GetSelfLink()), ref.Scope+"/")
	return ref.Name != "" && ref.Name == o.GetName() && inScope
}

func negLead(n *computepb.NetworkEndpointGroup) lead {
	var description struct {
		ClusterUID string `json:"cluster-uid"`
	}
	l := lead{zones: nonEmpty(facts.LastSegment(n.GetZone())), networks: nonEmpty(n.GetNetwork())}
	if json.Unmarshal([]byte(n.GetDescription()), &description) == nil {
		l.uid = description.ClusterUID
	}
	return l
}

func instanceGroupLead(g *computepb.InstanceGroup) lead {
	return lead{zones: nonEmpty(facts.LastSegment(g.GetZone())), networks: nonEmpty(g.GetNetwork())}
}

// backendLead joins what the groups of a backend service tell.
func backendLead(s *facts.Snapshot, b *computepb.BackendService) lead {
	negs, _ := s.NEGs.Get()
	groups, _ := s.InstanceGroups.Get()
	var whole lead
	for _, backend := range b.GetBackends() {
		path := facts.RelativePath(backend.GetGroup())
		var l lead
		if i := slices.IndexFunc(negs, func(n *computepb.NetworkEndpointGroup) bool { return facts.RelativePath(n.GetSelfLink()) == path }); i >= 0 {
			l = negLead(negs[i])
		} else if i := slices.IndexFunc(groups, func(g *computepb.InstanceGroup) bool { return facts.RelativePath(g.GetSelfLink()) == path }); i >= 0 {
			l = instanceGroupLead(groups[i])
		}
		whole.add(l)
	}
	return whole
}

func healthCheckLead(s *facts.Snapshot, h *computepb.HealthCheck) lead {
	services, _ := s.BackendServices.Get()
	var whole lead
	used := false
	for _, b := range services {
		if slices.ContainsFunc(b.GetHealthChecks(), func(url string) bool { return facts.RelativePath(url) == facts.RelativePath(h.GetSelfLink()) }) {
			used = true
			whole.add(backendLead(s, b))
		}
	}
	if !used && s.BackendServices.Known() {
		return lead{reason: "no backend service uses HealthCheck/" + h.GetName(), sure: true}
	}
	return whole
}

// urlMapLead joins what the backend services tell that a URL map sends requests to.
func urlMapLead(s *facts.Snapshot, m *computepb.UrlMap) lead {
	services, _ := s.BackendServices.Get()
	var whole lead
	for _, b := range services {
		if slices.Contains(glbc.ServicesOf(m), glbc.Path(b)) {
			whole.add(backendLead(s, b))
		}
	}
	return whole
}

func (l *lead) add(other lead) {
	l.zones = append(l.zones, other.zones...)
	l.networks = append(l.networks, other.networks...)
	if l.uid == "" {
		l.uid = other.uid
	}
}

// fits tells whether the object can belong to the cluster: its nodes are in the
// zones, on the network. What isn't known excludes nothing.
func (l lead) fits(c *container.Cluster) bool {
	for _, zone := range l.zones {
		if !glbc.Covers(c, zone) {
			return false
		}
	}
	for _, network := range l.networks {
		if !onNetwork(c, network) {
			return false
		}
	}
	return true
}

func onNetwork(c *container.Cluster, network string) bool {
	if c.NetworkConfig != nil && strings.Contains(c.NetworkConfig.Network, "projects/") {
		return facts.RelativePath(c.NetworkConfig.Network) == facts.RelativePath(network)
	}
	return c.Network == "" || c.Network == facts.LastSegment(network)
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}
