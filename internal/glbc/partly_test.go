package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// Lists that were read in part prove nothing of what isn't in them.
func TestWhatIsNotInAPartialListIsUnknown(t *testing.T) {
	t.Parallel()
	f := newMemberFixture()
	f.s.Services = facts.FoundPartly([]*corev1.Service{f.svc}, errDenied, "dev")
	if v := ServiceOf(f.s, "shop", "web"); !v.Known() {
		t.Errorf("a Service that is in it: %v", v.Err())
	}
	if v := ServiceOf(f.s, "shop", "gone"); v.Known() {
		t.Error("a Service that isn't in it is known")
	}
	f.s.BackendConfigs = facts.FoundPartly([]*facts.BackendConfig(nil), errDenied, "dev")
	if v := BackendConfigNamed(f.s, "shop", "gone"); v.Known() {
		t.Error("a BackendConfig that isn't in it is known")
	}
	f.s.FrontendConfigs = facts.FoundPartly([]*facts.FrontendConfig(nil), errDenied, "dev")
	f.annotate(FrontendConfigAnnotation, "gone")
	if v := FrontendConfigOf(f.s, f.ing); v.Known() {
		t.Error("a FrontendConfig that isn't in it is known")
	}
}

// An endpoint is stale only where all pods are known.
func TestStaleTakesAllPods(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		do    func(*memberFixture)
		stale bool
	}{
		{name: "its pod is there", do: func(*memberFixture) {}},
		{name: "its pod is gone", do: func(f *memberFixture) { f.s.Pods = facts.Found(f.pods[1:]) }, stale: true},
		{name: "pods couldn't be read", do: func(f *memberFixture) { f.s.Pods = facts.Unknown[[]*corev1.Pod](errDenied) }},
		{name: "pods were read in part", do: func(f *memberFixture) { f.s.Pods = facts.FoundPartly(f.pods[1:], errDenied, "dev") }},
		{name: "pods of another namespace were read", do: func(f *memberFixture) { f.s.Pods, f.s.Namespaces = facts.Found(f.pods[1:]), []string{"dev"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newMemberFixture()
			f.selected()
			bs := &computepb.BackendService{
				Name: new(webNEG), SelfLink: new(computeV1 + "global/backendServices/" + webNEG),
				Backends: []*computepb.Backend{{Group: new(computeV1 + "zones/europe-west1-b/networkEndpointGroups/" + webNEG)}},
			}
			group := GroupsOf(bs)[0]
			f.s.Health = map[facts.BackendGroup]facts.Value[[]*computepb.HealthStatus]{
				group: facts.Found([]*computepb.HealthStatus{{IpAddress: new("10.8.0.7"), Port: new(int32(8080)), HealthState: new("UNHEALTHY")}}),
			}
			tt.do(f)
			b := f.web()
			b.BackendService, b.Object = facts.Found(bs), facts.Found(f.svc)
			list, _ := Endpoints(f.s, b)
			if len(list) != 1 || list[0].Stale() != tt.stale {
				t.Errorf("endpoints %+v", list)
			}
		})
	}
}
