package path

import (
	"strings"

	"plumbline/internal/glbc"
)

// l7Rule tells where the cluster's own rule for probers and proxies isn't as GLBC would
// build it. Another rule may admit the same, so that it breaks nothing by itself
// (ingress-controller.md §1.8).
func (t *tracer) l7Rule(j *judgement) {
	if t.ing == nil {
		return
	}
	d, err := glbc.CompareL7Rule(t.s)
	if err != nil || d.Empty() {
		return
	}
	if d.Absent {
		j.differs(d.Ref, "name", d.Ref.Name, "")
		return
	}
	j.on(d.Ref)
	if d.Disabled {
		j.differs(d.Ref, "disabled", "false", "true")
	}
	if d.Reversed {
		j.differs(d.Ref, "direction", "INGRESS, allowed", d.Rule.GetDirection())
	}
	if len(d.MissingPorts) > 0 && !d.Reversed {
		var want, have []string
		for _, p := range d.Want.Ports {
			want = append(want, p.String())
		}
		for _, a := range d.Rule.GetAllowed() {
			have = append(have, a.GetPorts()...)
		}
		j.differs(d.Ref, "allowed", strings.Join(want, ", "), strings.Join(have, ", "))
	}
	if len(d.MissingSources) > 0 {
		j.differs(d.Ref, "sourceRanges", strings.Join(d.Want.Sources, ", "), strings.Join(d.Rule.GetSourceRanges(), ", "))
	}
}
