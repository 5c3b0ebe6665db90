package collect

import (
	"cmp"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// locateNetwork finds where the cluster's network is: in its own project unless the
// VPC is shared (gcp-facts.md §7). Outside clusters, the groups behind the backend
// services that are asked about tell.
func (c *cluster) locateNetwork() {
	s := c.snap
	if s.NetworkName != "" {
		return
	}
	if found, ok := s.Cluster.Get(); ok {
		path := found.Network
		if found.NetworkConfig != nil && found.NetworkConfig.Network != "" {
			path = found.NetworkConfig.Network
		}
		s.NetworkProject, s.NetworkName = networkAt(path, s.Project)
		_, location, _ := facts.ClusterParts(c.name)
		s.Region = regionOf(location)
		return
	}
	if c.name != "" {
		return
	}
	for _, ref := range c.refs {
		for _, bs := range glbc.BackendServicesOf(s, ref) {
			for _, backend := range bs.GetBackends() {
				if network, zone := groupNetwork(s, backend.GetGroup()); network != "" {
					s.NetworkProject, s.NetworkName = networkAt(network, s.Project)
					s.Region = regionOf(zone)
					return
				}
			}
		}
	}
}

// groupNetwork is the network and zone of a NEG or instance group.
func groupNetwork(s *facts.Snapshot, url string) (network, zone string) {
	if neg, ok := glbc.NEGOf(s, url); ok {
		return neg.GetNetwork(), facts.LastSegment(cmp.Or(neg.GetZone(), neg.GetRegion()))
	}
	if g, ok := glbc.InstanceGroupOf(s, url); ok {
		return g.GetNetwork(), groupZone(g)
	}
	return "", ""
}

func groupZone(g *computepb.InstanceGroup) string {
	if g.GetZone() != "" {
		return facts.LastSegment(g.GetZone())
	}
	return facts.LastSegment(g.GetRegion())
}

// networkAt takes a network's URL, path or bare name apart.
func networkAt(path, project string) (inProject, name string) {
	parts := strings.Split(facts.RelativePath(path), "/")
	if len(parts) == 5 && parts[0] == "projects" {
		return parts[1], parts[4]
	}
	if path == "" {
		path = "default"
	}
	return project, facts.LastSegment(path)
}

// regionOf is the region of a zone; a region is its own.
func regionOf(location string) string {
	if i := strings.LastIndex(location, "-"); i > 0 && len(location)-i == 2 && strings.Count(location, "-") > 1 {
		return location[:i]
	}
	return location
}
