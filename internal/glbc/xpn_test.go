package glbc

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

const createCommand = `gcloud compute firewall-rules create k8s-fw-l7--f00d --network shared --description "GCE L7 firewall rule" --allow tcp:30000-32767,tcp:8080 --source-ranges 130.211.0.0/22,35.191.0.0/16 --target-tags gke-main-node --project net-host`

func xpnMessage(command string) string {
	return "Firewall change required by security admin: `" + command + "`"
}

// TestParseXPN: the three commands, one that is cut off, and what is none.
func TestParseXPN(t *testing.T) {
	t.Parallel()
	created := XPNCommand{
		Verb: "create", Name: "k8s-fw-l7--f00d", Network: "shared", Project: "net-host",
		Ports: []string{"30000-32767", "8080"}, Sources: []string{"130.211.0.0/22", "35.191.0.0/16"}, Tags: []string{"gke-main-node"},
	}
	updated := created
	updated.Verb, updated.Network = "update", ""
	update := strings.Replace(strings.Replace(createCommand, "create", "update", 1), "--network shared ", "", 1)
	cut := created
	cut.Truncated, cut.Sources, cut.Tags, cut.Project = true, []string{"130.211.0.0/22"}, nil, ""
	for _, tt := range []struct {
		name, message string
		want          XPNCommand
		no            bool
	}{
		{name: "create", message: xpnMessage(createCommand), want: created},
		{name: "update has no network", message: xpnMessage(update), want: updated},
		{name: "delete", message: xpnMessage("gcloud compute firewall-rules delete k8s-fw-l7--f00d --project net-host"), want: XPNCommand{Verb: "delete", Name: "k8s-fw-l7--f00d", Project: "net-host"}},
		{name: "in a longer message", message: "Error: " + xpnMessage(createCommand) + " (403)", want: created},
		{name: "cut off in a range, which doesn't count", message: strings.SplitAfter(xpnMessage(createCommand), "35.191")[0], want: cut},
		{name: "another command", message: xpnMessage("gcloud compute firewall-rules describe k8s-fw-l7--f00d --project net-host"), no: true},
		{name: "no rule", message: xpnMessage("gcloud compute firewall-rules create"), no: true},
		{name: "another message", message: createCommand, no: true},
		{name: "an empty one", no: true},
	} {
		got, ok := ParseXPN(tt.message)
		if ok == tt.no {
			t.Errorf("%s: %v", tt.name, ok)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(XPNCommand{}, "Text")); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestXPNDone: whether somebody ran the command shows in the rules of the host project.
func TestXPNDone(t *testing.T) {
	t.Parallel()
	rule := func(do func(r *computepb.Firewall)) []*computepb.Firewall {
		r := &computepb.Firewall{
			Name: new("k8s-fw-l7--f00d"), Network: new("https://www.googleapis.com/compute/v1/projects/net-host/global/networks/shared"),
			SourceRanges: []string{"130.211.0.0/22", "35.191.0.0/16"}, Allowed: []*computepb.Allowed{{IPProtocol: new("tcp"), Ports: []string{"30000-32767", "8080"}}},
		}
		do(r)
		return []*computepb.Firewall{r}
	}
	same := func(*computepb.Firewall) {}
	cut := strings.SplitAfter(xpnMessage(createCommand), "35.191.0.0/16")[0]
	for _, tt := range []struct {
		name    string
		message string
		project string
		rules   facts.Value[[]*computepb.Firewall]
		done    bool
		unknown bool
	}{
		{name: "done", rules: facts.Found(rule(same)), done: true},
		{name: "no rule", rules: facts.Found([]*computepb.Firewall(nil))},
		{name: "a port short", rules: facts.Found(rule(func(r *computepb.Firewall) { r.Allowed[0].Ports = []string{"30000-32767"} }))},
		{name: "disabled", rules: facts.Found(rule(func(r *computepb.Firewall) { r.Disabled = new(true) }))},
		{name: "in another network", rules: facts.Found(rule(func(r *computepb.Firewall) { r.Network = new("projects/net-host/global/networks/old") }))},
		{name: "the rules couldn't be read", rules: facts.Unknown[[]*computepb.Firewall](errDenied), unknown: true},
		{name: "rules of another project", project: "shop-prod", rules: facts.Found([]*computepb.Firewall(nil)), unknown: true},
		{name: "cut off, and done as far as it goes", message: cut, rules: facts.Found(rule(same)), unknown: true},
		{name: "cut off, and not done", message: cut, rules: facts.Found([]*computepb.Firewall(nil))},
		{name: "deleted", message: xpnMessage("gcloud compute firewall-rules delete k8s-fw-l7--f00d --project net-host"), rules: facts.Found([]*computepb.Firewall(nil)), done: true},
		{name: "not deleted", message: xpnMessage("gcloud compute firewall-rules delete k8s-fw-l7--f00d --project net-host"), rules: facts.Found(rule(same))},
	} {
		s := &facts.Snapshot{}
		s.NetworkProject, s.Firewalls = "net-host", tt.rules
		if tt.project != "" {
			s.NetworkProject = tt.project
		}
		if tt.message == "" {
			tt.message = xpnMessage(createCommand)
		}
		c, ok := ParseXPN(tt.message)
		done, known := c.Done(s).Get()
		if !ok || done != tt.done || known == tt.unknown {
			t.Errorf("%s: done %v, known %v", tt.name, done, known)
		}
	}
}

// TestLastXPN: the newest on any Ingress; a Service's is another controller's.
func TestLastXPN(t *testing.T) {
	t.Parallel()
	event := func(kind, name, reason, message string, at int64) *corev1.Event {
		return &corev1.Event{Reason: reason, Message: message, LastTimestamp: metav1.NewTime(time.Unix(at, 0)), InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: "shop", Name: name}}
	}
	s := &facts.Snapshot{}
	if _, _, _, ok := LastXPN(s); ok {
		t.Error("no events")
	}
	s.Events = facts.Found([]*corev1.Event{
		event("Ingress", "old", "XPN", xpnMessage(createCommand), 1),
		event("Ingress", "new", "XPN", xpnMessage(strings.Replace(createCommand, "create", "update", 1)), 5),
		event("Ingress", "middle", "XPN", xpnMessage(createCommand), 3),
		event("Service", "l4", "XPN", xpnMessage(createCommand), 9),
		event("Ingress", "sync", "Sync", xpnMessage(createCommand), 9),
		event("Ingress", "unread", "XPN", "something else", 9),
	})
	c, on, at, ok := LastXPN(s)
	if !ok || on.Name != "new" || c.Verb != "update" || at.Unix() != 5 {
		t.Errorf("%+v on %v at %v", c, on, at)
	}
}

// TestSuppressesXPN: only booleans do.
func TestSuppressesXPN(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"true": true, "1": true, "false": false, "yes": false, "": false, "ture": false} {
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{suppressXPN: value}}}
		if got := SuppressesXPN(ing); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
