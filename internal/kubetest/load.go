package kubetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// loadTimeout is how long loading may take; mostly it is a second.
const loadTimeout = time.Minute

// bufferSize is what the YAML decoder reads at first to tell YAML from JSON.
const bufferSize = 4096

// Manifests reads a YAML file of Kubernetes objects.
func Manifests(text []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), bufferSize)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		switch {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, fmt.Errorf("reading manifest %d: %w", len(objects)+1, err)
		case o.Object != nil:
			objects = append(objects, o)
		}
	}
}

// Load makes the API server hold these objects, their status included: CRDs and
// namespaces first, all others in their order. What is there already, such as the
// namespace kube-system, is overwritten. UIDs, versions and times of creation are
// the server's own.
func (c *Client) Load(ctx context.Context, objects []*unstructured.Unstructured) error {
	first := func(o *unstructured.Unstructured) int {
		return slices.Index([]string{"", "Namespace", "CustomResourceDefinition"}, o.GetKind())
	}
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(a, b *unstructured.Unstructured) int { return cmp.Compare(first(b), first(a)) })
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	known := map[string]*metav1.APIResourceList{}
	for _, o := range ordered {
		if err := c.put(ctx, known, o); err != nil {
			return fmt.Errorf("loading %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
	return nil
}

// Path is where the API server has an object of this kind and name.
func (c *Client) Path(ctx context.Context, o *unstructured.Unstructured) (string, error) {
	at, _, err := c.collection(ctx, map[string]*metav1.APIResourceList{}, o)
	return at + "/" + o.GetName(), err
}

func (c *Client) put(ctx context.Context, known map[string]*metav1.APIResourceList, o *unstructured.Unstructured) error {
	at, hasStatus, err := c.collection(ctx, known, o)
	if err != nil {
		return err
	}
	object := o.DeepCopy()
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"} {
		unstructured.RemoveNestedField(object.Object, "metadata", field)
	}
	stored := &unstructured.Unstructured{}
	err = c.insist(ctx, Request{Method: http.MethodPost, Path: at, Body: object.Object}, &stored.Object)
	if isStatus(err, http.StatusConflict) {
		stored, err = c.replace(ctx, at+"/"+o.GetName(), object)
	}
	if err != nil {
		return err
	}
	status, ok := object.Object["status"]
	switch {
	case o.GetKind() == "CustomResourceDefinition":
		return c.awaitServed(ctx, o)
	case !ok || !hasStatus:
		return nil
	}
	stored.Object["status"] = status
	return c.into(ctx, Request{Method: http.MethodPut, Path: at + "/" + o.GetName() + "/status", Body: stored.Object}, &stored.Object)
}

// replace overwrites an object, whatever its present version.
func (c *Client) replace(ctx context.Context, path string, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	present := &unstructured.Unstructured{}
	if err := c.into(ctx, Request{Path: path}, &present.Object); err != nil {
		return nil, err
	}
	object = object.DeepCopy()
	object.SetResourceVersion(present.GetResourceVersion())
	stored := &unstructured.Unstructured{}
	err := c.into(ctx, Request{Method: http.MethodPut, Path: path, Body: object.Object}, &stored.Object)
	return stored, err
}

// collection is the path of an object's resource, and whether that has a status of
// its own.
func (c *Client) collection(ctx context.Context, known map[string]*metav1.APIResourceList, o *unstructured.Unstructured) (path string, hasStatus bool, err error) {
	version := o.GetAPIVersion()
	resources, ok := known[version]
	if !ok {
		resources = &metav1.APIResourceList{}
		if err := c.into(ctx, Request{Path: versionPath(version)}, resources); err != nil {
			return "", false, fmt.Errorf("asking for the resources of %s: %w", version, err)
		}
		known[version] = resources
	}
	is := func(r metav1.APIResource) bool { return r.Kind == o.GetKind() && !strings.Contains(r.Name, "/") }
	i := slices.IndexFunc(resources.APIResources, is)
	if i < 0 {
		return "", false, fmt.Errorf("the API server has no %s in %s", o.GetKind(), version)
	}
	resource := resources.APIResources[i]
	hasStatus = slices.ContainsFunc(resources.APIResources, func(r metav1.APIResource) bool { return r.Name == resource.Name+"/status" })
	path = versionPath(version)
	if resource.Namespaced {
		path += "/namespaces/" + o.GetNamespace()
	}
	return path + "/" + resource.Name, hasStatus, nil
}

// versionPath is where an API version is served: v1 at /api/v1, apps/v1 at
// /apis/apps/v1.
func versionPath(version string) string {
	if strings.Contains(version, "/") {
		return "/apis/" + version
	}
	return "/api/" + version
}

// awaitServed waits until every served version of a CRD is announced and can be
// listed; one comes without the other at first.
func (c *Client) awaitServed(ctx context.Context, crd *unstructured.Unstructured) error {
	group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "plural")
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, v := range versions {
		version, ok := v.(map[string]any)
		if !ok || version["served"] != true {
			continue
		}
		if err := c.awaitResource(ctx, fmt.Sprintf("/apis/%s/%v", group, version["name"]), plural); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) awaitResource(ctx context.Context, version, plural string) error {
	return poll(ctx, func() (done bool, err error) {
		var resources metav1.APIResourceList
		if err = c.into(ctx, Request{Path: version}, &resources); err != nil {
			return false, err
		}
		if !slices.ContainsFunc(resources.APIResources, func(r metav1.APIResource) bool { return r.Name == plural }) {
			return false, fmt.Errorf("%s doesn't name %s", version, plural)
		}
		var list metav1.PartialObjectMetadataList
		err = c.into(ctx, Request{Path: version + "/" + plural}, &list)
		return err == nil, err
	})
}
