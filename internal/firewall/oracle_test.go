package firewall_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

// A plainRule is a rule of the worlds that the oracle understands: its sources are
// ranges inside 10.0.0.0/28, and it may need a secure tag.
type plainRule struct {
	priority int
	action   string
	port     int
	ranges   []netip.Prefix
	disabled bool
	// tag is the secure tag that the target needs, each rule's own; 0 for none.
	tag int
}

func (r plainRule) text(name string) string {
	covers := "all"
	if r.port != 0 {
		covers = "tcp:" + strconv.Itoa(r.port)
	}
	from := make([]string, len(r.ranges))
	for i, p := range r.ranges {
		from[i] = p.String()
	}
	text := fmt.Sprintf("%s%d %s %s from=%s", name, r.priority, r.action, covers, strings.Join(from, ","))
	if r.disabled {
		text += " disabled"
	}
	if r.tag != 0 {
		text += fmt.Sprintf(" secure=tagValues/%d", r.tag)
	}
	return text
}

func (r plainRule) matches(a netip.Addr, port int, tags uint) bool {
	return !r.disabled && (r.port == 0 || r.port == port) && (r.tag == 0 || tags>>(r.tag-1)&1 == 1) &&
		slices.ContainsFunc(r.ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}

// decide is what one list of rules says about one address, by the words of the
// documentation: the matching rule of the lowest number, deny before allow.
func decide(rules []plainRule, a netip.Addr, port int, tags uint) string {
	var best *plainRule
	for i := range rules {
		r := &rules[i]
		if r.matches(a, port, tags) && (best == nil || r.priority < best.priority || r.priority == best.priority && r.action == "deny") {
			best = r
		}
	}
	if best == nil {
		return "goto_next"
	}
	return best.action
}

// A plainWorld has a list of rules for every layer.
type plainWorld struct{ organisation, folder, system, vpc, global, regional []plainRule }

func (w plainWorld) decide(before bool, a netip.Addr, port int, tags uint) string {
	layers := [][]plainRule{w.organisation, w.folder, w.system, w.vpc, w.global, w.regional}
	if before {
		layers = [][]plainRule{w.organisation, w.folder, w.system, w.global, w.regional, w.vpc}
	}
	for _, rules := range layers {
		if action := decide(rules, a, port, tags); action != "goto_next" {
			return action
		}
	}
	return "deny"
}

func randomRules(r *rand.Rand, most int, vpc bool, tags *int) []plainRule {
	var rules []plainRule
	for i := range r.IntN(most + 1) {
		rule := plainRule{priority: i*3 + r.IntN(3), action: "allow", disabled: r.IntN(6) == 0}
		if vpc {
			rule.priority = r.IntN(4)
		}
		switch n := r.IntN(5); {
		case n < 2:
			rule.action = "deny"
		case n == 2 && !vpc:
			rule.action = "goto_next"
		}
		if r.IntN(4) == 0 {
			rule.port = 8080 + r.IntN(2)
		}
		if !vpc && *tags < 5 && r.IntN(3) == 0 {
			*tags++
			rule.tag = *tags
		}
		for range 1 + r.IntN(3) {
			a := netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(16))})
			rule.ranges = append(rule.ranges, netip.PrefixFrom(a, 28+r.IntN(5)).Masked())
		}
		rules = append(rules, rule)
	}
	r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	return rules
}

func texts(name string, rules []plainRule) []string {
	var all []string
	for i, r := range rules {
		prefix := ""
		if name != "" {
			prefix = fmt.Sprintf("%s%d ", name, i)
		}
		all = append(all, r.text(prefix))
	}
	return all
}

// Every address gets what trying each rule on it says, for every way in which the
// unread secure tags and the unread order may be: allowed or denied where all ways
// agree, unknown where they don't.
func TestEveryAddressIsDecidedAsByTryingAll(t *testing.T) {
	t.Parallel()
	source := netip.MustParsePrefix("10.0.0.0/28")
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		tags := 0
		plain := plainWorld{
			organisation: randomRules(r, 3, false, &tags), folder: randomRules(r, 2, false, &tags), system: randomRules(r, 2, false, &tags),
			vpc: randomRules(r, 4, true, &tags), global: randomRules(r, 3, false, &tags), regional: randomRules(r, 2, false, &tags),
		}
		w := world{vpc: texts("r", plain.vpc), policies: []policy{
			hierarchical("org", texts("", plain.organisation)...), hierarchical("folder", texts("", plain.folder)...), system("gke", texts("", plain.system)...),
			global(texts("", plain.global)...), regional(texts("", plain.regional)...),
		}}
		n := w.network()
		n.Order = firewall.Order(r.IntN(3))
		target := firewall.Target{Tags: facts.Absent[[]string](), ServiceAccounts: facts.Absent[[]string]()}
		v := firewall.Evaluate(n, target, firewall.Packet{Sources: []netip.Prefix{source}, Protocol: "tcp", Port: 8080})
		if bad := compare(plain, n.Order, tags, v); bad != "" {
			t.Fatalf("seed %d, order %d: %s\nworld %+v\nparts %q", seed, n.Order, bad, w, lines(v))
		}
	}
}

func compare(w plainWorld, order firewall.Order, tags int, v firewall.Verdict) string {
	for i := range 16 {
		a := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		ways := map[string]bool{}
		for mask := range uint(1) << tags {
			if order != firewall.BeforeClassic {
				ways[w.decide(false, a, 8080, mask)] = true
			}
			if order != firewall.AfterClassic {
				ways[w.decide(true, a, 8080, mask)] = true
			}
		}
		want := firewall.Unknown
		switch {
		case len(ways) > 1:
		case ways["allow"]:
			want = firewall.Allowed
		default:
			want = firewall.Denied
		}
		holding := 0
		for _, p := range v.Parts {
			if !p.Source.Contains(a) {
				continue
			}
			holding++
			if p.Outcome != want {
				return fmt.Sprintf("%s is %v, want %v", a, p.Outcome, want)
			}
		}
		if holding != 1 {
			return fmt.Sprintf("%s is in %d parts", a, holding)
		}
	}
	return ""
}
