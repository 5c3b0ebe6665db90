package signal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

const (
	probe  = "jsonPayload/healthCheckProbeResult/"
	labels = "resource/labels/"
)

func TestHealthOfNEG(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "health-neg"), trigger)
	want := facts.Ref{Project: "acme-prod", Scope: "zones/us-east1-b", Kind: "NetworkEndpointGroup", ID: "6143528791234567890"}
	if s.Kind != signal.HealthChanged || s.Target != want {
		t.Errorf("%s of %+v, want %+v", s.Kind, s.Target, want)
	}
	wantHealth := &signal.Health{
		State: "UNHEALTHY", Previous: "HEALTHY", Detailed: "TIMEOUT",
		IP: "10.142.0.2", Port: 80, Protocol: "HTTP", Path: "/",
		ResultText: "HTTP response: , Error: Timeout waiting for connect", ResponseLatency: "5.001402s",
	}
	if diff := cmp.Diff(wantHealth, s.Health); diff != "" {
		t.Errorf("Health (-want +got):\n%s", diff)
	}
}

func TestHealthOfInstanceGroup(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "health-instance-group"), trigger)
	want := facts.Ref{Project: "acme-prod", Scope: "zones/us-east1-b", Kind: "InstanceGroup", Name: "lb-backend-example", ID: "3727997629940134718", Port: 80}
	if s.Target != want {
		t.Errorf("Target = %+v, want %+v", s.Target, want)
	}
	s = wantOutcome(t, entry(t, "health-instance-group", edit{labels + "location", `"us-east1"`}), trigger)
	if s.Target.Scope != "regions/us-east1" {
		t.Errorf("a regional group has the scope %q", s.Target.Scope)
	}
}

func TestHealthOutcomes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edits []edit
		want  string
	}{
		"became unhealthy":                     {nil, trigger},
		"became healthy again":                 {[]edit{{probe + "healthState", `"HEALTHY"`}, {probe + "previousHealthState", `"UNHEALTHY"`}}, trigger},
		"healthy, and before it isn't said":    {[]edit{{probe + "healthState", `"HEALTHY"`}, {probe + "previousHealthState", ""}}, trigger},
		"never was healthy, detail changed":    {[]edit{{probe + "previousHealthState", `"UNHEALTHY"`}, {probe + "previousDetailedHealthState", `"UNKNOWN"`}}, trigger},
		"healthy as before, now draining":      {[]edit{{probe + "healthState", `"HEALTHY"`}, {probe + "detailedHealthState", `"DRAINING"`}}, ignored},
		"a state that we don't know":           {[]edit{{probe + "healthState", `"MAYBE"`}}, ignored},
		"no state":                             {[]edit{{probe + "healthState", ""}}, unparsable},
		"no result":                            {[]edit{{"jsonPayload", `{}`}}, unparsable},
		"no payload":                           {[]edit{{"jsonPayload", ""}}, unparsable},
		"a result that is text":                {[]edit{{"jsonPayload/healthCheckProbeResult", `"UNHEALTHY"`}}, unparsable},
		"a port that isn't a number":           {[]edit{{probe + "targetPort", `"http"`}}, unparsable},
		"a port as text":                       {[]edit{{probe + "targetPort", `"8080"`}}, trigger},
		"no number of the NEG":                 {[]edit{{labels + "network_endpoint_group_id", ""}}, unparsable},
		"a number of the NEG that isn't one":   {[]edit{{labels + "network_endpoint_group_id", `"web"`}}, unparsable},
		"no zone":                              {[]edit{{labels + "zone", ""}}, unparsable},
		"a location is no zone of a NEG":       {[]edit{{labels + "zone", ""}, {labels + "location", `"us-east1-b"`}}, unparsable},
		"no project":                           {[]edit{{labels + "project_id", ""}}, unparsable},
		"no labels":                            {[]edit{{"resource/labels", ""}}, unparsable},
		"a label that is a number":             {[]edit{{labels + "network_endpoint_group_id", `6143528791234567890`}}, unparsable},
		"another resource":                     {[]edit{{"resource/type", `"gce_target_pool"`}}, ignored},
		"an instance group without number":     {[]edit{{"resource", `{"type":"gce_instance_group","labels":{"project_id":"acme-prod","location":"us-east1-b","instance_group_name":"k8s-ig"}}`}}, unparsable},
		"an instance group without name":       {[]edit{{"resource", `{"type":"gce_instance_group","labels":{"project_id":"acme-prod","location":"us-east1-b","instance_group_id":"7"}}`}}, trigger},
		"an instance group without location":   {[]edit{{"resource", `{"type":"gce_instance_group","labels":{"project_id":"acme-prod","instance_group_id":"7"}}`}}, unparsable},
		"an instance group with an odd name":   {[]edit{{"resource", `{"type":"gce_instance_group","labels":{"project_id":"acme-prod","location":"us-east1-b","instance_group_id":"7","instance_group_name":"a/b"}}`}}, unparsable},
		"a distributed Envoy check":            {[]edit{{"jsonPayload/healthCheckProbeResult", `{"healthState":"UNHEALTHY","previousHealthState":"HEALTHY","ipAddress":"10.0.0.7"}`}}, trigger},
		"the probe's target isn't the backend": {[]edit{{probe + "targetIp", `"198.51.100.20"`}}, trigger},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, entry(t, "health-neg", tc.edits...), tc.want)
		})
	}
}

func TestHealthWithoutDetails(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "health-neg", edit{"jsonPayload/healthCheckProbeResult", `{"healthState":"UNHEALTHY","ipAddress":"10.0.0.7"}`}), trigger)
	if diff := cmp.Diff(&signal.Health{State: "UNHEALTHY", IP: "10.0.0.7"}, s.Health); diff != "" {
		t.Errorf("Health (-want +got):\n%s", diff)
	}
	s = wantOutcome(t, entry(t, "health-neg", edit{probe + "targetIp", `"198.51.100.20"`}), trigger)
	if s.Health.IP != "198.51.100.20" {
		t.Errorf("IP = %s, want what was probed", s.Health.IP)
	}
}
