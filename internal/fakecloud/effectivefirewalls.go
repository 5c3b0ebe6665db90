package fakecloud

import (
	"encoding/json"
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// An effectiveAnswer is what both getEffectiveFirewalls return.
type effectiveAnswer struct {
	Firewalls []json.RawMessage            `json:"firewalls,omitempty"`
	Policies  []map[string]json.RawMessage `json:"firewallPolicys,omitempty"`
}

// effectiveFirewalls is the fixture's answer, or what the world has: the network's
// rules and the global policies that are attached to it.
func effectiveFirewalls(st *state, q computeRequest) (any, *googleError) {
	if body, ok := st.world.EffectiveFirewalls[q.path()]; ok {
		return body, nil
	}
	p := st.projects[q.project]
	if _, exists := p.find(q.scope, q.collection, q.name); !exists {
		return nil, notFound(q.path())
	}
	return p.effective(q.project, q.path()), nil
}

// regionEffectiveFirewalls answers for one region: all that applies to the network
// everywhere, and the region's own policies besides (the types HIERARCHY, NETWORK,
// NETWORK_REGIONAL of the answer say so).
func regionEffectiveFirewalls(st *state, q computeRequest) (any, *googleError) {
	named := q.query.Get("network")
	if named == "" {
		return nil, invalid("network", "", "Required parameter.")
	}
	network := networkPath(q.project, named)
	owner := strings.Split(network, "/")[1]
	name := facts.LastSegment(network)
	if body, ok := st.world.EffectiveFirewalls["projects/"+owner+"/"+q.scope+"/networks/"+name]; ok {
		return body, nil
	}
	p := st.projects[owner]
	if p == nil {
		return nil, notFound(network)
	}
	if _, exists := p.find("global", "networks", name); !exists {
		return nil, notFound(network)
	}
	answer := p.effective(owner, network)
	if fixture, ok := st.world.EffectiveFirewalls[network]; ok {
		answer = effectiveAnswer{}
		if err := json.Unmarshal(fixture, &answer); err != nil {
			return nil, invalid("network", named, "The fixture is no answer of getEffectiveFirewalls: "+err.Error())
		}
	}
	for _, policy := range answer.Policies {
		if string(policy["type"]) == `"SYSTEM"` {
			policy["type"] = json.RawMessage(`"SYSTEM_GLOBAL"`)
		}
	}
	answer.Policies = append(answer.Policies, p.attached(owner, q.scope, network, "NETWORK_REGIONAL")...)
	return answer, nil
}

func (p *project) effective(projectID, network string) effectiveAnswer {
	answer := effectiveAnswer{Policies: p.attached(projectID, "global", network, "NETWORK")}
	for _, r := range p.resources["firewalls"] {
		var rule struct {
			Network string `json:"network"`
		}
		if json.Unmarshal(r.body, &rule) == nil && networkPath(projectID, rule.Network) == network {
			answer.Firewalls = append(answer.Firewalls, r.body)
		}
	}
	return answer
}

// attached are the policies of a scope that are associated with the network, as
// effective policies of that type.
func (p *project) attached(projectID, scope, network, typ string) []map[string]json.RawMessage {
	var policies []map[string]json.RawMessage
	for _, r := range p.resources["firewallPolicies"] {
		if r.scope != scope || !slices.ContainsFunc(networksNamed(r.body), func(ref string) bool { return networkPath(projectID, ref) == network }) {
			continue
		}
		var fields map[string]json.RawMessage
		if json.Unmarshal(r.body, &fields) != nil {
			continue
		}
		policy := map[string]json.RawMessage{"type": json.RawMessage(`"` + typ + `"`)}
		for _, key := range []string{"name", "shortName", "displayName", "rules", "packetMirroringRules"} {
			if value, ok := fields[key]; ok {
				policy[key] = value
			}
		}
		policies = append(policies, policy)
	}
	return policies
}
