package glbc_test

import (
	"encoding/json"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/encoding/protojson"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/scenario"
	"plumbline/testdata"
)

// whole is snapshot with the nodes, slices, NEG contents and firewall rules beside.
func whole(t *testing.T, name string) *facts.Snapshot {
	t.Helper()
	s := snapshot(t, name)
	sc, _, err := scenario.LoadFS(testdata.FS, "scenarios/healthy/"+name+".txtar", scenario.Options{Worlds: testdata.FS})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range sc.World.Clusters {
		s.Cluster = facts.Found(c)
	}
	collection(t, sc.World, "firewalls", &s.Firewalls)
	collection(t, sc.World, "subnetworks", &s.Subnetworks)
	collection(t, sc.World, "instances", &s.Instances)
	var nodes []*corev1.Node
	var list []*discoveryv1.EndpointSlice
	var negs []*facts.ServiceNEG
	var configs []*facts.BackendConfig
	for _, objects := range sc.World.Kubernetes {
		for _, u := range objects {
			switch u.GetKind() {
			case "Node":
				nodes = append(nodes, typed[corev1.Node](t, u))
			case "EndpointSlice":
				list = append(list, typed[discoveryv1.EndpointSlice](t, u))
			case "ServiceNetworkEndpointGroup":
				negs = append(negs, typed[facts.ServiceNEG](t, u))
			case "BackendConfig":
				configs = append(configs, typed[facts.BackendConfig](t, u))
			}
		}
	}
	s.Nodes, s.EndpointSlices = facts.Found(nodes), facts.Found(list)
	s.ServiceNEGs, s.BackendConfigs = facts.Found(negs), facts.Found(configs)
	s.Endpoints = map[string]facts.Value[[]*computepb.NetworkEndpointWithHealthStatus]{}
	for path, raw := range sc.World.Endpoints {
		var documents []json.RawMessage
		if err := json.Unmarshal(raw, &documents); err != nil {
			t.Fatal(err)
		}
		var endpoints []*computepb.NetworkEndpointWithHealthStatus
		for _, d := range documents {
			e := &computepb.NetworkEndpointWithHealthStatus{}
			if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(d, e); err != nil {
				t.Fatal(err)
			}
			endpoints = append(endpoints, e)
		}
		s.Endpoints[path] = facts.Found(endpoints)
	}
	return s
}

// In a cluster in good order each check is what GLBC would make or keeps, each NEG has
// the pods of its Service, and the firewall rule admits what is needed.
func TestHealthyWorldsAreInSync(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"external-neg", "external-instance-group", "internal-neg", "shared-vpc"} {
		s := whole(t, name)
		ingresses, _ := s.Ingresses.Get()
		for _, ing := range ingresses {
			for _, b := range glbc.Backends(s, ing) {
				inSync(t, name+": "+b.Title(), s, b)
			}
		}
		want, ok := glbc.DesiredL7Rule(s).Get()
		if !ok || want.Partial != nil || len(want.Ports) == 0 {
			t.Errorf("%s: rule %+v", name, want)
		}
		if d, known := glbc.CompareL7Rule(s, want).Get(); !known || !d.Satisfied() || d.TargetsErr != nil {
			t.Errorf("%s: rule %s: %+v", name, want.Name, d)
		}
	}
}

func inSync(t *testing.T, at string, s *facts.Snapshot, b glbc.Backend) {
	t.Helper()
	hc, ok := b.HealthCheck.Get()
	d := glbc.DesiredCheck(s, b)
	if !ok || !d.Known() || d.Stopped != "" {
		t.Errorf("%s: check %v, desired %+v", at, ok, d)
		return
	}
	for _, diff := range glbc.CompareCheck(hc, d) {
		t.Errorf("%s: %+v", at, diff)
	}
	if exceeds, _ := glbc.AfterSync(b.HealthCheck, d).TimeoutExceedsInterval().Get(); exceeds {
		t.Errorf("%s: the timeout exceeds the interval", at)
	}
	if !d.NEG {
		return
	}
	c := glbc.CompareMembers(s, b)
	if c.Err != nil || c.Frozen || len(c.Diffs)+len(c.Unread) > 0 || len(c.Desired.List) == 0 {
		t.Errorf("%s: members %+v", at, c)
	}
	sn, ok := glbc.ServiceNEGOf(s, b).Get()
	if !ok {
		t.Errorf("%s: no svcneg: %v", at, glbc.ServiceNEGOf(s, b).Err())
		return
	}
	if st := glbc.NEGStatusOf(sn); st.Initialized.Failed() || st.Synced.Failed() || len(st.Zones) == 0 {
		t.Errorf("%s: %+v", at, st)
	}
}
