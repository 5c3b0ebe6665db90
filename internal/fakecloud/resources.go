package fakecloud

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A kubeIndex is what one API server serves: the built-in resources, and those
// whose objects or CustomResourceDefinitions are in the world.
type kubeIndex struct {
	resources map[schema.GroupVersionResource]*resource
}

// A resource is one row of an API server's discovery, with its objects.
type resource struct {
	group, version, kind string
	// plural is the name in paths; camel the same as IAM spells it.
	plural, camel string
	namespaced    bool
	builtin       bool
	// objects are sorted by key, as etcd has them.
	objects []*kubeObject
}

// A kubeObject is one object of a resource, and its text once somebody listed it.
type kubeObject struct {
	*unstructured.Unstructured
	// key is namespace/name.
	key string

	encode sync.Once
	// item is the object as an item of a list.
	item []byte
	err  error
}

func newKubeIndex(objects []*unstructured.Unstructured) *kubeIndex {
	x := &kubeIndex{resources: map[schema.GroupVersionResource]*resource{}}
	for _, r := range builtins() {
		x.resources[r.gvr()] = r
	}
	plurals := definedPlurals(objects)
	for _, o := range objects {
		if o.GetKind() == "CustomResourceDefinition" {
			x.addDefinition(o)
		}
	}
	for _, o := range objects {
		r := x.resourceOf(o, plurals)
		r.namespaced = r.namespaced || o.GetNamespace() != ""
		r.objects = append(r.objects, &kubeObject{Unstructured: o, key: objectKey(o)})
	}
	for _, r := range x.resources {
		slices.SortStableFunc(r.objects, func(a, b *kubeObject) int { return cmp.Compare(a.key, b.key) })
	}
	return x
}

// resourceOf finds or adds the resource of an object.
func (x *kubeIndex) resourceOf(o *unstructured.Unstructured, plurals map[schema.GroupKind]string) *resource {
	gvk := o.GroupVersionKind()
	plural := plurals[gvk.GroupKind()]
	if plural == "" {
		plural = strings.ToLower(pluralKind(gvk.Kind))
	}
	gvr := gvk.GroupVersion().WithResource(plural)
	if r := x.resources[gvr]; r != nil {
		return r
	}
	r := &resource{group: gvk.Group, version: gvk.Version, kind: gvk.Kind, plural: plural, camel: lowerFirst(pluralKind(gvk.Kind))}
	x.resources[gvr] = r
	return r
}

// addDefinition serves the versions of a CustomResourceDefinition, also when no
// object of it exists.
func (x *kubeIndex) addDefinition(crd *unstructured.Unstructured) {
	group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
	plural, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "plural")
	scope, _, _ := unstructured.NestedString(crd.Object, "spec", "scope")
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, v := range versions {
		version, _ := v.(map[string]any)
		name, _ := version["name"].(string)
		if served, ok := version["served"].(bool); name == "" || (ok && !served) {
			continue
		}
		r := &resource{group: group, version: name, kind: kind, plural: plural, camel: lowerFirst(pluralKind(kind)), namespaced: scope != "Cluster"}
		x.resources[r.gvr()] = r
	}
}

func definedPlurals(objects []*unstructured.Unstructured) map[schema.GroupKind]string {
	plurals := map[schema.GroupKind]string{}
	for _, o := range objects {
		if o.GetKind() != "CustomResourceDefinition" {
			continue
		}
		group, _, _ := unstructured.NestedString(o.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
		plurals[schema.GroupKind{Group: group, Kind: kind}], _, _ = unstructured.NestedString(o.Object, "spec", "names", "plural")
	}
	return plurals
}

func (r *resource) gvr() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: r.group, Version: r.version, Resource: r.plural}
}

func (r *resource) apiVersion() string {
	return schema.GroupVersion{Group: r.group, Version: r.version}.String()
}

func objectKey(o *unstructured.Unstructured) string { return o.GetNamespace() + "/" + o.GetName() }

// pluralKind is the plural of a kind by the rule that Kubernetes' own kinds and
// GKE's CRDs follow: Ingress → Ingresses, NetworkPolicy → NetworkPolicies,
// Gateway → Gateways.
func pluralKind(kind string) string {
	if kind == "" || kind == "Endpoints" {
		return kind
	}
	if stem, ok := strings.CutSuffix(kind, "y"); ok && stem != "" && !strings.ContainsRune("aeiou", rune(stem[len(stem)-1])) {
		return stem + "ies"
	}
	if strings.HasSuffix(kind, "s") {
		return kind + "es"
	}
	return kind + "s"
}

// builtins are the resources that every API server has. events.k8s.io is left
// out: it would need the conversion from core/v1.
func builtins() []*resource {
	var all []*resource
	add := func(group, version string, namespaced bool, kinds ...string) {
		for _, kind := range kinds {
			camel := lowerFirst(pluralKind(kind))
			all = append(all, &resource{
				group: group, version: version, kind: kind, plural: strings.ToLower(camel), camel: camel, namespaced: namespaced, builtin: true,
			})
		}
	}
	add("", "v1", true, "ConfigMap", "Endpoints", "Event", "LimitRange", "PersistentVolumeClaim", "Pod", "PodTemplate",
		"ReplicationController", "ResourceQuota", "Secret", "Service", "ServiceAccount")
	add("", "v1", false, "Namespace", "Node", "PersistentVolume")
	add("admissionregistration.k8s.io", "v1", false, "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
	add("apiextensions.k8s.io", "v1", false, "CustomResourceDefinition")
	add("apps", "v1", true, "ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
	add("autoscaling", "v2", true, "HorizontalPodAutoscaler")
	add("batch", "v1", true, "CronJob", "Job")
	add("coordination.k8s.io", "v1", true, "Lease")
	add("discovery.k8s.io", "v1", true, "EndpointSlice")
	add("networking.k8s.io", "v1", true, "Ingress", "NetworkPolicy")
	add("networking.k8s.io", "v1", false, "IngressClass")
	add("policy", "v1", true, "PodDisruptionBudget")
	add("storage.k8s.io", "v1", false, "StorageClass")
	return all
}
