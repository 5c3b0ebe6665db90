package scenario

import (
	"fmt"
	"strings"
)

// A role is what a file of a scenario is for.
type role int

const (
	roleHeader          role = iota + 1 // scenario.yaml
	roleEntries                         // a *.jsonl that is delivered: trigger.jsonl
	roleCluster                         // container/…
	roleResource                        // compute/…
	roleHealth                          // …/backendServices/N/health.json
	roleEndpoints                       // …/networkEndpointGroups/N/endpoints.json
	roleFirewalls                       // …/networks/N/effectiveFirewalls.json
	roleRegionFirewalls                 // …/regions/R/networks/N/effectiveFirewalls.json
	roleProject                         // compute/projects/P/project.json
	roleRegion                          // compute/projects/P/regions/R/region.json
	roleOperation                       // container/…/operations/O.json
	roleCertificates                    // certificatemanager/…
	roleManifest                        // kubernetes/CLUSTER/*.yaml
	roleLog                             // logging/*.jsonl
	roleResponses                       // responses.yaml
	roleDNS                             // dns.yaml
	roleWant                            // want.txt, want.slack.json
	roleTimeline                        // timeline.yaml
)

// A slot is the place of a file in the format: its role, and what its path says.
type slot struct {
	role role
	// path is the cluster's full name, the resource's REST path (of health.json and
	// the like: of the resource it belongs to), or the file's own path.
	path string
	// cluster is the short name of a manifest's cluster.
	cluster string
	// scope is global, regions/R or zones/Z; collection and name end the REST path.
	scope, collection, name string
}

// slotOf reads a member's path. The error says what is wrong with it.
func slotOf(path string) (slot, error) {
	switch path {
	case "scenario.yaml":
		return slot{role: roleHeader, path: path}, nil
	case "trigger.jsonl":
		return slot{role: roleEntries, path: path}, nil
	case "responses.yaml":
		return slot{role: roleResponses, path: path}, nil
	case "dns.yaml":
		return slot{role: roleDNS, path: path}, nil
	case "want.txt", "want.slack.json":
		return slot{role: roleWant, path: path}, nil
	case "timeline.yaml":
		return slot{role: roleTimeline, path: path}, nil
	}
	p := strings.Split(path, "/")
	switch p[0] {
	case "container":
		return containerSlot(p)
	case "certificatemanager":
		return certificateSlot(p)
	case "compute":
		return computeSlot(p)
	case "kubernetes":
		if len(p) == 3 && strings.HasSuffix(p[2], ".yaml") {
			return slot{role: roleManifest, path: path, cluster: p[1]}, nil
		}
		return slot{}, fmt.Errorf("unknown file: manifests are kubernetes/CLUSTER/*.yaml")
	case "logging":
		if len(p) == 2 && strings.HasSuffix(p[1], ".jsonl") {
			return slot{role: roleLog, path: path}, nil
		}
		return slot{}, fmt.Errorf("unknown file: history is logging/*.jsonl")
	}
	return slot{}, fmt.Errorf("unknown file: the format has no such name")
}

func containerSlot(p []string) (slot, error) {
	if len(p) == 7 && p[1] == "projects" && p[3] == "locations" && strings.HasSuffix(p[6], ".json") {
		name := strings.TrimSuffix(p[6], ".json")
		s := slot{path: strings.Join(p[1:6], "/") + "/" + name, name: name}
		switch p[5] {
		case "clusters":
			s.role = roleCluster
			return s, nil
		case "operations":
			s.role = roleOperation
			return s, nil
		}
	}
	return slot{}, fmt.Errorf("unknown file: clusters are container/projects/P/locations/L/clusters/C.json, GKE's operations …/L/operations/O.json")
}

func computeSlot(p []string) (slot, error) {
	unknown := fmt.Errorf("unknown file: Compute resources are compute/projects/P/{global,regions/R,zones/Z}/COLLECTION/N.json")
	if s, ok := quotaSlot(p); ok {
		return s, nil
	}
	if len(p) < 6 || p[1] != "projects" {
		return slot{}, unknown
	}
	s := slot{scope: p[3]}
	rest := p[4:]
	if p[3] == "regions" || p[3] == "zones" {
		s.scope, rest = p[3]+"/"+p[4], p[5:]
	} else if p[3] != "global" {
		return slot{}, unknown
	}
	if len(rest) < 2 || len(rest) > 3 || !strings.HasSuffix(rest[len(rest)-1], ".json") {
		return slot{}, unknown
	}
	if ofRegion, ok := regionFirewallsSlot(p); ok {
		return ofRegion, nil
	}
	s.role, s.collection, s.name = roleResource, rest[0], strings.TrimSuffix(rest[1], ".json")
	if err := knownCollection(s.collection, s.scope); err != nil {
		return slot{}, err
	}
	if len(rest) == 3 {
		s.name = rest[1]
		if s.role = answerRole(s.collection, rest[2]); s.role == 0 {
			return slot{}, fmt.Errorf("unknown file: under a resource there is backendServices/N/health.json, networkEndpointGroups/N/endpoints.json and networks/N/effectiveFirewalls.json")
		}
	}
	s.path = "projects/" + p[2] + "/" + s.scope + "/" + s.collection + "/" + s.name
	return s, nil
}

// quotaSlot is the place of a project or region itself, which quotas are read from.
func quotaSlot(p []string) (slot, bool) {
	switch {
	case len(p) == 4 && p[1] == "projects" && p[3] == "project.json":
		return slot{role: roleProject, path: "projects/" + p[2], collection: "projects", name: p[2]}, true
	case len(p) == 6 && p[1] == "projects" && p[3] == "regions" && p[5] == "region.json":
		return slot{role: roleRegion, path: strings.Join(p[1:5], "/"), collection: "regions", name: p[4]}, true
	}
	return slot{}, false
}

// regionFirewallsSlot is the place of what applies to a network in one region.
func regionFirewallsSlot(p []string) (slot, bool) {
	if len(p) != 8 || p[3] != "regions" || p[5] != "networks" || p[7] != "effectiveFirewalls.json" {
		return slot{}, false
	}
	return slot{role: roleRegionFirewalls, path: strings.Join(p[1:7], "/"), scope: "regions/" + p[4], collection: "networks", name: p[6]}, true
}

func answerRole(collection, file string) role {
	switch collection + "/" + file {
	case "backendServices/health.json":
		return roleHealth
	case "networkEndpointGroups/endpoints.json":
		return roleEndpoints
	case "networks/effectiveFirewalls.json":
		return roleFirewalls
	}
	return 0
}
