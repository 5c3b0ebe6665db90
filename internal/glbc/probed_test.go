package glbc

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"

	"plumbline/internal/facts"
)

const (
	inProject = "https://www.googleapis.com/compute/v1/projects/lumen/"
	vms       = inProject + "zones/us-central1-b/instanceGroups/web"
)

// vmService is a backend service in front of groups, with a port name and a health
// check of the same name.
func vmService(name, portName string, groups ...string) *computepb.BackendService {
	bs := &computepb.BackendService{
		Name: new(name), SelfLink: new(inProject + "global/backendServices/" + name), PortName: new(portName),
		HealthChecks: []string{inProject + "global/healthChecks/" + name}, LoadBalancingScheme: new("EXTERNAL_MANAGED"), Protocol: new("HTTP"),
	}
	for _, g := range groups {
		bs.Backends = append(bs.Backends, &computepb.Backend{Group: new(g)})
	}
	return bs
}

func vmCheck(name string, h *computepb.HTTPHealthCheck) *computepb.HealthCheck {
	return &computepb.HealthCheck{Name: new(name), SelfLink: new(inProject + "global/healthChecks/" + name), Type: new("HTTP"), HttpHealthCheck: h}
}

func serving() *computepb.HTTPHealthCheck {
	return &computepb.HTTPHealthCheck{PortSpecification: new("USE_SERVING_PORT")}
}

func vmGroup(ports map[string]int32) *computepb.InstanceGroup {
	g := &computepb.InstanceGroup{Name: new("web"), SelfLink: new(vms), Network: new(inProject + "global/networks/lumen")}
	for name, number := range ports {
		g.NamedPorts = append(g.NamedPorts, &computepb.NamedPort{Name: new(name), Port: new(number)})
	}
	return g
}

func TestOnlyGroupsWithEndpointsAreProbed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typ, group string
		check      bool
		want       bool
	}{
		"machines of a zone":                        {"", "zones/z/instanceGroups/g", true, true},
		"machines of a region":                      {"", "regions/r/instanceGroups/g", true, true},
		"addresses of machines":                     {"GCE_VM_IP_PORT", "zones/z/networkEndpointGroups/g", true, true},
		"passthrough":                               {"GCE_VM_IP", "zones/z/networkEndpointGroups/g", true, true},
		"another data centre":                       {"NON_GCP_PRIVATE_IP_PORT", "zones/z/networkEndpointGroups/g", true, true},
		"serverless":                                {"SERVERLESS", "regions/r/networkEndpointGroups/g", false, false},
		"Private Service Connect":                   {"PRIVATE_SERVICE_CONNECT", "regions/r/networkEndpointGroups/g", false, false},
		"the internet, for a global load balancer":  {"INTERNET_FQDN_PORT", "global/networkEndpointGroups/g", false, false},
		"the internet, for a regional one":          {"INTERNET_FQDN_PORT", "regions/r/networkEndpointGroups/g", true, true},
		"the internet, unchecked":                   {"INTERNET_IP_PORT", "regions/r/networkEndpointGroups/g", false, false},
		"a group of a zone that wasn't read":        {"unread", "zones/z/networkEndpointGroups/g", true, true},
		"a group of a region that wasn't read":      {"unread", "regions/r/networkEndpointGroups/g", false, false},
		"one with a check that wasn't read":         {"unread", "regions/r/networkEndpointGroups/g", true, true},
		"a global group that wasn't read":           {"unread", "global/networkEndpointGroups/g", false, false},
		"a mapping of ports, which nothing checks":  {"GCE_VM_IP_PORTMAP", "zones/z/networkEndpointGroups/g", false, false},
		"serverless with a check that can't matter": {"SERVERLESS", "regions/r/networkEndpointGroups/g", true, false},
	} {
		s := &facts.Snapshot{}
		if tt.typ != "" && tt.typ != "unread" {
			s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{{SelfLink: new(inProject + tt.group), NetworkEndpointType: new(tt.typ)}})
		}
		bs := vmService("web", "http", inProject+tt.group)
		if !tt.check {
			bs.HealthChecks = nil
		}
		if got := len(ProbedGroups(s, bs)) == 1; got != tt.want {
			t.Errorf("%s: probed %t, want %t", name, got, tt.want)
		}
	}
}

func TestThePortThatIsProbed(t *testing.T) {
	t.Parallel()
	group := facts.BackendGroup{BackendService: "projects/lumen/global/backendServices/web", Group: facts.RelativePath(vms)}
	for name, tt := range map[string]struct {
		check  *computepb.HTTPHealthCheck
		ports  map[string]int32
		health int32
		want   []int32
	}{
		"a fixed one":                           {&computepb.HTTPHealthCheck{Port: new(int32(9000)), PortSpecification: new("USE_FIXED_PORT")}, map[string]int32{"http": 8080}, 8080, []int32{9000}},
		"a fixed one without saying so":         {&computepb.HTTPHealthCheck{Port: new(int32(80))}, map[string]int32{"http": 8080}, 8080, []int32{80}},
		"the serving port, by the group's name": {serving(), map[string]int32{"http": 8080, "admin": 9090}, 0, []int32{8080}},
		"the serving port, by the live health":  {serving(), nil, 8080, []int32{8080}},
		"a name of the check's own":             {&computepb.HTTPHealthCheck{PortName: new("admin"), PortSpecification: new("USE_NAMED_PORT")}, map[string]int32{"http": 8080, "admin": 9090}, 8080, []int32{9090}},
		"nothing tells":                         {serving(), nil, 0, nil},
		"the check wasn't read":                 {nil, map[string]int32{"http": 8080}, 8080, nil},
	} {
		s := &facts.Snapshot{LoadBalancing: facts.LoadBalancing{InstanceGroups: facts.Found([]*computepb.InstanceGroup{vmGroup(tt.ports)})}}
		if tt.check != nil {
			s.HealthChecks = facts.Found([]*computepb.HealthCheck{vmCheck("web", tt.check)})
		}
		if tt.health != 0 {
			s.Health = map[facts.BackendGroup]facts.Value[[]*computepb.HealthStatus]{group: facts.Found([]*computepb.HealthStatus{{Port: new(tt.health)}})}
		}
		got, known := ProbedPorts(s, vmService("web", "http", vms))
		if !cmp.Equal(got, tt.want) && len(got)+len(tt.want) > 0 || known != (tt.want != nil) {
			t.Errorf("%s: %v, known %t, want %v", name, got, known, tt.want)
		}
	}
}

// TestAnEntryOfASharedGroupIsOneBackendServices: two backend services share machines,
// and the entry is about the port of one.
func TestAnEntryOfASharedGroupIsOneBackendServices(t *testing.T) {
	t.Parallel()
	web, admin := vmService("web", "http", vms), vmService("admin", "admin", vms)
	entry := func(port int) LoggedEndpoint {
		return LoggedEndpoint{Group: facts.Ref{Project: "lumen", Scope: "zones/us-central1-b", Kind: facts.KindInstanceGroup, Name: "web"}, IP: "10.0.0.2", Port: port}
	}
	s := &facts.Snapshot{}
	s.BackendServices = facts.Found([]*computepb.BackendService{web, admin})
	s.HealthChecks = facts.Found([]*computepb.HealthCheck{vmCheck("web", serving()), vmCheck("admin", serving())})
	s.InstanceGroups = facts.Found([]*computepb.InstanceGroup{vmGroup(map[string]int32{"http": 8080, "admin": 9090})})
	if !BackendOf(s, admin).Logged(s, entry(9090)) || BackendOf(s, web).Logged(s, entry(9090)) {
		t.Error("the entry about port 9090 is admin's, and only admin's")
	}
	s.InstanceGroups = facts.Value[[]*computepb.InstanceGroup]{}
	if BackendOf(s, admin).Logged(s, entry(9090)) || BackendOf(s, web).Logged(s, entry(9090)) {
		t.Error("without the groups' named ports, the entry may be of either")
	}
	s.BackendServices = facts.Found([]*computepb.BackendService{admin})
	if !BackendOf(s, admin).Logged(s, entry(9090)) {
		t.Error("no other backend service has the group, so the entry is its own")
	}
}

func TestAnEntryOfARegionalGroupMayNameTheZone(t *testing.T) {
	t.Parallel()
	const path = "projects/lumen/regions/us-central1/instanceGroups/web"
	for scope, want := range map[string]bool{"": true, "regions/us-central1": true, "zones/us-central1-b": true, "zones/us-central1": true, "zones/us-central2-b": false, "regions/us-central2": false} {
		if got := IsGroup(&facts.Snapshot{}, path, facts.Ref{Kind: facts.KindInstanceGroup, Scope: scope, Name: "web"}); got != want {
			t.Errorf("%q: %t, want %t", scope, got, want)
		}
	}
	if IsGroup(&facts.Snapshot{}, "projects/lumen/zones/us-central1-c/instanceGroups/web", facts.Ref{Kind: facts.KindInstanceGroup, Scope: "zones/us-central1-b", Name: "web"}) {
		t.Error("a zonal group of the same name in another zone is another group")
	}
}

func TestCapacityZeroCountsForProxiesOnly(t *testing.T) {
	t.Parallel()
	zero, one := new(float32(0)), new(float32(1))
	backends := func(scalers ...*float32) (list []*computepb.Backend) {
		for _, c := range scalers {
			list = append(list, &computepb.Backend{CapacityScaler: c})
		}
		return list
	}
	for name, tt := range map[string]struct {
		scheme, region string
		backends       []*computepb.Backend
		want           bool
	}{
		"all of them":                  {"EXTERNAL_MANAGED", "", backends(zero, zero), true},
		"one of two":                   {"EXTERNAL_MANAGED", "", backends(zero, one), false},
		"one by default":               {"EXTERNAL", "", backends(zero, nil), false},
		"no backends":                  {"EXTERNAL", "", nil, false},
		"a classic proxy":              {"EXTERNAL", "", backends(zero), true},
		"regional, with a proxy":       {"INTERNAL_MANAGED", "r", backends(zero), true},
		"external passthrough":         {"EXTERNAL", "r", backends(zero), false},
		"internal passthrough":         {"INTERNAL", "r", backends(zero), false},
		"passthrough by its new name":  {"EXTERNAL_PASSTHROUGH", "r", backends(zero), false},
		"cross-region, with its proxy": {"INTERNAL_MANAGED", "", backends(zero), true},
	} {
		bs := &computepb.BackendService{LoadBalancingScheme: new(tt.scheme), Backends: tt.backends}
		if tt.region != "" {
			bs.Region = new(tt.region)
		}
		if got := TakesNothing(bs); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}

func TestAMachineStartedWhenItStartedLast(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 9, 19, 19, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		in   *computepb.Instance
		want time.Time
	}{
		"started again": {&computepb.Instance{CreationTimestamp: new("2025-01-01T00:00:00.000-08:00"), LastStartTimestamp: new("2026-06-09T12:19:00.000-07:00")}, at},
		"only created":  {&computepb.Instance{CreationTimestamp: new("2026-06-09T12:19:00.000-07:00")}, at},
		"not told":      {&computepb.Instance{}, time.Time{}},
	} {
		if got := InstanceStarted(tt.in); !got.Equal(tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
