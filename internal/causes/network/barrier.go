package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

// A barrier is what the firewall surely, or likely, keeps from some endpoints of one
// backend: the probers, the load balancer's requests, or its proxies.
type barrier struct {
	glbc.Backend
	path.FirewallVerdict
	confidence cause.Confidence
	// all are the backend's endpoints, bad those that fail, behind those that the packets
	// would go to.
	all, bad, behind []glbc.Endpoint
	// asked: the health check asks this port, so that its endpoints show the effect.
	asked bool
	// young: the target, or what is behind it, is so new that the controllers may still be
	// making the rule.
	young string
}

// barriers are those of the target that no answer contradicts: an endpoint that is
// HEALTHY, or that refused, was reached, whatever the rules say. Where the way is only
// unknown there is none.
func barriers(c cause.Case) []barrier {
	if path.NoRules(c.Facts) || unlisted(c.Facts) {
		return nil
	}
	var list []barrier
	for _, p := range c.Passages() {
		all, bad := glbc.FailingEndpoints(c.Facts, p.Backend, c.LoggedUnhealthy())
		for _, v := range p.Verdicts {
			denied := v.Verdict.Outcome == firewall.Denied || v.Verdict.Outcome == firewall.Partial
			if v.Err != nil || !denied || v.Proven || v.Unseen && !v.Proxies {
				continue
			}
			b := barrier{Backend: p.Backend, FirewallVerdict: v, all: all, bad: bad, asked: asks(p.Backend, v)}
			for _, e := range all {
				if slices.Contains(v.Addresses, e.IP) {
					b.behind = append(b.behind, e)
				}
			}
			if b.unnamed(c.Facts) || b.asked && b.answers(c) {
				continue
			}
			b.young = young(c, p.Backend)
			b.confidence = b.weigh()
			switch dead, unknown := b.noneListens(c); {
			case (dead || unknown) && b.aside(c):
				continue
			case dead:
				b.confidence = cause.Likely
			}
			list = append(list, b)
		}
	}
	return list
}

// unlisted: the list of VPC rules couldn't be read, and the effective firewalls name none.
func unlisted(s *facts.Snapshot) bool {
	global, _ := s.NetworkFirewall.Get()
	region, _ := s.RegionFirewall.Get()
	return !s.Firewalls.Known() && len(global.GetFirewalls())+len(region.GetFirewalls()) == 0
}

// answers: the log has an answer from one of the addresses, of a group that can't be told
// by its number since the NEGs weren't read.
func (b barrier) answers(c cause.Case) bool {
	h := newest(c, b.Backend, b.behind)
	return !c.Facts.NEGs.Known() && h != nil && answered(h)
}

// answered: a status came back, or the connection was refused or reset. A packet that is
// dropped gets no answer.
func answered(h *signal.Health) bool {
	text := strings.ToLower(h.ResultText)
	return h.StatusCode() != 0 || strings.Contains(text, "refused") || strings.Contains(text, "reset")
}

// asks: the verdict is about the probers on the port that the health check asks.
func asks(b glbc.Backend, v path.FirewallVerdict) bool {
	hc, ok := b.HealthCheck.Get()
	if !ok || v.Proxies {
		return false
	}
	port := glbc.CheckOf(hc).Port
	return port == 0 || port == int32(v.Packet.Port)
}

// undecided says that it can't be told whether requests get in, where nothing but the
// rules would show it: endpoints are HEALTHY without them.
func undecided(c cause.Case, what string, about func(path.FirewallVerdict) bool) string {
	if path.NoRules(c.Facts) {
		return ""
	}
	for _, p := range c.Passages() {
		for _, v := range p.Verdicts {
			open := v.Err != nil || v.Verdict.Outcome == firewall.Unknown || v.Verdict.Outcome != firewall.Allowed && v.Unseen
			if _, known := p.HealthCheck.Get(); open && about(v) && (!known || !asks(p.Backend, v)) {
				return "whether " + what
			}
		}
	}
	return ""
}

// unnamed: the backend service names a port that its instance groups don't have, so that
// the one asked is nobody's choice.
func (b barrier) unnamed(s *facts.Snapshot) bool {
	bs, ok := b.BackendService.Get()
	hc, read := b.HealthCheck.Get()
	if !ok || bs.GetPortName() == "" || read && b.asked && glbc.CheckOf(hc).Port != 0 {
		return false
	}
	for _, g := range glbc.GroupsOf(bs) {
		ig, found := glbc.InstanceGroupOf(s, g.Group)
		unread := !found && strings.Contains(g.Group, "/instanceGroups/") && bs.GetPortName() != fmt.Sprintf("port%d", b.Packet.Port)
		if unread || found && len(glbc.NamedPorts(ig, bs.GetPortName())) == 0 {
			return true
		}
	}
	return false
}

// noneListens: our own probe was refused on the port, so that opening it isn't all;
// unknown: it was to ask there, and nothing is known of the answer.
func (b barrier) noneListens(c cause.Case) (dead, unknown bool) {
	pods, err := glbc.PodsOf(c.Facts, b.Backend)
	for req := range c.Probes() {
		// Whose answer it is can't be told.
		unknown = unknown || err != nil && b.Service != "" && req.Port == int32(b.Packet.Port)
	}
	for _, pod := range pods {
		status, unreachable := probedWith(c, pod, int32(b.Packet.Port))
		dead = dead || status == 0 && strings.Contains(strings.ToLower(unreachable), "refused")
		unknown = unknown || asksInVain(c, pod, int32(b.Packet.Port))
	}
	return dead, unknown
}

// aside: the rules are for another port than this. Where nothing listens on it, the port
// is what is wrong, and not the firewall.
func (b barrier) aside(c cause.Case) bool {
	_, ok := b.otherPorts(c)
	return ok
}

// weigh: what the rules say is proven where the endpoints show it. Requests and proxies
// leave no mark on them: there the rules are all that can be seen.
func (b barrier) weigh() cause.Confidence {
	agree := len(b.behind) > 0 && !slices.ContainsFunc(b.behind, func(e glbc.Endpoint) bool { return !e.Unhealthy() })
	if len(b.Verdict.Inferred()) > 0 || b.asked && !agree {
		return cause.Likely
	}
	return cause.Proven
}

// young says why the controllers may still be at work: GLBC makes the rule while it
// builds the load balancer.
func young(c cause.Case, b glbc.Backend) string {
	for _, s := range c.Symptoms {
		if s.ID == cause.BackendUnhealthy && slices.Contains(s.Objects, b.Ref(c.Facts.ClusterName)) && s.Pending != "" {
			return s.Pending
		}
	}
	const grace = 10 * 60
	if ing, ok := c.Ingress(); ok && c.Facts.Now.Sub(ing.CreationTimestamp.Time).Seconds() < grace {
		return "the Ingress was created a moment ago, its firewall rule may still be under way"
	}
	if g, ok := c.Gateway(); ok && c.Facts.Now.Sub(g.CreationTimestamp.Time).Seconds() < grace {
		return "the Gateway was created a moment ago, its firewall rule may still be under way"
	}
	return ""
}

// denied are the parts that a rule decides which keep fits.
func (b barrier) denied(keep func(firewall.Rule) bool) []netip.Prefix {
	var list []netip.Prefix
	for _, p := range b.Verdict.Parts {
		if p.Outcome == firewall.Denied && keep(p.By) {
			list = append(list, p.Source)
		}
	}
	return list
}

func implied(r firewall.Rule) bool { return r.Layer == firewall.LayerImplied }

// unruled: something ends in the implied deny.
func (b barrier) unruled() bool { return len(b.denied(implied)) > 0 }

// isMeant: a rule is for these packets, and not for anybody: one of its sources lies
// within theirs.
func (b barrier) isMeant(r firewall.Rule) bool {
	for text := range strings.FieldsSeq(r.From) {
		from, err := netip.ParsePrefix(text)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(b.Packet.Sources, func(s netip.Prefix) bool { return s.Bits() <= from.Bits() && s.Contains(from.Addr()) }) {
			return true
		}
	}
	return false
}

// disabled is the disabled rule that would let in what ends in the implied deny, the
// controller's own first. Where the controller's isn't there at all, one that is for
// anybody isn't what is missing.
func (b barrier) disabled(c cause.Case) (firewall.Rule, bool) {
	if !b.unruled() {
		return firewall.Rule{}, false
	}
	ofCluster := b.Service != ""
	list := slices.DeleteFunc(slices.Clone(b.Verdict.Disabled), func(r firewall.Rule) bool { return ofCluster && !b.isMeant(r) && !isOwn(c, b, r.Name) })
	return first(c, b, list)
}

// otherPorts is the rule that lets the same packets in to other ports.
func (b barrier) otherPorts(c cause.Case) (firewall.Rule, bool) {
	if _, off := b.disabled(c); off || !b.unruled() {
		return firewall.Rule{}, false
	}
	return first(c, b, slices.DeleteFunc(slices.Clone(b.Verdict.OtherPorts), func(r firewall.Rule) bool { return !b.isMeant(r) }))
}

func first(c cause.Case, b barrier, list []firewall.Rule) (firewall.Rule, bool) {
	if len(list) == 0 {
		return firewall.Rule{}, false
	}
	rank := func(r firewall.Rule) int {
		if isOwn(c, b, r.Name) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(x, y firewall.Rule) int { return cmp.Compare(rank(x), rank(y)) })
	return list[0], true
}

// isOwn: the controllers of this cluster made a rule of that name for the backend's load
// balancers (ingress-controller.md §6). GLBC's names begin with the first characters of
// its UID, as do those of its NEGs; a Gateway's with those of its backend services.
func isOwn(c cause.Case, b barrier, rule string) bool {
	bs, ok := b.BackendService.Get()
	if !ok {
		return false
	}
	if uid, isL7 := strings.CutPrefix(rule, glbc.L7RulePrefix); isL7 {
		if name, known := glbc.L7RuleName(c.Facts).Get(); known {
			return rule == name
		}
		prefix, _, _ := strings.Cut(strings.TrimPrefix(bs.GetName(), "k8s1-"), "-")
		if _, after, ok := strings.Cut(bs.GetName(), "--"); ok && strings.HasPrefix(bs.GetName(), "k8s-be-") {
			prefix = after
		}
		return prefix != "" && strings.HasPrefix(uid, prefix)
	}
	parts := strings.SplitN(bs.GetName(), "-", 3)
	return len(parts) == 3 && parts[0] == "gkegw1" && strings.HasPrefix(rule, "gkegw1-"+parts[1]+"-l7-")
}

// networkProject is the project that has the network's rules.
func networkProject(s *facts.Snapshot) string { return cmp.Or(s.NetworkProject, s.Project) }

// ruleRef names a VPC rule of the network's project.
func ruleRef(s *facts.Snapshot, name string) facts.Ref {
	return facts.Ref{Project: networkProject(s), Scope: "global", Kind: facts.KindFirewallRule, Name: name}
}
