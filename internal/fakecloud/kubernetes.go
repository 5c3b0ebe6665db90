package fakecloud

import (
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline/internal/facts"
)

// An apiServer is the Kubernetes API of one cluster.
type apiServer struct {
	cloud *Cloud
	// cluster is the full name; byDNS tells the endpoint that was dialled.
	cluster string
	byDNS   bool
}

// A kubeRequest is a path of the Kubernetes API, taken apart.
type kubeRequest struct {
	method                 string
	group, version, plural string
	namespace, name        string
	subresource, rest      string
	watch                  bool
}

// verb is the API verb as refusals name it.
func (q kubeRequest) verb() string {
	switch {
	case q.method == http.MethodPost:
		return "create"
	case q.method == http.MethodPut:
		return "update"
	case q.method == http.MethodPatch:
		return "patch"
	case q.method == http.MethodDelete:
		return "delete"
	case q.watch:
		return "watch"
	case q.name == "":
		return "list"
	}
	return "get"
}

func (q kubeRequest) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: q.group, Resource: q.plural}
}

// parseKube takes /api/v1/… and /apis/GROUP/VERSION/… apart.
func parseKube(r *http.Request) (kubeRequest, bool) {
	q := kubeRequest{method: r.Method, watch: r.URL.Query().Get("watch") == "true" || r.URL.Query().Get("watch") == "1"}
	p := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(p) >= 3 && p[0] == "api":
		q.version, p = p[1], p[2:]
	case len(p) >= 4 && p[0] == "apis":
		q.group, q.version, p = p[1], p[2], p[3:]
	default:
		return q, false
	}
	if p[0] == "namespaces" && len(p) >= 3 {
		q.namespace, p = p[1], p[2:]
	}
	q.plural = p[0]
	if len(p) > 1 {
		q.name = p[1]
	}
	if len(p) > 2 {
		q.subresource = p[2]
		q.rest = strings.Join(p[3:], "/")
	}
	return q, q.plural != ""
}

// ServeHTTP answers as an API server does: who asks, may they, and only then
// what there is.
func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st := s.cloud.state.Load()
	q, ok := parseKube(r)
	index := st.kube[facts.LastSegment(s.cluster)]
	if !ok || index == nil {
		s.cloud.recordHTTP(r, "")
		http.NotFound(w, r)
		return
	}
	res := index.find(q)
	permission := s.permission(q, res)
	s.cloud.recordHTTP(r, permission)
	if !s.cloud.delay(r.Context().Done()) {
		return
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || strings.TrimSpace(token) == "" {
		writeStatus(w, apierrors.NewUnauthorized("Unauthorized"))
		return
	}
	r.Header.Del("Authorization")
	if problem := s.authorize(st, q, permission); problem != nil {
		writeStatus(w, problem)
		return
	}
	s.answer(w, r, st, q, res)
}

// find is the resource that a request names; for one that isn't served it is a
// stand-in outside the index, because permissions are looked at first.
func (x *kubeIndex) find(q kubeRequest) *resource {
	gvr := schema.GroupVersionResource{Group: q.group, Version: q.version, Resource: q.plural}
	if r := x.resources[gvr]; r != nil {
		return r
	}
	for _, r := range x.resources {
		if r.builtin && r.group == q.group && r.plural == q.plural {
			return &resource{group: q.group, version: q.version, plural: q.plural, camel: r.camel, builtin: true}
		}
	}
	return &resource{group: q.group, version: q.version, plural: q.plural, camel: q.plural}
}

func (s *apiServer) permission(q kubeRequest, res *resource) string {
	switch {
	case q.plural == "pods" && q.group == "" && q.subresource == "proxy":
		return podsProxy
	case q.plural == "pods" && q.group == "" && q.subresource == "log":
		return "container.pods.getLogs"
	case q.method != http.MethodGet && q.method != http.MethodHead:
		return res.writePermission(q.method)
	}
	return kubePermission(res)
}

// authorize refuses what the world denies, and always: writes, secrets and pod
// logs, none of which a reader of load balancers is granted.
func (s *apiServer) authorize(st *state, q kubeRequest, permission string) error {
	project, _, _ := facts.ClusterParts(s.cluster)
	user := "plumbline@" + project + ".iam.gserviceaccount.com"
	if s.byDNS {
		if no := refuse(st.world, clustersConnect); no != nil && no.denied {
			return kubeForbidden(q, user, clustersConnect)
		}
	}
	reads := q.method == http.MethodGet || q.method == http.MethodHead
	if !reads || (q.group == "" && q.plural == "secrets") || q.subresource == "log" {
		return kubeForbidden(q, user, permission)
	}
	if no := refuse(st.world, permission); no != nil {
		if no.denied {
			return kubeForbidden(q, user, permission)
		}
		return kubeFailure(no.status, q)
	}
	return nil
}

func (s *apiServer) answer(w http.ResponseWriter, r *http.Request, st *state, q kubeRequest, res *resource) {
	served := res.kind != "" && res.lies(q)
	switch {
	case served && q.plural == "pods" && q.subresource == "proxy":
		s.proxy(w, r, st, q, res)
	case !served || (q.subresource != "" && q.subresource != "status"):
		http.NotFound(w, r)
	case q.watch || r.Method != http.MethodGet:
		writeStatus(w, apierrors.NewMethodNotSupported(q.groupResource(), q.verb()))
	case q.name != "":
		object := res.get(q.namespace, q.name)
		if object == nil {
			writeStatus(w, apierrors.NewNotFound(q.groupResource(), q.name))
			return
		}
		writeJSON(w, http.StatusOK, withVersion(object, st))
	default:
		list, problem := res.list(st, q, r.URL.Query())
		if problem != nil {
			writeStatus(w, problem)
			return
		}
		writeJSON(w, http.StatusOK, list)
	}
}

// lies reports whether the path is right for the resource's scope: objects of a
// cluster have no namespace, and only lists may leave it out for the others.
func (r *resource) lies(q kubeRequest) bool {
	if r.namespaced {
		return q.namespace != "" || q.name == ""
	}
	return q.namespace == ""
}

func (r *resource) get(namespace, name string) *unstructured.Unstructured {
	key := namespace + "/" + name
	i, found := r.position(key)
	if !found {
		return nil
	}
	return r.objects[i].Unstructured
}

// position is where a key is, or would be, among the objects.
func (r *resource) position(key string) (int, bool) {
	return slices.BinarySearchFunc(r.objects, key, func(o *kubeObject, key string) int { return strings.Compare(o.key, key) })
}
