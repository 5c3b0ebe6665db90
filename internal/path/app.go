package path

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// app: the active probe, which asks what the health check asks, was answered with
// exactly 200.
func (t *tracer) app(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	for _, b := range t.backends {
		pods, _ := glbc.PodsOf(t.s, b)
		for _, r := range slices.SortedFunc(maps.Keys(t.s.Probes), compareRequests) {
			for _, p := range pods {
				if p.Namespace == r.Namespace && p.Name == r.Pod {
					j.on(podRef(t.s, p))
					t.answer(j, r)
				}
			}
		}
	}
}

func compareRequests(a, b facts.ProbeRequest) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Path, b.Path))
}

const statusOK = 200

func (t *tracer) answer(j *judgement, r facts.ProbeRequest) {
	asked := fmt.Sprintf("%s://:%d%s", r.Scheme, r.Port, r.Path)
	a, ok := t.s.Probes[r].Get()
	switch {
	case !ok:
		j.unread("the probe of "+r.Pod, t.s.Probes[r].Err())
	case a.Unreachable != "" && strings.Contains(a.Unreachable, "refused"):
		j.broken("%s refuses the connection", asked)
	case a.Unreachable != "":
		// The API server's way to a pod isn't the prober's.
		j.unknown("%s: %s", asked, a.Unreachable)
	case a.Status != statusOK:
		j.broken("%s answers %d", asked, a.Status)
	default:
		j.ok(fmt.Sprintf("%s answers %d", asked, a.Status))
	}
}
