package firewall

import (
	"fmt"
	"net/netip"
	"slices"
)

// An Outcome is what becomes of a packet.
type Outcome uint8

const (
	// Unknown is the outcome where something that wasn't read would decide.
	Unknown Outcome = iota
	// Allowed packets reach the instance.
	Allowed
	// Denied packets are dropped.
	Denied
	// Partial is the outcome of several addresses, some allowed and all others
	// denied. No Part has it.
	Partial
)

// String is the outcome as a word of a sentence.
func (o Outcome) String() string {
	switch o {
	case Allowed:
		return "allowed"
	case Denied:
		return "denied"
	case Partial:
		return "partly allowed"
	case Unknown:
		return "unknown"
	}
	return fmt.Sprintf("Outcome(%d)", o)
}

// A Part is a range of addresses that one rule decides about.
type Part struct {
	Source netip.Prefix
	// Outcome is Allowed, Denied or Unknown.
	Outcome Outcome
	// By is the rule that decides; where the outcome is unknown, the one that would
	// if nothing before it matched.
	By Rule
	// Why says for people what an unknown outcome depends on.
	Why string
	// Inferred says what the outcome rests on that was inferred and not read; empty
	// where nothing was.
	Inferred string
}

// String says for people what becomes of the part, and why.
func (p Part) String() string {
	if p.Outcome == Unknown {
		return fmt.Sprintf("%s is unknown: %s", p.Source, p.Why)
	}
	return fmt.Sprintf("%s is %s by %s", p.Source, p.Outcome, p.By)
}

// A Verdict is what becomes of a packet from each of its sources.
type Verdict struct {
	// Outcome is that of all sources together. It is Unknown as soon as a part is;
	// what is certain of the other parts is in Parts.
	Outcome Outcome
	// Parts cover every source, in the order of Packet.Sources, by address, in the
	// fewest prefixes.
	Parts []Part
	// Disabled are the rules that, if they were enabled, would admit something that
	// is denied.
	Disabled []Rule
	// OtherPorts are the rules that admit the packet's protocol, but to other ports,
	// and that would admit something that is denied if they covered the packet's.
	// Rules for something else are among them, such as default-allow-ssh.
	OtherPorts []Rule
	// Readable is the verdict of what was read, as if what wasn't read were empty;
	// nil where everything was read, or nothing. It is a hint and proves nothing: what
	// wasn't read can come first.
	Readable *Verdict
}

// Of is the outcome of the addresses of one source together, Unknown where it isn't
// one of the packet's sources.
func (v Verdict) Of(source netip.Prefix) Outcome {
	var parts []Part
	for _, p := range v.Parts {
		if within(p.Source, source.Masked()) {
			parts = append(parts, p)
		}
	}
	return outcomeOf(parts)
}

// Ranges are the prefixes that have this outcome.
func (v Verdict) Ranges(o Outcome) []netip.Prefix {
	var ranges []netip.Prefix
	for _, p := range v.Parts {
		if p.Outcome == o {
			ranges = append(ranges, p.Source)
		}
	}
	return ranges
}

// Deciders are the rules that decide the parts with this outcome, each once.
func (v Verdict) Deciders(o Outcome) []Rule {
	var rules []Rule
	for _, p := range v.Parts {
		if p.Outcome == o && !slices.Contains(rules, p.By) {
			rules = append(rules, p.By)
		}
	}
	return rules
}

// Why says what the unknown parts depend on, each reason once.
func (v Verdict) Why() []string { return texts(v.Parts, func(p Part) string { return p.Why }) }

// Inferred says what the parts rest on that was inferred, each once.
func (v Verdict) Inferred() []string {
	return texts(v.Parts, func(p Part) string { return p.Inferred })
}

func texts(parts []Part, of func(Part) string) []string {
	var all []string
	for _, p := range parts {
		if t := of(p); t != "" && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

func outcomeOf(parts []Part) Outcome {
	var seen [Partial + 1]bool
	for _, p := range parts {
		seen[p.Outcome] = true
	}
	switch {
	case seen[Unknown]:
		return Unknown
	case seen[Allowed] && seen[Denied]:
		return Partial
	case seen[Allowed]:
		return Allowed
	case seen[Denied]:
		return Denied
	}
	return Unknown
}
