package fakecloud

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

// A state is one world, indexed for the servers. Nothing writes to it once it is
// stored.
type state struct {
	world *scenario.World
	// generation counts the worlds, so that a page token of an earlier one is seen
	// to be stale.
	generation int
	projects   map[string]*project
	// endpoints has the IP endpoint of every cluster by full name.
	endpoints map[string]string
	// networks has the path of every cluster's network by the cluster's full name;
	// empty where nothing tells.
	networks map[string]string
	// kube is by the cluster's short name.
	kube map[string]*kubeIndex
	logs []logEntry
}

// A project is its Compute resources.
type project struct {
	// scopes are the regions and zones that exist, and global.
	scopes map[string]bool
	// resources by collection, sorted by scope and name.
	resources map[string][]computeResource
}

type computeResource struct {
	scope, name string
	body        json.RawMessage
}

func newState(w *scenario.World, generation int, endpoints map[string]string) *state {
	st := &state{world: w, generation: generation, endpoints: endpoints, projects: map[string]*project{}, networks: map[string]string{}, kube: map[string]*kubeIndex{}}
	st.project(w.Project)
	for path, body := range w.Compute {
		st.addCompute(path, body)
	}
	for name, cluster := range w.Clusters {
		st.addCluster(name, cluster)
	}
	for name := range w.Operations {
		st.addNamed(name)
	}
	for name := range w.Certificates {
		st.addNamed(name)
	}
	for path := range w.EffectiveFirewalls {
		st.addNamed(path)
	}
	st.implyNetworks()
	for _, p := range st.projects {
		for _, rows := range p.resources {
			slices.SortFunc(rows, func(a, b computeResource) int {
				return strings.Compare(a.scope+"\x00"+a.name, b.scope+"\x00"+b.name)
			})
		}
	}
	st.logs = readLogs(w.Logs)
	for _, entry := range st.logs {
		if rest, ok := strings.CutPrefix(entry.proto.GetLogName(), "projects/"); ok {
			id, _, _ := strings.Cut(rest, "/")
			st.project(id)
		}
	}
	return st
}

func (st *state) project(id string) *project {
	if p := st.projects[id]; p != nil {
		return p
	}
	p := &project{scopes: map[string]bool{"global": true}, resources: map[string][]computeResource{}}
	st.projects[id] = p
	return p
}

// addCompute files a resource under its REST path,
// projects/P/{global,regions/R,zones/Z}/COLLECTION/N.
func (st *state) addCompute(path string, body json.RawMessage) {
	parts := strings.Split(path, "/")
	if len(parts) < 2 || parts[0] != "projects" {
		return
	}
	p := st.project(parts[1])
	if len(parts) == 4 && parts[2] == "regions" {
		p.addScope("regions/" + parts[3])
	}
	if len(parts) < 5 {
		return
	}
	scope, rest := parts[2], parts[3:]
	if scope != "global" {
		scope, rest = parts[2]+"/"+parts[3], parts[4:]
	}
	if len(rest) != 2 {
		return
	}
	p.addScope(scope)
	p.resources[rest[0]] = append(p.resources[rest[0]], computeResource{scope: scope, name: rest[1], body: body})
}

func (st *state) addCluster(name string, cluster *container.Cluster) {
	id, location, short := facts.ClusterParts(name)
	if id == "" {
		return
	}
	p := st.project(id)
	for _, l := range append([]string{location}, cluster.Locations...) {
		if isZone(l) {
			p.addScope("zones/" + l)
		} else if l != "" {
			p.addScope("regions/" + l)
		}
	}
	if st.kube[short] == nil {
		st.kube[short] = newKubeIndex(st.world.Kubernetes[short])
	}
}

// addNamed makes the project of projects/P/… exist.
func (st *state) addNamed(name string) {
	if parts := strings.Split(name, "/"); len(parts) > 1 && parts[0] == "projects" {
		st.project(parts[1])
	}
}

// addScope makes a scope exist, and a zone's region with it.
func (p *project) addScope(scope string) {
	p.scopes[scope] = true
	if zone, ok := strings.CutPrefix(scope, "zones/"); ok {
		if i := strings.LastIndex(zone, "-"); i > 0 {
			p.scopes["regions/"+zone[:i]] = true
		}
	}
}

func (p *project) sortedScopes() []string { return slices.Sorted(maps.Keys(p.scopes)) }

func (p *project) find(scope, collection, name string) (json.RawMessage, bool) {
	for _, r := range p.resources[collection] {
		if r.scope == scope && r.name == name {
			return r.body, true
		}
	}
	return nil, false
}

// isZone tells us-central1-a from us-central1.
func isZone(location string) bool {
	i := strings.LastIndex(location, "-")
	return i >= 0 && len(location)-i == 2 && strings.Count(location, "-") >= 2
}
