package fakecloud

import (
	"encoding/json"
	"strings"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
)

// implyNetworks makes every network exist that something in the world names: a
// real one could not be named otherwise. Its rules are evaluated before its
// policies, which is the default (networkFirewallPolicyEnforcementOrder). A host
// project of which the world has nothing stays unknown: its rules aren't empty, they
// weren't told.
func (st *state) implyNetworks() {
	for name, cluster := range st.world.Clusters {
		st.networks[name] = networkOf(name, cluster)
		st.implyNetwork(st.networks[name])
	}
	for path := range st.world.EffectiveFirewalls {
		id, rest, _ := strings.Cut(strings.TrimPrefix(path, "projects/"), "/")
		if _, network, ok := strings.Cut(rest, "networks/"); ok {
			st.implyNetwork(networkPath(id, network))
		}
	}
	for path, body := range st.world.Compute {
		id, _, _ := strings.Cut(strings.TrimPrefix(path, "projects/"), "/")
		for _, ref := range networksNamed(body) {
			st.implyNetwork(networkPath(id, ref))
		}
	}
	for name, said := range st.networks {
		if said == "" {
			st.networks[name] = st.onlyNetwork(name)
		}
	}
	for _, path := range st.networks {
		st.implyNetwork(path)
	}
}

// onlyNetwork is where a cluster must be whose fixture doesn't say: in the one network
// of its project, or in GKE's default when there is none. Among several it is anybody's
// guess, and stays unsaid.
func (st *state) onlyNetwork(cluster string) string {
	id, _, _ := facts.ClusterParts(cluster)
	var there []computeResource
	if p := st.projects[id]; p != nil {
		there = p.resources["networks"]
	}
	switch len(there) {
	case 0:
		return networkPath(id, "default")
	case 1:
		return networkPath(id, there[0].name)
	}
	return ""
}

// networkOf is a cluster's network; empty where its fixture doesn't say.
func networkOf(name string, cluster *container.Cluster) string {
	id, _, _ := facts.ClusterParts(name)
	if cluster.NetworkConfig != nil && cluster.NetworkConfig.Network != "" {
		return networkPath(id, cluster.NetworkConfig.Network)
	}
	return networkPath(id, cluster.Network)
}

// networksNamed lists what a Compute resource calls its network, wherever its kind
// has it.
func networksNamed(body json.RawMessage) []string {
	var has struct {
		Network           string `json:"network"`
		NetworkInterfaces []struct {
			Network string `json:"network"`
		} `json:"networkInterfaces"`
		Associations []struct {
			AttachmentTarget string `json:"attachmentTarget"`
		} `json:"associations"`
	}
	if json.Unmarshal(body, &has) != nil {
		return nil
	}
	named := []string{has.Network}
	for _, i := range has.NetworkInterfaces {
		named = append(named, i.Network)
	}
	for _, a := range has.Associations {
		if strings.Contains(a.AttachmentTarget, "/networks/") {
			named = append(named, a.AttachmentTarget)
		}
	}
	return named
}

// networkPath turns a network's URL, or its bare name, into
// projects/P/global/networks/N; empty for an empty one.
func networkPath(projectID, ref string) string {
	if ref != "" && !strings.Contains(ref, "/") {
		ref = "global/networks/" + ref
	}
	if ref == "" {
		return ""
	}
	return absolute(projectID, ref)
}

func (st *state) implyNetwork(path string) {
	parts := strings.Split(path, "/")
	if len(parts) != 5 || parts[2] != "global" || parts[3] != "networks" {
		return
	}
	p, name := st.projects[parts[1]], parts[4]
	if p == nil {
		return
	}
	if _, exists := p.find("global", "networks", name); exists {
		return
	}
	body, err := json.Marshal(map[string]any{
		"kind": "compute#network", "name": name, "selfLink": selfLink(path), "autoCreateSubnetworks": false,
		"networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
	})
	if err == nil {
		p.resources["networks"] = append(p.resources["networks"], computeResource{scope: "global", name: name, body: body})
	}
}
