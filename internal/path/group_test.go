package path_test

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

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
					p.CreationTimestamp = metav1.NewTime(f.s.Now.Add(-time.Minute))
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
			name: "an endpoint that the slices don't have, with a pod that runs", station: path.Group, want: path.Unknown, says: "10.8.0.9:8080 is in the NEG and a pod has the address", differs: "endpoints",
			do: func(f *fixture) { f.slice().Endpoints = f.slice().Endpoints[:2] },
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
			name: "no slice was read though pods run", station: path.Group, want: path.Unknown, says: "the Service has a selector and no EndpointSlice",
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
				f.slice().Endpoints = nil
				f.service().Spec.Selector = map[string]string{"app": "argo"}
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
