package path_test

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

func TestBackendService(t *testing.T) {
	run(t, []row{
		{name: "as it should be", station: path.BackendService, want: path.OK},
		{
			name: "it isn't there", station: path.BackendService, want: path.Broken, says: "isn't there", differs: "name",
			also: []path.Station{},
			do:   func(f *fixture) { without(&f.s.BackendServices, has[*computepb.BackendService]("argocd")) },
		},
		{
			name: "it isn't there yet", station: path.BackendService, want: path.Unknown, says: "isn't there yet",
			do: func(f *fixture) {
				without(&f.s.BackendServices, has[*computepb.BackendService]("argocd"))
				f.changed(time.Minute)
			},
		},
		{
			name: "the project lists none at all", station: path.BackendService, want: path.Unknown, says: "none at all",
			do: func(f *fixture) { empty(&f.s.BackendServices) },
		},
		{
			name: "the controller refuses the Service", station: path.BackendService, want: path.Unknown, says: "can't get as far",
			also: []path.Station{path.URLMap, path.Service},
			do: func(f *fixture) {
				without(&f.s.BackendServices, has[*computepb.BackendService]("argocd"))
				delete(f.service().Annotations, glbc.NEGAnnotation)
			},
		},
		{
			name: "it speaks another protocol", station: path.BackendService, want: path.Broken, differs: "protocol",
			do: func(f *fixture) { f.bs().Protocol = new("HTTPS") },
		},
		{
			name: "one group has no capacity", station: path.BackendService, want: path.OK, differs: "capacityScaler",
			do: func(f *fixture) { f.bs().Backends[0].CapacityScaler = new(float32(0)) },
		},
		{
			name: "no group has capacity", station: path.BackendService, want: path.Broken, says: "capacity 0",
			do: func(f *fixture) {
				for _, b := range f.bs().GetBackends() {
					b.CapacityScaler = new(float32(0))
				}
			},
		},
		{
			name: "no group is attached", station: path.BackendService, want: path.Broken, says: "no groups", differs: "backends",
			do: func(f *fixture) { f.bs().Backends = nil },
		},
		{
			name: "a zone with pods has no NEG", station: path.BackendService, want: path.Broken, says: "no NEG in europe-west1-c", differs: "backends",
			do: func(f *fixture) { f.bs().Backends = f.bs().GetBackends()[:1] },
		},
		{
			name: "it has no health check", station: path.BackendService, want: path.Broken, says: "no health check", also: []path.Station{path.HealthCheck},
			do: func(f *fixture) { f.bs().HealthChecks = nil },
		},
	})
}

func TestHealthCheck(t *testing.T) {
	run(t, []row{
		{name: "all HEALTHY", station: path.HealthCheck, want: path.OK, says: "3 of 3 HEALTHY"},
		{
			name: "none HEALTHY", station: path.HealthCheck, want: path.Broken, says: "0 of 3 HEALTHY",
			do: func(f *fixture) { f.health("UNHEALTHY", all) },
		},
		{
			name: "the log tells what they answer", station: path.HealthCheck, want: path.Broken, says: "0 of 3 HEALTHY (307)",
			do: func(f *fixture) {
				f.health("UNHEALTHY", all)
				f.e.Answered = []path.Answer{{Group: facts.Ref{Project: "shop-prod", Scope: "zones/europe-west1-b", Kind: facts.KindNEG, ID: "1309798985297746989"}, IP: "10.8.0.7", Says: "307"}}
			},
		},
		{
			name: "an answer of another NEG's endpoint with the same address", station: path.HealthCheck, want: path.Broken, says: "0 of 3 HEALTHY",
			do: func(f *fixture) {
				f.health("UNHEALTHY", all)
				f.e.Answered = []path.Answer{{Group: facts.Ref{Project: "shop-prod", Scope: "zones/europe-west1-b", Kind: facts.KindNEG, ID: "1"}, IP: "10.8.0.7", Says: "500"}}
			},
		},
		{
			name: "one of them fails", station: path.HealthCheck, want: path.Broken, says: "2 of 3 HEALTHY",
			do: func(f *fixture) { f.health("UNHEALTHY", 1) },
		},
		{
			name: "one has no answer yet", station: path.HealthCheck, want: path.Unknown, says: "2 of 3 HEALTHY",
			do: func(f *fixture) { f.health("UNKNOWN", 1) },
		},
		{
			name: "one is draining", station: path.HealthCheck, want: path.OK, says: "2 of 2 HEALTHY",
			do: func(f *fixture) { f.health("DRAINING", 1) },
		},
		{
			name: "all are draining", station: path.HealthCheck, want: path.Unknown, says: "draining",
			do: func(f *fixture) { f.health("DRAINING", all) },
		},
		{
			name: "the health of one zone couldn't be read", station: path.HealthCheck, want: path.Unknown, says: "europe-west1-c",
			do: func(f *fixture) {
				f.s.Health[glbc.GroupsOf(f.bs())[1]] = facts.Unknown[[]*computepb.HealthStatus](errScope)
			},
		},
		{
			name: "one zone couldn't be read, and the other fails", station: path.HealthCheck, want: path.Broken, says: "1 of 2 HEALTHY",
			do: func(f *fixture) {
				f.health("UNHEALTHY", 1)
				f.s.Health[glbc.GroupsOf(f.bs())[1]] = facts.Unknown[[]*computepb.HealthStatus](errScope)
			},
		},
		{
			name: "only the log tells that they fail", station: path.HealthCheck, want: path.Broken, says: "0 of 1 HEALTHY",
			do: func(f *fixture) {
				f.s = f.s.Without(facts.BackendHealth)
				f.e.Logged = []glbc.LoggedEndpoint{{Group: facts.Ref{Scope: "zones/europe-west1-b", Kind: facts.KindNEG, ID: "1309798985297746989"}, IP: "10.8.0.7", Port: 8080}}
			},
		},
		{
			name: "a path that was edited by hand is kept", station: path.HealthCheck, want: path.OK, differs: "requestPath",
			do: func(f *fixture) { f.check().HttpHealthCheck.RequestPath = new("/other") },
		},
		{
			name: "a type that the controller would set back", station: path.HealthCheck, want: path.Broken, differs: "type",
			do: func(f *fixture) {
				f.check().Type, f.check().HttpHealthCheck = new("HTTPS"), nil
				f.check().HttpsHealthCheck = &computepb.HTTPSHealthCheck{PortSpecification: new("USE_SERVING_PORT"), RequestPath: new("/healthz")}
			},
		},
		{
			name: "a check that isn't in the list", station: path.HealthCheck, want: path.Unknown, says: "health check k8s1-",
			do: func(f *fixture) { without(&f.s.HealthChecks, has[*computepb.HealthCheck]("argocd")) },
		},
	})
}
