package kubetest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/kubetest"
)

// anybodys is what Kubernetes itself lets everyone who is logged in ask: what may I,
// who am I (its ClusterRole system:basic-user).
var anybodys = map[string][]string{
	"authorization.k8s.io/selfsubjectaccessreviews": {"create"},
	"authorization.k8s.io/selfsubjectrulesreviews":  {"create"},
	"authentication.k8s.io/selfsubjectreviews":      {"create"},
}

// A resource is one that the API server serves; its name holds a slash when it is a
// subresource.
type resource struct {
	group, version, name string
	namespaced           bool
}

func (r resource) String() string { return r.group + "/" + r.name }

// onlyAllowed tries every verb on every resource that the API server serves, and
// fails unless it allows those of the tables and refuses all others, for that verb.
func (c *cluster) onlyAllowed(t *testing.T, tables ...map[string][]string) {
	t.Helper()
	allowed := maps.Clone(anybodys)
	for _, table := range tables {
		maps.Copy(allowed, table)
	}
	served := c.resources(t)
	unserved := maps.Clone(allowed)
	for _, r := range served {
		delete(unserved, r.String())
		for verb, requests := range r.requests() {
			for _, request := range requests {
				got := do(t.Context(), t, c.reader, request)
				switch want := slices.Contains(allowed[r.String()], verb); {
				case want && (got.status == http.StatusForbidden || got.status >= http.StatusInternalServerError):
					t.Errorf("%s %s: %s: %d %s, want it allowed", verb, r, request.Path, got.status, got.body)
				case !want && !refuses(got, verb, r.name):
					t.Errorf("%s %s: %s: %d %s, want it forbidden", verb, r, request.Path, got.status, got.body)
				}
			}
		}
	}
	if len(unserved) > 0 {
		t.Errorf("the API server doesn't serve %v, so that these prove nothing", slices.Sorted(maps.Keys(unserved)))
	}
}

// refuses tells whether an answer is RBAC's no to this verb on this resource.
func refuses(a answer, verb, resource string) bool {
	return a.status == http.StatusForbidden && strings.Contains(a.message, fmt.Sprintf("User %q cannot %s resource %q", reader, verb, resource))
}

// resources are all that the API server serves, in each version.
func (c *cluster) resources(t *testing.T) []resource {
	t.Helper()
	var groups metav1.APIGroupList
	c.decode(t, "/apis", &groups)
	versions := []string{"v1"}
	for _, g := range groups.Groups {
		for _, v := range g.Versions {
			versions = append(versions, v.GroupVersion)
		}
	}
	var all []resource
	for _, gv := range versions {
		group, version, ok := strings.Cut(gv, "/")
		path := "/apis/" + gv
		if !ok {
			group, version, path = "", gv, "/api/"+gv
		}
		var list metav1.APIResourceList
		c.decode(t, path, &list)
		for _, r := range list.APIResources {
			all = append(all, resource{group: group, version: version, name: r.Name, namespaced: r.Namespaced})
		}
	}
	if len(all) < len(reads) {
		t.Fatalf("the API server serves only %v", all)
	}
	return all
}

func (c *cluster) decode(t *testing.T, path string, into any) {
	t.Helper()
	a := do(t.Context(), t, c.admin, kubetest.Request{Path: path})
	if err := json.Unmarshal([]byte(a.body), into); err != nil || a.status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
}

// requests are what a client sends for each verb. No object has the name, so that
// what is allowed finds nothing.
func (r resource) requests() map[string][]kubetest.Request {
	const name = "of-nobody"
	base := "/apis/" + r.group + "/" + r.version
	if r.group == "" {
		base = "/api/" + r.version
	}
	parent, sub, isSub := strings.Cut(r.name, "/")
	everywhere := base + "/" + parent
	collection := everywhere
	if r.namespaced {
		collection = base + "/namespaces/shop/" + parent
	}
	object := collection + "/" + name
	empty := map[string]any{}
	if isSub {
		object += "/" + sub
		return map[string][]kubetest.Request{
			"get":    {{Path: object}},
			"create": {{Method: http.MethodPost, Path: object, Body: empty}},
			"update": {{Method: http.MethodPut, Path: object, Body: empty}},
			"patch":  {{Method: http.MethodPatch, Path: object, Body: empty}},
			"delete": {{Method: http.MethodDelete, Path: object}},
		}
	}
	const watching = "?watch=true&timeoutSeconds=1"
	verbs := map[string][]kubetest.Request{
		"get":              {{Path: object}},
		"list":             {{Path: collection}},
		"watch":            {{Path: collection + watching}},
		"create":           {{Method: http.MethodPost, Path: collection, Body: empty}},
		"update":           {{Method: http.MethodPut, Path: object, Body: empty}},
		"patch":            {{Method: http.MethodPatch, Path: object, Body: empty}},
		"delete":           {{Method: http.MethodDelete, Path: object}},
		"deletecollection": {{Method: http.MethodDelete, Path: collection}},
	}
	if r.namespaced {
		verbs["list"] = append(verbs["list"], kubetest.Request{Path: everywhere})
		verbs["watch"] = append(verbs["watch"], kubetest.Request{Path: everywhere + watching})
	}
	return verbs
}
