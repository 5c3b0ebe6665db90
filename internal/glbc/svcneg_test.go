package glbc

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

func serviceNEG(name, service, port string, conditions ...metav1.Condition) *facts.ServiceNEG {
	o := &facts.ServiceNEG{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{negServiceLabel: service, negPortLabel: port}}}
	o.Status.Conditions = conditions
	return o
}

func TestServiceNEG(t *testing.T) {
	t.Parallel()
	synced := metav1.Condition{Type: "Synced", Status: metav1.ConditionTrue, Reason: "NegSyncSuccessful"}
	failed := metav1.Condition{Type: "Synced", Status: metav1.ConditionFalse, Reason: "NegSyncFailed", Message: "googleapi: Error 403"}
	renamed := serviceNEG("young", "web", "80", failed)
	renamed.CreationTimestamp = metav1.NewTime(time.Unix(1_000_000, 0))
	for _, tt := range []struct {
		name string
		do   func(*fixture)
		// want is the name and the state of Synced; absent and unknown say so.
		want string
	}{
		{name: "of this port", do: func(f *fixture) {
			f.s.ServiceNEGs = facts.Found([]*facts.ServiceNEG{serviceNEG("other", "web", "9000", failed), serviceNEG("mine", "web", "80", synced)})
		}, want: "mine True"},
		{name: "of a Service with a longer name", do: func(f *fixture) {
			f.s.ServiceNEGs = facts.Found([]*facts.ServiceNEG{serviceNEG("other", "web-2", "80", failed)})
		}, want: "absent"},
		{name: "of another namespace", do: func(f *fixture) {
			o := serviceNEG("other", "web", "80", failed)
			o.Namespace = "dev"
			f.s.ServiceNEGs = facts.Found([]*facts.ServiceNEG{o})
		}, want: "absent"},
		{name: "without a word yet", do: func(f *fixture) {
			f.s.ServiceNEGs = facts.Found([]*facts.ServiceNEG{serviceNEG("mine", "web", "80")})
		}, want: "mine "},
		{name: "of two the one that the Service names", do: func(f *fixture) {
			f.service(NEGStatusAnnotation, `{"network_endpoint_groups":{"80":"mine"}}`)
			f.s.ServiceNEGs = facts.Found([]*facts.ServiceNEG{renamed, serviceNEG("mine", "web", "80", synced), renamed})
		}, want: "mine True"},
		{name: "of two the younger where it names neither", do: func(f *fixture) {
			f.s.ServiceNEGs = facts.Found([]*facts.ServiceNEG{serviceNEG("old", "web", "80", synced), renamed, serviceNEG("old", "web", "80", synced)})
		}, want: "young False"},
		{name: "the CRD isn't installed", do: func(f *fixture) { f.s.ServiceNEGs = facts.Absent[[]*facts.ServiceNEG]() }, want: "absent"},
		{name: "it couldn't be read", do: func(f *fixture) { f.s.ServiceNEGs = facts.Unknown[[]*facts.ServiceNEG](errDenied) }, want: "unknown"},
		{name: "its namespace wasn't read", do: func(f *fixture) {
			f.s.Namespaces, f.s.ServiceNEGs = []string{"dev"}, facts.Found([]*facts.ServiceNEG(nil))
		}, want: "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture()
			tt.do(f)
			v := ServiceNEG(f.s, f.web())
			got := "unknown"
			if n, ok := v.Get(); ok {
				got = n.Ref.Name + " " + string(n.Synced.Status)
				if n.Synced.Failed() != (n.Synced.Status == metav1.ConditionFalse) || n.Synced.Failed() && n.Synced.Message == "" {
					t.Errorf("%+v", n.Synced)
				}
			} else if v.IsAbsent() {
				got = "absent"
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestServiceNEGTellsEachZone(t *testing.T) {
	t.Parallel()
	f := newFixture()
	o := serviceNEG("mine", "web", "80", metav1.Condition{Type: "Initialized", Status: metav1.ConditionFalse, Reason: "NegInitializationFailed", Message: "found conflicting description"})
	for _, zone := range []string{"b", "c"} {
		o.Status.NetworkEndpointGroups = append(o.Status.NetworkEndpointGroups, facts.ServiceNEGObject{SelfLink: computeV1 + "zones/europe-west1-" + zone + "/networkEndpointGroups/mine"})
	}
	o.Status.NetworkEndpointGroups[1].State = "INACTIVE"
	f.s.ServiceNEGs = facts.Found([]*facts.ServiceNEG{o})
	n, _ := ServiceNEG(f.s, f.web()).Get()
	if diff := cmp.Diff(map[string]string{"europe-west1-b": "ACTIVE", "europe-west1-c": "INACTIVE"}, n.Zones); diff != "" {
		t.Error(diff)
	}
	if !n.Initialized.Failed() || n.Initialized.Message != "found conflicting description" || n.Synced.Failed() {
		t.Errorf("%+v", n)
	}
}
