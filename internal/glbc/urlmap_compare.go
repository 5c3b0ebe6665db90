package glbc

import (
	"cmp"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A Difference is one thing in which a live URL map isn't what GLBC would make.
type Difference struct {
	Kind DifferenceKind
	// Host and Path say where; both are empty for the map's default.
	Host, Path string
	// Want and Have are names of backend services; empty where there is none.
	Want, Have string
}

// A DifferenceKind is what differs.
type DifferenceKind string

// The kinds of differences.
const (
	HostMissing DifferenceKind = "host missing"
	HostExtra   DifferenceKind = "host extra"
	PathMissing DifferenceKind = "path missing"
	PathExtra   DifferenceKind = "path extra"
	// BackendDiffers is of a path, DefaultDiffers of the map's or of a host's default.
	BackendDiffers DifferenceKind = "backend differs"
	DefaultDiffers DifferenceKind = "default differs"
	// ActionExtra: the map redirects, rewrites or has route rules where GLBC only names
	// backend services.
	ActionExtra DifferenceKind = "action extra"
)

// CompareURLMap says in what a live URL map differs from the desired one, sorted by
// host and path. The order of hosts and paths doesn't matter, nor how path matchers
// are called. GLBC makes a host rule `*` of rules without host, so a map that lacks
// it lacks their paths, whatever its default is. nameOf gives the name of a backend
// service; one that isn't known is compared with nothing, and err is why.
func CompareURLMap(desired URLMap, live *computepb.UrlMap, nameOf func(ServicePortName) facts.Value[string]) (list []Difference, err error) {
	c := comparison{nameOf: nameOf}
	if live.GetDefaultUrlRedirect() != nil || live.GetDefaultRouteAction() != nil {
		c.add(Difference{Kind: ActionExtra})
	}
	c.backend(Difference{Kind: DefaultDiffers, Have: facts.LastSegment(live.GetDefaultService())}, desired.Default)
	hosts := liveHosts(live)
	for _, want := range desired.Hosts {
		have, ok := hosts[want.Host]
		if !ok {
			c.add(Difference{Kind: HostMissing, Host: want.Host})
			continue
		}
		c.host(want, have, desired.Default)
		delete(hosts, want.Host)
	}
	for host := range hosts {
		c.add(Difference{Kind: HostExtra, Host: host})
	}
	slices.SortFunc(c.list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	return c.list, c.err
}

type comparison struct {
	nameOf func(ServicePortName) facts.Value[string]
	list   []Difference
	err    error
}

func (c *comparison) add(d Difference) { c.list = append(c.list, d) }

// backend adds the Difference unless what it has is what it should. The name of a
// Service port that GLBC refuses is absent: nothing is expected then.
func (c *comparison) backend(d Difference, want ServicePortName) {
	if want.Service == "" {
		return
	}
	name := c.nameOf(want)
	if !name.Known() {
		c.err = name.Err()
		return
	}
	var ok bool
	if d.Want, ok = name.Get(); ok && d.Want != d.Have {
		c.add(d)
	}
}

func (c *comparison) host(want HostRule, have *computepb.PathMatcher, otherwise ServicePortName) {
	if have.GetDefaultUrlRedirect() != nil || have.GetDefaultRouteAction() != nil || len(have.GetRouteRules()) > 0 {
		c.add(Difference{Kind: ActionExtra, Host: want.Host})
	}
	c.backend(Difference{Kind: DefaultDiffers, Host: want.Host, Have: facts.LastSegment(have.GetDefaultService())}, otherwise)
	paths := livePaths(have)
	for _, rule := range want.Paths {
		live, ok := paths[rule.Path]
		d := Difference{Kind: BackendDiffers, Host: want.Host, Path: rule.Path, Have: facts.LastSegment(live.GetService())}
		delete(paths, rule.Path)
		switch {
		case !ok:
			d.Kind = PathMissing
			d.Want, _ = c.nameOf(rule.Backend).Get()
			c.add(d)
		case live.GetUrlRedirect() != nil || live.GetRouteAction() != nil:
			d.Kind = ActionExtra
			c.add(d)
		default:
			c.backend(d, rule.Backend)
		}
	}
	for path, live := range paths {
		c.add(Difference{Kind: PathExtra, Host: want.Host, Path: path, Have: facts.LastSegment(live.GetService())})
	}
}

// liveHosts are the path matchers of a map, by host; a host whose path matcher is
// missing has an empty one.
func liveHosts(m *computepb.UrlMap) map[string]*computepb.PathMatcher {
	matchers := map[string]*computepb.PathMatcher{}
	for _, pm := range m.GetPathMatchers() {
		matchers[pm.GetName()] = pm
	}
	hosts := map[string]*computepb.PathMatcher{}
	for _, r := range m.GetHostRules() {
		pm := matchers[r.GetPathMatcher()]
		if pm == nil {
			pm = &computepb.PathMatcher{}
		}
		for _, host := range r.GetHosts() {
			hosts[host] = pm
		}
	}
	return hosts
}

func livePaths(pm *computepb.PathMatcher) map[string]*computepb.PathRule {
	paths := map[string]*computepb.PathRule{}
	for _, r := range pm.GetPathRules() {
		for _, path := range r.GetPaths() {
			paths[path] = r
		}
	}
	return paths
}

// BackendNames gives the names that the backend services behind an Ingress have, or
// should have where none is there: those of the live ones, else those that GLBC
// would give.
func BackendNames(s *facts.Snapshot, ing *networkingv1.Ingress) func(ServicePortName) facts.Value[string] {
	class := ClassIn(s, ing)
	return func(name ServicePortName) facts.Value[string] {
		b := Backend{Namespace: name.Namespace, Service: name.Service, Port: name.Port}
		b.join(s, ing)
		want := BackendName(s, class, b)
		if bs, ok := b.BackendService.Get(); ok && !want.Known() {
			return facts.Found(bs.GetName())
		}
		return want
	}
}
