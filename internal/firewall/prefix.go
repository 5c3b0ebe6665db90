package firewall

import (
	"net/netip"
	"slices"
	"strings"
)

// prefixesOf parses ranges as rules spell them, with or without a mask; bad is one
// that can't be read.
func prefixesOf(ranges []string) (prefixes []netip.Prefix, bad string) {
	for _, text := range ranges {
		if p, err := netip.ParsePrefix(text); err == nil {
			prefixes = append(prefixes, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			bad = text
			continue
		}
		prefixes = append(prefixes, netip.PrefixFrom(a, a.BitLen()))
	}
	return prefixes, bad
}

// from lists ranges for people.
func from(ranges []netip.Prefix) string {
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = r.String()
	}
	return strings.Join(texts, " ")
}

// within is whether every address of inner is in outer.
func within(inner, outer netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// split cuts p into what the ranges cover and what they don't.
func split(p netip.Prefix, ranges []netip.Prefix) (in, out []netip.Prefix) {
	var touching []netip.Prefix
	for _, r := range ranges {
		switch {
		case within(p, r):
			return []netip.Prefix{p}, nil
		case within(r, p):
			touching = append(touching, r)
		}
	}
	if len(touching) == 0 {
		return nil, []netip.Prefix{p}
	}
	low, high := halves(p)
	in, out = split(low, touching)
	highIn, highOut := split(high, touching)
	return append(in, highIn...), append(out, highOut...)
}

// halves cuts a prefix of more than one address in two.
func halves(p netip.Prefix) (low, high netip.Prefix) {
	bits := p.Bits()
	raw := p.Addr().AsSlice()
	raw[bits/8] |= 0x80 >> (bits % 8)
	upper, _ := netip.AddrFromSlice(raw)
	return netip.PrefixFrom(p.Addr(), bits+1), netip.PrefixFrom(upper, bits+1)
}

// merged sorts disjoint parts by address and joins neighbours of which the same is
// true, so that there are the fewest.
func merged(parts []Part) []Part {
	slices.SortFunc(parts, func(a, b Part) int { return a.Source.Addr().Compare(b.Source.Addr()) })
	var out []Part
	for _, p := range parts {
		out = append(out, p)
		for len(out) > 1 {
			joint, ok := join(out[len(out)-2], out[len(out)-1])
			if !ok {
				break
			}
			out = append(out[:len(out)-2], joint)
		}
	}
	return out
}

func join(a, b Part) (Part, bool) {
	bits := a.Source.Bits()
	if bits == 0 || bits != b.Source.Bits() {
		return Part{}, false
	}
	parent := netip.PrefixFrom(a.Source.Addr(), bits-1).Masked()
	if !parent.Contains(b.Source.Addr()) {
		return Part{}, false
	}
	a.Source, b.Source = parent, parent
	return a, a == b
}
