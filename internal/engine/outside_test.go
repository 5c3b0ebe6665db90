package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

const (
	lumen   = "https://www.googleapis.com/compute/v1/projects/lumen/"
	vmGroup = lumen + "zones/us-central1-b/instanceGroups/web"
)

var atNight = time.Date(2026, 6, 9, 19, 20, 0, 0, time.UTC)

// machines is a backend service in front of one instance group with two machines, one
// of them UNHEALTHY.
func machines() (*facts.Snapshot, *computepb.BackendService, facts.BackendGroup) {
	bs := &computepb.BackendService{
		Name: new("web"), SelfLink: new(lumen + "global/backendServices/web"), LoadBalancingScheme: new("EXTERNAL_MANAGED"), Protocol: new("HTTP"),
		HealthChecks: []string{lumen + "global/healthChecks/web"}, Backends: []*computepb.Backend{{Group: new(vmGroup)}},
	}
	s := &facts.Snapshot{Now: atNight, Project: "lumen"}
	s.BackendServices = facts.Found([]*computepb.BackendService{bs})
	s.HealthChecks = facts.Found([]*computepb.HealthCheck{{Name: new("web"), SelfLink: new(lumen + "global/healthChecks/web"), Type: new("TCP"), TcpHealthCheck: &computepb.TCPHealthCheck{Port: new(int32(8080))}}})
	s.InstanceGroups = facts.Found([]*computepb.InstanceGroup{{Name: new("web"), SelfLink: new(vmGroup), Size: new(int32(2))}})
	group := facts.BackendGroup{BackendService: facts.RelativePath(bs.GetSelfLink()), Group: facts.RelativePath(vmGroup)}
	s.Health = map[facts.BackendGroup]facts.Value[[]*computepb.HealthStatus]{group: facts.Found([]*computepb.HealthStatus{
		{HealthState: new("HEALTHY"), IpAddress: new("10.0.0.2"), Instance: new(lumen + "zones/us-central1-b/instances/web-1")},
		{HealthState: new("UNHEALTHY"), IpAddress: new("10.0.0.3"), Instance: new(lumen + "zones/us-central1-b/instances/web-2")},
	})}
	return s, bs, group
}

func started(ago time.Duration) facts.Value[[]*computepb.Instance] {
	return facts.Found([]*computepb.Instance{{SelfLink: new(lumen + "zones/us-central1-b/instances/web-2"), LastStartTimestamp: new(atNight.Add(-ago).Format(time.RFC3339))}})
}

func TestABackendServiceWithoutACluster(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(s *facts.Snapshot, bs *computepb.BackendService, g facts.BackendGroup)
		verdict Verdict
		says    string
	}{
		"one of two machines fails": {func(*facts.Snapshot, *computepb.BackendService, facts.BackendGroup) {}, Unexplained, "1 of 2 endpoints of backend service web are UNHEALTHY"},
		"which started a minute ago": {func(s *facts.Snapshot, _ *computepb.BackendService, _ facts.BackendGroup) {
			s.Instances = started(time.Minute)
		}, Pending, "still within their start"},
		"which started long ago": {func(s *facts.Snapshot, _ *computepb.BackendService, _ facts.BackendGroup) {
			s.Instances = started(time.Hour)
		}, Unexplained, "1 of 2 endpoints"},
		"no backends": {func(_ *facts.Snapshot, bs *computepb.BackendService, _ facts.BackendGroup) { bs.Backends = nil }, Unexplained, "has no backends"},
		"no capacity": {func(_ *facts.Snapshot, bs *computepb.BackendService, _ facts.BackendGroup) {
			bs.Backends[0].CapacityScaler = new(float32(0))
		}, Unexplained, "the only backend of backend service web gets no request"},
		"no health check": {func(_ *facts.Snapshot, bs *computepb.BackendService, _ facts.BackendGroup) { bs.HealthChecks = nil }, Unexplained, "which has no health check"},
		"health that wasn't read": {func(s *facts.Snapshot, _ *computepb.BackendService, g facts.BackendGroup) {
			s.Health[g] = facts.Unknown[[]*computepb.HealthStatus](errors.New("403 PERMISSION_DENIED"))
		}, Unexplained, "403 PERMISSION_DENIED"},
		"no health of two machines": {func(s *facts.Snapshot, _ *computepb.BackendService, g facts.BackendGroup) {
			s.Health[g] = facts.Found([]*computepb.HealthStatus(nil))
		}, Unexplained, "the load balancer has none"},
		"no machines": {func(s *facts.Snapshot, _ *computepb.BackendService, g facts.BackendGroup) {
			s.Health[g] = facts.Found([]*computepb.HealthStatus(nil))
			s.InstanceGroups = facts.Found([]*computepb.InstanceGroup{{Name: new("web"), SelfLink: new(vmGroup)}})
		}, Unexplained, "no machine or endpoint in any group"},
		"all draining": {func(s *facts.Snapshot, _ *computepb.BackendService, g facts.BackendGroup) {
			s.Health[g] = facts.Found([]*computepb.HealthStatus{{HealthState: new("DRAINING")}})
		}, Unexplained, "none of 1 endpoints of backend service web is HEALTHY (DRAINING)"},
		"one machine, HEALTHY": {func(s *facts.Snapshot, _ *computepb.BackendService, g facts.BackendGroup) {
			s.Health[g] = facts.Found([]*computepb.HealthStatus{{HealthState: new("HEALTHY")}})
		}, Healthy, ""},
		"a serverless group": {func(s *facts.Snapshot, bs *computepb.BackendService, _ facts.BackendGroup) {
			run := lumen + "regions/us-central1/networkEndpointGroups/run"
			s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{{SelfLink: new(run), NetworkEndpointType: new("SERVERLESS")}})
			bs.Backends, bs.HealthChecks = []*computepb.Backend{{Group: new(run)}}, nil
		}, Healthy, ""},
		"backend services that weren't read": {func(s *facts.Snapshot, _ *computepb.BackendService, _ facts.BackendGroup) {
			s.BackendServices = facts.Unknown[[]*computepb.BackendService](errors.New("403 PERMISSION_DENIED"))
		}, Unexplained, "403 PERMISSION_DENIED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, bs, group := machines()
			tt.change(s, bs, group)
			target := facts.Ref{Project: "lumen", Scope: "global", Kind: facts.KindBackendService, Name: "web"}
			got := Diagnose(nil, s, facts.Target{Asked: target, Ref: target, Sure: true}, nil, nil)
			if len(got) != 1 || got[0].Verdict != tt.verdict || got[0].Target != target {
				t.Fatalf("got %+v, want %s", got, tt.verdict)
			}
			said := got[0].Reason
			for _, symptom := range got[0].Symptoms {
				said += symptom.Says
				if symptom.Subject != target || len(symptom.Objects) != 1 || symptom.Objects[0] != target {
					t.Errorf("symptom on %v, of %v", symptom.Subject, symptom.Objects)
				}
			}
			if !strings.Contains(said, tt.says) {
				t.Errorf("%q isn't said in %q", tt.says, said)
			}
			for _, e := range got[0].Checked {
				if strings.Contains(e.Says, "pods") || strings.Contains(e.Says, "Service ") {
					t.Errorf("looked at %q, where there is no cluster", e.Says)
				}
			}
		})
	}
}
