package glbc

import (
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// groupID is the number of a NEG or an instance group; empty when it isn't known.
func groupID(s *facts.Snapshot, path string) string {
	negs, _ := s.NEGs.Get()
	for _, neg := range negs {
		if facts.RelativePath(neg.GetSelfLink()) == path {
			return strconv.FormatUint(neg.GetId(), 10)
		}
	}
	groups, _ := s.InstanceGroups.Get()
	for _, ig := range groups {
		if facts.RelativePath(ig.GetSelfLink()) == path {
			return strconv.FormatUint(ig.GetId(), 10)
		}
	}
	return ""
}

// BackendServicesOf are the backend services that a Ref of Compute leads to: those
// with a NEG or instance group among their groups, those with a health check, those
// that a URL map sends requests to, or the one that it names.
func BackendServicesOf(s *facts.Snapshot, r facts.Ref) []*computepb.BackendService {
	var list []*computepb.BackendService
	all, _ := s.BackendServices.Get()
	for _, bs := range all {
		if leadsTo(s, r, bs) {
			list = append(list, bs)
		}
	}
	return list
}

func leadsTo(s *facts.Snapshot, r facts.Ref, bs *computepb.BackendService) bool {
	inScope := func(url string) bool { return facts.ScopePath(url) == r.Scope+"/"+collection(r.Kind)+"/"+r.Name }
	switch r.Kind {
	case facts.KindBackendService:
		return inScope(bs.GetSelfLink())
	case facts.KindHealthCheck:
		return slices.ContainsFunc(bs.GetHealthChecks(), inScope)
	case facts.KindURLMap:
		return slices.ContainsFunc(URLMapsOf(s, bs), func(m *computepb.UrlMap) bool { return inScope(m.GetSelfLink()) })
	}
	return slices.ContainsFunc(bs.GetBackends(), func(b *computepb.Backend) bool {
		return IsGroup(s, facts.RelativePath(b.GetGroup()), r)
	}) && (r.Port == 0 || mayUsePort(s, bs, r.Port))
}

func collection(kind string) string {
	switch kind {
	case facts.KindHealthCheck:
		return "healthChecks"
	case facts.KindURLMap:
		return "urlMaps"
	}
	return "backendServices"
}

// MadeByGKE reports that one of GKE's controllers made a backend service: its
// description names a Service, or its name is of their kind (ingress-controller.md §6;
// gcp-facts.md §5). One that people made in front of a NEG that GKE fills isn't: no
// Ingress or Gateway leads to it.
func MadeByGKE(bs *computepb.BackendService) bool {
	if _, ok := ParseDescription(bs.GetDescription()); ok {
		return true
	}
	for _, prefix := range []string{"k8s1-", "k8s2-", "k8s-be-", "gkegw1-"} {
		if strings.HasPrefix(bs.GetName(), prefix) {
			return true
		}
	}
	return false
}
