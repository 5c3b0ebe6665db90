package firewall

import (
	"fmt"
	"net/netip"
	"slices"
)

// Evaluate decides what becomes of the packet on its way to the target. It never
// guesses: where something that wasn't read would decide, the verdict is Unknown
// and says what.
func Evaluate(n Network, t Target, p Packet) Verdict {
	w := compile(n, t, p)
	unread, incomplete := w.withUnread(n)
	v := unread.verdict(p)
	if incomplete && readRules(n) {
		hint := w.verdict(p)
		v.Readable = &hint
	}
	return v
}

// readRules is whether the network's VPC rules were read by any of the methods.
func readRules(n Network) bool {
	_, global := n.Global.Get()
	_, listed := n.Rules.Get()
	return global || listed || readWhole(n)
}

func (w world) verdict(p Packet) Verdict {
	v := Verdict{Parts: w.parts(p.Sources, nil)}
	v.Outcome = outcomeOf(v.Parts)
	denied := v.Ranges(Denied)
	if len(denied) == 0 {
		return v
	}
	for _, r := range w.rules() {
		if r.action != actAllow || r.unread {
			continue
		}
		switch {
		case r.disabled && w.admits(denied, r):
			v.Disabled = append(v.Disabled, r.id)
		case !r.disabled && r.ports.truth == no && r.sameProtocol && w.admits(denied, r):
			v.OtherPorts = append(v.OtherPorts, r.id)
		}
	}
	return v
}

// rules are all rules, in an order of evaluation.
func (w world) rules() []*compiled {
	var all []*compiled
	for _, p := range w.policies(w.orders[0]) {
		for i := range p.rules {
			all = append(all, &p.rules[i])
		}
	}
	return all
}

// admits is whether something of what is denied would be allowed if the rule were
// enabled, if it is disabled, or covered the packet's port, if it is enabled.
func (w world) admits(denied []netip.Prefix, r *compiled) bool {
	if r.rest.truth == no || !r.touches(denied) {
		return false
	}
	for _, p := range w.parts(denied, r) {
		if p.Outcome == Allowed {
			return true
		}
	}
	return false
}

func (r *compiled) touches(sources []netip.Prefix) bool {
	if r.elsewhere.truth != no {
		return true
	}
	for _, s := range sources {
		if slices.ContainsFunc(r.ranges, s.Overlaps) {
			return true
		}
	}
	return false
}

// parts evaluates every source, with one rule granted what it lacks.
func (w world) parts(sources []netip.Prefix, granted *compiled) []Part {
	var all []Part
	for _, s := range sources {
		if s = s.Masked(); !s.IsValid() {
			all = append(all, Part{Source: s, Why: "the source isn't a range of addresses"})
			continue
		}
		parts := w.walk(s, w.orders[0], granted)
		for _, o := range w.orders[1:] {
			parts = agreed(parts, w.walk(s, o, granted))
		}
		all = append(all, merged(parts)...)
	}
	return all
}

// agreed keeps what two orders of evaluation agree on; the rest is unknown.
func agreed(after, before []Part) []Part {
	var all []Part
	for _, a := range after {
		for _, b := range before {
			if !a.Source.Overlaps(b.Source) {
				continue
			}
			both := a
			if a.Source.Bits() < b.Source.Bits() {
				both.Source = b.Source
			}
			switch {
			case a.Outcome != b.Outcome:
				both.Outcome, both.Why = Unknown, orderWhy(a, b)
			case a.Outcome == Unknown:
				both.Why = joined(a.Why, b.Why)
			}
			both.Inferred = joined(a.Inferred, b.Inferred)
			if a.Outcome == b.Outcome && a.By != b.By {
				both.Inferred = joined(both.Inferred, fmt.Sprintf("whether %s or %s decides depends on the network's order, which wasn't read", a.By, b.By))
			}
			all = append(all, both)
		}
	}
	return all
}

func orderWhy(after, before Part) string {
	why := "whether VPC rules or network policies come first wasn't read, and decides"
	return joined(why, joined(after.Why, before.Why))
}
