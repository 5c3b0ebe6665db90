package glbc

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

const xpnMessage = "Firewall change required by security admin: `gcloud compute firewall-rules create k8s-fw-l7--3f1c9a7e5b2d4f60 --network prod --description \"GCE L7 firewall rule\" " +
	"--allow tcp:30000-32767,tcp:8080 --source-ranges 130.211.0.0/22,35.191.0.0/16 --target-tags gke-main-node --project net-host`"

func TestParseXPN(t *testing.T) {
	t.Parallel()
	full := XPNCommand{
		Verb: "create", Name: "k8s-fw-l7--3f1c9a7e5b2d4f60", Network: "prod", Project: "net-host",
		Ports: []RulePort{{From: 30000, To: 32767}, {From: 8080, To: 8080}}, Sources: []string{"130.211.0.0/22", "35.191.0.0/16"}, Tags: []string{"gke-main-node"},
	}
	for _, tt := range []struct {
		name, message string
		want          XPNCommand
		ok            bool
	}{
		{name: "create", message: xpnMessage, want: full, ok: true},
		{
			name: "update names no network", message: "`gcloud compute firewall-rules update k8s-fw-l7 --description \"GCE L7 firewall rule\" --allow tcp:8080 --project=net-host`",
			want: XPNCommand{Verb: "update", Name: "k8s-fw-l7", Project: "net-host", Ports: []RulePort{{From: 8080, To: 8080}}}, ok: true,
		},
		{name: "delete", message: "x: `gcloud compute firewall-rules delete k8s-fw-l7 --project net-host`", want: XPNCommand{Verb: "delete", Name: "k8s-fw-l7", Project: "net-host"}, ok: true},
		{
			name: "one protocol for several ports", message: "`gcloud compute firewall-rules create r --allow tcp:80,443,icmp --project p`",
			want: XPNCommand{Verb: "create", Name: "r", Project: "p", Ports: []RulePort{{From: 80, To: 80}, {From: 443, To: 443}}, Other: []string{"icmp"}}, ok: true,
		},
		{
			name: "a whole protocol", message: "`gcloud compute firewall-rules create r --allow tcp`",
			want: XPNCommand{Verb: "create", Name: "r", Ports: []RulePort{{From: 0, To: 65535}}}, ok: true,
		},
		{
			name: "a description that looks like a flag", message: "`gcloud compute firewall-rules create r --description \"say --project other\" --project p`",
			want: XPNCommand{Verb: "create", Name: "r", Project: "p"}, ok: true,
		},
		{name: "no command", message: "Firewall change required by security admin"},
		{
			name: "one that is cut off in a range, which doesn't count", message: strings.SplitAfter(xpnMessage, "35.191")[0],
			want: XPNCommand{Verb: "create", Name: full.Name, Network: "prod", Ports: full.Ports, Sources: full.Sources[:1], Truncated: true}, ok: true,
		},
		{
			name: "one that is cut off in the ports", message: strings.SplitAfter(xpnMessage, "tcp:80")[0],
			want: XPNCommand{Verb: "create", Name: full.Name, Network: "prod", Ports: full.Ports[:1], Truncated: true}, ok: true,
		},
		{
			name: "one that is cut off in a flag", message: strings.SplitAfter(xpnMessage, "--source")[0],
			want: XPNCommand{Verb: "create", Name: full.Name, Network: "prod", Ports: full.Ports, Truncated: true}, ok: true,
		},
		{name: "one that is cut off in the name", message: strings.SplitAfter(xpnMessage, "k8s-fw-l7--3f1c")[0]},
		{name: "another command", message: "`gcloud compute networks delete prod --project p`"},
		{name: "another verb", message: "`gcloud compute firewall-rules list r --project p`"},
		{name: "no name", message: "`gcloud compute firewall-rules create --network prod`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := ParseXPN(tt.message)
			got.Text = ""
			if ok != tt.ok {
				t.Fatalf("ok %v", ok)
			}
			if diff := cmp.Diff(tt.want, got); ok && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestXPNUnmet(t *testing.T) {
	t.Parallel()
	create, _ := ParseXPN(xpnMessage)
	remove, _ := ParseXPN("`gcloud compute firewall-rules delete k8s-fw-l7--3f1c9a7e5b2d4f60 --project net-host`")
	rule := func(change func(*computepb.Firewall)) *computepb.Firewall {
		r := liveRule("8080", "30000-32767")
		change(r)
		return r
	}
	for _, tt := range []struct {
		name string
		c    XPNCommand
		rule *computepb.Firewall
		want []string
	}{
		{name: "a rule as asked", c: create, rule: rule(func(*computepb.Firewall) {})},
		{name: "wider ranges do", c: create, rule: rule(func(r *computepb.Firewall) { r.SourceRanges = []string{"0.0.0.0/0"} })},
		{name: "all machines do", c: create, rule: rule(func(r *computepb.Firewall) { r.TargetTags = nil })},
		{name: "no rule", c: create, want: []string{"there is no rule k8s-fw-l7--3f1c9a7e5b2d4f60"}},
		{
			name: "a service account instead of the tag", c: create, want: []string{"machines with tag gke-main-node aren't targets"},
			rule: rule(func(r *computepb.Firewall) { r.TargetTags, r.TargetServiceAccounts = nil, []string{"x"} }),
		},
		{name: "another network", c: create, rule: rule(func(r *computepb.Firewall) { r.Network = new(computeV1 + "global/networks/dev") }), want: []string{"the rule is of network dev, not prod"}},
		{name: "a port less", c: create, rule: rule(func(r *computepb.Firewall) { r.Allowed[0].Ports = []string{"30000-32767"} }), want: []string{"tcp:8080 isn't allowed"}},
		{name: "a source less", c: create, rule: rule(func(r *computepb.Firewall) { r.SourceRanges = r.SourceRanges[:1] }), want: []string{"source 35.191.0.0/16 isn't admitted"}},
		{name: "off", c: create, rule: rule(func(r *computepb.Firewall) { r.Disabled = new(true) }), want: []string{"the rule is disabled"}},
		{name: "for egress", c: create, rule: rule(func(r *computepb.Firewall) { r.Direction = new("EGRESS") }), want: []string{"the rule is for egress"}},
		{name: "deleted as asked", c: remove},
		{name: "not deleted", c: remove, rule: rule(func(*computepb.Firewall) {}), want: []string{"the rule is still there"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.c.Unmet(tt.rule)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLastXPN(t *testing.T) {
	t.Parallel()
	f := newFixture()
	event := func(age time.Duration, ingress, message string) *corev1.Event {
		return &corev1.Event{
			Reason: "XPN", Message: message, Source: corev1.EventSource{Component: "loadbalancer-controller"}, LastTimestamp: metav1.NewTime(time.Unix(2_000_000, 0).Add(-age)),
			InvolvedObject: corev1.ObjectReference{Kind: "Ingress", Namespace: "shop", Name: ingress},
		}
	}
	if LastXPN(f.s, f.ing).Known() {
		t.Error("events that weren't read are known")
	}
	f.s.Events = facts.Found([]*corev1.Event{event(0, "other", xpnMessage), event(0, "storefront", "no command")})
	if !LastXPN(f.s, f.ing).IsAbsent() {
		t.Error("another Ingress's event counts")
	}
	f.s.Events = facts.Found([]*corev1.Event{event(time.Hour, "storefront", xpnMessage), event(time.Minute, "storefront", "`gcloud compute firewall-rules update late --project net-host`"), event(2*time.Hour, "storefront", xpnMessage)})
	c, ok := LastXPN(f.s, f.ing).Get()
	if !ok || c.Name != "late" {
		t.Errorf("the last command is of %q", c.Name)
	}
	f.s.NetworkProject = "other-host"
	f.s.Firewalls = facts.Found([]*computepb.Firewall(nil))
	if XPNRule(f.s, c).Known() {
		t.Error("a rule of a project that wasn't read is known")
	}
	f.s.NetworkProject = "net-host"
	if !XPNRule(f.s, c).IsAbsent() {
		t.Error("a rule that isn't there isn't absent")
	}
}
