package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const mainCluster = clusterFile + "{}\n"

func names(objects []*unstructured.Unstructured) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.GetAPIVersion()+" "+o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName())
	}
	return out
}

func TestManifests(t *testing.T) {
	s := loaded(t, head+mainCluster+`-- kubernetes/main/a.yaml --
# the app
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  uid: 0b0c
  creationTimestamp: 2026-11-16T08:00:00Z
spec: {ports: [{port: 80, targetPort: http}]}
---
---
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {name: web, namespace: shop}
spec: {anyField: 1}
-- kubernetes/main/b.yaml --
apiVersion: v1
kind: List
items:
- {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, namespace: shop}}
- apiVersion: v1
  kind: Event
  metadata: {name: web.17, namespace: shop}
  involvedObject: {kind: Ingress, name: web}
  eventTime: null
  count: 3
---
apiVersion: v1
kind: PodList
metadata: {resourceVersion: "7"}
items:
- metadata: {name: web-1, namespace: shop}
`)
	got := s.World.Kubernetes["main"]
	want := []string{
		"v1 Service shop/web", "cloud.google.com/v1 BackendConfig shop/web", "networking.k8s.io/v1 Ingress shop/web",
		"v1 Event shop/web.17", "v1 Pod shop/web-1",
	}
	if diff := cmp.Diff(want, names(got)); diff != "" {
		t.Fatal(diff)
	}
	if got[0].GetUID() != "0b0c" || got[0].GetCreationTimestamp().UTC().Format("15:04") != "08:00" {
		t.Errorf("the Service lost uid or creationTimestamp: %v", got[0].Object["metadata"])
	}
	if ports, _, _ := unstructured.NestedSlice(got[0].Object, "spec", "ports"); len(ports) != 1 {
		t.Errorf("the Service lost its ports: %v", got[0].Object)
	}
	if count, _, _ := unstructured.NestedInt64(got[3].Object, "count"); count != 3 {
		t.Errorf("count isn't an int64: %v", got[3].Object)
	}
	if _, ok, _ := unstructured.NestedFieldNoCopy(got[2].Object, "metadata", "creationTimestamp"); ok {
		t.Error("creationTimestamp was invented")
	}
}

func TestMissingUIDsAreStableAndDistinct(t *testing.T) {
	archive := head + mainCluster + `-- kubernetes/main/a.yaml --
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: shop}}
`
	one, two := loaded(t, archive).World.Kubernetes["main"], loaded(t, archive).World.Kubernetes["main"]
	if one[0].GetUID() == "" || one[0].GetUID() == one[1].GetUID() {
		t.Errorf("UIDs are %q and %q", one[0].GetUID(), one[1].GetUID())
	}
	if len(one[0].GetUID()) != 36 || one[0].GetUID() != two[0].GetUID() {
		t.Errorf("UID is %q, then %q", one[0].GetUID(), two[0].GetUID())
	}
}

func TestManifestErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown field": {
			"apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - port: 80\n    targtPort: 8080\n",
			`12: kubernetes/main/a.yaml: unknown field "targtPort" (spec.ports[0].targtPort isn't in v1 Service)`,
		},
		"in the second document": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  replica: 1\n",
			`14: kubernetes/main/a.yaml: unknown field "replica" (spec.replica isn't in apps/v1 Deployment)`,
		},
		"in a List": {
			"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\n    lables: {}\n",
			`14: kubernetes/main/a.yaml: unknown field "lables" (metadata.lables isn't in v1 Pod)`,
		},
		"a dotted key": {
			"apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n  cloud.google.com/neg: x\n",
			`10: kubernetes/main/a.yaml: unknown field "cloud.google.com/neg" (metadata.cloud.google.com/neg isn't in v1 Service)`,
		},
		"wrong type": {
			"apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - port: http\n",
			`11: kubernetes/main/a.yaml: field "spec.ports[0].port" of v1 Service: a string doesn't fit, it is int32`,
		},
		"not a time": {
			"apiVersion: v1\nkind: Pod\nmetadata:\n  name: s\n  creationTimestamp: yesterday\n",
			`10: kubernetes/main/a.yaml: field "metadata.creationTimestamp" of v1 Pod: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`,
		},
		"not YAML": {
			"{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\nmetadata: [\n",
			"8: kubernetes/main/a.yaml: not YAML: did not find expected node content",
		},
		"key twice":    {"apiVersion: v1\nkind: Pod\nkind: Pod\nmetadata: {name: a}\n", `8: kubernetes/main/a.yaml: key "kind" is there twice`},
		"no such kind": {"apiVersion: v1\nkind: Podd\nmetadata: {name: a}\n", `7: kubernetes/main/a.yaml: v1 has no kind "Podd"`},
		"no kind":      {"apiVersion: v1\nmetadata: {name: a}\n", "6: kubernetes/main/a.yaml: not a Kubernetes object: apiVersion and kind are needed"},
		"no name":      {"apiVersion: v1\nkind: Pod\nmetadata:\n  namespace: shop\n", "8: kubernetes/main/a.yaml: Pod without metadata.name"},
		"a scalar":     {"text\n", "6: kubernetes/main/a.yaml: not a Kubernetes object: neither apiVersion nor kind"},
		"twice": {
			"{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: a}}\n",
			"8: kubernetes/main/a.yaml: Pod/a is there twice; the other is at x.txtar:6: kubernetes/main/a.yaml",
		},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, head+"-- kubernetes/main/a.yaml --\n"+c.text, "x.txtar:"+c.want)
		})
	}
}
