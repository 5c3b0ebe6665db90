package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// recovered rules out every cause of the layer: no endpoint of the target's HTTP
// checks fails, and all of them could be seen. What may have ended an earlier
// failure is the newest change of the pods' workload or of a known app's setting.
func recovered(c cause.Case) cause.Outcome {
	healthy := 0
	var out cause.Outcome
	for _, b := range c.Backends() {
		endpoints, err := glbc.Endpoints(c.Facts, b)
		if err != nil {
			return cause.Outcome{}
		}
		for _, e := range endpoints {
			if e.Healthy() {
				healthy++
			}
		}
		if out.FixedBy == nil {
			out.FixedBy = fixedBy(c, b)
		}
	}
	if healthy == 0 {
		return cause.Outcome{}
	}
	out.RuledOut = fmt.Sprintf("no endpoint is UNHEALTHY (%d HEALTHY)", healthy)
	return out
}

func fixedBy(c cause.Case, b glbc.Backend) *cause.Change {
	pods, _ := glbc.PodsOf(c.Facts, b)
	entries := c.Entries()
	for _, pod := range pods {
		workload := glbc.WorkloadOf(c.Facts.ClusterName, pod)
		setting := settingOf(c, pod)
		for _, s := range entries {
			if s.Kind != signal.ObjectChanged || s.Change.Controller {
				continue
			}
			named := s.Target.Kind == facts.KindConfigMap && s.Target.Namespace == pod.Namespace && s.Target.Name == setting.ConfigMap
			if named || s.Target == workload {
				return cause.ChangeOf(s, entries, s.Target.String())
			}
		}
	}
	return nil
}
