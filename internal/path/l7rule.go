package path

import (
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// l7Rule tells where the cluster's own rule for probers and proxies isn't as GLBC would
// build it. Another rule may admit the same, so that it breaks nothing by itself
// (ingress-controller.md §1.8).
func (t *tracer) l7Rule(j *judgement) {
	if t.ing == nil {
		return
	}
	want, ok := glbc.DesiredL7Rule(t.s).Get()
	if !ok || want.None {
		return
	}
	d, ok := glbc.CompareL7Rule(t.s, want).Get()
	if !ok || d.Satisfied() {
		return
	}
	ref := facts.Ref{Project: t.s.NetworkProject, Scope: "global", Kind: facts.KindFirewallRule, Name: want.Name}
	if d.Absent {
		j.differs(ref, "name", want.Name, "")
		return
	}
	j.on(ref)
	if d.Disabled {
		j.differs(ref, "disabled", "false", "true")
	}
	if d.NotIngress {
		j.differs(ref, "direction", "INGRESS", d.Live.GetDirection())
	}
	if d.NoAllow {
		j.differs(ref, "allowed", strings.Join(want.Ports, ", "), "")
	}
	if d.OtherNetwork != "" && t.s.NetworkName != "" {
		j.differs(ref, "network", t.s.NetworkName, d.OtherNetwork)
	}
	if len(d.MissingPorts) > 0 && !d.NoAllow {
		var have []string
		for _, a := range d.Live.GetAllowed() {
			have = append(have, a.GetPorts()...)
		}
		j.differs(ref, "allowed", strings.Join(want.Ports, ", "), strings.Join(have, ", "))
	}
	if len(d.MissingSources) > 0 {
		j.differs(ref, "sourceRanges", strings.Join(want.Sources, ", "), strings.Join(d.Live.GetSourceRanges(), ", "))
	}
	if len(d.NodesOutside) > 0 {
		j.differs(ref, "targetTags", "a tag of "+strings.Join(d.NodesOutside, ", "), strings.Join(d.Live.GetTargetTags(), ", "))
	}
}
