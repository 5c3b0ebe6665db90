package firewall_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/firewall"
)

func TestSourcesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, sources := range map[string][]netip.Prefix{"no sources": nil, "an invalid one": {{}}} {
		v := verdictCase{world: world{vpc: []string{admit}}, packet: func(p *firewall.Packet) { p.Sources = sources }}.run(t)
		if v.Outcome != firewall.Unknown || len(v.Parts) != len(sources) {
			t.Errorf("%s: %v %v", name, v.Outcome, lines(v))
		}
	}
}

func TestVerdictAnswersByOutcome(t *testing.T) {
	t.Parallel()
	v := verdictCase{world: world{vpc: []string{"lb 1000 allow tcp:8080 from=35.191.0.0/17", "wall 900 deny all from=35.191.64.0/18"}}}.run(t)
	sources := firewall.ProberRanges()
	if got := [2]firewall.Outcome{v.Of(sources[0]), v.Of(sources[1])}; got != [2]firewall.Outcome{firewall.Denied, firewall.Partial} {
		t.Errorf("by source %v", got)
	}
	if got := v.Of(prefixes(t, "10.0.0.0/8")[0]); got != firewall.Unknown {
		t.Errorf("a source that wasn't asked about is %v", got)
	}
	if diff := cmp.Diff("130.211.0.0/22 35.191.64.0/18 35.191.128.0/17", join(v, firewall.Denied)); diff != "" {
		t.Errorf("denied (-want +got):\n%s", diff)
	}
	want := []firewall.Rule{
		{Layer: firewall.LayerImplied, Action: "deny", Covers: "all"},
		{Layer: firewall.LayerVPC, Name: "wall", Priority: 900, Action: "deny", Covers: "all", From: "35.191.64.0/18"},
	}
	if diff := cmp.Diff(want, v.Deciders(firewall.Denied)); diff != "" {
		t.Errorf("deciders (-want +got):\n%s", diff)
	}
}

func join(v firewall.Verdict, o firewall.Outcome) string {
	var all []string
	for _, r := range v.Ranges(o) {
		all = append(all, r.String())
	}
	return strings.Join(all, " ")
}
