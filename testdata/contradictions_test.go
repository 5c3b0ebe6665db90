package testdata_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

// An audit goes through a world and collects what contradicts what.
type audit struct {
	*scenario.World
	cluster  *container.Cluster
	project  string
	problems []string
	// uid is the cluster's Ingress UID, kubeUID that of the namespace kube-system.
	uid, kubeUID string
}

func contradictions(w *scenario.World) []string {
	a := &audit{World: w}
	for name, c := range w.Clusters {
		a.cluster = c
		a.project, _, _ = facts.ClusterParts(name)
	}
	if len(w.Clusters) != 1 {
		return []string{fmt.Sprintf("there are %d clusters", len(w.Clusters))}
	}
	a.uids()
	a.identities()
	a.links()
	a.nodes()
	a.workloads()
	a.slices()
	a.negs()
	a.instanceGroups()
	a.backendServices()
	a.firewall()
	a.admitted()
	a.frontends()
	a.certificates()
	a.ingresses()
	a.gateways()
	return a.problems
}

func (a *audit) problemf(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

// objects are all of a kind, in the vendor's type.
func objects[T any](a *audit, kind string) []*T {
	var list []*T
	for _, o := range a.Kubernetes[a.cluster.Name] {
		if o.GetKind() != kind {
			continue
		}
		into := new(T)
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into); err != nil {
			a.problemf("%s/%s: %v", kind, o.GetName(), err)
			continue
		}
		list = append(list, into)
	}
	return list
}

// resources are all of a collection, by path.
func resources[T any, M interface {
	*T
	proto.Message
}](a *audit, collection string) map[string]M {
	found := map[string]M{}
	for _, path := range slices.Sorted(maps.Keys(a.Compute)) {
		if !strings.Contains(path, "/"+collection+"/") {
			continue
		}
		into := M(new(T))
		if err := protojson.Unmarshal(a.Compute[path], into); err != nil {
			a.problemf("%s: %v", path, err)
			continue
		}
		found[path] = into
	}
	return found
}

func (a *audit) uids() {
	for _, o := range a.Kubernetes[a.cluster.Name] {
		switch {
		case o.GetKind() == "Namespace" && o.GetName() == "kube-system":
			a.kubeUID = string(o.GetUID())
		case o.GetKind() == "ConfigMap" && o.GetName() == "ingress-uid":
			data, _ := o.Object["data"].(map[string]any)
			a.uid, _ = data["uid"].(string)
			if data["provider-uid"] != data["uid"] {
				a.problemf("ingress-uid: uid %v, provider-uid %v", data["uid"], data["provider-uid"])
			}
		}
	}
	if a.uid == "" || a.kubeUID == "" {
		a.problemf("no UID of the cluster: ConfigMap ingress-uid %q, namespace kube-system %q", a.uid, a.kubeUID)
	}
}

// identities: IDs and UIDs are unique.
func (a *audit) identities() {
	of := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(a.Compute)) {
		var r struct{ ID string }
		if json.Unmarshal(a.Compute[path], &r) != nil || r.ID == "" {
			a.problemf("%s has no ID", path)
		} else if of[r.ID] != "" {
			a.problemf("ID %s is that of %s and of %s", r.ID, of[r.ID], path)
		}
		of[r.ID] = path
	}
	for _, o := range a.Kubernetes[a.cluster.Name] {
		uid, name := string(o.GetUID()), o.GetKind()+"/"+o.GetNamespace()+"/"+o.GetName()
		if of[uid] != "" {
			a.problemf("UID %s is that of %s and of %s", uid, of[uid], name)
		}
		of[uid] = name
	}
}

var computeURL = regexp.MustCompile(`https://www\.googleapis\.com/compute/v1/(projects/[^\s"]+)`)

// links: every URL leads to a resource of the world.
func (a *audit) links() {
	follow := func(from, text string) {
		for _, m := range computeURL.FindAllStringSubmatch(text, -1) {
			a.leads(from, m[1])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(a.Compute)) {
		follow(path, string(a.Compute[path]))
	}
	for _, list := range a.Health {
		for _, statuses := range list {
			follow("health.json", string(statuses))
		}
	}
	cluster, _ := json.Marshal(a.cluster)
	follow("the cluster", string(cluster))
	a.leads("the cluster", a.cluster.NetworkConfig.Network)
	a.leads("the cluster", a.cluster.NetworkConfig.Subnetwork)
	for _, o := range a.Kubernetes[a.cluster.Name] {
		text, _ := json.Marshal(o.Object)
		follow(o.GetKind()+"/"+o.GetName(), string(text))
	}
}

// leads complains of a path to nowhere. Regions, zones and machine types aren't part
// of the format.
func (a *audit) leads(from, path string) {
	if strings.Count(path, "/") == 3 || strings.Contains(path, "/machineTypes/") {
		return
	}
	if _, ok := a.Compute[path]; !ok {
		a.problemf("%s names %s, which isn't in the world", from, path)
	}
}

// inScope is the path of a resource next to another one: in its project and scope.
func inScope(path, collection, name string) string {
	p := strings.Split(path, "/")
	return strings.Join(p[:len(p)-2], "/") + "/" + collection + "/" + name
}

// equal complains of two lists that hold different things, in whatever order.
func (a *audit) equal(what string, got, want []string) {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		a.problemf("%s %q, it should be %q", what, got, want)
	}
}
