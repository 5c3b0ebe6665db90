package glbc

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// A LoggedEndpoint is one that a health-check entry calls UNHEALTHY.
type LoggedEndpoint struct {
	// Group is the NEG (by number) or instance group (by name) of the entry.
	Group facts.Ref
	IP    string
	// Port is what was probed.
	Port int
}

// FailingEndpoints are a Backend's endpoints, and those of them that fail. Where
// the live health couldn't be read, what the log says of it stands in.
func FailingEndpoints(s *facts.Snapshot, b Backend, logged []LoggedEndpoint) (all, bad []Endpoint) {
	all, err := Endpoints(s, b)
	for _, e := range all {
		if e.Unhealthy() {
			bad = append(bad, e)
		}
	}
	bs, ok := b.BackendService.Get()
	if err == nil || !ok {
		return all, bad
	}
	pods, podsErr := PodsOf(s, b)
	for _, group := range ProbedGroups(s, bs) {
		if s.Health[group].Known() {
			continue
		}
		for _, l := range logged {
			if !b.Logged(s, l) || !IsGroup(s, group.Group, l.Group) {
				continue
			}
			e := Endpoint{Group: group.Group, IP: l.IP, Port: int32(l.Port & 0xffff), State: "UNHEALTHY", Node: strings.Contains(group.Group, "/instanceGroups/"), PodsUnread: podsErr != nil}
			for _, pod := range pods {
				if !e.Node && hasIP(pod, e.IP) {
					e.Pod = pod
				}
			}
			all, bad = append(all, e), append(bad, e)
		}
	}
	return all, bad
}

// Logged reports that a health-check entry is about this Backend: its group is one
// of the Backend's, and what was probed is the Backend's port. Several Services
// share an instance group, and only the port tells them apart.
func (b Backend) Logged(s *facts.Snapshot, l LoggedEndpoint) bool {
	bs, ok := b.BackendService.Get()
	if !ok {
		return false
	}
	for _, group := range GroupsOf(bs) {
		if IsGroup(s, group.Group, l.Group) {
			return l.Port == 0 || l.Group.Kind != facts.KindInstanceGroup || usesPort(s, bs, l.Port)
		}
	}
	return false
}

// IsGroup reports that a Ref names the group with this relative path: by its
// number, which is all that a NEG's health-check entry carries, or by name.
func IsGroup(s *facts.Snapshot, path string, ref facts.Ref) bool {
	if ref.Kind != facts.KindNEG && ref.Kind != facts.KindInstanceGroup {
		return false
	}
	if !inScopeOf(ref.Scope, facts.ScopePath(path)) {
		return false
	}
	if ref.Name != "" {
		return facts.LastSegment(path) == ref.Name && strings.Contains(path, "/instanceGroups/") == (ref.Kind == facts.KindInstanceGroup)
	}
	return ref.ID != "" && ref.ID == groupID(s, path)
}

// inScopeOf: a regional group's entries may name the zone of the machine.
func inScopeOf(scope, path string) bool {
	if scope == "" || strings.HasPrefix(path, scope+"/") {
		return true
	}
	region, _, _ := strings.Cut(strings.TrimPrefix(path, "regions/"), "/")
	return strings.HasPrefix(path, "regions/") && (strings.HasPrefix(scope, "zones/"+region+"-") || scope == "zones/"+region)
}

// PodsBehind are the pods that failing endpoints lead to: a NEG endpoint's own, and
// for a node any that runs. Pods on their way out are none.
func PodsBehind(s *facts.Snapshot, b Backend, bad []Endpoint) []*corev1.Pod {
	var list []*corev1.Pod
	node := false
	for _, e := range bad {
		if e.Pod != nil && e.Pod.DeletionTimestamp == nil {
			list = append(list, e.Pod)
		}
		node = node || e.Node
	}
	if !node {
		return list
	}
	pods, _ := PodsOf(s, b)
	for _, pod := range pods {
		if pod.DeletionTimestamp == nil && pod.Status.PodIP != "" {
			list = append(list, pod)
		}
	}
	return list
}
