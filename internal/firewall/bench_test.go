package firewall_test

import (
	"fmt"
	"testing"

	"plumbline/internal/firewall"
)

// largeWorld has VPC rules as a network of many clusters does, none of which admits
// the probers before the last, and policies that pass them on.
func largeWorld(rules int) world {
	w := world{policies: []policy{hierarchical("org", pass...), hierarchical("folder", pass...), global(pass...)}}
	for i := range rules - 1 {
		text := fmt.Sprintf("r%d %d allow tcp:%d from=10.%d.0.0/16,172.16.%d.0/24 tags=gke-%d-node", i, 1000+i%7, 1000+i, i%256, i%256, i)
		switch i % 10 {
		case 3:
			text = fmt.Sprintf("r%d 900 deny tcp from=35.191.%d.0/24 tags=gke-%d-node", i, i%256, i)
		case 6:
			text = fmt.Sprintf("r%d 1000 allow tcp:%d %s", i, 9000+i, probers)
		case 9:
			text = fmt.Sprintf("r%d 1000 allow all %s tags=web disabled", i, probers)
		}
		w.vpc = append(w.vpc, text)
	}
	w.vpc = append(w.vpc, "last 60000 allow tcp:8080 from=35.191.0.0/16")
	return w
}

func BenchmarkEvaluate(b *testing.B) {
	for name, target := range map[string]func(*firewall.Target){"TagsRead": func(*firewall.Target) {}, "TagsUnread": unreadTags} {
		for _, rules := range []int{50, 500} {
			n, t := largeWorld(rules).network(), node()
			target(&t)
			b.Run(fmt.Sprintf("%s/%d", name, rules), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					firewall.Evaluate(n, t, probe())
				}
			})
		}
	}
}

func TestManyRulesAreEvaluated(t *testing.T) {
	t.Parallel()
	v := verdictCase{world: largeWorld(500)}.run(t)
	if v.Outcome != firewall.Partial || len(v.Disabled) != 49 || len(v.OtherPorts) != 50 {
		t.Errorf("outcome %v, %d disabled, %d for other ports: %v", v.Outcome, len(v.Disabled), len(v.OtherPorts), lines(v))
	}
	v = verdictCase{world: largeWorld(500), target: unreadTags}.run(t)
	if got := v.Of(firewall.ProberRanges()[1]); got != firewall.Unknown {
		t.Errorf("denies by unread tags leave %v", got)
	}
}
