package path_test

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

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
			name: "a zone with pods has no NEG", station: path.BackendService, want: path.Broken, says: "no NEG in europe-west1-c", also: []path.Station{path.Group},
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

func (f *fixture) slice() *discoveryv1.EndpointSlice {
	return first(f, f.s.EndpointSlices, func(s *discoveryv1.EndpointSlice) bool { return s.Namespace == "argocd" })
}

func TestGroup(t *testing.T) {
	instanceGroups := "external-instance-group"
	run(t, []row{
		{name: "every pod is a member", station: path.Group, want: path.OK, says: "3/3"},
		{
			name: "a pod isn't in its NEG", station: path.Group, want: path.Broken, says: "is not in the NEG", differs: "endpoints",
			do: func(f *fixture) {
				for g := range f.s.Endpoints {
					f.s.Endpoints[g] = facts.Found([]*computepb.NetworkEndpointWithHealthStatus(nil))
				}
			},
		},
		{
			name: "pods that have just begun aren't in their NEG", station: path.Group, want: path.OK,
			do: func(f *fixture) {
				for g := range f.s.Endpoints {
					f.s.Endpoints[g] = facts.Found([]*computepb.NetworkEndpointWithHealthStatus(nil))
				}
				for _, p := range f.pods() {
					p.Status.StartTime = new(metav1.NewTime(f.s.Now.Add(-time.Minute)))
				}
			},
		},
		{
			name: "an endpoint without a pod", station: path.Group, want: path.Broken, says: "10.8.0.9:8080 is in the NEG without a pod",
			do: func(f *fixture) { f.gone() },
		},
		{
			name: "an endpoint without a pod in the middle of a rollout", station: path.Group, want: path.OK, says: "2/2", differs: "endpoints",
			do: func(f *fixture) {
				f.gone()
				f.pods()[0].Status.StartTime = new(metav1.NewTime(f.s.Now.Add(-time.Minute)))
			},
		},
		{
			name: "an endpoint that the slices don't have, with a pod that runs", station: path.Group, want: path.OK, says: "3/3", differs: "endpoints",
			do: func(f *fixture) {
				f.slice().Endpoints = f.slice().Endpoints[:2]
				f.slice().Endpoints[0].TargetRef.Name = "gone"
			},
		},
		{
			name: "no slice has the port's name", station: path.Group, want: path.Broken, says: `port named "http"`, differs: "ports.name",
			do: func(f *fixture) {
				f.slice().Ports = f.slice().Ports[1:]
				for g := range f.s.Endpoints {
					f.s.Endpoints[g] = facts.Found([]*computepb.NetworkEndpointWithHealthStatus(nil))
				}
			},
		},
		{
			name: "no slice was read though pods run", station: path.Group, want: path.Unknown, says: "no EndpointSlice that was read",
			do: func(f *fixture) {
				empty(&f.s.EndpointSlices)
				for g := range f.s.Endpoints {
					f.s.Endpoints[g] = facts.Found([]*computepb.NetworkEndpointWithHealthStatus(nil))
				}
			},
		},
		{
			name: "no pods, no members", station: path.Group, want: path.OK, says: "no endpoints", also: []path.Station{path.Pods},
			do: func(f *fixture) {
				empty(&f.s.EndpointSlices)
				without(&f.s.Pods, func(p *corev1.Pod) bool { return p.Namespace == "argocd" })
				for g := range f.s.Endpoints {
					f.s.Endpoints[g] = facts.Found([]*computepb.NetworkEndpointWithHealthStatus(nil))
				}
			},
		},
		{
			name: "a NEG couldn't be read", station: path.Group, want: path.Unknown,
			do: func(f *fixture) {
				f.s.Endpoints[glbc.GroupsOf(f.bs())[0].Group] = facts.Unknown[[]*computepb.NetworkEndpointWithHealthStatus](errScope)
			},
		},
		{
			name: "the NEG controller doesn't sync, and a pod is missing", station: path.Group, want: path.Broken, says: "is not in the NEG", differs: "conditions.Synced",
			do: func(f *fixture) {
				f.synced(metav1.ConditionFalse)
				for g := range f.s.Endpoints {
					f.s.Endpoints[g] = facts.Found([]*computepb.NetworkEndpointWithHealthStatus(nil))
				}
			},
		},
		{
			name: "the NEG controller complains of the past", station: path.Group, want: path.OK, says: "3/3", differs: "conditions.Synced",
			do: func(f *fixture) { f.synced(metav1.ConditionFalse) },
		},
		{
			name: "an empty NEG of a zone that the cluster left", station: path.Group, want: path.OK, says: "3/3",
			do: func(f *fixture) {
				old := "projects/shop-prod/zones/europe-west1-d/networkEndpointGroups/" + f.bs().GetName()
				f.bs().Backends = append(f.bs().Backends, &computepb.Backend{Group: &old})
				f.s.Endpoints[old] = facts.Found([]*computepb.NetworkEndpointWithHealthStatus(nil))
				f.s.Health[facts.BackendGroup{BackendService: glbc.Path(f.bs()), Group: old}] = facts.Found([]*computepb.HealthStatus(nil))
			},
		},
		{name: "every node is a member", world: instanceGroups, station: path.Group, want: path.OK, says: "2/2"},
		{
			name: "an instance group without its node", world: instanceGroups, station: path.Group, want: path.Broken, says: "0 instances", differs: "size",
			do: func(f *fixture) {
				first(f, f.s.InstanceGroups, has[*computepb.InstanceGroup]("k8s-ig")).Size = new(int32(0))
			},
		},
		{
			name: "an instance group without a new node", world: instanceGroups, station: path.Group, want: path.OK, differs: "size",
			do: func(f *fixture) {
				first(f, f.s.InstanceGroups, has[*computepb.InstanceGroup]("k8s-ig")).Size = new(int32(0))
				nodes, _ := f.s.Nodes.Get()
				for _, n := range nodes {
					n.CreationTimestamp = metav1.NewTime(f.s.Now.Add(-time.Minute))
				}
			},
		},
		{
			name: "instance groups couldn't be read", world: instanceGroups, station: path.Group, want: path.Unknown,
			do: func(f *fixture) { f.s = f.s.Without(facts.InstanceGroups) },
		},
	})
}

// gone removes a pod from the cluster, and from the slices, but not from its NEG.
func (f *fixture) gone() {
	f.slice().Endpoints = f.slice().Endpoints[:2]
	without(&f.s.Pods, func(p *corev1.Pod) bool { return p.Status.PodIP == "10.8.0.9" })
}

func (f *fixture) synced(status metav1.ConditionStatus) {
	sn := first(f, f.s.ServiceNEGs, func(n *facts.ServiceNEG) bool { return n.Namespace == "argocd" })
	for i := range sn.Status.Conditions {
		if c := &sn.Status.Conditions[i]; c.Type == "Synced" {
			c.Status, c.Reason, c.Message = status, "NegSyncFailed", "googleapi: Error 403"
		}
	}
}

func TestService(t *testing.T) {
	run(t, []row{
		{name: "it is there", station: path.Service, want: path.OK, says: "argocd-server:80"},
		{
			name: "it doesn't exist", station: path.Service, want: path.Broken, says: "Service argocd/argocd-server doesn't exist", also: []path.Station{path.URLMap},
			do: func(f *fixture) {
				without(&f.s.Services, func(s *corev1.Service) bool { return s.Namespace == "argocd" })
			},
		},
		{
			name: "its namespace wasn't read", station: path.Service, want: path.Unknown,
			do: func(f *fixture) {
				without(&f.s.Services, func(s *corev1.Service) bool { return s.Namespace == "argocd" })
				f.s.Namespaces = []string{"shop"}
			},
		},
		{
			name: "it hasn't the port", station: path.Service, want: path.Broken, says: "no port 80", differs: "spec.ports", also: []path.Station{path.URLMap},
			do: func(f *fixture) { f.service().Spec.Ports = f.service().Spec.Ports[1:] },
		},
		{
			name: "it needs a NEG", station: path.Service, want: path.Broken, says: "of type ClusterIP without NEG", differs: "neg", also: []path.Station{path.URLMap},
			do: func(f *fixture) { delete(f.service().Annotations, glbc.NEGAnnotation) },
		},
		{
			name: "its targetPort is no pod's", station: path.Service, want: path.Broken, says: "leads to port web, which no pod has", differs: "targetPort",
			do: func(f *fixture) { f.service().Spec.Ports[0].TargetPort = intstr.FromString("web") },
		},
		{
			name: "its targetPort is a name of the pods'", station: path.Service, want: path.OK,
			do: func(f *fixture) { f.service().Spec.Ports[0].TargetPort = intstr.FromString("server") },
		},
	})
}

func ready(p *corev1.Pod, status corev1.ConditionStatus) {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady {
			c.Status = status
		}
	}
}

func TestPods(t *testing.T) {
	run(t, []row{
		{name: "all ready", station: path.Pods, want: path.OK, says: "3/3 ready"},
		{
			name: "one isn't ready", station: path.Pods, want: path.OK, says: "2/3 ready",
			do: func(f *fixture) { ready(f.pods()[0], corev1.ConditionFalse) },
		},
		{
			name: "none is ready", station: path.Pods, want: path.Broken, says: "0/3 of argocd-server ready",
			do: func(f *fixture) {
				for _, p := range f.pods() {
					ready(p, corev1.ConditionFalse)
				}
			},
		},
		{
			name: "none is ready yet", station: path.Pods, want: path.Unknown, says: "within their start",
			do: func(f *fixture) {
				for _, p := range f.pods() {
					ready(p, corev1.ConditionFalse)
					p.Status.StartTime = new(metav1.NewTime(f.s.Now.Add(-time.Minute)))
				}
			},
		},
		{
			name: "the selector matches nothing", station: path.Pods, want: path.Broken, says: "no pod matches", differs: "selector",
			do: func(f *fixture) { f.service().Spec.Selector = map[string]string{"app": "argo"} },
		},
		{
			name: "the selector matches nothing that was read", station: path.Pods, want: path.Unknown,
			do: func(f *fixture) {
				f.service().Spec.Selector = map[string]string{"app": "argo"}
				f.s.Pods = facts.FoundPartly(f.pods(), errScope, "global")
			},
		},
		{
			name: "a Service without a selector", station: path.Pods, want: path.NotApplicable,
			do: func(f *fixture) { f.service().Spec.Selector = nil },
		},
	})
}

func TestApp(t *testing.T) {
	answer := func(v facts.Value[facts.ProbeAnswer]) func(f *fixture) {
		return func(f *fixture) {
			f.s.Probes = map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer]{
				{Namespace: "argocd", Pod: f.pods()[0].Name, Port: 8080, Scheme: "http", Path: "/healthz"}: v,
			}
		}
	}
	run(t, []row{
		{name: "nobody asked", station: path.App, want: path.NotApplicable},
		{name: "200", station: path.App, want: path.OK, says: "http://:8080/healthz answers 200", do: answer(facts.Found(facts.ProbeAnswer{Status: 200}))},
		{name: "a redirect", station: path.App, want: path.Broken, says: "answers 307", do: answer(facts.Found(facts.ProbeAnswer{Status: 307}))},
		{name: "204 isn't 200", station: path.App, want: path.Broken, says: "answers 204", do: answer(facts.Found(facts.ProbeAnswer{Status: 204}))},
		{name: "refused", station: path.App, want: path.Broken, says: "refuses", do: answer(facts.Found(facts.ProbeAnswer{Unreachable: "connection refused"}))},
		{name: "a timeout on the API server's way", station: path.App, want: path.Unknown, do: answer(facts.Found(facts.ProbeAnswer{Unreachable: "timeout"}))},
		{name: "the probe wasn't allowed", station: path.App, want: path.Unknown, do: answer(facts.Unknown[facts.ProbeAnswer](errScope))},
		{
			name: "somebody else's pod", station: path.App, want: path.NotApplicable,
			do: func(f *fixture) {
				f.s.Probes = map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer]{
					{Namespace: "shop", Pod: "web", Port: 8080, Scheme: "http", Path: "/"}: facts.Found(facts.ProbeAnswer{Status: 500}),
				}
			},
		},
	})
}
