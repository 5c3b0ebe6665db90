package path_test

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/path"
	"plumbline/testdata"
)

// states are the states of a path's hops.
func states(p path.Path) map[path.Station]path.State {
	m := map[path.Station]path.State{}
	for _, h := range p.Hops {
		m[h.Station] = h.State
	}
	return m
}

// breaksNothing fails where a hop is Broken that isn't among those broken before.
func breaksNothing(t *testing.T, what string, before map[path.Station]path.State, after path.Path) {
	t.Helper()
	for _, h := range after.Hops {
		if h.State == path.Broken && before[h.Station] != path.Broken {
			t.Errorf("%s: %s became broken: %s", what, h.Station, h.Says)
		}
	}
}

func TestWhatCannotBeReadBreaksNoHop(t *testing.T) {
	t.Parallel()
	for _, world := range worlds {
		s := snapshot(t, world)
		for _, target := range targetsOf(s) {
			before := states(path.Of(s, target, path.Evidence{}))
			for _, kind := range facts.Kinds {
				breaksNothing(t, world+" "+target.String()+" without "+string(kind), before, path.Of(s.Without(kind), target, path.Evidence{}))
			}
		}
	}
}

// needs names stations that can't be judged without a kind.
var needs = map[facts.Kind][]path.Station{
	facts.DNS:                {path.DNS},
	facts.ForwardingRules:    {path.ForwardingRule},
	facts.TargetHTTPProxies:  {path.Proxy},
	facts.TargetHTTPSProxies: {path.Proxy},
	facts.SSLCertificates:    {path.Proxy},
	facts.Addresses:          {path.Address},
	facts.URLMaps:            {path.URLMap},
	facts.BackendServices:    {path.BackendService, path.HealthCheck, path.Group},
	facts.HealthChecks:       {path.HealthCheck},
	facts.BackendHealth:      {path.HealthCheck},
	facts.NEGEndpoints:       {path.Group},
	facts.Nodes:              {path.Group},
	facts.EndpointSlices:     {path.Group},
	facts.Services:           {path.Service, path.Pods, path.URLMap},
	facts.Pods:               {path.Pods},
	facts.Ingresses:          {path.DNS, path.Address, path.ForwardingRule, path.Proxy, path.URLMap, path.BackendService, path.HealthCheck, path.Firewall, path.Group, path.Service, path.Pods},
}

func TestAHopWhoseFactsAreMissingIsUnknown(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-neg")
	for kind, stations := range needs {
		p := path.Of(s.Without(kind), ingress("argocd", "argocd"), path.Evidence{})
		for _, station := range stations {
			if h := p.At(station); h.State != path.Unknown || h.Says == "" {
				t.Errorf("without %s, %s is %s: %q", kind, station, h.State, h.Says)
			}
		}
	}
}

var errScope = errors.New("no answer")

func ingress(namespace, name string) facts.Ref {
	return facts.Ref{Cluster: mainCluster, Kind: facts.KindIngress, Namespace: namespace, Name: name}
}

const mainCluster = "projects/shop-prod/locations/europe-west1/clusters/main"

// partly empties a list, and says that no scope answered.
func partly[T any](v *facts.Value[[]T]) {
	*v = facts.FoundPartly([]T(nil), errScope, "global", "regions/europe-west1", "zones/europe-west1-b", "zones/europe-west1-c")
}

func TestScopesThatDidNotAnswerBreakNoHop(t *testing.T) {
	t.Parallel()
	lists := map[string]func(s *facts.Snapshot){
		"forwarding rules":     func(s *facts.Snapshot) { partly(&s.ForwardingRules) },
		"addresses":            func(s *facts.Snapshot) { partly(&s.Addresses) },
		"HTTP proxies":         func(s *facts.Snapshot) { partly(&s.TargetHTTPProxies) },
		"HTTPS proxies":        func(s *facts.Snapshot) { partly(&s.TargetHTTPSProxies) },
		"certificates":         func(s *facts.Snapshot) { partly(&s.SSLCertificates) },
		"URL maps":             func(s *facts.Snapshot) { partly(&s.URLMaps) },
		"backend services":     func(s *facts.Snapshot) { partly(&s.BackendServices) },
		"health checks":        func(s *facts.Snapshot) { partly(&s.HealthChecks) },
		"NEGs":                 func(s *facts.Snapshot) { partly(&s.NEGs) },
		"instance groups":      func(s *facts.Snapshot) { partly(&s.InstanceGroups) },
		"subnetworks":          func(s *facts.Snapshot) { partly(&s.Subnetworks) },
		"instances":            func(s *facts.Snapshot) { partly(&s.Instances) },
		"SSL policies":         func(s *facts.Snapshot) { partly(&s.SSLPolicies) },
		"security policies":    func(s *facts.Snapshot) { partly(&s.SecurityPolicies) },
		"managed certificates": func(s *facts.Snapshot) { partly(&s.ManagedCertificates) },
	}
	for _, world := range worlds {
		for name, empty := range lists {
			s := snapshot(t, world)
			targets := targetsOf(s)
			empty(s)
			for _, target := range targets {
				p := path.Of(s, target, path.Evidence{})
				breaksNothing(t, world+" "+target.String()+" with no "+name+" in part", nil, p)
			}
		}
	}
}

// A capture often has only what somebody thought of: lists that are empty although the
// status has an address prove nothing.
func TestEmptyListsBesideAnAddressBreakNoHop(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-neg")
	empty(&s.ForwardingRules)
	empty(&s.TargetHTTPProxies)
	empty(&s.TargetHTTPSProxies)
	empty(&s.URLMaps)
	p := path.Of(s, ingress("argocd", "argocd"), path.Evidence{})
	for _, station := range []path.Station{path.ForwardingRule, path.Proxy, path.URLMap} {
		if h := p.At(station); h.State != path.Unknown {
			t.Errorf("%s is %s: %s", station, h.State, h.Says)
		}
	}
}

func empty[T any](v *facts.Value[[]T]) { *v = facts.Found([]T(nil)) }

// Every scenario, broken as it may be, with each kind of read refused.
func TestWhatCannotBeReadBreaksNoHopOfAnyScenario(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(testdata.FS, "scenarios", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".txtar") {
			return err
		}
		s := snapshotOf(t, file)
		for _, target := range targetsOf(s) {
			before := states(path.Of(s, target, path.Evidence{}))
			if !slices.ContainsFunc(slices.Collect(maps.Values(before)), func(st path.State) bool { return st == path.Broken || st == path.Unknown }) {
				continue
			}
			for _, kind := range facts.Kinds {
				breaksNothing(t, file+" "+target.String()+" without "+string(kind), before, path.Of(s.Without(kind), target, path.Evidence{}))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
