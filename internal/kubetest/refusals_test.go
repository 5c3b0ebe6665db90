package kubetest_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/kubetest"
)

func (c *cluster) secretsAreForbidden(t *testing.T) {
	const secret = "storefront-tls"
	for _, namespace := range append(c.namespaces(), "default") {
		list := "/api/v1/namespaces/" + namespace + "/secrets"
		for verb, path := range map[string]string{"get": list + "/" + secret, "list": list, "watch": list + "?watch=true"} {
			if got := do(t.Context(), t, c.reader, kubetest.Request{Path: path}); !refuses(got, verb, "secrets") {
				t.Errorf("%s %s: %d %s, want it forbidden", verb, path, got.status, got.body)
			}
		}
	}
	for _, path := range []string{"/api/v1/secrets", "/api/v1/secrets?limit=1", "/api/v1/secrets?fieldSelector=metadata.name%3D" + secret} {
		if got := do(t.Context(), t, c.reader, kubetest.Request{Path: path}); !refuses(got, "list", "secrets") {
			t.Errorf("%s: %d %s, want it forbidden", path, got.status, got.body)
		}
	}
	got := do(t.Context(), t, c.admin, kubetest.Request{Path: "/api/v1/namespaces/shop/secrets/" + secret})
	if got.status != http.StatusOK || !strings.Contains(got.body, `"password"`) {
		t.Fatalf("the admin gets %d %s: there was nothing to protect", got.status, got.body)
	}
}

// writesAreForbidden tries every write on one object of each kind that is there, and
// that the admin may do the same: so it is the reader who is refused and not the
// request.
func (c *cluster) writesAreForbidden(t *testing.T) {
	before := c.versions(t)
	for _, o := range c.oneOfEachKind() {
		at := c.path(t, o)
		for verb, request := range c.writes(t, o) {
			if got := do(t.Context(), t, c.reader, request); !refuses(got, verb, resourceName(at)) {
				t.Errorf("%s %s: %d %s, want it forbidden", verb, at, got.status, got.body)
			}
			request.Path += "?dryRun=All"
			if got := do(t.Context(), t, c.admin, request); got.status/100 != 2 {
				t.Errorf("%s %s by the admin, dry: %d %s, want it allowed", verb, at, got.status, got.body)
			}
		}
	}
	if after := c.versions(t); !maps.Equal(before, after) {
		t.Errorf("the objects changed from %v to %v", before, after)
	}
}

// writes are the requests that would change an object or its siblings, by verb.
func (c *cluster) writes(t *testing.T, o *unstructured.Unstructured) map[string]kubetest.Request {
	t.Helper()
	at := c.path(t, o)
	collection := at[:strings.LastIndex(at, "/")]
	stored := c.get(t, at)
	sibling := stored.DeepCopy()
	sibling.SetName("another-" + o.GetName())
	for _, own := range [][]string{{"metadata", "resourceVersion"}, {"metadata", "uid"}, {"spec", "clusterIP"}, {"spec", "clusterIPs"}} {
		unstructured.RemoveNestedField(sibling.Object, own...)
	}
	label := map[string]any{"metadata": map[string]any{"labels": map[string]any{"changed": "true"}}}
	requests := map[string]kubetest.Request{
		"create":           {Method: http.MethodPost, Path: collection, Body: sibling.Object},
		"update":           {Method: http.MethodPut, Path: at, Body: stored.Object},
		"patch":            {Method: http.MethodPatch, Path: at, Body: label},
		"delete":           {Method: http.MethodDelete, Path: at},
		"deletecollection": {Method: http.MethodDelete, Path: collection},
	}
	switch o.GetKind() {
	case "Namespace":
		delete(requests, "deletecollection") // not even the admin's
	case "CustomResourceDefinition":
		delete(requests, "create") // the name follows from the content, so there is no sibling
	}
	return requests
}

// oneOfEachKind are the first loaded objects of each kind, the namespace kube-system
// left out: nobody may delete that.
func (c *cluster) oneOfEachKind() []*unstructured.Unstructured {
	var first []*unstructured.Unstructured
	for _, o := range c.objects {
		same := func(f *unstructured.Unstructured) bool { return f.GetKind() == o.GetKind() }
		if o.GetName() != "kube-system" && !slices.ContainsFunc(first, same) {
			first = append(first, o)
		}
	}
	return first
}

// versions are the resource versions of all that was loaded, by path.
func (c *cluster) versions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, o := range c.objects {
		at := c.path(t, o)
		found[at] = c.get(t, at).GetResourceVersion()
	}
	return found
}

func (c *cluster) path(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	at, err := c.admin.Path(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (c *cluster) get(t *testing.T, path string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	c.decode(t, path, &o.Object)
	return o
}

// resourceName is the plural in an object's path.
func resourceName(path string) string {
	parts := strings.Split(path, "/")
	return parts[len(parts)-2]
}

// othersAreForbidden tries what is no verb on an object of its own: to act as
// another, and to look into the server.
func (c *cluster) othersAreForbidden(t *testing.T) {
	const pods = "/api/v1/namespaces/shop/pods"
	for name, header := range map[string]http.Header{
		"users":           {"Impersonate-User": {"admin"}},
		"groups":          {"Impersonate-User": {reader}, "Impersonate-Group": {"system:masters"}},
		"serviceaccounts": {"Impersonate-User": {"system:serviceaccount:shop:web"}},
	} {
		got := do(t.Context(), t, c.reader, kubetest.Request{Path: pods, Header: header})
		if !strings.Contains(got.message, "cannot impersonate resource") {
			t.Errorf("impersonating %s: %d %s, want it forbidden", name, got.status, got.body)
		}
	}
	for _, path := range []string{"/metrics", "/logs/", "/debug/pprof/", "/configz", "/statusz", "/flagz"} {
		got := do(t.Context(), t, c.reader, kubetest.Request{Path: path})
		if !strings.Contains(got.message, "cannot get path") {
			t.Errorf("%s: %d %s, want it forbidden", path, got.status, got.body)
		}
	}
	// Into a pod that is there: its logs, a shell, a port, whatever it serves.
	for name := range c.ofKind("Pod") {
		namespace, pod, _ := strings.Cut(name, "/")
		at := "/api/v1/namespaces/" + namespace + "/pods/" + pod
		for path, r := range map[string]string{
			"/log": "pods/log", "/exec?command=id&stdout=true": "pods/exec", "/attach": "pods/attach", "/portforward?ports=8080": "pods/portforward",
			"/proxy/": "pods/proxy", ":8080/proxy/healthz": "pods/proxy",
		} {
			if got := do(t.Context(), t, c.reader, kubetest.Request{Path: at + path}); !refuses(got, "get", r) {
				t.Errorf("%s: %d %s, want it forbidden", at+path, got.status, got.body)
			}
		}
	}
	for name := range c.ofKind("Service") {
		namespace, service, _ := strings.Cut(name, "/")
		path := "/api/v1/namespaces/" + namespace + "/services/" + service + "/proxy/"
		if got := do(t.Context(), t, c.reader, kubetest.Request{Path: path}); !refuses(got, "get", "services/proxy") {
			t.Errorf("%s: %d %s, want it forbidden", path, got.status, got.body)
		}
	}
}
