package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// A MemberFault is how a NEG's content differs from the slices.
type MemberFault string

// MemberMissing: a pod isn't in its NEG. MemberStale: an endpoint has no pod any more.
// MemberWrongPort: the pod is there with another port. MemberNoNEG: the pod's zone has no
// NEG behind the backend service.
const (
	MemberMissing   MemberFault = "missing"
	MemberStale     MemberFault = "stale"
	MemberWrongPort MemberFault = "wrong port"
	MemberNoNEG     MemberFault = "no NEG in the zone"
)

// A MemberDiff is one endpoint that is other than it should be.
type MemberDiff struct {
	Fault MemberFault
	// NEG is the relative path; empty for MemberNoNEG.
	NEG, Zone string
	IP        string
	// Port is what the NEG has, Want what the slices say; 0 where there is none.
	Port, Want int32
	Pod        string
	// InFlight: it came about so recently that the controller may be at it, or when isn't
	// known. Of a stale endpoint whose pod is gone altogether nothing tells when.
	InFlight bool
}

// A MemberComparison is what CompareMembers finds.
type MemberComparison struct {
	Desired Members
	// Diffs are in order of zone and address.
	Diffs []MemberDiff
	// Frozen: an endpoint blocks the sync, or there is no slice, so that the differences
	// stay.
	Frozen bool
	// Unread are the zones whose NEG couldn't be read, with the error.
	Unread map[string]error
	// Err is why nothing could be compared; nil otherwise.
	Err error
}

// settled is how long a change takes at most to reach a NEG when all is well.
const settled = 2 * time.Minute

var errNoNEGs = errors.New("the backend service has no NEG")

// CompareMembers compares the NEGs behind a Backend with the Service's slices, zone by
// zone.
func CompareMembers(s *facts.Snapshot, b Backend) MemberComparison {
	c := MemberComparison{Desired: DesiredMembers(s, b), Unread: map[string]error{}}
	bs, ok := b.BackendService.Get()
	switch {
	case c.Desired.Err != nil:
		c.Err = c.Desired.Err
		return c
	case b.BackendService.IsAbsent():
		c.Err = errNoBackendService
		return c
	case !ok:
		c.Err = b.BackendService.Err()
		return c
	}
	c.Frozen = len(c.Desired.Blocking) > 0 || c.Desired.Slices == 0
	zones := negsByZone(bs)
	if len(zones) == 0 {
		c.Err = errNoNEGs
		return c
	}
	ages := agesOf(s, b)
	for _, zone := range c.zones(zones) {
		c.compareZone(s, zone, zones[zone], ages)
	}
	return c
}

var errNoBackendService = errors.New("there is no backend service")

// negsByZone are the zonal NEGs behind a backend service.
func negsByZone(bs *computepb.BackendService) map[string][]string {
	zones := map[string][]string{}
	for _, g := range GroupsOf(bs) {
		scope := scopeIn(g.Group)
		zone, zonal := strings.CutPrefix(scope, "zones/")
		if zonal && strings.Contains(g.Group, "/networkEndpointGroups/") {
			zones[zone] = append(zones[zone], g.Group)
		}
	}
	return zones
}

func (c *MemberComparison) zones(have map[string][]string) []string {
	var list []string
	for zone := range have {
		list = append(list, zone)
	}
	for _, m := range c.Desired.List {
		list = append(list, m.Zone)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// liveMember is an endpoint that a NEG has.
type liveMember struct {
	neg  string
	ip   string
	port int32
}

func (c *MemberComparison) compareZone(s *facts.Snapshot, zone string, negs []string, ages podAges) {
	want := c.Desired.Zone(zone)
	if len(negs) == 0 {
		for _, m := range want {
			c.Diffs = append(c.Diffs, MemberDiff{Fault: MemberNoNEG, Zone: zone, IP: m.IP, Want: m.Port, Pod: m.Pod, InFlight: ages.young(m.Pod)})
		}
		return
	}
	var have []liveMember
	for _, neg := range negs {
		endpoints, ok := s.Endpoints[neg].Get()
		if !s.Endpoints[neg].Known() {
			c.Unread[zone] = fmt.Errorf("endpoints of %s: %w", neg, s.Endpoints[neg].Err())
			return
		}
		for _, e := range endpoints {
			if ok && e.GetNetworkEndpoint().GetIpAddress() != "" {
				have = append(have, liveMember{neg, e.GetNetworkEndpoint().GetIpAddress(), e.GetNetworkEndpoint().GetPort()})
			}
		}
	}
	c.match(zone, negs[0], want, have, ages)
}

// match pairs what should be with what is: exactly, then by address alone.
func (c *MemberComparison) match(zone, neg string, want []Member, have []liveMember, ages podAges) {
	take := func(is func(l liveMember) bool) (liveMember, bool) {
		i := slices.IndexFunc(have, is)
		if i < 0 {
			return liveMember{}, false
		}
		l := have[i]
		have = slices.Delete(have, i, i+1)
		return l, true
	}
	var open []Member
	for _, m := range want {
		if _, ok := take(func(l liveMember) bool { return l.ip == m.IP && l.port == m.Port }); !ok {
			open = append(open, m)
		}
	}
	var diffs []MemberDiff
	for _, m := range open {
		d := MemberDiff{Fault: MemberMissing, NEG: neg, Zone: zone, IP: m.IP, Want: m.Port, Pod: m.Pod, InFlight: ages.young(m.Pod)}
		if l, ok := take(func(l liveMember) bool { return l.ip == m.IP }); ok {
			d.Fault, d.NEG, d.Port = MemberWrongPort, l.neg, l.port
		}
		diffs = append(diffs, d)
	}
	for _, l := range have {
		if slices.ContainsFunc(c.Desired.OtherSubnets, func(m Member) bool { return m.IP == l.ip && m.Zone == zone }) {
			continue
		}
		d := MemberDiff{Fault: MemberStale, NEG: l.neg, Zone: zone, IP: l.ip, Port: l.port}
		if i := slices.IndexFunc(c.Desired.LeftOut, func(o LeftOut) bool { return o.Address == l.ip }); i >= 0 {
			d.Pod = c.Desired.LeftOut[i].Pod
			d.InFlight = c.Desired.LeftOut[i].Terminating && ages.leaving(d.Pod)
		}
		diffs = append(diffs, d)
	}
	slices.SortStableFunc(diffs, func(a, b MemberDiff) int { return strings.Compare(a.IP, b.IP) })
	c.Diffs = append(c.Diffs, diffs...)
}

// podAges tells what happened to pods lately. A pod that isn't known may be new.
type podAges struct {
	now            time.Time
	created, leave map[string]time.Time
}

func agesOf(s *facts.Snapshot, b Backend) podAges {
	a := podAges{now: s.Now, created: map[string]time.Time{}, leave: map[string]time.Time{}}
	pods, _ := s.Pods.Get()
	for _, p := range pods {
		if p.Namespace != b.Namespace {
			continue
		}
		a.created[p.Name] = p.CreationTimestamp.Time
		// An address comes some time after the pod.
		if p.Status.StartTime != nil {
			a.created[p.Name] = p.Status.StartTime.Time
		}
		if p.DeletionTimestamp != nil {
			// The API server writes the moment at which the grace period ends.
			began := p.DeletionTimestamp.Time
			if p.DeletionGracePeriodSeconds != nil {
				began = began.Add(-time.Duration(*p.DeletionGracePeriodSeconds) * time.Second)
			}
			a.leave[p.Name] = began
		}
	}
	return a
}

func (a podAges) young(pod string) bool {
	at, ok := a.created[pod]
	return !ok || a.now.Sub(at) < settled
}

func (a podAges) leaving(pod string) bool {
	at, ok := a.leave[pod]
	return !ok || a.now.Sub(at) < settled
}
