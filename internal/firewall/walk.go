package firewall

import (
	"fmt"
	"net/netip"
)

// A piece is a range of addresses that nothing has decided about yet.
type piece struct {
	source netip.Prefix
	// may are the first decisions, of each action, that may have been made about it.
	may [actions]doubt
	// left says why it may have left the policy that is being walked; empty if it
	// can't have.
	left string
}

// A doubt is a decision that may have been made.
type doubt struct {
	rule *compiled
	why  string
}

// A walk takes pieces through the policies, until each is decided.
type walk struct {
	policies []policy
	// granted is a rule that is taken for enabled if it is disabled, and for covering
	// the port if it is enabled.
	granted *compiled
	done    []Part
}

func (w world) walk(source netip.Prefix, o Order, granted *compiled) []Part {
	k := walk{policies: w.policies(o), granted: granted}
	live := []piece{{source: source}}
	for i := range k.policies {
		live = k.policy(i, live)
	}
	implied := &compiled{id: Rule{Layer: LayerImplied, Action: "deny", Covers: "all"}, action: actDeny}
	for _, p := range live {
		k.done = append(k.done, decided(p, implied, match{}))
	}
	return k.done
}

// policy takes pieces through the policy at this place and returns those that go on.
func (k *walk) policy(at int, live []piece) []piece {
	var gone []piece
	rules := k.policies[at].rules
	for i := range rules {
		r := &rules[i]
		m, applies := k.matches(r)
		if !applies {
			continue
		}
		var stay []piece
		for _, here := range live {
			in, outside := split(here.source, r.ranges)
			for _, s := range in {
				stay, gone = k.apply(at, r, m, here.at(s), stay, gone)
			}
			for _, s := range outside {
				stay, gone = k.apply(at, r, m.and(r.elsewhere), here.at(s), stay, gone)
			}
		}
		if live = stay; len(live) == 0 {
			break
		}
	}
	gone = append(gone, live...)
	for i := range gone {
		gone[i].left = ""
	}
	return gone
}

func (p piece) at(s netip.Prefix) piece {
	p.source = s
	return p
}

// matches is how the rule matches the packet from a source that it covers.
func (k *walk) matches(r *compiled) (m match, applies bool) {
	if r.disabled && r != k.granted {
		return never, false
	}
	m = r.rest.and(r.context)
	if r.disabled || r != k.granted {
		m = m.and(r.ports)
	}
	return m, m.truth != no
}

// apply does to one piece what the rule says: it is decided, goes on to the next
// policy, or stays in this one.
func (k *walk) apply(at int, r *compiled, m match, here piece, stay, gone []piece) (stays, goes []piece) {
	switch {
	case m.truth == no:
		return append(stay, here), gone
	case r.action == actNext && m.truth == yes:
		return stay, append(gone, here)
	case r.action == actNext:
		if here.left == "" {
			here.left = fmt.Sprintf("%s may pass it on: %s", r.id, m.why)
		}
		return append(stay, here), gone
	case m.truth == maybe:
		here.doubt(r, m.why)
		return append(stay, here), gone
	case here.left != "":
		// It has left the policy or is decided here; either way this policy is done.
		here.doubt(r, here.left)
		return stay, append(gone, here)
	}
	part := decided(here, r, m)
	part.Inferred = joined(part.Inferred, k.disagreement(at, r, here.source))
	k.done = append(k.done, part)
	return stay, gone
}

func (p *piece) doubt(r *compiled, why string) {
	first := &p.may[r.action]
	switch {
	case first.rule == nil:
		*first = doubt{r, why}
	case first.rule.unread && r.unread:
		first.why = joined(first.why, why)
	}
}

// decided is what a rule makes of a piece that it matches for certain: its action,
// unless another one may have come before it.
func decided(p piece, r *compiled, m match) Part {
	part := Part{Source: p.source, By: r.id, Inferred: m.inferred}
	switch r.action {
	case actAllow:
		part.Outcome = Allowed
	case actDeny:
		part.Outcome = Denied
	case actOther, actNext, actions:
		part.Why = fmt.Sprintf("%s hands it on (%s), and what comes of that isn't in the rules", r.id, r.id.Action)
	}
	for a, d := range p.may {
		if d.rule == nil || action(a) == r.action {
			continue
		}
		part.Outcome = Unknown
		part.Why = joined(part.Why, d.reason())
	}
	return part
}

func (d doubt) reason() string {
	if d.rule.unread {
		return d.why
	}
	return fmt.Sprintf("%s may decide first: %s", d.rule.id, d.why)
}

// disagreement says whether a decision rests on the order of policies of one layer,
// where another policy of it would decide otherwise. Folders are under their
// organisation, and what is above is evaluated first; the API's reference doesn't
// say that its answer lists them so, though recorded answers do
// (GoogleCloudPlatform/gcpdiag, test-data/fw-policy, and its evaluation).
func (k *walk) disagreement(at int, r *compiled, source netip.Prefix) string {
	mine := &k.policies[at]
	for i := at + 1; i < len(k.policies) && k.policies[i].layer == mine.layer; i++ {
		other := &k.policies[i]
		if mine.layer == LayerVPC || mine.placed && other.placed && mine.order != other.order {
			continue
		}
		alone := walk{policies: k.policies[i : i+1], granted: k.granted}
		rest := alone.policy(0, []piece{{source: source}})
		for _, p := range alone.done {
			if p.Outcome != outcomes[r.action] {
				return fmt.Sprintf("%s comes before %s because it is listed first", mine.name, other.name)
			}
		}
		for _, p := range rest {
			for a, d := range p.may {
				if d.rule != nil && action(a) != r.action {
					return fmt.Sprintf("%s comes before %s because it is listed first", mine.name, other.name)
				}
			}
		}
	}
	return ""
}

var outcomes = [actions]Outcome{actAllow: Allowed, actDeny: Denied}
