package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

func TestVerdictIsTheStrongest(t *testing.T) {
	for _, tt := range []struct {
		want     engine.Verdict
		verdicts []engine.Verdict
	}{
		{engine.RootCause, []engine.Verdict{engine.NotOurs, engine.Healthy, engine.RootCause, engine.Unexplained, engine.Pending}},
		{engine.Unexplained, []engine.Verdict{engine.Pending, engine.Unexplained, engine.Healthy}},
		{engine.Pending, []engine.Verdict{engine.Healthy, engine.Pending, engine.NotOurs}},
		{engine.Healthy, []engine.Verdict{engine.NotOurs, engine.Healthy}},
		{engine.NotOurs, []engine.Verdict{engine.NotOurs}},
		{engine.NotOurs, nil},
	} {
		var reports []Report
		for _, v := range tt.verdicts {
			reports = append(reports, Of(engine.Diagnosis{Verdict: v}))
		}
		if got := Verdict(reports); got != string(tt.want) {
			t.Errorf("of %v: got %s, want %s", tt.verdicts, got, tt.want)
		}
	}
}

func rooted(findings ...cause.Finding) Report {
	return Of(engine.Diagnosis{Verdict: engine.RootCause, Roots: findings})
}

func on(id cause.ID, subject facts.Ref) cause.Finding {
	f := finding(id)
	f.Subject = subject
	return f
}

func TestRootCausesAreDistinctInOrderOfAppearance(t *testing.T) {
	main := facts.ClusterRef(cluster)
	reports := []Report{
		rooted(on("health/redirect", ingress("web")), on("control/x", main)),
		NotOurs(),
		rooted(on("control/x", main), on("health/redirect", ingress("cart")), on("health/redirect", ingress("web"))),
	}
	var got [][2]string
	for _, c := range RootCauses(reports) {
		got = append(got, [2]string{c.ID, c.Subject})
	}
	want := [][2]string{{"health/redirect", "Ingress/shop/web"}, {"control/x", "Cluster/main"}, {"health/redirect", "Ingress/shop/cart"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("root causes (-want +got):\n%s", diff)
	}
}

// TestDifferences takes each key of `expect`: it holds, or the difference is said.
func TestDifferences(t *testing.T) {
	const id, other = "control/http-load-balancing-disabled", "health/redirect"
	whole := []Report{Of(diagnosis())}
	for _, tt := range []struct {
		name    string
		reports []Report
		expect  *scenario.Expect
		want    []string
	}{
		{"nothing is expected", whole, nil, nil},
		{"no key is given", whole, &scenario.Expect{}, nil},
		{"all keys hold", whole, &scenario.Expect{
			Verdict: "root-cause", RootCauses: &[]string{id}, Confidence: "proven", Subject: "Cluster/main", ChangedBy: "dana@acme.example",
			Not: []string{other}, Gaps: []string{"compute.firewalls.list"},
		}, nil},
		{"verdict", whole, &scenario.Expect{Verdict: "healthy"}, []string{"verdict: got root-cause, want healthy"}},
		{"rootCauses, another", whole, &scenario.Expect{RootCauses: &[]string{other}}, []string{"rootCauses: got [" + id + "], want [" + other + "]"}},
		{"rootCauses, one too few", whole, &scenario.Expect{RootCauses: &[]string{id, other}}, []string{"rootCauses: got [" + id + "], want [" + id + ", " + other + "]"}},
		{"rootCauses, none wanted", whole, &scenario.Expect{RootCauses: &[]string{}}, []string{"rootCauses: got [" + id + "], want []"}},
		{
			"rootCauses, in another order",
			[]Report{rooted(finding(other), finding(id))},
			&scenario.Expect{RootCauses: &[]string{id, other}},
			[]string{"rootCauses: got [" + other + ", " + id + "], want [" + id + ", " + other + "]"},
		},
		{"confidence", whole, &scenario.Expect{Confidence: "likely"}, []string{"confidence: got proven, want likely"}},
		{"confidence, no root cause", []Report{NotOurs()}, &scenario.Expect{Confidence: "likely"}, []string{"confidence: got none, want likely"}},
		{"subject", whole, &scenario.Expect{Subject: "Ingress/shop/web"}, []string{"subject: got Cluster/main, want Ingress/shop/web"}},
		{"subject is the first's", []Report{rooted(on(id, ingress("web")), finding(other))}, &scenario.Expect{Subject: "Cluster/main"}, []string{"subject: got Ingress/shop/web, want Cluster/main"}},
		{"changedBy", whole, &scenario.Expect{ChangedBy: "kim@acme.example"}, []string{"changedBy: got dana@acme.example, want kim@acme.example"}},
		{"changedBy, no change known", []Report{rooted(cause.Finding{Cause: id})}, &scenario.Expect{ChangedBy: "kim@acme.example"}, []string{"changedBy: got none, want kim@acme.example"}},
		{"not", whole, &scenario.Expect{Not: []string{other, id}}, []string{"not: " + id + " is among the root causes"}},
		{"gaps, by prefix", whole, &scenario.Expect{Gaps: []string{"compute.firewalls"}}, nil},
		{"gaps, no prefix", whole, &scenario.Expect{Gaps: []string{"firewalls.list"}}, []string{"gaps: firewalls.list isn't named, got [compute.firewalls.list]"}},
		{
			"gaps of any report",
			[]Report{NotOurs(), Of(diagnosis())},
			&scenario.Expect{Gaps: []string{"compute.firewalls.list", "dns/shop.acme.example"}},
			[]string{"gaps: dns/shop.acme.example isn't named, got [compute.firewalls.list]"},
		},
		{
			"every difference is said", whole,
			&scenario.Expect{Verdict: "healthy", RootCauses: &[]string{}, Confidence: "likely", Subject: "x", ChangedBy: "y", Not: []string{id}, Gaps: []string{"z"}},
			[]string{
				"verdict: got root-cause, want healthy", "rootCauses: got [" + id + "], want []", "confidence: got proven, want likely",
				"subject: got Cluster/main, want x", "changedBy: got dana@acme.example, want y", "not: " + id + " is among the root causes",
				"gaps: z isn't named, got [compute.firewalls.list]",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Differences(tt.reports, tt.expect)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
