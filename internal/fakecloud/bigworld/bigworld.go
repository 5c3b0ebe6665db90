// Package bigworld generates healthy worlds of any size, for benchmarks and for the
// promise about memory: a VPC-native cluster with Ingresses whose load balancers
// reach the pods through network endpoint groups, as testdata/worlds/external-neg
// has two, with objects as long as an API server's. It has its own idea of names, so
// that the code under test isn't measured against itself.
package bigworld

import (
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/api/container/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

// What every world of this package has in common.
const (
	project     = "shop-prod"
	cluster     = "main"
	clusterName = "projects/" + project + "/locations/" + region + "/clusters/" + cluster
	region      = "europe-west1"
	network     = "projects/" + project + "/global/networks/prod"
	subnetwork  = "projects/" + project + "/regions/" + region + "/subnetworks/prod-" + region
	nodeTag     = "gke-main-66c39886-node"

	// ingressUID is the UID in kube-system/ingress-uid, kubeUID that of the namespace
	// kube-system; names are made of both (ingress-controller.md §6).
	ingressUID = "3f1c9a7e5b2d4f60"
	kubeUID    = "d2a6e0c4-58b1-4c7f-9a3e-6b1f0d7c2e95"

	perNamespace = 10
	podsPerNode  = 100
)

var zones = []string{region + "-b", region + "-c"}

// Now is the moment at which a world is healthy.
func Now() time.Time { return time.Date(2026, 11, 17, 14, 0, 0, 0, time.UTC) }

// Target is the Ingress with this number, from 0.
func Target(ingress int) facts.Ref {
	return facts.Ref{Cluster: clusterName, Kind: facts.KindIngress, Namespace: namespace(ingress), Name: ingressName(ingress)}
}

func namespace(ingress int) string   { return fmt.Sprintf("team-%02d", ingress/perNamespace) }
func ingressName(ingress int) string { return fmt.Sprintf("shop-%03d", ingress) }
func serviceName(ingress int) string { return fmt.Sprintf("web-%03d", ingress) }

// World is a healthy cluster with this many Ingresses, ten a namespace, each with a
// Service, a Deployment and this many pods. Its objects share what is the same in all
// of them: don't modify it.
func World(ingresses, podsPerIngress int) *scenario.World {
	w := &builder{World: &scenario.World{
		Project:            project,
		Clusters:           map[string]*container.Cluster{clusterName: gkeCluster()},
		Compute:            map[string]json.RawMessage{},
		Health:             map[string]map[string]json.RawMessage{},
		Endpoints:          map[string]json.RawMessage{},
		EffectiveFirewalls: map[string]json.RawMessage{},
		Kubernetes:         map[string][]*unstructured.Unstructured{cluster: nil},
		DNS:                map[string]scenario.DNSRecord{},
	}}
	w.nodes = max(2, (ingresses*podsPerIngress+podsPerNode-1)/podsPerNode)
	w.nodes += w.nodes % len(zones)
	w.system()
	for i := range w.nodes {
		w.node(i)
	}
	for i := range ingresses {
		w.ingress(i, podsPerIngress)
	}
	return w.World
}

// A builder adds to a world.
type builder struct {
	*scenario.World
	nodes int
}

// object is a part of a Kubernetes object or of a resource.
type object = map[string]any

// list is a part of one as well.
type list = []any

// add puts an object into the cluster with what every live one has.
func (b *builder) add(apiVersion, kind, namespace, name string, o object) {
	metadata, _ := o["metadata"].(object)
	if metadata == nil {
		metadata = object{}
	}
	metadata["name"] = name
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	id := kind + "/" + namespace + "/" + name
	defaults := object{"uid": uid(id), "resourceVersion": "96231877", "creationTimestamp": "2026-03-02T08:30:02Z"}
	for key, value := range defaults {
		if _, ok := metadata[key]; !ok {
			metadata[key] = value
		}
	}
	o["apiVersion"], o["kind"], o["metadata"] = apiVersion, kind, metadata
	b.Kubernetes[cluster] = append(b.Kubernetes[cluster], &unstructured.Unstructured{Object: o})
}

// compute puts a resource into the project; path is that after the project's.
func (b *builder) compute(path, kind string, o object) {
	path = "projects/" + project + "/" + path
	o["name"], o["selfLink"], o["id"], o["kind"] = facts.LastSegment(path), link(path), number(path), "compute#"+kind
	o["creationTimestamp"] = "2026-03-02T01:14:07.412-08:00"
	b.Compute[path] = marshal(o)
}

// link is the full URL of a path.
func link(path string) string { return "https://www.googleapis.com/compute/v1/" + path }

// own is the full URL of a path in the project.
func own(path string) string { return link("projects/" + project + "/" + path) }

// marshal writes what consists of maps, lists and texts only.
func marshal(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // no such value has been put in
	}
	return body
}
