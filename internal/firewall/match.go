package firewall

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"plumbline/internal/facts"
)

// A truth orders matches by how much they match.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

// A match is whether something matches. Why says what keeps it from being certain;
// inferred, what it rests on that wasn't read.
type match struct {
	truth    truth
	why      string
	inferred string
}

var (
	always = match{truth: yes}
	never  = match{truth: no}
)

func unsure(why string) match { return match{truth: maybe, why: why} }

func truthOf(b bool) match {
	if b {
		return always
	}
	return never
}

// and matches what both match.
func (m match) and(o match) match {
	switch {
	case m.truth == no || o.truth == yes && o.inferred == "":
		return m
	case o.truth == no || m.truth == yes && m.inferred == "":
		return o
	}
	return match{truth: min(m.truth, o.truth), why: joined(m.why, o.why), inferred: joined(m.inferred, o.inferred)}
}

func joined(a, b string) string {
	switch {
	case a == "" || strings.Contains(b, a):
		return b
	case strings.Contains(a, b):
		return a
	}
	return a + ", and " + b
}

// A layer4 is one entry of allowed, denied or layer4Configs.
type layer4 interface{ GetPorts() []string }

// protocolNumbers are the names that rules may use; IANA's protocol numbers.
var protocolNumbers = map[string]string{
	"icmp": "1", "ipip": "4", "tcp": "6", "udp": "17", "esp": "50", "ah": "51", "icmpv6": "58", "ipv6-icmp": "58", "sctp": "132",
}

func protocolNumber(name string) string {
	name = strings.ToLower(name)
	if n, ok := protocolNumbers[name]; ok {
		return n
	}
	return name
}

// matchPorts is whether one of the entries covers the packet's protocol and port,
// and whether one is of its protocol at all. Without ports an entry covers all of
// them.
func matchPorts[T layer4](p Packet, entries []T, protocol func(T) string) (m match, sameProtocol bool) {
	for _, e := range entries {
		name := protocolNumber(protocol(e))
		switch name {
		case "":
			m = better(m, unsure("it names no protocol"))
		case "all", protocolNumber(p.Protocol):
			sameProtocol = true
			m = better(m, coversPort(e.GetPorts(), p.Port))
		}
	}
	return m, sameProtocol
}

func better(a, b match) match {
	if b.truth > a.truth {
		return b
	}
	return a
}

func coversPort(ports []string, port uint16) match {
	if len(ports) == 0 {
		return always
	}
	if port == 0 {
		return unsure("the packet's port isn't known")
	}
	best := never
	for _, text := range ports {
		low, high, ok := portRange(text)
		switch {
		case !ok:
			best = better(best, unsure("its ports can't be read: "+text))
		case low <= port && port <= high:
			return always
		}
	}
	return best
}

func portRange(text string) (low, high uint16, ok bool) {
	from, to, isRange := strings.Cut(text, "-")
	l, err := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	if err != nil {
		return 0, 0, false
	}
	if !isRange {
		return uint16(l), uint16(l), true
	}
	h, err := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	return uint16(l), uint16(h), err == nil
}

func covers[T layer4](entries []T, protocol func(T) string) string {
	var all []string
	for _, e := range entries {
		text := strings.ToLower(protocol(e))
		if ports := e.GetPorts(); len(ports) > 0 {
			text += ":" + strings.Join(ports, ",")
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// named is whether a rule that names targets means this one. A rule that names
// none means all.
func named(names []string, have facts.Value[[]string], what string) match {
	if len(names) == 0 {
		return always
	}
	if !have.Known() {
		return unsure(fmt.Sprintf("it targets %s, and those of the target weren't read", what))
	}
	own, _ := have.Get()
	return truthOf(slices.ContainsFunc(names, func(n string) bool { return slices.Contains(own, n) }))
}

// tagged is named for network tags, some of which may have been inferred.
func (t Target) tagged(names []string) match {
	m := named(names, t.Tags, "network tags")
	if m.truth != maybe {
		return m
	}
	for _, n := range names {
		if slices.Contains(t.LikelyTags, n) {
			return match{truth: yes, inferred: "the network tags of the target weren't read; it should have " + n}
		}
	}
	return m
}

// matchDestination is whether the packet's destination is in one of the ranges of
// an ingress rule; without ranges it is.
func matchDestination(p Packet, ranges []string) match {
	if len(ranges) == 0 {
		return always
	}
	prefixes, bad := prefixesOf(ranges)
	for _, r := range prefixes {
		if p.Destination.IsValid() && r.Contains(p.Destination.Unmap()) {
			return always
		}
	}
	switch {
	case bad != "":
		return unsure("a destination range can't be read: " + bad)
	case p.Destination.IsValid():
		return never
	case coversAll(prefixes, p.Sources):
		return always
	}
	return unsure("it is for certain destination ranges, and the packet's destination isn't known")
}

// coversAll is whether the ranges hold every address of the sources' families.
func coversAll(ranges, sources []netip.Prefix) bool {
	for _, s := range sources {
		if !slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return r.Bits() == 0 && r.Addr().Is4() == s.Addr().Is4() }) {
			return false
		}
	}
	return len(sources) > 0
}
