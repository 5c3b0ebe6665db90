package scenario

import (
	"fmt"
	"strings"
)

// A role is what a file of a scenario is for.
type role int

const (
	roleHeader    role = iota + 1 // scenario.yaml
	roleEntries                   // a *.jsonl that is delivered: trigger.jsonl
	roleCluster                   // container/…
	roleResource                  // compute/…
	roleHealth                    // …/backendServices/N/health.json
	roleEndpoints                 // …/networkEndpointGroups/N/endpoints.json
	roleFirewalls                 // …/networks/N/effectiveFirewalls.json
	roleManifest                  // kubernetes/CLUSTER/*.yaml
	roleLog                       // logging/*.jsonl
	roleResponses                 // responses.yaml
	roleDNS                       // dns.yaml
	roleWant                      // want.txt, want.slack.json
	roleTimeline                  // timeline.yaml
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
		return clusterSlot(p)
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

func clusterSlot(p []string) (slot, error) {
	if len(p) != 7 || p[1] != "projects" || p[3] != "locations" || p[5] != "clusters" || !strings.HasSuffix(p[6], ".json") {
		return slot{}, fmt.Errorf("unknown file: clusters are container/projects/P/locations/L/clusters/C.json")
	}
	name := strings.TrimSuffix(p[6], ".json")
	return slot{role: roleCluster, path: strings.Join(p[1:6], "/") + "/" + name, name: name}, nil
}

func computeSlot(p []string) (slot, error) {
	unknown := fmt.Errorf("unknown file: Compute resources are compute/projects/P/{global,regions/R,zones/Z}/COLLECTION/N.json")
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
