package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// A MemberDiff is where a Service port's NEGs don't have what its EndpointSlices say.
// Young members count for nothing yet.
type MemberDiff struct {
	// Missing are in the slices and in no NEG of their zone; Stale the other way round.
	Missing, Stale []Member
	// WrongPort are in a NEG of their zone with another port.
	WrongPort []PortDifference
	// NoNEG are zones with Missing members that have no NEG at all.
	NoNEG []string
	// Want is what the slices say, with what blocks the sync.
	Want Members
}

// Empty reports that there is no difference, young or not.
func (d MemberDiff) Empty() bool { return len(d.Missing)+len(d.Stale)+len(d.WrongPort) == 0 }

// Settled leaves the young ones out, and all where slices and pods aren't of one moment.
func (d MemberDiff) Settled() MemberDiff {
	young := func(m Member) bool { return m.Young || d.Want.Unsettled != nil }
	d.Missing = slices.DeleteFunc(slices.Clone(d.Missing), young)
	d.Stale = slices.DeleteFunc(slices.Clone(d.Stale), young)
	d.WrongPort = slices.DeleteFunc(slices.Clone(d.WrongPort), func(p PortDifference) bool { return young(p.Member) })
	d.NoNEG = slices.DeleteFunc(slices.Clone(d.NoNEG), func(zone string) bool {
		return !slices.ContainsFunc(d.Missing, func(m Member) bool { return m.Zone == zone })
	})
	return d
}

// A PortDifference is a Member that its NEG has with another port.
type PortDifference struct {
	Member
	Have int32
}

// Errors of what can't be compared.
var (
	errNoNEGs       = errors.New("the Service port has no NEGs")
	errGroupMembers = errors.New("which nodes an instance group has isn't listed")
)

// CompareMembers compares the NEGs of a Backend with its EndpointSlices. err says what
// couldn't be compared, zone by zone; diff has what was found all the same. Of a
// Backend with instance groups nothing can be compared.
func CompareMembers(s *facts.Snapshot, b Backend) (diff MemberDiff, err error) {
	want := DesiredMembers(s, b)
	m, ok := want.Get()
	switch {
	case want.IsAbsent() && usesInstanceGroups(b):
		return diff, errGroupMembers
	case want.IsAbsent():
		return diff, errNoNEGs
	case !ok:
		return diff, want.Err()
	}
	diff.Want = m
	have, unread, err := liveMembers(s, b)
	for _, w := range m.List {
		if slices.Contains(unread, w.Zone) || s.NEGs.Lacks("zones/"+w.Zone) {
			continue
		}
		zone, exists := have[w.Zone]
		switch i := slices.IndexFunc(zone, func(h Member) bool { return h.IP == w.IP }); {
		case slices.ContainsFunc(zone, func(h Member) bool { return h.IP == w.IP && h.Port == w.Port }):
		case i >= 0 && !m.has(zone[i]):
			diff.WrongPort = append(diff.WrongPort, PortDifference{Member: w, Have: zone[i].Port})
		default:
			diff.Missing = append(diff.Missing, w)
			if !exists && !slices.Contains(diff.NoNEG, w.Zone) {
				diff.NoNEG = append(diff.NoNEG, w.Zone)
			}
		}
	}
	diff.stale(s, have)
	return diff, err
}

func usesInstanceGroups(b Backend) bool {
	bs, ok := b.BackendService.Get()
	if !ok {
		return false
	}
	return slices.ContainsFunc(bs.GetBackends(), func(g *computepb.Backend) bool { return strings.Contains(g.GetGroup(), "/instanceGroups/") })
}

// has reports that a live member is in the slices, attached, skipped or blocked.
func (m Members) has(h Member) bool {
	same := func(w Member) bool { return w.IP == h.IP && w.Port == h.Port && (w.Zone == h.Zone || w.Zone == "") }
	return slices.ContainsFunc(m.List, same) || slices.ContainsFunc(m.Skipped, same) ||
		slices.ContainsFunc(m.Blocks, func(b Block) bool { return b.IP == h.IP })
}

func (d *MemberDiff) stale(s *facts.Snapshot, have map[string][]Member) {
	if d.Want.NoSlices {
		// The controller leaves the NEGs alone then.
		return
	}
	var zones []string
	for zone := range have {
		zones = append(zones, zone)
	}
	slices.Sort(zones)
	for _, zone := range zones {
		for _, h := range have[zone] {
			wrong := slices.ContainsFunc(d.WrongPort, func(p PortDifference) bool { return p.Zone == zone && p.IP == h.IP })
			if wrong || d.Want.has(h) {
				continue
			}
			if i := slices.IndexFunc(d.Want.Leaving, func(l Member) bool { return l.IP == h.IP }); i >= 0 {
				h.Young, h.Pod, h.Node = true, d.Want.Leaving[i].Pod, d.Want.Leaving[i].Node
			}
			// Of a pod that is gone nothing tells when, and one that wasn't read may have
			// just gone; the slice that had it changed at the same time.
			h.Young = h.Young || d.Want.Changed || !s.Pods.Known()
			pods, _ := s.Pods.Get()
			for _, p := range pods {
				if h.Pod == nil && !p.Spec.HostNetwork && hasIP(p, h.IP) {
					h.Pod, h.Young = p, h.Young || inMotion(s.Now, p)
				}
			}
			d.Stale = append(d.Stale, h)
		}
	}
}

// liveMembers reads the endpoints of the Backend's NEGs by zone; a zone with a NEG and
// no endpoint has an empty list. unread are zones that couldn't be read.
func liveMembers(s *facts.Snapshot, b Backend) (have map[string][]Member, unread []string, err error) {
	have = map[string][]Member{}
	err = s.NEGs.Err()
	list, doubtful := negsOf(s, b)
	for _, neg := range doubtful {
		path := facts.RelativePath(neg.GetSelfLink())
		unread = append(unread, strings.TrimPrefix(scopeIn(path), "zones/"))
		err = errors.Join(err, fmt.Errorf("%s: %w", path, errWhoseNEG))
	}
	for _, neg := range list {
		path := facts.RelativePath(neg.GetSelfLink())
		zone := strings.TrimPrefix(scopeIn(path), "zones/")
		endpoints, ok := s.Endpoints[path].Get()
		if !s.Endpoints[path].Known() || !ok {
			unread = append(unread, zone)
			err = errors.Join(err, fmt.Errorf("endpoints of %s: %w", path, orNotRead(s.Endpoints[path].Err())))
			delete(have, zone)
			continue
		}
		if slices.Contains(unread, zone) {
			continue
		}
		if have[zone] == nil {
			have[zone] = []Member{}
		}
		for _, e := range endpoints {
			n := e.GetNetworkEndpoint()
			have[zone] = append(have[zone], Member{Zone: zone, IP: n.GetIpAddress(), Port: n.GetPort(), Node: n.GetInstance()})
		}
	}
	return have, unread, err
}

func orNotRead(err error) error {
	if err == nil {
		return facts.ErrNotRead
	}
	return err
}

// NEGsOf are the zonal NEGs of a Backend's Service port, in whatever zones: by the
// description that the NEG controller writes, and the name where there is none.
func NEGsOf(s *facts.Snapshot, b Backend) []*computepb.NetworkEndpointGroup {
	list, _ := negsOf(s, b)
	return list
}

var errWhoseNEG = errors.New("whether the NEG is this cluster's can't be told")

// negsOf is NEGsOf, with the doubtful ones, which may be of a Service of the same name in
// another cluster.
func negsOf(s *facts.Snapshot, b Backend) (list, doubtful []*computepb.NetworkEndpointGroup) {
	svc, ok := b.Object.Get()
	if !ok || b.ServicePort == nil {
		return nil, nil
	}
	uid, identified := s.ClusterUID.Get()
	written := negNames(svc)[b.ServicePort.Port]
	all, _ := s.NEGs.Get()
	for _, neg := range all {
		if !strings.HasPrefix(scopeIn(neg.GetSelfLink()), "zones/") {
			continue
		}
		d, described := ParseNEGDescription(neg.GetDescription())
		switch {
		case described && (d.Namespace != b.Namespace || d.Service != b.Service || d.Port != strconv.Itoa(int(b.ServicePort.Port))):
		case described && identified && d.ClusterUID != "":
			if d.ClusterUID == uid {
				list = append(list, neg)
			}
		case neg.GetName() == written || uidNames(s, b, neg.GetName()):
			list = append(list, neg)
		case described && !foreignName(s, neg.GetName()):
			doubtful = append(doubtful, neg)
		case neg.GetDescription() == "" && written == "" && IngressUID(s) == "" && strings.HasPrefix(neg.GetName(), "k8s1-"):
			doubtful = append(doubtful, neg)
		}
	}
	return list, doubtful
}

func foreignName(s *facts.Snapshot, name string) bool {
	uid, _ := s.ClusterUID.Get()
	n, ok := ParseName(name)
	return ok && n.ForeignTo(uid, IngressUID(s))
}

func uidNames(s *facts.Snapshot, b Backend, name string) bool {
	uid := IngressUID(s)
	return uid != "" && name == NEGName(uid, b.Namespace, b.Service, b.ServicePort.Port)
}
